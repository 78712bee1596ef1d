"""`scangate report`: another rendering of a run, without scanning."""

from __future__ import annotations

from pathlib import Path

from scangate.commands.common import Destination, read_results_or_last_run, refuse_to_leave, write_report, writer_named


def run(file: Path | None, *, format: str, output: Path | None, color: bool | None) -> int:
    """Render a results document, or the last run here."""
    destination = Destination(writer_named(format), output)
    refuse_to_leave([output], Path())
    write_report(read_results_or_last_run(file), destination, color=color)
    return 0
