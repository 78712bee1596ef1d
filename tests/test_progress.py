"""Progress away from a terminal: plain lines that read as sentences."""

from __future__ import annotations

from io import StringIO

from scangate.execute import Event
from scangate.model import LedgerEntry, LedgerState
from scangate.progress import show_progress


def shown(*events: Event, quiet: bool = False) -> list[str]:
    stream = StringIO()
    with show_progress(stream, quiet=quiet, color=False) as notify:
        for event in events:
            notify(event)
    return stream.getvalue().splitlines()


def done(findings: int) -> Event:
    entry = LedgerEntry(scanner="bandit", target=".", state=LedgerState.RAN, findings=findings, seconds=12.3)
    return Event("bandit", ".", "done", entry=entry)


def test_a_line_at_each_change() -> None:
    events = (Event("bandit", ".", "queued"), Event("bandit", ".", "running"), done(1))
    assert shown(*events) == ["bandit: running", "bandit: done: ran, 1 finding, 12 s"]


def test_counts_have_their_plural() -> None:
    assert shown(done(0)) == ["bandit: done: ran, 0 findings, 12 s"]
    assert shown(done(2000)) == ["bandit: done: ran, 2,000 findings, 12 s"]


def test_quiet_is_silent() -> None:
    assert shown(Event("bandit", ".", "running"), done(2), quiet=True) == []
