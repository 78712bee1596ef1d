"""Grype: container images and SBOMs, and dependencies of the tree; all of it only when asked, as Trivy and osv-scanner
look at the same.

Written against Grype 0.120 (`grype -o json`). The tool's own traps: exit code 1 for every error; a report that names
only packages with matches, so that an unknown distribution, an empty package database or a file that it does not read
looks clean; settings and ignore lists from the folder that it runs in; advisories of a vendor related to several CVEs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from scangate.model import Category, LedgerState
from scangate.scanners.grype_command import (
    DEPENDENCIES,
    IMAGE,
    PACKAGES,
    SBOM,
    database_folder,
    download,
    knows_command,
    scan_command,
    status_command,
)
from scangate.scanners.grype_errors import said
from scangate.scanners.grype_findings import Reading
from scangate.scanners.grype_packages import (
    BESIDES,
    Gap,
    Package,
    gaps,
    knows_distribution,
    no_advisories,
    read_packages,
)
from scangate.scanners.grype_report import Report, read_report, read_status
from scangate.scanners.grype_tree import ScannedTree
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
)
from scangate.scanners.source import relative_path

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class Grype:
    """The Grype adapter."""

    name = "grype"
    category = Category.CONTAINER
    tool = ToolSpec("grype", executable="grype", versions=">=0.87,<1", module="github.com/anchore/grype")
    kinds = frozenset({IMAGE, SBOM, *DEPENDENCIES})
    by_default: frozenset[str] = frozenset()
    takes = frozenset({Input.DATABASE})
    per_file = False
    splits = False
    cost = Cost(start=1.5, per_megabyte=1.0)
    canary = Canary({"requirements.txt": "jinja2==2.10\n"}, rule="GHSA-462w-v97r-4m45")

    def command(self, job: Job) -> Command:
        """The run on the job's target, with all that it needs in place."""
        return scan_command(job)

    def parse(self, output: Output, job: Job) -> Parsed:
        """An output made elsewhere. What Grype looked at is not in it, but for the distribution of an image."""
        report = read_report(output)
        version = report.descriptor.version or job.version
        reading = Reading(version, _date(report), lambda path: relative_path(path, job.root))
        findings = tuple(reading.findings(report))
        count = len({(match.artifact.name, match.artifact.version) for match in (*report.matches, *report.ignored)})
        parsed = Parsed(findings, count, version=version, database_date=_date(report), considered=count)
        if report.source.type == "image" and not report.distribution.name:
            return _partly(parsed, [Gap("Grype knew no distribution in it")])
        return parsed

    def run(self, job: Job, execute: Callable[[Command], Output]) -> Parsed:
        """Scan; where that fails ask for the state of the database, and for its knowledge where no match shows it."""
        output = execute(self.command(job))
        if output.exit_code:
            _check_database(job, execute)
        report, packages = read_report(output), read_packages(job.work / PACKAGES)
        reading = Reading(job.version, _date(report), lambda path: path, job.target.name)
        parsed = Parsed(version=reading.version, database_date=reading.date)
        if not job.target.subject:
            tree = ScannedTree(job, packages)
            return _tree(
                replace(parsed, findings=tuple(replace(reading, path_of=tree.path).findings(report))), tree, job
            )
        foreign = _unknown_distribution(report, packages, job, execute)
        missing = [*gaps(report, packages, image=IMAGE in job.target.kinds), *foreign]
        looked_up = sum(package.is_known and not (foreign and package.is_system) for package in packages)
        parsed = replace(parsed, findings=tuple(reading.findings(report)), scanned=looked_up, considered=len(packages))
        return _partly(parsed, missing)


def _check_database(job: Job, execute: Callable[[Command], Output]) -> None:
    """Raise where the database is why a run failed."""
    try:
        status = read_status(execute(status_command(job)))
    except ScannerError:
        return
    if status.valid:
        return
    if "does not exist" in status.error:
        raise failed(f"there is no vulnerability database in {database_folder(job)}", mend=download(job))
    mend = f"delete {database_folder(job)}, then: {download(job)}"
    raise failed(f"the vulnerability database cannot be used: {status.error[:300]}", mend=mend)


def _unknown_distribution(
    report: Report, packages: Collection[Package], job: Job, execute: Callable[[Command], Output]
) -> list[Gap]:
    """The gap where nobody has advisories for a distribution's packages. Grype says nothing of that: its database is
    asked where no match shows that it knows the distribution.
    """
    system, count = report.distribution, sum(package.is_system for package in packages)
    if not count or knows_distribution(report):
        return []
    if not system.name:
        return [Gap(f"Grype knows no distribution in it, and did not look up {count} packages", BESIDES)]
    release = ".".join(system.version.split(".")[:2])
    output = execute(knows_command(job, f"{system.name}-{release}" if release else system.name))
    return [no_advisories(system, said(output.stderr))] if output.exit_code else []


def _tree(parsed: Parsed, tree: ScannedTree, job: Job) -> Parsed:
    """Files of the tree, each accounted for."""
    skipped, unseen, considered = tree.skips, tree.unseen, len(job.target.files)
    parsed = replace(parsed, scanned=considered - len(unseen), skipped=skipped, considered=considered, unseen=unseen)
    if unseen and len(unseen) == considered:
        reason = f"Grype looked at none of the files: {skipped[0].reason}"
        return replace(parsed, state=LedgerState.FAILED, reason=reason)
    return _partly(
        parsed, [Gap(f"{len(skipped)} of {considered} files not looked at, or not wholly")] if skipped else []
    )


def _partly(parsed: Parsed, missing: Sequence[Gap]) -> Parsed:
    """The same with what was not looked at, if there is anything."""
    if not missing:
        return parsed
    reason = "; ".join(gap.reason for gap in missing)
    mend = next((gap.mend for gap in missing if gap.mend), "")
    return replace(parsed, state=LedgerState.PARTIAL, reason=reason, mend=mend)


def _date(report: Report) -> str:
    """When the database was built, RFC 3339 in UTC; empty where the report does not say."""
    match = _MOMENT.match(report.descriptor.database_date)
    return f"{match[0]}Z" if match else ""
