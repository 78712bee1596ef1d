"""npm audit: npm dependencies. Written against npm 11 (`npm audit --json`).

The tool's own traps: exit 1 for findings and for errors, an empty report where it is offline or has nothing to ask,
settings of the project that switch things off (`.npmrc`), a registry that answers with nothing because it knows no
advisories. So it is handed a project of our own writing, made of the lock file's packages, and with them a witness
that every registry with advisories knows: an answer without the witness is none.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from scangate.model import Category, LedgerState, Skip
from scangate.scanners.advisories import rfc3339
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
    unreadable,
)
from scangate.scanners.npm_audit_report import OTHER_WAY, Report, Reporter, read_report
from scangate.scanners.npm_lock import NAMES, NpmLock, lock_of, read_npm_lock
from scangate.scanners.npm_registry import registry_settings
from scangate.scanners.source import SourceTree

_WITNESS = "node_modules/.witness/node_modules/lodash"
_WITNESS_ENTRIES = {"node_modules/.witness": {}, _WITNESS: {"version": "4.17.11"}}
"""lodash 4.17.11, which has CVE-2019-10744 since 2019, at a place that no package can be installed at."""

_UNLOCKED = "no lock file of npm's says its versions, and npm audit judges nothing else"
_FOREIGN_LOCKS = ("yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")
_CANARY_LOCK = {
    "lockfileVersion": 3,
    "packages": {"": {"dependencies": {"lodash": "4.17.11"}}, "node_modules/lodash": {"version": "4.17.11"}},
}


class NpmAudit:
    """The npm audit adapter. It looks only when asked, since osv-scanner looks at the same lock files and at more.

    Its canary needs a registry, so that it cannot be proven offline; every audit is proven by its witness instead.
    """

    name = "npm-audit"
    category = Category.DEPENDENCY
    tool = ToolSpec("npm-audit", executable="npm", versions=">=8")
    kinds = frozenset({"npm-dependencies"})
    by_default: frozenset[str] = frozenset()
    takes: frozenset[Input] = frozenset()
    per_file = True
    splits = False
    cost = Cost(start=1.0, per_megabyte=1.0)
    canary = Canary({"package-lock.json": json.dumps(_CANARY_LOCK)}, rule="GHSA-jf85-cpcp-j695")

    def command(self, job: Job) -> Command:
        """The audit of the project that `run` writes. What is said here wins over every settings file of npm's."""
        settings = registry_settings(os.environ, forbidden=job.root)
        files = ("--package-lock-only", "--prefix", str(job.work), "--userconfig", "npmrc")
        whole = ("--offline=false", "--include=dev", "--include=optional", "--include=peer", "--global=false")
        quiet = ("--ignore-scripts", "--update-notifier=false", "--fund=false", "--fetch-retries=1")
        return Command(
            (job.program, "audit", "--json", *files, *whole, *quiet),
            env=settings.variables,
            files={"npmrc": settings.npmrc},
            network=True,
        )

    def parse(self, output: Output, job: Job) -> Parsed:
        """An output made elsewhere. Without its lock file the installed versions are not known."""
        report = read_report(output)
        findings = Reporter(version=job.version).findings(report)
        return Parsed(findings, report.metadata.dependencies.total, version=job.version)

    def run(self, job: Job, execute: Callable[[Command], Output]) -> Parsed:
        """Read the lock file, hand npm its packages, and take the answer only with the witness in it."""
        tree, path = SourceTree(job.root), job.target.files[0]
        if posixpath.basename(path) not in NAMES:
            return _elsewhere(path, tree)
        lock = read_npm_lock(tree, path)
        if not lock.packages:
            return _conclude(Parsed(scanned=0, version=job.version), lock)
        if job.offline:
            raise failed("npm audit asks the registry, and offline nobody is asked", mend=OTHER_WAY)
        command = self.command(job)
        report = read_report(execute(replace(command, files={**command.files, **lock.files(_WITNESS_ENTRIES)})))
        _check(report, lock)
        date = rfc3339(datetime.now(UTC).replace(hour=0, minute=0, second=0))
        reporter = Reporter(path, {package.path: package for package in lock.packages}, job.version, date)
        parsed = Parsed(reporter.findings(report), len(lock.packages), version=job.version, database_date=date)
        return _conclude(parsed, lock)


def _check(report: Report, lock: NpmLock) -> None:
    """Raise unless npm read all packages and the registry knew of the witness."""
    if _WITNESS not in report.places:
        reason = "the registry knows no advisories: it did not name lodash 4.17.11, which was asked for as a test"
        raise failed(reason, mend=OTHER_WAY)
    handed = len(lock.entries) - 1 + len(_WITNESS_ENTRIES)
    if report.metadata.dependencies.total < handed:
        raise unreadable(f"npm read {report.metadata.dependencies.total} of {handed} packages of the lock file")
    known = {package.path for package in lock.packages} | {_WITNESS}
    if strange := sorted(report.places - known):
        raise unreadable(f"npm names {strange[0][:200]}, which the lock file does not hold")


def _elsewhere(path: str, tree: SourceTree) -> Parsed:
    """A manifest, which its lock file speaks for, or a lock file that npm audit does not read."""
    folder, name = posixpath.split(path)
    if name == "package.json" and (lock := lock_of(tree, path)):
        return Parsed(scanned=0, considered=0, reason=f"{lock} says its versions", unseen=frozenset({path}))
    foreign = next((lock for lock in _FOREIGN_LOCKS if tree.lines(posixpath.join(folder, lock)) is not None), "")
    reason = f"npm audit does not read {foreign}; osv-scanner and Trivy do" if foreign else _UNLOCKED
    return Parsed(
        scanned=0,
        considered=1,
        skipped=(Skip(path=path, reason=reason),),
        state=LedgerState.PARTIAL,
        reason=reason,
        mend=OTHER_WAY if foreign else "npm install --package-lock-only",
        unseen=frozenset({path}),
    )


def _conclude(parsed: Parsed, lock: NpmLock) -> Parsed:
    """The state that follows from what of the lock file could not be audited."""
    skipped = len(lock.skipped)
    parsed = replace(parsed, considered=len(lock.packages) + skipped, skipped=lock.skipped)
    if not skipped:
        return replace(parsed, reason="" if lock.packages else "it names no dependencies")
    if not lock.packages:
        reason = f"none of {skipped} dependencies could be audited: {lock.skipped[0].reason}"
        return replace(parsed, scanned=0, state=LedgerState.FAILED, reason=reason)
    return replace(parsed, state=LedgerState.PARTIAL, reason=f"{skipped} dependencies not audited")
