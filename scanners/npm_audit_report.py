"""What npm audit reports, as findings: its JSON of version 2 (npm 7 and newer), joined with the facts of a lock file.

Advisories are the objects among `via`; the strings there blame other entries of the same report, and the dependents
that they speak of are named in the message. The report names packages by their place in the lock file and lumps those
of one name together, so that each version is compared with each advisory's range here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from packageurl import PackageURL
from pydantic import BaseModel, BeforeValidator, ValidationError

from scangate.model import Category, Finding, Fix, PackageLocation, Rating, Rule, Source
from scangate.scanners.interface import Output, failed, unreadable
from scangate.scanners.json_report import load_json
from scangate.scanners.npm_lock import Package
from scangate.scanners.npm_range import in_range
from scangate.scanners.pins import hide_passwords
from scangate.scanners.ratings import NPM, cvss_rating, effective, word_rating

OTHER_WAY = "look at npm with osv-scanner: --scanner osv-scanner"
"""What to do where npm audit cannot."""

_GHSA = re.compile(r"/advisories/(GHSA(?:-[0-9a-z]{4}){3})$")
_CWE = re.compile(r"CWE-(\d{1,5})")
_SHOWN = 5
_LONGEST_TITLE = 160
_REFUSED = frozenset({400, 404, 405, 501})
_NO_TABLE = BeforeValidator(lambda value: {} if value is None else value)


class _Cvss(BaseModel, defer_build=True):
    vectorString: str | None = None


class _Advisory(BaseModel, defer_build=True):
    """One advisory on one package. `cwe` and `cvss` are absent in outputs of older registries."""

    source: int | str
    dependency: str
    title: str = ""
    url: str = ""
    severity: str = ""
    cwe: tuple[str, ...] = ()
    cvss: Annotated[_Cvss, _NO_TABLE] = _Cvss()
    range: str = "*"

    @property
    def id(self) -> str:
        """The GHSA id, which stands in the link alone; or the registry's own number."""
        found = _GHSA.search(self.url)
        return found[1] if found else f"npm:{self.source}"

    @property
    def ratings(self) -> tuple[Rating, ...]:
        who = "npm-audit:ghsa" if self.id.startswith("GHSA") else "npm-audit"
        word = word_rating(who, self.severity, NPM).model_copy(update={"method": "word:advisory"})
        scored = cvss_rating(who, self.cvss.vectorString) if self.cvss.vectorString else None
        return (word, scored) if scored else (word,)


class _NewVersion(BaseModel, defer_build=True):
    name: str
    version: str
    isSemVerMajor: bool = False


class _Vulnerable(BaseModel, defer_build=True):
    """One package of the report. `range` is empty where npm could not learn which versions there are."""

    name: str
    via: tuple[_Advisory | str, ...]
    isDirect: bool | None = None
    effects: tuple[str, ...] = ()
    range: str = ""
    nodes: tuple[str, ...] = ()
    fixAvailable: _NewVersion | bool


class _Dependencies(BaseModel, defer_build=True):
    total: int = 0


class _Metadata(BaseModel, defer_build=True):
    dependencies: _Dependencies = _Dependencies()


class Report(BaseModel, defer_build=True):
    """A report: what is vulnerable by package name, and (`metadata`) how many packages npm read."""

    vulnerabilities: dict[str, _Vulnerable]
    metadata: _Metadata

    @property
    def places(self) -> frozenset[str]:
        """Where the packages are installed that the report speaks of."""
        return frozenset(place for vulnerable in self.vulnerabilities.values() for place in vulnerable.nodes)


def read_report(output: Output) -> Report:
    """The report of an output.

    Raises:
        ScannerError: npm failed, or what it printed is no report of version 2.
    """
    document = load_json(output, "npm audit")
    if not isinstance(document, dict):
        raise unreadable("npm audit's output is no object")
    if "auditReportVersion" not in document:
        _raise_error(document, output)
    if output.exit_code not in (0, 1, None):
        raise failed(f"npm audit ended with exit code {output.exit_code}: {output.stderr.strip()[-300:]}")
    if document["auditReportVersion"] != 2:
        raise unreadable(f"npm audit's report is of version {str(document['auditReportVersion'])[:20]}, not 2")
    try:
        return Report.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))[:200]
        raise unreadable(f"npm audit's output is not of its form: {first['msg']} ({where})") from error


def _raise_error(document: Mapping[str, Any], output: Output) -> None:
    """npm exits with 1 for findings and for errors; the errors are objects of two other shapes."""
    error = document.get("error")
    said = str(document.get("message") or (error.get("summary") if isinstance(error, dict) else error) or "")
    said = hide_passwords(" ".join(said.split()))[:300]
    if document.get("statusCode") in _REFUSED:
        raise failed(f"the registry does not answer which packages have advisories: {said}", mend=OTHER_WAY)
    if said or error:
        raise failed(f"npm audit failed: {said or output.stderr.strip()[-300:]}", mend=OTHER_WAY)
    if "advisories" in document:
        raise unreadable("the report is of npm 6 or older; npm 7 and newer write what is read here")
    raise unreadable("npm audit's output is neither a report nor an error")


