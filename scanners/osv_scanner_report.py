"""What osv-scanner reports, as findings: its JSON of version 2 (and of 1, which has the same form).

Its own groups are not used: they put together whatever shares an alias, also where one record lists what several
problems have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import quote

from packageurl import PackageURL
from packaging.utils import canonicalize_name
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from scangate.model import Category, Finding, Fix, PackageLocation, Rule, Source
from scangate.scanners.interface import Output, failed, unreadable
from scangate.scanners.json_report import load_json
from scangate.scanners.osv import ECOSYSTEM, Record, alias_groups, version_key
from scangate.scanners.pins import Origin
from scangate.scanners.ratings import effective

_LONGEST_TITLE = 160
_LONGEST_MESSAGE = 4_000

_PURL_TYPES = {
    "npm": "npm",
    "PyPI": "pypi",
    "Maven": "maven",
    "Go": "golang",
    "crates.io": "cargo",
    "RubyGems": "gem",
    "Packagist": "composer",
    "NuGet": "nuget",
    "Pub": "pub",
    "Hex": "hex",
    "Debian": "deb/debian",
    "Alpine": "apk/alpine",
}
"""The type of a package URL by OSV's name of the ecosystem, with the namespace that all its packages share."""

_FAILURES = {
    127: "osv-scanner gave up",
    129: "the advisory service gave no answer",
    130: "osv-scanner refused its configuration",
}
NO_PACKAGES = 128
_ERROR = 127
_WITH_REPORT = (0, 1, _ERROR, None)
"""127 stands for any error that was told on the way; there is a report all the same, unless it came too soon."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Package(_Part):
    """A package as its ecosystem names it. `version` is empty for what is local, `commit` set for what comes of git."""

    name: str
    version: str = ""
    ecosystem: str = ""
    commit: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.version

    @property
    def purl(self) -> str:
        kind, _, shared = _PURL_TYPES.get(self.ecosystem.partition(":")[0], "generic").partition("/")
        path = self.name.replace(":", "/") if kind == "maven" else self.name.rpartition("://")[2]
        namespace, _, name = path.strip().strip("/").rpartition("/")
        return PackageURL(kind, shared or namespace, name.strip() or "?", self.version).to_string()


class Found(_Part):
    """A package with the records that affect it, and the dependency groups that it belongs to."""

    package: Package
    dependency_groups: Annotated[tuple[str, ...], BeforeValidator(lambda value: value or ())] = ()
    vulnerabilities: Annotated[tuple[dict[str, Any], ...], BeforeValidator(lambda value: value or ())] = ()

    @property
    def is_dev(self) -> bool | None:
        """Whether it is needed for development or tests only; None where no group tells."""
        words = (group.lower() for group in self.dependency_groups)
        return all("dev" in word or "test" in word for word in words) if self.dependency_groups else None


class _Place(_Part):
    path: str


class Result(_Part):
    """What was found in one file; its `path` is the tool's."""

    source: _Place
    packages: tuple[Found, ...] = Field(default=())

    @property
    def path(self) -> str:
        return self.source.path


class _Report(_Part):
    results: tuple[Result, ...]


def read_report(output: Output) -> tuple[Result, ...]:
    """The files of an output with their packages.

    Raises:
        ScannerError: there is no report, it is not of osv-scanner's form, or the exit code says that it is none.
    """
    said = last_words(output)
    if output.exit_code == NO_PACKAGES:
        return ()
    if output.exit_code not in _WITH_REPORT or (output.exit_code == _ERROR and not output.report.strip()):
        why = _FAILURES.get(output.exit_code or 0, f"osv-scanner ended with exit code {output.exit_code}")
        raise failed(f"{why}: {said}".rstrip(": "))
    document = load_json(output, "osv-scanner")
    try:
        return _Report.model_validate(document).results
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise unreadable(f"osv-scanner's output is not of its form: {first['msg']} {[*first['loc']]}") from error


def last_words(output: Output) -> str:
    """The last line that the tool wrote to standard error."""
    lines = output.stderr.strip().splitlines()
    return lines[-1][-300:] if lines else ""


