"""Dependencies and packages of images: one advisory, under any of its names, of one package in one place.

The package is a purl without its version; where two findings both know the installed version, it is the same. The
place is the manifest, or the image (and for packages of languages the path in it): what two lock files hold are two
problems, as each is mended by itself. Advisories are one where they share a name of CVE, GHSA or an ecosystem's
database; no union may hold two names of one kind, since some records list what several problems have in common.
A distribution's advisory (DSA, RHSA) mends many vulnerabilities, so it only counts where there is no other name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from scangate.links import Join, Links
from scangate.model import Category, Finding, ImageLocation, PackageLocation
from scangate.purls import is_of_distribution, package_of, version_of
from scangate.scanners.osv import id_order

_KINDS = (Category.DEPENDENCY, Category.CONTAINER)
_OTHERS = id_order("")[0]
"""Rank of ids that are of no known kind."""


@dataclass(frozen=True)
class _Report:
    """One finding: its position, the version that it is about, and its advisory's names, the canonical one first."""

    at: int
    version: str
    names: tuple[str, ...]
    ids: frozenset[str]


@dataclass(eq=False)
class _Problem:
    """The reports of one advisory, and the names that it goes by."""

    names: set[str] = field(default_factory=set)
    reports: list[_Report] = field(default_factory=list)


def link_packages(findings: Sequence[Finding]) -> Links:
    """Links between findings of dependencies and of packages in images."""
    packages: dict[Hashable, list[_Report]] = defaultdict(list)
    for at, finding in enumerate(findings):
        if finding.category in _KINDS and (key := _package_and_place(finding)):
            packages[key].append(_report(at, finding))
    joins: list[Join] = []
    related: set[tuple[int, int]] = set()
    for reports in packages.values():
        for same in _by_version(reports) if len(reports) > 1 else ():
            problems, doubtful = _problems(same)
            joins += [_join(problem, findings) for problem in problems if len(problem.reports) > 1]
            related |= doubtful
    return Links(tuple(joins), frozenset(related))


def _package_and_place(finding: Finding) -> Hashable:
    match finding.location:
        case PackageLocation(purl=purl, manifest=manifest) if purl:
            return _package(purl), manifest
        case ImageLocation(package=purl, ref=ref, path=path) if purl:
            return _package(purl), ref, "" if is_of_distribution(purl) else path.lstrip("/")
        case _:
            return None


def _package(purl: str) -> str:
    """The package as it is compared: Trivy writes Go's modules in lower case, and no build holds two that differ only
    in that.
    """
    package = package_of(purl)
    return package.lower() if package.startswith("pkg:golang/") else package


def _report(at: int, finding: Finding) -> _Report:
    location = finding.location
    purl = location.purl if isinstance(location, PackageLocation) else getattr(location, "package", "")
    ids = sorted({advisory.upper() for advisory in finding.ids or (finding.rule.id,)}, key=id_order)
    known = tuple(advisory for advisory in ids if id_order(advisory)[0] < _OTHERS)
    return _Report(at, version_of(purl), known or tuple(ids), frozenset(ids))


def _by_version(reports: Iterable[_Report]) -> Iterable[list[_Report]]:
    """The reports of each version. Those that name none join the others where these agree on one."""
    versions: dict[str, list[_Report]] = defaultdict(list)
    for report in reports:
        versions[report.version].append(report)
    if len(versions) == 2 and "" in versions:
        return [[report for same in versions.values() for report in same]]
    return versions.values()


def _problems(reports: Iterable[_Report]) -> tuple[list[_Problem], set[tuple[int, int]]]:
    """The reports by problem, and the pairs that share a name without being surely one."""
    names = _Names()
    doubtful: set[tuple[int, int]] = set()
    for report in sorted(reports, key=lambda r: (_clash(r.names), id_order(r.names[0]), len(r.names), r.names, r.at)):
        touched = names.owners(report)
        home = names.home(report, touched)
        doubtful |= {_pair(report, other.reports[0]) for other in touched if other.reports and other is not home}
        home.reports.append(report)
    return names.problems(), doubtful


class _Names:
    """Which problem each name belongs to. Names that two problems claim are `contested` and unite nothing more."""

    def __init__(self) -> None:
        self._owner: dict[str, _Problem] = {}
        self._contested: set[str] = set()

    def problems(self) -> list[_Problem]:
        return list(dict.fromkeys(self._owner.values()))

    def owners(self, report: _Report) -> list[_Problem]:
        """The problems that have a name in common with the report."""
        return list(dict.fromkeys(self._owner[name] for name in report.names if name in self._owner))

    def home(self, report: _Report, touched: Sequence[_Problem]) -> _Problem:
        """The problem that a report is about. It unites all that it touches, unless their names clash: then its
        canonical name tells. One that speaks of several problems is one only with such that speak of just the same.
        """
        names = set(report.names)
        if _clash(report.names) or report.names[0] in self._contested:
            statement = f"just {' '.join(report.names)}"
            names, home = {statement}, self._owner.get(statement) or _Problem()
        elif self._contested & names or _clash(names.union(*(problem.names for problem in touched))):
            home = self._owner.get(report.names[0]) or _Problem()
            self._contested |= {name for name in names if self._owner.get(name, home) is not home}
            names = {name for name in names if name not in self._owner}
        else:
            home = touched[0] if touched else _Problem()
            for other in touched[1:]:
                names |= other.names
                home.reports += other.reports
        home.names |= names
        self._owner |= dict.fromkeys(names, home)
        return home


def _clash(names: Iterable[str]) -> bool:
    """Whether two of the names are of one kind: one vulnerability has one CVE number."""
    kinds = [name.partition("-")[0] for name in names]
    return len(set(kinds)) < len(kinds)


def _pair(report: _Report, other: _Report) -> tuple[int, int]:
    return min(report.at, other.at), max(report.at, other.at)


def _join(problem: _Problem, findings: Sequence[Finding]) -> Join:
    members = tuple(sorted(report.at for report in problem.reports))
    counted = Counter(name for report in problem.reports for name in report.ids)
    shared = min(counted, key=lambda name: (-counted[name], id_order(name)))
    location = findings[members[0]].location
    purl = location.purl if isinstance(location, PackageLocation) else getattr(location, "package", "")
    version = next((f" {report.version}" for report in problem.reports if report.version), "")
    return Join(members, f"all report {shared} of {package_of(purl)}{version} in the same place")