@dataclass(frozen=True)
class Reporter:
    """Makes findings of a report. `packages` are those of the lock file `manifest`, by their places; `version` is
    npm's and `date` the day on which the registry was asked.
    """

    manifest: str = ""
    packages: Mapping[str, Package] | None = None
    version: str = ""
    date: str = ""

    def findings(self, report: Report) -> tuple[Finding, ...]:
        """One for each advisory and each version of a package that it concerns.

        Where an output is read without its lock file, one for each advisory and package.
        """
        seen: set[tuple[int | str, str]] = set()
        found: list[Finding] = []
        for vulnerable in report.vulnerabilities.values():
            for advisory in vulnerable.via:
                if isinstance(advisory, str) or (advisory.source, advisory.dependency) in seen:
                    continue
                seen.add((advisory.source, advisory.dependency))
                affected = self._affected(advisory, vulnerable)
                found += [self._finding(advisory, vulnerable, packages) for packages in affected]
        return tuple(found)

    def _affected(self, advisory: _Advisory, vulnerable: _Vulnerable) -> Iterable[Sequence[Package]]:
        """The packages that an advisory concerns, those of one version together."""
        if self.packages is None:
            return [[Package("", advisory.dependency, "", None, vulnerable.isDirect, "unknown")]]
        here = [self.packages[place] for place in vulnerable.nodes if place in self.packages]
        concerned = [package for package in here if in_range(package.version, advisory.range) is not False]
        if not concerned and len(here) == len(vulnerable.nodes):
            concerned = here  # npm says that it concerns one of them
        by_version: dict[str, list[Package]] = {}
        for package in concerned:
            by_version.setdefault(package.version, []).append(package)
        return by_version.values()

    def _finding(self, advisory: _Advisory, vulnerable: _Vulnerable, packages: Sequence[Package]) -> Finding:
        ratings = advisory.ratings
        severity, why = effective(ratings)
        package = packages[0]
        places = [package.path for package in packages if package.path] or vulnerable.nodes
        return Finding(
            category=Category.DEPENDENCY,
            rule=Rule(id=advisory.id, help_uri=_link(advisory.url), cwe=_cwes(advisory.cwe)),
            title=_title(package, advisory.title),
            message=_message(advisory, vulnerable, places),
            severity=severity,
            severity_from=why,
            ratings=ratings,
            ids=(advisory.id,),
            location=PackageLocation(
                purl=_purl(package.name, package.version),
                name=package.name,
                version=package.version,
                manifest=self.manifest,
                line=package.line,
                direct=_any_direct(packages),
                scope="runtime" if any(p.scope == "runtime" for p in packages) else package.scope,
                fixed_in=_fix(vulnerable).versions,
            ),
            fix=_fix(vulnerable),
            sources=(
                Source(
                    scanner="npm-audit",
                    rule_id=str(advisory.source),
                    severity=advisory.severity,
                    version=self.version,
                    database_date=self.date,
                ),
            ),
        )


def _any_direct(packages: Sequence[Package]) -> bool | None:
    told = [package.direct for package in packages if package.direct is not None]
    return any(told) if told else None


def _purl(name: str, version: str) -> str:
    namespace, _, last = name.rpartition("/")
    return PackageURL("npm", namespace=namespace or None, name=last or name, version=version or None).to_string()


def _link(url: str) -> str:
    return url if url.startswith("https://") else ""


def _cwes(names: Iterable[str]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(match[1]) for match in map(_CWE.fullmatch, names) if match))


def _title(package: Package, said: str) -> str:
    title = " ".join(f"{package.name} {package.version}".split()) + f": {' '.join(said.split()) or 'known problem'}"
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1].rstrip()}…"


def _message(advisory: _Advisory, vulnerable: _Vulnerable, places: Sequence[str]) -> str:
    return " ".join(_sentences(advisory, vulnerable, places))


def _sentences(advisory: _Advisory, vulnerable: _Vulnerable, places: Sequence[str]) -> Iterator[str]:
    yield f"{advisory.title[:500]}. Vulnerable: {advisory.range[:200]}."
    if places:
        yield f"Installed at {_some(places)}."
    if vulnerable.effects:
        yield f"Reached through {_some(vulnerable.effects)}."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(name[:200] for name in names[:_SHOWN]) + more


def _fix(vulnerable: _Vulnerable) -> Fix:
    """npm's offer. `false` says nothing where npm could not learn which versions there are."""
    match vulnerable.fixAvailable:
        case _NewVersion(name=name, version=version, isSemVerMajor=major):
            text = f"update {name} to {version}" + (" (a breaking change)" if major else "")
            return Fix(state="available", versions=(version,) if name == vulnerable.name else (), text=text)
        case True:
            return Fix(state="available", text="npm audit fix")
        case _:
            return Fix(state="none" if vulnerable.range else "unknown")