@dataclass(frozen=True)
class Reporter:
    """Makes findings. `version` is osv-scanner's, `dates` those of the advisories by ecosystem."""

    version: str
    dates: Mapping[str, str] = field(default_factory=dict)

    def findings(self, found: Found, origin: Origin) -> list[Finding]:
        """One finding for each problem of a package: records that share an alias are one problem."""
        records = {record.id: record for record in map(_record, found.vulnerabilities) if record.withdrawn is None}
        groups = alias_groups({record.id: record.aliases for record in records.values()})
        return [_Problem(found.package, ids, records, origin, self).finding for ids in groups]


@dataclass(frozen=True)
class _Problem:
    """A group of advisory ids, canonical first, about one package."""

    package: Package
    ids: tuple[str, ...]
    known: Mapping[str, Record]
    origin: Origin
    reporter: Reporter

    @cached_property
    def records(self) -> Sequence[Record]:
        return [self.known[advisory] for advisory in self.ids if advisory in self.known]

    @property
    def finding(self) -> Finding:
        name, ecosystem, version = self._name, self.package.ecosystem, self.package.version
        ratings = tuple(dict.fromkeys(rating for record in self.records for rating in record.ratings(name, ecosystem)))
        severity, why = effective(ratings)
        fixed = {fixed for record in self.records for fixed in record.fixed_in(name, version, ecosystem)}
        fixed_in = tuple(sorted(fixed, key=version_key))
        return Finding(
            category=Category.DEPENDENCY,
            rule=Rule(
                id=self.ids[0],
                help_uri=f"https://osv.dev/vulnerability/{quote(self.records[0].id)}",
                cwe=tuple(dict.fromkeys(cwe for record in self.records for cwe in record.cwes)),
            ),
            title=self._title,
            message=next(_texts(self.records), ""),
            severity=severity,
            severity_from=why,
            ratings=ratings,
            ids=self.ids,
            location=PackageLocation(
                purl=self.package.purl,
                name=self.package.name,
                version=version,
                manifest=self.origin.manifest,
                line=self.origin.line,
                direct=self.origin.direct,
                scope=self.origin.scope,
                fixed_in=fixed_in,
            ),
            fix=Fix(state="available" if fixed_in else "none", versions=fixed_in),
            sources=tuple(self._source(record) for record in self.records),
        )

    @property
    def _name(self) -> str:
        return canonicalize_name(self.package.name) if self.package.ecosystem == ECOSYSTEM else self.package.name

    @property
    def _title(self) -> str:
        start = f"{self.package.name} {self.package.version}: {self.ids[0]}"
        summary = next((record.summary for record in self.records if record.summary.strip()), "")
        title = " ".join(f"{start} {summary}".split())
        return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1].rstrip()}…"

    def _source(self, record: Record) -> Source:
        return Source(
            scanner="osv-scanner",
            rule_id=record.id,
            version=self.reporter.version,
            database_date=self.reporter.dates.get(self.package.ecosystem, ""),
            message=next(_texts([record]), ""),
        )


def _texts(records: Iterable[Record]) -> Iterator[str]:
    return (text.strip()[:_LONGEST_MESSAGE] for r in records for text in (r.details, r.summary) if text.strip())


def scope_of(found: Found, *, tells_dev: bool) -> Literal["runtime", "dev", "unknown"]:
    """What a package is needed for. `tells_dev`: its file would say so if it were for development only."""
    if found.is_dev is None:
        return "runtime" if tells_dev else "unknown"
    return "dev" if found.is_dev else "runtime"


def _record(value: dict[str, Any]) -> Record:
    """A record; of one with parts in no form that is known, what names the problem."""
    try:
        return Record.model_validate(value)
    except ValidationError:
        essence = {key: value.get(key) for key in ("id", "aliases", "summary", "details", "withdrawn")}
        kept = {key: part for key, part in essence.items() if part is not None}
        try:
            return Record.model_validate({**kept, "modified": "1970-01-01T00:00:00Z"})
        except ValidationError as error:
            raise unreadable(f"osv-scanner reports what is no advisory: {str(value)[:100]}") from error
