"""Waiting until ZAP's passive scanner has looked at everything."""

from __future__ import annotations

from scangate.scanners.zap_client import number_of
from scangate.scanners.zap_pace import Deadline, Teller, polls
from scangate.scanners.zap_session import Session

_STALLED = 30.0
"""Seconds without a record less, after which the passive scanner is taken to stand still."""


def drain(session: Session, *, until: Deadline) -> str:
    """Wait for the passive scan's queue to be empty. Returns why it is not; empty where it is."""
    teller, least, since = Teller(session.workbench), -1, 0.0
    for elapsed in polls(session.workbench):
        left = number_of(session.client.view("pscan", "recordsToScan"))
        if left <= 0:
            return ""
        teller.tell(f"passive scan, {left:,} records left")
        if least < 0 or left < least:
            least, since = left, elapsed
        if elapsed - since > _STALLED:
            return f"the passive scan stands still with {left:,} records left"
        if until.over:
            return f"the passive scan was not done in time: {left:,} records left"
    raise AssertionError("polls never end")
