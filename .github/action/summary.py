"""Tells GitHub what a scan found: the step's outputs, and a short summary of the job in Markdown.

Takes the folder that `scangate scan --output` wrote. Without results in it (wrong usage, nothing was scanned) it only
says so: the exit code of the scan decides what becomes of the job.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scangate.document import Results
from scangate.model import Effect
from scangate.reports.encoders import clip, markdown
from scangate.results import read_results

_SHOWN = 20
_LONGEST = 200
_REPORTS = {"results-path": "scangate-results.json", "sarif-path": "scangate.sarif", "html-path": "scangate.html"}


def main(folder: Path) -> None:
    """Write the outputs and the summary for the reports in `folder`."""
    document = folder / _REPORTS["results-path"]
    if not document.is_file():
        _append("GITHUB_STEP_SUMMARY", ["## scangate: nothing was scanned", "", "The step's log says why."])
        return
    results = read_results(document)
    _append("GITHUB_OUTPUT", _outputs(results, folder))
    _append("GITHUB_STEP_SUMMARY", _summary(results))


def _append(variable: str, lines: Iterable[str]) -> None:
    with Path(os.environ[variable]).open("a", encoding="utf-8", errors="replace") as sink:
        sink.writelines(f"{line}\n" for line in lines)


def _outputs(results: Results, folder: Path) -> Iterator[str]:
    values = {name: str(folder / file) for name, file in _REPORTS.items() if (folder / file).is_file()}
    values["verdict"] = results.verdict.outcome if results.verdict else ""
    values["counts"] = json.dumps(Counter(finding.severity for finding in results.findings))
    for name, value in values.items():
        delimiter = secrets.token_hex(16)
        yield from (f"{name}<<{delimiter}", value, delimiter)


def _summary(results: Results) -> Iterator[str]:
    verdict = results.verdict
    yield f"## scangate: {verdict.outcome if verdict else 'no verdict'}"
    yield ""
    yield from (f"- {_cell(reason)}" for reason in (verdict.incomplete if verdict else ())[:_SHOWN])
    yield from _table(
        ("scanner", "target", "state", "findings"),
        [(entry.scanner, entry.target, entry.state, str(entry.findings)) for entry in results.ledger],
    )
    failing = [finding for finding in results.findings if finding.effect is Effect.FAIL]
    if failing:
        yield from ("", "Findings that fail the policy, worst first:")
        failing.sort(key=lambda finding: -finding.severity.rank)
        yield from _table(
            ("severity", "rule", "where", "what"),
            [(f.severity, f.rule.id, f"{f.path}:{f.line or ''}", f.title) for f in failing],
        )


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield from ("", _line(headings), "|---" * len(headings) + "|")
    yield from (_line(row) for row in rows[:_SHOWN])
    if len(rows) > _SHOWN:
        yield from ("", f"and {len(rows) - _SHOWN} more, in the reports")


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return markdown(clip(text, _LONGEST))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
