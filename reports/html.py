"""html: one self-contained page. It needs no script, no network and no second file, and prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TextIO

from scangate.document import Results
from scangate.reports import view
from scangate.reports.encoders import clip, inert, one_line, visible, web_address
from scangate.reports.interface import ReportOptions

if TYPE_CHECKING:
    from jinja2 import Environment

MAX_FINDINGS = 2_000
"""Findings on the page, the worst ones; the page says how many more the JSON report has."""
MAX_ROWS = 500
"""Rows of any other list on the page."""
MAX_MESSAGE = 4_000
"""Characters of a message."""
MAX_LINE = 300
"""Characters of a title, a reason or a line of source."""

_OPEN_FILES = 25
_OPEN_FAILURES = 15
_ADVISORY = re.compile(r"[A-Z][A-Za-z0-9]*-[\w.-]{1,60}", re.ASCII)


class HtmlWriter:
    """A page for people: the verdict and its reasons, the ledger, then the findings by file, worst first."""

    name = "html"

    def write(self, results: Results, sink: TextIO, options: ReportOptions) -> None:  # noqa: ARG002
        """Render the template in pieces, so that the page is never held whole."""
        page = _environment().get_template("report.html.j2").stream(_context(results))
        page.enable_buffering(200)
        sink.writelines(page)
        sink.write("\n")


def _context(results: Results) -> dict[str, Any]:
    word, sentence = view.headline(results)
    groups = view.by_file(results.findings, limit=MAX_FINDINGS)
    shown = [finding for group in groups for finding in group.findings]
    return {
        "results": results,
        "verdict": results.verdict,
        "word": word,
        "sentence": sentence,
        "failing": view.failing(results),
        "counts": view.severity_counts(results.findings),
        "groups": groups,
        "anchors": {finding.id: f"finding-{number}" for number, finding in enumerate(shown, start=1) if finding.id},
        "hidden": len(results.findings) - len(shown),
        "max_rows": MAX_ROWS,
        "open_files": _OPEN_FILES,
        "open_failures": _OPEN_FAILURES,
    }


def _environment() -> Environment:
    """Escaping is on for every expression, and each string passes `_finalize` first, so no template can forget it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 (only this format needs it)

    environment = Environment(
        loader=PackageLoader("scangate.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"line": _line, "message": _message, "address": web_address, "advisory": advisory_address}
    environment.globals["view"] = view
    return environment


def _finalize(value: object) -> object:
    """Strings made visible and inert; what a macro has already rendered is markup and stays."""
    return inert(visible(value)) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _line(text: str) -> str:
    return one_line(text, MAX_LINE)


def _message(text: str) -> str:
    return clip(text, MAX_MESSAGE)


def advisory_address(name: str) -> str:
    """The public page of an advisory id (OSV serves CVE, GHSA, PYSEC and more); empty for any other text."""
    return f"https://osv.dev/vulnerability/{name}" if _ADVISORY.fullmatch(name) else ""
