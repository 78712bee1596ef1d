"""pip-audit: PyPI dependencies. Written against pip-audit 2.10 (`pip-audit -f json`).

The tool's own traps: exit 0 after skipping every dependency, exit 1 for findings and for errors, no severity and no
place in its output, only the last record's fixed versions, a resolution that may build (that is: run) foreign code, an
OSV client that ignores pagination. So we hand it exact versions and an OSV service on loopback, and take what an
advisory says from the records that this service answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scangate.model import Category, Finding, LedgerState, Skip
from scangate.scanners.advisories import OFFLINE_WAY, load_advisories
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
from scangate.scanners.manifests import read_manifest
from scangate.scanners.pins import Dependency, Manifest, Origin, skip
from scangate.scanners.pip_audit_report import Audited, Reporter, read_report
from scangate.scanners.resolve import MEND as COMMIT_A_LOCK
from scangate.scanners.resolve import read_resolution, resolving_command
from scangate.scanners.source import SourceTree

if TYPE_CHECKING:
    from scangate.scanners.osv_service import AdvisorySource

PUBLIC_URL = "https://api.osv.dev/v1/query"
_MOST_VERSIONS = 8
"""How many versions of one package are audited; each takes a run of its own, since pip-audit refuses two in one."""

_CANARY_RECORD = """{
  "id": "GHSA-462w-v97r-4m45", "modified": "2024-01-01T00:00:00Z", "aliases": ["CVE-2019-10906"],
  "summary": "str.format_map lets sandboxed templates escape",
  "affected": [{"package": {"ecosystem": "PyPI", "name": "jinja2"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}]}]
}"""


@dataclass(frozen=True)
class PipAudit:
    """The pip-audit adapter. `osv_url` is the service that is asked where a job has no advisories of its own."""

    osv_url: str = PUBLIC_URL
    name = "pip-audit"
    category = Category.DEPENDENCY
    tool = ToolSpec("pip-audit", executable="pip-audit", versions=">=2.10,<3")
    kinds = frozenset({"pypi-dependencies"})
    by_default = kinds
    takes = frozenset({Input.ADVISORIES})
    per_file = True
    splits = False
    cost = Cost(start=1.5, per_megabyte=20.0)
    canary = Canary(
        {"requirements.txt": "jinja2==2.10\n", "advisories/PyPI/GHSA-462w-v97r-4m45.json": _CANARY_RECORD},
        rule="CVE-2019-10906",
        advisories="advisories",
    )

    def command(self, job: Job) -> Command:
        """The audit of exact versions in `requirements.txt`, which `run` writes, with neither pip nor its settings."""
        options = ("--no-deps", "--disable-pip", "-f", "json", "--desc", "on", "--aliases", "on")
        quiet = ("--progress-spinner", "off", "--timeout", "60", "--cache-dir", str(job.work / "cache"))
        env = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PIP_CONFIG_FILE": "/dev/null"}
        return Command((job.program, "-r", "requirements.txt", *options, *quiet, "-s", "osv"), env=env)

    def parse(self, output: Output, job: Job) -> Parsed:
        """An output made elsewhere. Severities come from the job's advisories, and are unknown without them."""
        advisories = load_advisories(job.advisories) if job.advisories else None
        date = advisories.date if advisories else ""
        manifest = job.target.files[0] if job.target.files else ""
        findings: list[Finding] = []
        skipped: list[Skip] = []
        report = read_report(output)
        for audited in report:
            if audited.skip_reason:
                skipped.append(skip(Origin(manifest), audited.name, audited.skip_reason))
            records = advisories.records.get(audited.name, ()) if advisories else ()
            findings += Reporter(job.version, date).findings(audited, records, Origin(manifest))
        scanned = len(report) - len(skipped)
        return _conclude(Parsed(tuple(findings), scanned, tuple(skipped), version=job.version, database_date=date))

    def run(self, job: Job, execute: Callable[[Command], Output]) -> Parsed:
        """Read the manifest, resolve what is open, audit exact versions."""
        tree, path = SourceTree(job.root), job.target.files[0]
        manifest = read_manifest(tree, path)
        parsed = Parsed(considered=0, scanned=0, skipped=manifest.skipped, version=job.version)
        if not manifest.dependencies:
            return _conclude(parsed)
        with self._source(job) as source:
            resolved, trouble = _resolve(manifest, job, execute)
            dependencies = (*manifest.pinned, *resolved)
            parsed = replace(parsed, skipped=(*manifest.skipped, *_unresolved(manifest, dependencies)))
            parsed = self._audit(dependencies, parsed, source, job, execute)
        if trouble:
            considered = len(parsed.skipped) + (parsed.scanned or 0)
            return replace(
                parsed, considered=considered, state=LedgerState.FAILED, reason=trouble.reason, mend=trouble.mend
            )
        return _conclude(parsed, damaged=source.damaged, resolved=bool(manifest.open), note=manifest.note)

    def _audit(
        self,
        dependencies: Sequence[Dependency],
        before: Parsed,
        source: AdvisorySource,
        job: Job,
        execute: Callable[[Command], Output],
    ) -> Parsed:
        """What came before, with the findings of exact versions. pip-audit must have asked and answered for each."""
        from scangate.scanners.osv_service import OsvService  # noqa: PLC0415 (so does an HTTP server)

        audited: dict[tuple[str, str], Audited] = {}
        with OsvService(source) as service:
            for pins in _rounds(dependencies):
                output = execute(_audit_command(self.command(job), pins, service.url))
                if service.failure:
                    raise service.failure
                audited |= {(one.name, one.version): one for one in read_report(output)}
        findings: list[Finding] = []
        skipped = [*before.skipped]
        scanned = 0
        for dependency in dependencies:
            key, origin = (dependency.name, dependency.version), dependency.origin
            one, records = audited.get(key) or audited.get((dependency.name, "")), service.answers.get(key)
            if one is None or one.skip_reason or records is None:
                reason = (one and one.skip_reason) or "pip-audit did not answer for it"
                skipped.append(skip(origin, "==".join(key), reason))
                continue
            scanned += 1
            findings += Reporter(job.version, source.date).findings(one, records, origin)
            if lost := sorted({record.id for record in records} - one.ids):
                skipped.append(skip(origin, "==".join(key), f"pip-audit left out {', '.join(lost)}"))
        return replace(
            before, findings=tuple(findings), scanned=scanned, skipped=tuple(skipped), database_date=source.date
        )

    @contextmanager
    def _source(self, job: Job) -> Iterator[AdvisorySource]:
        """Where this job's advisories come from."""
        if job.advisories:
            yield load_advisories(job.advisories)
        elif job.offline:
            raise failed("there are no advisories, and offline the public service is not asked", mend=OFFLINE_WAY)
        else:
            from scangate.scanners.osv_remote import RemoteSource  # noqa: PLC0415 (an HTTP client takes long to load)

            with closing(RemoteSource(self.osv_url)) as remote:
                yield remote


