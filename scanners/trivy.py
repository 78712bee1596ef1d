"""Trivy: container images, SBOMs, and when asked dependencies, infrastructure as code, secrets and licences.

Written against Trivy 0.74 (`trivy --format json`). The tool's own traps: exit code 1 for every error; no results for an
unknown distribution or an empty package database, which looks clean; settings, ignore lists and inline marks read
from the scanned folder; files passed over in silence; no secrets looked for in what it takes for the base image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from scangate.model import Category, LedgerState, Skip
from scangate.scanners.image_files import other_images
from scangate.scanners.interface import (
    Canary,
    Command,
    Cost,
    Input,
    Job,
    Output,
    Parsed,
    ToolSpec,
)
from scangate.scanners.source import SourceTree, relative_path
from scangate.scanners.trivy_command import (
    DEPENDENCIES,
    FILES,
    IMAGE,
    MISCONFIGURATION,
    SBOM,
    needs_database,
    trivy_command,
)
from scangate.scanners.trivy_database import (
    database_date,
    lay_out_cache,
    missing_database,
    write_empty_java_database,
)
from scangate.scanners.trivy_errors import JAVA_DOWNLOAD, lacks_java_database
from scangate.scanners.trivy_findings import Reading
from scangate.scanners.trivy_image import Gap, base_layers, package_gaps, unknown_release
from scangate.scanners.trivy_reader import read_reports
from scangate.scanners.trivy_report import OS_PACKAGES, Origin, Report
from scangate.scanners.trivy_sbom import sbom_gaps
from scangate.scanners.trivy_tree import StagedTree

_NO_JAVA = Gap(
    "Trivy's Java database is absent: of jars only those were looked up that say themselves what they are",
    JAVA_DOWNLOAD,
)


class Trivy:
    """The Trivy adapter."""

    name = "trivy"
    category = Category.CONTAINER
    tool = ToolSpec(
        "trivy",
        executable="trivy",
        versions=">=0.60,<1",
        module="github.com/aquasecurity/trivy",
        refused={">=0.69.4,<=0.69.6": "compromised releases (CVE-2026-33634)"},
    )
    kinds = frozenset({IMAGE, SBOM, FILES, *DEPENDENCIES, *MISCONFIGURATION})
    by_default = frozenset({IMAGE, SBOM})
    takes = frozenset({Input.DATABASE})
    per_file = False
    splits = False
    cost = Cost(start=1.5, per_megabyte=2.0)
    canary = Canary({"Dockerfile": "FROM debian:12\nUSER root\n"}, rule="DS-0002")

    def command(self, job: Job) -> Command:
        """The run on the job's target, with all that it needs in place."""
        return trivy_command(job)

    def parse(self, output: Output, job: Job) -> Parsed:
        """The findings of an output, and whether all was looked at that there is. Of one made elsewhere, the age of
        its database is not known.
        """
        reports = read_reports(output)
        version = next((report.tool.version for report in reports if report.tool.version), job.version)
        if job.tool is None:
            return _imported(reports, job, version)
        (report,) = reports
        if job.target.subject:
            return _subject(report, output, job, version)
        return _tree(report, output, job, version)

    def run(self, job: Job, execute: Callable[[Command], Output]) -> Parsed:
        """Link the database, run, and run again without a Java database where jars turn out to need one."""
        missing = missing_database(job) if needs_database(job.target.kinds) else None
        if missing and _only_vulnerabilities(job):
            raise missing
        lay_out_cache(job)
        command = trivy_command(job, database=missing is None)
        output = execute(command)
        lacking = lacks_java_database(output)
        if lacking:
            write_empty_java_database(job)
            output = execute(command)
        parsed = self.parse(output, job)
        if missing:
            return replace(parsed, state=missing.state, reason=missing.reason, mend=missing.mend)
        return _partly(parsed, [_NO_JAVA]) if lacking else parsed


def _only_vulnerabilities(job: Job) -> bool:
    return bool(job.target.subject) or {FILES, *MISCONFIGURATION}.isdisjoint(job.target.kinds)


def _imported(reports: tuple[Report, ...], job: Job, version: str) -> Parsed:
    """What an output says that was made elsewhere; what Trivy looked at is only known of images."""
    tree = SourceTree(job.root)
    origin = Origin(version, "")
    reading = Reading(origin, tree, lambda path: relative_path(path, job.root), obeys=True)
    findings = tuple(finding for report in reports for finding in reading.findings(report))
    results = [result for report in reports for result in report.results]
    scanned = sum(len(report.packages) for report in reports) or len(results)
    parsed = Parsed(findings, scanned, version=version, considered=scanned)
    unknown = [report for report in reports if report.type == "container_image" and not _names_system(report)]
    return _partly(parsed, [next(package_gaps(unknown[0]))]) if unknown else parsed


def _names_system(report: Report) -> bool:
    return any(result.kind == OS_PACKAGES for result in report.results)


def _subject(report: Report, output: Output, job: Job, version: str) -> Parsed:
    """An image or an SBOM."""
    date = database_date(job)
    reading = Reading(Origin(version, date), SourceTree(job.work), lambda path: path, name=job.target.name)
    is_image = IMAGE in job.target.kinds
    gaps = list(package_gaps(report) if is_image else sbom_gaps(report, job.target.subject))
    gaps += unknown_release(report, output.stderr)
    gaps += (Gap(why, "name each image by itself") for why in other_images(job.target.subject) if is_image)
    count = len(report.packages)
    skipped = tuple(_unsearched(report)) if is_image else ()
    parsed = Parsed(
        tuple(reading.findings(report)),
        count,
        skipped,
        version=version,
        database_date=date,
        considered=count,
    )
    return _partly(parsed, gaps)


def _unsearched(report: Report) -> Iterator[Skip]:
    """The base image, which Trivy does not search for secrets."""
    if layers := base_layers(report.metadata.config.history):
        yield Skip(path=f"base image ({layers} layers)", reason="Trivy looks for no secrets in it")


def _tree(report: Report, output: Output, job: Job, version: str) -> Parsed:
    """Files of the tree."""
    staged, date = StagedTree(job), database_date(job) if needs_database(job.target.kinds) else ""
    reading = Reading(Origin(version, date), SourceTree(job.root), staged.path)
    skipped, unseen = staged.unread(report, output.stderr)
    considered = len(job.target.files)
    parsed = Parsed(
        tuple(reading.findings(report)),
        considered - len(unseen),
        skipped,
        version=version,
        database_date=date,
        unseen=unseen,
    )
    if unseen and len(unseen) == considered:
        reason = f"Trivy looked at none of the files: {skipped[0].reason}"
        return replace(parsed, state=LedgerState.FAILED, reason=reason)
    gap = Gap(f"{len(skipped)} of {considered} files not looked at, or not wholly")
    return _partly(parsed, [gap] if skipped else [])


def _partly(parsed: Parsed, gaps: Sequence[Gap]) -> Parsed:
    """The same with what was not looked at, if there is anything."""
    if not gaps or parsed.state is LedgerState.FAILED:
        return parsed
    reason = "; ".join(filter(None, [parsed.reason, *(gap.reason for gap in gaps)]))
    mend = next((gap.mend for gap in gaps if gap.mend), "")
    return replace(parsed, state=LedgerState.PARTIAL, reason=reason, mend=parsed.mend or mend)
