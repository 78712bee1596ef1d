"""checkov: infrastructure as code. Written against checkov 3.3 (`checkov -o json`).

The tool's own traps: three shapes of JSON by the number of frameworks with results, exit 0 for a folder that is not
there and for files that do not parse, files passed over in silence (`checkov_tree.py`), no severity without an
account at its platform (`checkov_severity.py`), settings and baselines read from the scanned folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scangate.model import Category, LedgerState, Skip
from scangate.scanners.checkov_finding import finding
from scangate.scanners.checkov_tree import (
    FOLDER,
    FRAMEWORKS,
    frameworks,
    idle_frameworks,
    original_path,
    staged_files,
    staged_names,
    unread,
)
from scangate.scanners.interface import (
    Canary,
    Command,
    Cost,
    Input,
    Job,
    Output,
    Parsed,
    ScannerError,
    ToolSpec,
    failed,
    unreadable,
)
from scangate.scanners.json_report import load_json
from scangate.scanners.source import SourceTree, relative_path

_CHECKS = ("failed_checks", "skipped_checks", "passed_checks")
_REPORT = "report.json"
_HELM = "install Helm, or exclude the charts in the settings"


class Checkov:
    """The checkov adapter."""

    name = "checkov"
    category = Category.IAC
    tool = ToolSpec("checkov", executable="checkov", versions=">=3.2,<4")
    kinds = frozenset(FRAMEWORKS)
    by_default = kinds
    takes: frozenset[Input] = frozenset()
    per_file = False
    splits = False
    cost = Cost(start=4.5, per_megabyte=60.0)
    canary = Canary({"main.tf": 'resource "aws_ebs_volume" "canary" {\n  encrypted = false\n}\n'}, rule="CKV_AWS_3")

    def command(self, job: Job) -> Command:
        """Scans copies of the target's files, so that nothing else in the tree is read: no settings, no baseline.

        The environment lifts checkov's own exclusion of folders, and keeps it and Helm off the network.
        """
        run = frameworks(job.target.kinds)
        if not run:
            raise ScannerError(LedgerState.MISSING, "Helm, which renders charts, is not installed", mend=_HELM)
        options = {
            "-d": str(job.work / FOLDER),
            "--framework": ",".join(run),
            "--external-modules-download-path": str(job.work / "modules"),
            "--download-external-modules": "false",
            "-o": "json",
            # With the comma it names a file. Without one checkov also prints, indented, which is twice the size.
            "--output-file-path": f"{_REPORT},",
        }
        environment = {
            "CKV_IGNORED_DIRECTORIES": "",
            "CKV_IGNORE_HIDDEN_DIRECTORIES": "false",
            "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
            "CHECKOV_HELM_ALLOWED_REMOTE_REPOS": "none",
            "CHECKOV_WORKERS_NUMBER": str(job.threads),
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"),
        }
        words = (word for option in options.items() for word in option)
        argv = (job.program, *words, "--compact", "--skip-download")
        return Command(argv, environment, staged_files(job), report=_REPORT)

    def parse(self, output: Output, job: Job) -> Parsed:
        """Failed checks, and skipped ones with their mark; as skipped every file that checkov did not look at."""
        reports = _reports(load_json(output, "checkov"))
        if output.exit_code not in (0, 1, None):
            raise failed(f"checkov ended with exit code {output.exit_code}: {output.stderr.strip()[-300:]}")
        version = next((v for r in reports if (v := _text(r.get("summary"), "checkov_version"))), job.version)
        reading = _Reading(job, version)
        for report in reports:
            reading.read(report)
        return reading.parsed()


class _Reading:
    """Gathers what the reports of one output say."""

    def __init__(self, job: Job, version: str) -> None:
        self._job, self._version = job, version
        self._tree = SourceTree(job.root)
        self._originals = {staged: path for path, staged in staged_names(job.target.files).items()}
        self._probed: set[tuple[str, str]] = set()
        self._named: set[str] = set()
        self._broken: set[str] = set()
        self._frameworks = 0
        self._findings: list[Any] = []

    def read(self, report: Mapping[str, Any]) -> None:
        if "results" not in report:
            return
        self._frameworks += 1
        framework = _text(report, "check_type")
        errors = report["results"].get("parsing_errors") or []
        self._broken.update(path for _, path in map(self._locate, map(str, errors)))
        for group in _CHECKS:
            for record in report["results"].get(group) or []:
                self._read_record(record, framework, relevant=group != "passed_checks")

    def _read_record(self, record: Mapping[str, Any], framework: str, *, relevant: bool) -> None:
        is_probe, path = self._locate(_text(record, "file_path"), _text(record, "repo_file_path"))
        if is_probe:
            self._probed.add((framework, path))
            return
        self._named.add(path)
        if relevant:
            self._findings.append(finding(record, framework, path=path, tree=self._tree, version=self._version))

    def _locate(self, raw: str, repo_path: str = "") -> tuple[bool, str]:
        """Whether a path is a probe's, and the path below the root that it stands for."""
        if self._job.tool is None:
            found = relative_path(repo_path, self._job.root)
            return False, found if self._tree.lines(found) is not None else relative_path(raw, self._job.root)
        is_probe, path = original_path(relative_path(raw, self._job.work / FOLDER))
        return is_probe, self._originals.get(path, path)

    def parsed(self) -> Parsed:
        skipped = self._skipped()
        state, reason, mend = self._state(skipped)
        considered = len(self._job.target.files)
        scanned = considered - len(skipped) if considered else len(self._named)
        unseen = frozenset(skip.path for skip in skipped)
        return Parsed(tuple(self._findings), scanned, skipped, state, reason, mend, self._version, unseen=unseen)

    def _skipped(self) -> tuple[Skip, ...]:
        if self._job.tool is None:
            broken = sorted(self._broken - self._named)
            return tuple(Skip(path=path, reason="checkov could not parse it") for path in broken)
        return unread(self._job, self._named, broken=self._broken, tree=self._tree)

    def _state(self, skipped: tuple[Skip, ...]) -> tuple[LedgerState, str, str]:
        considered = len(self._job.target.files)
        idle = idle_frameworks(self._job, self._probed) if self._job.tool else ()
        if idle:
            return LedgerState.FAILED, f"checkov did not run: {', '.join(idle)}", ""
        if not self._frameworks or (skipped and not self._named):
            return LedgerState.FAILED, "checkov looked at none of the files", ""
        if skipped:
            mend = _HELM if any("Helm is not installed" in skip.reason for skip in skipped) else ""
            return LedgerState.PARTIAL, f"{len(skipped)} of {considered or '?'} files not scanned", mend
        return LedgerState.RAN, "", ""


def _reports(value: Any) -> list[dict[str, Any]]:
    """The reports of all frameworks: a list, one report, or the bare summary of a run without any result."""
    reports = value if isinstance(value, list) else [value]
    if not reports or not all(_is_report(report) for report in reports):
        raise unreadable("checkov's output is neither its report nor its summary")
    return reports


def _is_report(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if "results" not in value:
        return all(isinstance(value.get(key), int) for key in ("passed", "failed", "skipped", "parsing_errors"))
    results = value["results"]
    return isinstance(results, dict) and "failed_checks" in results and all(_lists_of_records(results))


def _lists_of_records(results: Mapping[str, Any]) -> Iterator[bool]:
    for group in _CHECKS:
        records = results.get(group, [])
        yield isinstance(records, list) and all(isinstance(record, dict) for record in records)
    yield isinstance(results.get("parsing_errors", []), list)


def _text(value: Any, key: str) -> str:
    """A string of an object; empty where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
