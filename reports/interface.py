"""What a report writer is: a value that renders a results document into a sink, and does nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TextIO

from scangate.document import Results


@dataclass(frozen=True)
class ReportOptions:
    """How to render. `width` is in terminal cells; `limit` is how many findings (and rows) the console shows.

    `color` allows ANSI colours; it is the caller's to decide, since a writer knows nothing of its sink.
    """

    color: bool = False
    width: int = 100
    limit: int = 50


class Writer(Protocol):
    """A report format. Deterministic, linear in the findings; it prints nothing, changes nothing, opens no file.

    What it writes is always valid UTF-8 and ends with a newline.
    """

    @property
    def name(self) -> str: ...

    def write(self, results: Results, sink: TextIO, options: ReportOptions) -> None: ...
