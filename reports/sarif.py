"""sarif: SARIF 2.1.0 as GitHub code scanning and GitLab read it, one run per scanner.

An upload replaces all earlier alerts of its run. So a scanner that failed on any of its targets, or looked with old
data, is left out whole, and the log's properties say so: a run that lacks its findings would close alerts which
nobody mended. One that could not parse some files keeps its run, which names them.
Limits are the consumers' own, as documented in 2026.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from scangate.document import Results
from scangate.model import Finding, LedgerEntry, LedgerState
from scangate.reports.encoders import json_line, sarif_text
from scangate.reports.interface import ReportOptions
from scangate.reports.sarif_result import MAX_TEXT, RuleTable, as_told_by, result
from scangate.reports.view import plural, worst_first

MAX_RUNS = 20
"""A file with more runs is refused."""
MAX_RESULTS = 5_000
"""Of each run, GitHub keeps and GitLab reads no more results than this."""
MAX_NOTIFICATIONS = 100
"""Skipped files that are named one by one (our own limit; the consumers state none)."""

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LOOKED = frozenset((LedgerState.RAN, LedgerState.PARTIAL))
_HARMLESS = _LOOKED | {LedgerState.NOT_APPLICABLE}
_OURSELVES = "scangate"
_Object = dict[str, Any]


class SarifWriter:
    """SARIF 2.1.0. A finding of several scanners appears in the run of each, in that scanner's words and with the
    others' names; relieved ones carry `suppressions`.
    """

    name = "sarif"

    def write(self, results: Results, sink: TextIO, options: ReportOptions) -> None:  # noqa: ARG002
        """Write the log, one result on each line."""
        findings = _by_scanner(results)
        ledger = _ledger_by_scanner(results)
        chosen = _chosen(findings, ledger)
        properties = {
            "scangate": {"version": _text(results.tool.version), "leftOut": _left_out(chosen, findings, ledger)}
        }
        sink.write(f'{{\n"$schema":{_json(_SCHEMA)},\n"version":"2.1.0",\n"properties":{_json(properties)},\n"runs":[')
        for number, scanner in enumerate(chosen):
            sink.write(",\n" if number else "\n")
            sink.writelines(_run(scanner, findings[scanner], ledger[scanner]))
        sink.write("\n]\n}\n")


def _by_scanner(results: Results) -> defaultdict[str, list[Finding]]:
    """The findings of each scanner, worst first; one that names no scanner is our own."""
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in worst_first(results.findings):
        for scanner in dict.fromkeys(source.scanner for source in finding.sources) or (_OURSELVES,):
            found[scanner].append(finding)
    return found


def _ledger_by_scanner(results: Results) -> defaultdict[str, list[LedgerEntry]]:
    entries: defaultdict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in results.ledger:
        entries[entry.scanner].append(entry)
    return entries


def _chosen(findings: dict[str, list[Finding]], ledger: dict[str, list[LedgerEntry]]) -> list[str]:
    """The scanners that get a run, those with the worst findings first when there are too many."""
    told = [name for name in (*findings, *sorted(ledger)) if _tells_all(ledger.get(name))]
    return sorted(list(dict.fromkeys(told))[:MAX_RUNS])


def _tells_all(entries: Sequence[LedgerEntry] | None) -> bool:
    """Whether the scanner's findings are all that it would have had; one without a ledger has nothing against it."""
    if not entries:
        return True
    states = {entry.state for entry in entries}
    return states <= _HARMLESS and bool(states & _LOOKED)


def _left_out(
    chosen: list[str], findings: dict[str, list[Finding]], ledger: dict[str, list[LedgerEntry]]
) -> list[_Object]:
    """Every scanner without a run, and why: its state and reason, or that the file holds no more runs."""
    left = []
    for name in sorted({*findings, *ledger} - {*chosen}):
        bad = [entry for entry in ledger.get(name, ()) if entry.state not in _LOOKED]
        states = sorted({str(entry.state) for entry in bad}) or [f"over the limit of {MAX_RUNS} runs"]
        reasons = list(dict.fromkeys(_text(entry.reason) for entry in bad if entry.reason))
        left.append({"scanner": _text(name), "states": states, "reasons": reasons[:MAX_NOTIFICATIONS]})
    return left


def _run(scanner: str, findings: Sequence[Finding], entries: Sequence[LedgerEntry]) -> Iterator[str]:
    rules = RuleTable(scanner)
    results = [result(as_told_by(scanner, finding), rules) for finding in findings[:MAX_RESULTS]]
    version = next((entry.version for entry in entries if entry.version), "")
    head: _Object = {
        "tool": {"driver": {"name": _text(scanner), "rules": rules.rules()}},
        "automationDetails": {"id": f"scangate/{_text(scanner).replace('/', '_')}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the scanned repository."}}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(findings, entries)}],
    }
    if version:
        head["tool"]["driver"]["version"] = _text(version)
    yield f'{_json(head)[:-1]},"results":['
    for number, item in enumerate(results):
        yield f"{',' if number else ''}\n{_json(item)}"
    yield "\n]}"


def _notifications(findings: Sequence[Finding], entries: Sequence[LedgerEntry]) -> list[_Object]:
    skips = [f"not scanned: {skip.path}: {skip.reason}" for entry in entries for skip in entry.skipped]
    said = [entry.reason for entry in entries if entry.state is LedgerState.PARTIAL and entry.reason]
    said += skips[:MAX_NOTIFICATIONS]
    if len(skips) > MAX_NOTIFICATIONS:
        said.append(f"and {plural(len(skips) - MAX_NOTIFICATIONS, 'more file')} not scanned")
    if len(findings) > MAX_RESULTS:
        rest = len(findings) - MAX_RESULTS
        said.append(f"truncated: the {MAX_RESULTS:,} worst results are in this run; the JSON report has {rest:,} more")
    return [{"level": "warning", "message": {"text": _text(text)}} for text in said]


def _text(text: str) -> str:
    return sarif_text(text, MAX_TEXT)


def _json(value: object) -> str:
    return json_line(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
