"""SARIF 2.1.0 of any tool, as `scangate import FILE --scanner sarif` reads it (OASIS standard, errata 01)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from scangate.model import Finding, LedgerState, Skip
from scangate.scanners.interface import Job, Output, Parsed, unreadable
from scangate.scanners.json_report import load_json
from scangate.scanners.sarif_result import finding
from scangate.scanners.sarif_run import Run
from scangate.scanners.sarif_values import items, member, text
from scangate.scanners.source import SourceTree


class Sarif:
    """The SARIF reader: it reads what other tools wrote, and runs none."""

    name = "sarif"

    def read(self, output: Output, job: Job) -> dict[str, Parsed]:
        """What each tool in the file said, by its name: every failed result; others are skipped, with the reason.

        A run that says it failed, or that holds no result list (which is how SARIF says that nothing was scanned),
        makes the tool's state failed. Findings are kept all the same. Raises `ScannerError` for what is not
        SARIF 2.1.
        """
        tree = SourceTree(job.root)
        by_driver: dict[str, list[Run]] = {}
        for value in _runs(load_json(output, "the SARIF file")):
            run = _run(value, job, tree)
            by_driver.setdefault(run.driver, []).append(run)
        if not by_driver:
            return {self.name: Parsed(scanned=0, state=LedgerState.FAILED, reason="there is no run in it")}
        return {driver: _parsed(runs) for driver, runs in by_driver.items()}


def _parsed(runs: list[Run]) -> Parsed:
    findings: list[Finding] = []
    left_out: Counter[str] = Counter()
    for run in runs:
        for result in _results(run.value):
            if why := _left_out(result):
                left_out[why] += 1
            else:
                findings.append(finding(result, run))
    failures = dict.fromkeys(why for run in runs for why in _failures(run.value))
    return Parsed(
        tuple(findings),
        scanned=_scanned(runs, findings),
        skipped=tuple(Skip(path=runs[0].driver, reason=f"{n} results: {why}") for why, n in sorted(left_out.items())),
        state=LedgerState.FAILED if failures else LedgerState.RAN,
        reason="; ".join(failures)[:1000],
        version=next((run.version for run in runs if run.version), ""),
    )


def _runs(document: Any) -> list[Any]:
    runs = document.get("runs") if isinstance(document, dict) else None
    if not isinstance(runs, list):
        raise unreadable("this is not SARIF: it has no list of runs")
    version = document.get("version")
    if not isinstance(version, str) or not version.startswith("2.1."):
        raise unreadable(f"its SARIF version is {str(version)[:40]!r}, and only 2.1.0 can be read")
    return runs


def _run(value: Any, job: Job, tree: SourceTree) -> Run:
    if not isinstance(value, dict) or not text(member(value, "tool", "driver"), "name"):
        raise unreadable("a run in it lacks tool.driver.name")
    if not isinstance(value.get("results", []), list | None):
        raise unreadable("the results of a run in it are not a list")
    return Run(value, job.root, tree)


def _results(run: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for result in run.get("results") or []:
        if not isinstance(result, dict):
            raise unreadable("a result in it is not an object")
        yield result


def _left_out(result: Mapping[str, Any]) -> str:
    """Why a result is not a finding: the rule passed or could not be decided, or the problem is gone."""
    kind = text(result, "kind") or "fail"
    if kind != "fail":
        return f"of kind {kind[:40]!r}, not 'fail'"
    return "absent since the baseline" if text(result, "baselineState") == "absent" else ""


def _failures(run: Mapping[str, Any]) -> Iterator[str]:
    """Every way in which a run says that it did not do its work."""
    if run.get("results") is None:
        external = member(run, "externalPropertyFileReferences").get("results")
        yield "its results are in other files" if external else "it holds no results, so it did not scan"
    for invocation in items(run, "invocations"):
        if invocation.get("executionSuccessful") is False:
            yield "its execution was not successful"
        for kind in ("toolExecutionNotifications", "toolConfigurationNotifications"):
            for notification in items(invocation, kind):
                if text(notification, "level") == "error":
                    yield text(member(notification, "message"), "text")[:200] or "it reports an error"


def _scanned(runs: list[Run], findings: list[Finding]) -> int:
    """Files that the runs name: their artifacts where they list them, else those of the findings."""
    artifacts = sum(len(items(run.value, "artifacts")) for run in runs)
    return artifacts or len({found.path for found in findings})
