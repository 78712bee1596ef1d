"""How often ZAP is asked how far it is, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scangate.scanners.interface import Workbench
from scangate.scanners.zap_client import ZapClient

_SHORTEST, _LONGEST, _GROWTH = 0.05, 1.0, 1.3


@dataclass(frozen=True)
class Deadline:
    """The end of some minutes that began at `begun`, in seconds of the monotonic clock."""

    begun: float
    minutes: float

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.begun + self.minutes * 60

    def share(self, part: float) -> Deadline:
        """The end of a part of what is left, at least of a second."""
        now = time.monotonic()
        left = max(1.0, self.begun + self.minutes * 60 - now)
        return Deadline(now, left * part / 60)


def polls(workbench: Workbench) -> Iterator[float]:
    """A turn for each time that ZAP shall be asked, seldom when it takes long; yields the seconds since the first.

    Raises `ScannerError` when the user interrupts, or when the job's time is over.
    """
    begun, pause = time.monotonic(), _SHORTEST
    while True:
        workbench.check()
        yield time.monotonic() - begun
        time.sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST)


class Every:
    """Does something when it is called, but not again before some seconds have passed since it was made or did it."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self._seconds = seconds
        self._act = act
        self._last = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._last >= self._seconds:
            self._act()
            self._last = time.monotonic()


class Teller:
    """Tells progress, and nothing twice."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._told = ""

    def tell(self, note: str) -> None:
        if note != self._told:
            self._told = note
            self._workbench.tell(note)


def sent(client: ZapClient) -> int:
    """How many requests ZAP has sent and got answers to since it started, for all that use it."""
    return counter(client, "stats.network.send.success")


def counter(client: ZapClient, name: str) -> int:
    """One of ZAP's counters (https://www.zaproxy.org/docs/internal-statistics/); 0 where it never counted."""
    value = str(client.view("stats", "stats", keyPrefix=name).get(name, ""))
    return int(value) if value.isascii() and value.isdecimal() else 0
