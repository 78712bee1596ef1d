"""osv-scanner: the lock files of many languages. Written against osv-scanner 2.4 and 2.5.

The tool's own traps: exit 1 for findings hides every error beside them; a lock file that does not parse ends the scan
of all others where it was named, and is one line on standard error where it was found; packages of an ecosystem without
a database come out without findings; records with a field that it does not know are left out; settings are read from
each folder on the way. So it gets the files in folders of our own, prints every package, and what it does not name was
not looked at.

A `pom.xml` names direct dependencies only, and what these bring along is most of what is built. So poms that declare
dependencies are looked at in part; what a build resolved (an SBOM of it) can be looked at as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from scangate.model import Category, Finding
from scangate.scanners.advisories import OFFLINE_WAY
from scangate.scanners.dependency_files import LOCK_FILES
from scangate.scanners.interface import (
    Canary,
    Command,
    Cost,
    Input,
    Job,
    Output,
    Parsed,
    ToolSpec,
    failed,
)
from scangate.scanners.osv import ECOSYSTEM as PYPI
from scangate.scanners.osv_database import Database, load_database
from scangate.scanners.osv_scanner_account import Account, findings_of
from scangate.scanners.osv_scanner_report import Reporter, read_report
from scangate.scanners.osv_scanner_tree import FOLDER, Stage, Staged, stage
from scangate.scanners.source import SourceTree, relative_path

_DATABASES = "database"
_DATABASE_FOLDERS = ("osv-scanner", "osv-scalibr")
"""Where versions up to 2.4 and from 2.5 on look for databases."""
_ECOSYSTEMS = sorted({lock.ecosystem for lock in LOCK_FILES.values()} | {PYPI, "GIT"})
_NO_RECORDS = b"PK\5\6" + bytes(18)
"""An archive without members."""
_KINDS = frozenset(
    f"{language}-dependencies"
    for language in "npm maven gradle go rust rubygems composer nuget pub hex".split()  # noqa: SIM905
)
_CANARY_LOCK = """{
  "name": "canary", "lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.11"}}
}"""
_CANARY_RECORD = """{
  "id": "GHSA-jf85-cpcp-j695", "modified": "2024-01-01T00:00:00Z", "aliases": ["CVE-2019-10744"],
  "summary": "defaultsDeep lets an object's prototype be changed",
  "affected": [{"package": {"ecosystem": "npm", "name": "lodash"},
    "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.12"}]}]}]
}"""


class OsvScanner:
    """The osv-scanner adapter. pip-audit looks at Python's dependencies; osv-scanner does so when it is asked."""

    name = "osv-scanner"
    category = Category.DEPENDENCY
    tool = ToolSpec(
        "osv-scanner", executable="osv-scanner", versions=">=2.0,<3", module="github.com/google/osv-scanner/v2"
    )
    kinds = _KINDS | {"pypi-dependencies"}
    by_default = _KINDS
    takes = frozenset({Input.ADVISORIES})
    per_file = False
    splits = False
    cost = Cost(start=2.0, per_megabyte=1.0)
    canary = Canary(
        {"package-lock.json": _CANARY_LOCK, "advisories/npm/GHSA-jf85-cpcp-j695.json": _CANARY_RECORD},
        rule="CVE-2019-10744",
        advisories="advisories",
    )

    def command(self, job: Job) -> Command:
        """The scan of what `run` lays out: no settings, no resolution of what is not locked, no analysis of code."""
        options = ("--recursive", "--no-ignore", "--no-resolve", "--no-call-analysis=all", "--all-packages")
        output = ("--config", "empty.toml", "--format", "json")
        offline = ("--offline", "--local-db-path", _DATABASES) if job.advisories else ()
        argv = (job.program, "scan", "source", *options, *output, *offline, FOLDER)
        return Command(argv, files={"empty.toml": b""}, network=not job.advisories)

    def parse(self, output: Output, job: Job) -> Parsed:
        """An output made elsewhere."""
        tree, reporter = SourceTree(job.root), Reporter(job.version)
        findings: list[Finding] = []
        results = read_report(output)
        for result in results:
            path = relative_path(result.path, job.root)
            findings += findings_of(result.packages, path, reporter, "\n".join(tree.lines(path) or ()))
        count = sum(len(result.packages) for result in results)
        return Parsed(tuple(findings), count, considered=count, version=job.version)

    def run(self, job: Job, execute: Callable[[Command], Output]) -> Parsed:
        """Lay out the files and the databases, scan, and account for every file."""
        laid_out = stage(job)
        if laid_out.staged and job.offline and not job.advisories:
            raise failed("there are no advisories, and offline the public service is not asked", mend=OFFLINE_WAY)
        databases = _databases(job, laid_out.staged)
        output = execute(_complete(self.command(job), laid_out, databases)) if laid_out.staged else None
        return Account(job, laid_out, databases).parsed(output)


def _databases(job: Job, staged: Sequence[Staged]) -> dict[str, Database]:
    """The offline database of each ecosystem; none where the public service is asked."""
    if job.advisories is None:
        return {}
    found = {name: load_database(job.advisories, name) for name in {one.ecosystem for one in staged}}
    return {name: database for name, database in found.items() if database}


def _complete(command: Command, laid_out: Stage, databases: Mapping[str, Database]) -> Command:
    """The command with all that it reads. Where a database is absent there is an empty one: without it, version 2.5
    compares no package of any other ecosystem either.
    """
    files, links = {**command.files, **laid_out.files}, dict(laid_out.links)
    for ecosystem in _ECOSYSTEMS:
        archive = databases[ecosystem].archive if ecosystem in databases else _NO_RECORDS
        for folder in _DATABASE_FOLDERS:
            name = f"{_DATABASES}/{folder}/{ecosystem}/all.zip"
            if isinstance(archive, Path):
                links[name] = archive
            else:
                files[name] = archive
    return replace(command, files=files, links=links)
