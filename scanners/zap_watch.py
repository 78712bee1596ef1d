"""Seeing a spider or an active scan through to its end, or stopping it: its time is over, or the target is not well.

A scan that somebody stopped reads `FINISHED` like any other. It is told by its progress, and by ZAP's counter of
stopped scans where only its last rule was cut (seen with ZAP 2.17.0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scangate.scanners.zap_changes import Phase
from scangate.scanners.zap_client import rows_of, text_of
from scangate.scanners.zap_health import Health
from scangate.scanners.zap_pace import Deadline, counter, polls
from scangate.scanners.zap_session import Session

_BY_OTHERS = "somebody else stopped it"
_NAMES: Mapping[Phase, str] = {"spider": "the spider", "ascan": "the active scan"}


@dataclass(frozen=True)
class Scan:
    """A scan that runs in ZAP: its phase and ZAP's number for it."""

    session: Session
    phase: Phase
    id: str

    @property
    def row(self) -> dict[str, Any] | None:
        """What ZAP's list of scans says of it; None when it is no longer there."""
        rows = rows_of(self.session.client.view(self.phase, "scans"))
        return next((row for row in rows if str(row.get("id")) == self.id), None)

    def act(self, action: str) -> None:
        """`pause`, `resume` or `stop` it."""
        self.session.client.action(self.phase, action, scanId=self.id)


def begin(session: Session, phase: Phase, action: str, **parameters: str | int | bool) -> Scan:
    """Begin a scan. Raises `ScannerError` where ZAP refuses."""
    scan = Scan(session, phase, text_of(session.client.action(phase, action, **parameters)))
    session.scans.append((phase, scan.id))
    return scan


def see_through(scan: Scan, *, until: Deadline, health: Health, each: Callable[[Mapping[str, Any]], None]) -> str:
    """Wait for a scan's end, with a look at each turn. Returns why it did not come to its end; empty where it did."""
    stopped = _stopped(scan)
    for elapsed in polls(scan.session.workbench):
        row = scan.row
        if row is None:
            return f"{_NAMES[scan.phase]} is gone from ZAP: {_BY_OTHERS}"
        each(row)
        if row.get("state") == "FINISHED":
            cut = row.get("progress") != "100" or _stopped(scan) > stopped
            return f"{_NAMES[scan.phase]} did not come to its end: {_BY_OTHERS}" if cut else ""
        stopped = _stopped(scan)
        if trouble := _over(until) or health.trouble(scan.act, elapsed):
            _stop(scan)
            return f"{_NAMES[scan.phase]} was stopped: {trouble}"
    raise AssertionError("polls never end")


def _over(until: Deadline) -> str:
    return f"its time of {until.minutes:.3g} minutes was over" if until.over else ""


def _stopped(scan: Scan) -> int:
    """How many scans of this phase were stopped in this ZAP so far."""
    return counter(scan.session.client, f"stats.{scan.phase}.stopped")


def _stop(scan: Scan) -> None:
    scan.act("stop")
    for elapsed in polls(scan.session.workbench):
        row = scan.row
        if row is None or row.get("state") == "FINISHED" or elapsed > 10:
            return
