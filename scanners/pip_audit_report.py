"""What pip-audit reports, as findings: its JSON of today and of before 2.0, joined with the facts of OSV records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from packageurl import PackageURL
from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import BaseModel, ValidationError

from scangate.model import Category, Finding, Fix, PackageLocation, Rule, Source
from scangate.scanners.interface import Output, failed, unreadable
from scangate.scanners.osv import Record, alias_groups, read_version
from scangate.scanners.pins import Origin
from scangate.scanners.ratings import effective

_LONGEST_TITLE = 160
_LONGEST_MESSAGE = 4_000


class Vulnerability(BaseModel, defer_build=True):
    """What pip-audit says of one problem. `aliases` and `description` may be switched off there."""

    id: str
    fix_versions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    description: str = ""

    @property
    def ids(self) -> set[str]:
        return {self.id, *self.aliases}


class Audited(BaseModel, defer_build=True):
    """What pip-audit says of one dependency: its vulnerabilities, or why it was skipped."""

    name: str
    version: str = ""
    vulns: tuple[Vulnerability, ...] | None = None
    skip_reason: str = ""

    @property
    def ids(self) -> set[str]:
        return {advisory for vuln in self.vulns or () for advisory in vuln.ids}


class _Report(BaseModel, defer_build=True):
    dependencies: tuple[Audited, ...]


def read_report(output: Output) -> tuple[Audited, ...]:
    """The dependencies of an output, by normalised name and version.

    Raises:
        ScannerError: there is no report, or it is not of pip-audit's form.
    """
    said = output.stderr.strip().splitlines()
    if not output.report.strip():
        raise failed(f"pip-audit ended without a report (exit {output.exit_code}): {said[-1][-300:] if said else ''}")
    if output.exit_code not in (0, 1, None):
        raise failed(f"pip-audit ended with exit code {output.exit_code}: {said[-1][-300:] if said else ''}")
    try:
        document: Any = json.loads(output.report.decode("utf-8-sig"))
        report = _Report.model_validate({"dependencies": document} if isinstance(document, list) else document)
    except ValidationError as error:
        first = error.errors()[0]
        raise unreadable(f"pip-audit's output is not of its form: {first['msg']} {[*first['loc']]}") from error
    except (ValueError, RecursionError) as error:
        raise unreadable(f"pip-audit's output is not JSON: {error}") from error
    return tuple(_normalised(dependency) for dependency in report.dependencies)


def _normalised(audited: Audited) -> Audited:
    if audited.vulns is None and not audited.skip_reason:
        raise unreadable(f"pip-audit says neither vulns nor skip_reason for {audited.name[:100]}")
    version = str(read_version(audited.version) or audited.version)
    return audited.model_copy(update={"name": canonicalize_name(audited.name), "version": version})


@dataclass(frozen=True)
class Reporter:
    """Makes findings. `version` is pip-audit's, `date` that of the advisories."""

    version: str
    date: str

    def findings(self, audited: Audited, records: Iterable[Record], origin: Origin) -> list[Finding]:
        """One finding for each problem of a dependency: reports and records that share an alias are one problem."""
        vulns = audited.vulns or ()
        reported = audited.ids
        relevant = {record.id: record for record in records if reported & {record.id, *record.aliases}}
        known: dict[str, Iterable[str]] = {record.id: record.aliases for record in relevant.values()}
        for vuln in vulns:
            if not known.keys() & vuln.ids:
                known[vuln.id] = vuln.aliases
        groups = (ids for ids in alias_groups(known) if reported & {*ids})
        return [self._finding(ids, audited, relevant, origin) for ids in groups]

    def _finding(self, ids: tuple[str, ...], audited: Audited, known: Mapping[str, Record], origin: Origin) -> Finding:
        records = [known[advisory] for advisory in ids if advisory in known]
        vulns = [vuln for vuln in audited.vulns or () if vuln.ids & {*ids}]
        ratings = tuple(dict.fromkeys(rating for record in records for rating in record.ratings(audited.name)))
        severity, why = effective(ratings)
        fixed_in = _fixed_in(audited, records, vulns)
        return Finding(
            category=Category.DEPENDENCY,
            rule=Rule(
                id=ids[0],
                help_uri=f"https://osv.dev/vulnerability/{quote(records[0].id if records else ids[0])}",
                cwe=tuple(dict.fromkeys(cwe for record in records for cwe in record.cwes)),
            ),
            title=_title(f"{audited.name} {audited.version}: {ids[0]}", records, vulns),
            message=next(_descriptions(records, vulns), "")[:_LONGEST_MESSAGE],
            severity=severity,
            severity_from=why,
            ratings=ratings,
            ids=ids,
            location=PackageLocation(
                purl=PackageURL("pypi", name=audited.name, version=audited.version or None).to_string(),
                name=audited.name,
                version=audited.version,
                manifest=origin.manifest,
                line=origin.line,
                direct=origin.direct,
                scope=origin.scope,
                fixed_in=fixed_in,
            ),
            fix=Fix(state="available" if fixed_in else "none", versions=fixed_in),
            sources=tuple(self._source(vuln) for vuln in vulns),
        )

    def _source(self, vuln: Vulnerability) -> Source:
        message = vuln.description[:_LONGEST_MESSAGE]
        return Source(
            scanner="pip-audit", rule_id=vuln.id, version=self.version, database_date=self.date, message=message
        )


def _title(start: str, records: Sequence[Record], vulns: Sequence[Vulnerability]) -> str:
    """The problem in one line: a record's summary, or else the first sentence of a description."""
    summary = next((record.summary for record in records if record.summary.strip()), "")
    summary = summary or re.split(r"(?<=[.!?])\s", next(_descriptions(records, vulns), "").strip(), maxsplit=1)[0]
    title = " ".join(f"{start} {summary}".split())
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1].rstrip()}…"


def _descriptions(records: Sequence[Record], vulns: Sequence[Vulnerability]) -> Iterator[str]:
    yield from (record.details for record in records if record.details.strip())
    yield from (vuln.description for vuln in vulns if vuln.description.strip())


def _fixed_in(audited: Audited, records: Sequence[Record], vulns: Sequence[Vulnerability]) -> tuple[str, ...]:
    """The versions that mend the problem, ascending: those of the records, or without any those of pip-audit."""
    if records:
        fixed = {v for record in records for v in record.fixed_in(audited.name, audited.version)}
    else:
        fixed = {v for vuln in vulns for v in vuln.fix_versions if read_version(v)}
    return tuple(sorted(fixed, key=Version))
