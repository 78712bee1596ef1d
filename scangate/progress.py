"""Progress on standard error: one live line per scanner on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from scangate.execute import Event, Phase
from scangate.model import LedgerEntry
from scangate.reports.encoders import visible
from scangate.reports.view import duration, plural

if TYPE_CHECKING:
    from rich.console import RenderableType

_PACE = 5.0
"""Seconds between two lines on how far a scanner is, where lines stay."""


@dataclass
class _Line:
    """What is known of one scanner: how many of its targets are where, and since when it runs."""

    phases: dict[str, Phase] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    begun: float | None = None
    told: float | None = None
    entries: list[LedgerEntry] = field(default_factory=list)

    def take(self, event: Event) -> None:
        self.phases[event.target] = event.phase
        self.notes[event.target] = event.note if event.phase == "running" else ""
        if event.phase == "running" and self.begun is None:
            self.begun = time.monotonic()
        if event.entry is not None:
            self.entries.append(event.entry)

    def is_due(self, event: Event) -> bool:
        """Whether the event deserves a line of its own; how far a scanner is does so only every few seconds."""
        if event.phase != "running" or not event.note:
            return True
        now = time.monotonic()
        if self.told is not None and now < self.told + _PACE:
            return False
        self.told = now
        return True

    @property
    def text(self) -> str:
        if self.entries and len(self.entries) == len(self.phases):
            return _outcome(self.entries)
        if "installing" in self.phases.values():
            return "installing (first use)"
        if self.begun is None:
            return "queued"
        share = f", {len(self.entries)} of {len(self.phases)} targets done" if len(self.phases) > 1 else ""
        notes = "".join(f": {note}" for note in self.notes.values() if note)
        seconds = time.monotonic() - self.begun
        return f"running{f' {seconds:.0f} s' if seconds >= 1 else ''}{share}{notes}"


def _outcome(entries: list[LedgerEntry]) -> str:
    states = ", ".join(dict.fromkeys(entry.state.value for entry in entries))
    findings, seconds = sum(e.findings for e in entries), max(e.seconds for e in entries)
    return f"done: {states}, {plural(findings, 'finding')}, {duration(seconds)}"


@contextmanager
def show_progress(stream: TextIO, *, quiet: bool, color: bool) -> Iterator[_Show]:
    """A receiver of events that shows them on `stream`, until the context ends."""
    show = _Show(stream, live=not quiet and stream.isatty(), quiet=quiet, color=color)
    try:
        yield show
    finally:
        show.close()


class _Show:
    """Receives events from any thread and shows them."""

    def __init__(self, stream: TextIO, *, live: bool, quiet: bool, color: bool) -> None:
        self._stream = stream
        self._quiet = quiet
        self._lines: dict[str, _Line] = {}
        self._lock = threading.Lock()
        self._live = _Live(stream, self, color=color) if live else None

    def __call__(self, event: Event) -> None:
        with self._lock:
            line = self._lines.setdefault(event.scanner, _Line())
            before = line.text
            line.take(event)
            if self._live is None and not self._quiet and line.text != before and line.is_due(event):
                print(visible(f"{event.scanner}: {event.note or line.text}"), file=self._stream, flush=True)

    def rows(self) -> list[tuple[str, str]]:
        """Scanner and text of every line, in the order in which they first appeared."""
        with self._lock:
            return [(name, line.text) for name, line in self._lines.items()]

    def close(self) -> None:
        if self._live is not None:
            self._live.close()


class _Live:
    """The live table; `rich` is loaded only here, since most runs happen in CI."""

    def __init__(self, stream: TextIO, show: _Show, *, color: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=stream, color_system="auto" if color else None, highlight=False)
        self._show = show
        self._live = Live(get_renderable=self._table, console=console, refresh_per_second=5, transient=True)
        self._live.start()

    def _table(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for name, text in self._show.rows():
            table.add_row(Text(name, style="bold"), Text(visible(text)))
        return table

    def close(self) -> None:
        self._live.stop()
