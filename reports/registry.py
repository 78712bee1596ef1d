"""Every report format, in one literal. A new one is its file and one line here."""

from __future__ import annotations

from scangate.reports.console import ConsoleWriter
from scangate.reports.document import DocumentWriter
from scangate.reports.html import HtmlWriter
from scangate.reports.interface import Writer
from scangate.reports.sarif import SarifWriter

_BUILT_IN: tuple[Writer, ...] = (ConsoleWriter(), DocumentWriter(), SarifWriter(), HtmlWriter())

WRITERS: dict[str, Writer] = {writer.name: writer for writer in _BUILT_IN}
"""Report writers by the name that `--format` takes."""
