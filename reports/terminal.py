"""Styled lines of text for a terminal or a log: wrapped to a width, and harmless where they are printed."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING

from scangate.reports.encoders import inert
from scangate.reports.interface import ReportOptions

if TYPE_CHECKING:
    from rich.text import Text

Part = str | tuple[str, str]
"""Some text, or some text and its style. It is never read as markup."""

_LEAST_WIDTH = 40


def styled(*parts: Part) -> Text:
    """The parts as one text."""
    from rich.text import Text  # noqa: PLC0415 (only this format needs it)

    return Text.assemble(*parts)


def cell(part: Part, width: int, *, right: bool = False) -> Text:
    """The part in exactly `width` terminal cells: cut with an ellipsis, or filled up with blanks."""
    text = styled(part)
    text.truncate(width, overflow="ellipsis")
    blanks = " " * (width - text.cell_len)
    return styled(blanks) + text if right else text + styled(blanks)


class Page:
    """Collects lines; nothing reaches a sink before `lines` has encoded it."""

    def __init__(self, options: ReportOptions) -> None:
        from rich.console import Console  # noqa: PLC0415 (only this format needs it)

        self.width = max(options.width, _LEAST_WIDTH)
        self._buffer = StringIO()
        self._console = Console(
            file=self._buffer,
            width=self.width,
            color_system="standard" if options.color else None,
            force_terminal=options.color,
            legacy_windows=False,
            _environ={},
        )

    def text(self, *parts: Part, prefix: Part | Text = "") -> None:
        """A paragraph, wrapped; its later lines stand below its first one's text."""
        head = styled(prefix) if isinstance(prefix, str | tuple) else prefix
        body = styled(*parts)
        for number, line in enumerate(body.wrap(self._console, self.width - head.cell_len) or [body]):
            self._print((styled(" " * head.cell_len) if number else head) + line)

    def cropped(self, *parts: Part, prefix: str = "") -> None:
        """One line, cut with an ellipsis where the page ends."""
        line = styled(prefix, *parts)
        line.truncate(self.width, overflow="ellipsis")
        self._print(line)

    def title(self, name: str, note: str = "") -> None:
        """A section's heading, after an empty line."""
        self.gap()
        self.text((name, "bold"), (f"  {note}" if note else "", "dim"))

    def gap(self) -> None:
        """An empty line."""
        self._print(styled(""))

    def lines(self) -> Iterator[str]:
        """The finished lines, each with its end."""
        for line in self._buffer.getvalue().split("\n")[:-1]:
            yield f"{inert(line.rstrip())}\n"

    def _print(self, line: Text) -> None:
        line.rstrip()
        self._console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
