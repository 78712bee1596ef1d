"""`scangate report`: another rendering of a run, without scanning."""

from __future__ import annotations

from pathlib import Path

from scangate.commands.common import Destination, refuse_to_leave, write_report, writer_named
from scangate.results import read_last_run, read_results


def run(file: Path | None, *, format: str, output: Path | None, color: bool | None) -> int:
    """Render a results document, or the last run here."""
    destination = Destination(writer_named(format), output)
    refuse_to_leave([output], Path())
    write_report(read_results(file) if file else read_last_run(Path()), destination, color=color)
    return 0