def _resolve(
    manifest: Manifest, job: Job, execute: Callable[[Command], Output]
) -> tuple[tuple[Dependency, ...], ScannerError | None]:
    """Exact versions for what is open; a failure is kept, so that the pins are audited all the same."""
    if not manifest.open:
        return (), None
    try:
        output = execute(resolving_command(manifest, offline=job.offline))
        return read_resolution(output, manifest, job.target.files[0]), None
    except ScannerError as error:
        return (), error


def _unresolved(manifest: Manifest, dependencies: Sequence[Dependency]) -> Iterator[Skip]:
    names = {dependency.name for dependency in dependencies}
    for dependency in manifest.open:
        if dependency.name not in names:
            yield skip(dependency.origin, dependency.requirement, "has no exact version, and none was resolved")


def _rounds(dependencies: Sequence[Dependency]) -> list[dict[str, str]]:
    """Exact versions by name, in as many rounds as the package with most versions needs."""
    rounds: list[dict[str, str]] = []
    seen: Counter[str] = Counter()
    for name, version in dict.fromkeys((d.name, d.version) for d in dependencies):
        if seen[name] == len(rounds) < _MOST_VERSIONS:
            rounds.append({})
        if seen[name] < len(rounds):
            rounds[seen[name]][name] = version
        seen[name] += 1
    return rounds


def _audit_command(base: Command, pins: dict[str, str], url: str) -> Command:
    lines = "".join(f"{name}=={version}\n" for name, version in pins.items())
    return replace(base, argv=(*base.argv, "--osv-url", url), files={"requirements.txt": lines.encode()})


def _conclude(parsed: Parsed, *, damaged: tuple[Skip, ...] = (), resolved: bool = False, note: str = "") -> Parsed:
    """The state that follows from what was skipped: in part, or, with nothing audited at all, failed."""
    skipped, scanned = len(parsed.skipped), parsed.scanned or 0
    parsed = replace(parsed, considered=scanned + skipped)
    if skipped and not scanned:
        reason = f"none of {skipped} dependencies could be audited: {parsed.skipped[0].reason}"
        return replace(parsed, state=LedgerState.FAILED, reason=reason)
    gaps = [f"{skipped} dependencies not audited"] if skipped else []
    gaps += [f"{len(damaged)} advisories cannot be read"] if damaged else []
    gaps += ["resolved today, no lock file"] if resolved else []
    if not gaps:
        return replace(parsed, reason="" if scanned else "it names no dependencies")
    return replace(
        parsed,
        skipped=(*parsed.skipped, *damaged),
        state=LedgerState.PARTIAL,
        reason="; ".join([*gaps, *filter(None, [note])]),
        mend=COMMIT_A_LOCK if resolved else "",
    )
