"""Progress away from a terminal: plain lines that read as sentences."""

from __future__ import annotations

from io import StringIO

import pytest

from scangate import progress
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


@pytest.mark.parametrize(("pace", "count"), [(0.0, 10), (1e9, 1)])
def test_how_far_a_scanner_is_takes_a_line_only_now_and_then(
    monkeypatch: pytest.MonkeyPatch, pace: float, count: int
) -> None:
    monkeypatch.setattr(progress, "_PACE", pace)
    steps = [Event("zap", "http://x", "running", note=f"active scan {percent} %") for percent in range(10)]
    lines = shown(Event("zap", "http://x", "running"), *steps)
    assert lines == ["zap: running", *(f"zap: active scan {percent} %" for percent in range(count))]


def test_a_step_that_comes_again_says_nothing_new() -> None:
    step = Event("zap", "http://x", "running", note="active scan 45 %\x1b[2J")
    assert shown(Event("zap", "http://x", "running"), step, step) == [
        "zap: running",
        "zap: active scan 45 %\\x1b[2J",
    ]


def test_a_terminal_shows_how_far_a_scanner_is() -> None:
    show = progress._Show(StringIO(), live=False, quiet=True, color=False)
    show(Event("zap", "http://x", "running", note="spider 20 %"))
    show(Event("zap", "http://x", "running", note="active scan 45 %"))
    assert show.rows() == [("zap", "running: active scan 45 %")]
    show(Event("zap", "http://x", "done", entry=LedgerEntry(scanner="zap", target="http://x", state=LedgerState.RAN)))
    assert show.rows()[0][1].startswith("done: ran")
