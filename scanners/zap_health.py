"""Whether the application under test bears the scan: asked for its first page now and then, as any visitor would.

Answers to attacks say little: many are meant to be slow, or to fail.
"""

from __future__ import annotations

import re
import statistics
from collections import deque
from collections.abc import Callable

from scangate.scanners.zap_client import ZapClient, ZapError, rows_of
from scangate.scanners.zap_messages import Message, message_of
from scangate.scanners.zap_pace import polls
from scangate.scanners.zap_session import Session

_EVERY = 3.0
_SLOWER_BY = 5
_SLOW_FROM = 2_000
"""Milliseconds; an answer that comes sooner is not slow, however soon the first ones came."""
_REMEMBERED = 3
_HELD_OFF = frozenset({403, 406, 429})
"""How what stands before an application answers who asks too much, or in a way that it does not like."""
_LINK = re.compile(r"""\b(?:href|src|action)\s{0,3}=\s{0,3}["']?([^\s"'<>?#]{1,500})""", re.IGNORECASE)
_READ = 1_000_000
_RESTS = (2.0, 5.0, 10.0)
"""Seconds that the target is left alone, each time that it is not well; after the last one the scan stops."""


def visit(client: ZapClient, url: str) -> Message | None:
    """One plain request to a URL through ZAP; None where there was no answer."""
    try:
        rows = rows_of(client.action("core", "accessUrl", url=url, followRedirects=False))
    except ZapError as error:
        if error.code != "internal_error":  # what ZAP says whenever a target does not answer
            raise
        return None
    message = message_of(rows[0]) if rows else None
    return message if message and message.status else None


class Health:
    """How the target answers, compared with how it did at first: `first` is what the first visit brought."""

    def __init__(self, session: Session, first: Message) -> None:
        self._session = session
        self._slow = max(_SLOW_FROM, _SLOWER_BY * first.milliseconds)
        self._first = self._now = first
        self._took: deque[int] = deque(maxlen=_REMEMBERED)
        self._rests = list(_RESTS)
        self._per_second = session.limits.requests_per_second
        self._last = 0.0

    def trouble(self, act: Callable[[str], None], elapsed: float) -> str:
        """Why the scan has to stop, if it has to. One that the target does not bear is paused first, then goes on more
        slowly; `act` pauses and resumes it. `elapsed` are the seconds since it began.
        """
        if elapsed - self._last < _EVERY:
            return ""
        wrong = self._wrong()
        while wrong and self._rests:
            self._rest(act, wrong)
            wrong = self._wrong()
        self._last = elapsed
        return wrong

    def at_the_end(self) -> tuple[bool, str]:
        """Whether the target still answers, and what is wrong with it, if anything is."""
        self._took.clear()
        wrong = self._wrong() or self._why_another_page()
        return bool(self._took), wrong and f"at the end {wrong}"

    def _wrong(self) -> str:
        message = visit(self._session.client, self._session.scope.seed)
        if message is None:
            return "the target no longer answered"
        self._now = message
        self._took.append(message.milliseconds)
        if _is_refusal(message.status) and not _is_refusal(self._first.status):
            return f"the target answered with {message.status}, as it did not at first"
        if (took := statistics.median(self._took)) > self._slow:
            return f"the target was slow: {took / 1000:.1f} s for an answer"
        return ""

    def _why_another_page(self) -> str:
        """A firewall may show who it blocks a page of its own, with 200. Asked as nobody, as at first."""
        first, now = (set(_LINK.findall(message.response_body[:_READ])) for message in (self._first, self._now))
        if not first or first & now:
            return ""
        return "the first page had none of its links any more: is the scan being blocked?"

    def _rest(self, act: Callable[[str], None], wrong: str) -> None:
        """Leave the target alone for a while, and go on with fewer requests per second."""
        seconds = self._rests.pop(0)
        self._session.workbench.tell(f"{wrong}: pausing for {seconds:.0f} s")
        act("pause")
        for elapsed in polls(self._session.workbench):
            if elapsed >= seconds:
                break
        self._took.clear()
        self._per_second = max(1, (self._per_second or 40) // 4)
        self._session.rate.set(self._per_second)
        act("resume")


def _is_refusal(status: int) -> bool:
    return status >= 500 or status in _HELD_OFF
