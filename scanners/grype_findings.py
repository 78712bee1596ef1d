"""A match of Grype's as a finding, with the opinion of every database kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from packageurl import PackageURL
from pydantic import ValidationError

from scangate.model import (
    Category,
    Finding,
    Fix,
    Location,
    PackageLocation,
    Rating,
    Relief,
    Rule,
    Severity,
    Source,
)
from scangate.scanners.grype_report import Artifact, Distribution, FixState, IgnoredMatch, Match, Place, Record, Report
from scangate.scanners.grype_report import Source as ScannedSource
from scangate.scanners.osv import id_order
from scangate.scanners.ratings import GRYPE, cvss_rating, effective, word_rating
from scangate.scanners.trivy_image import Image
from scangate.scanners.trivy_report import Layer, Metadata

END_OF_LIFE = "distro-eol"
"""Grype's own word for its alert, as a rule id."""

_LONGEST_TITLE, _LONGEST_MESSAGE = 160, 4_000
_CWE = re.compile(r"CWE-(\d{1,5})")
_ALIAS = re.compile(r"(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3})")
_NOWHERE = Place.model_validate({})


@dataclass(frozen=True)
class Reading:
    """How a report is read: `name` is the image or SBOM as it was named (empty: as Grype names it), `path_of` the
    tree's own path for one of Grype's; `version` is Grype's and `date` that of its database.
    """

    version: str
    date: str
    path_of: Callable[[str], str]
    name: str = ""

    def findings(self, report: Report) -> Iterator[Finding]:
        """Every finding of the report, in its order; what Grype does not count is marked and not left out."""
        where = _Where(report, self.name, self.path_of)
        for match in report.matches:
            yield from self._findings(match, where)
        for ignored in report.ignored:
            for finding in self._findings(ignored, where):
                yield finding.model_copy(update={"relief": (_relief(ignored),)})
        for distribution in report.ended_distributions:
            yield self._end_of_life(distribution, where)

    def _findings(self, match: Match, where: _Where) -> Iterator[Finding]:
        """One for each file that names the package."""
        vulnerability, package = match.vulnerability, match.artifact
        ratings = tuple(
            dict.fromkeys(rating for record in (vulnerability, *match.related) for rating in _ratings(record))
        )
        severity, why = effective(ratings)
        description = next((r.description for r in (vulnerability, *match.related) if r.description.strip()), "")
        for place in where.places(package):
            yield Finding(
                category=where.category,
                rule=Rule(id=vulnerability.id, help_uri=_link(vulnerability.source), cwe=_cwes(match)),
                title=_title(match, description),
                message=description[:_LONGEST_MESSAGE],
                severity=severity,
                severity_from=why,
                ratings=ratings,
                ids=_ids(match),
                location=where.of(package, place, vulnerability.fix.versions),
                fix=_fix(vulnerability.fix),
                sources=(self._source(vulnerability.id, vulnerability.severity),),
            )

    def _end_of_life(self, distribution: Distribution, where: _Where) -> Finding:
        """A distribution past its end of life: later flaws of it get no advisory, so it looks clean. Grype says so
        without a severity; the severity is ours.
        """
        rating = Rating(source="scangate", severity=Severity.HIGH, word="end of life")
        system = Artifact(
            name=distribution.name,
            version=distribution.version,
            purl=f"pkg:generic/{quote(distribution.name)}@{quote(distribution.version)}",
        )
        return Finding(
            category=where.category,
            rule=Rule(id=END_OF_LIFE, name="distribution past its end of life", cwe=(1104,)),
            title=f"{distribution} is past its end of life",
            message="Its distribution writes no advisories any more, so that flaws found since then are not reported.",
            severity=rating.severity,
            severity_from="scangate: a distribution without security updates",
            ratings=(rating,),
            location=where.of(system, _NOWHERE, ()),
            fix=Fix(text="build on a release that still gets security updates"),
            sources=(self._source(END_OF_LIFE, ""),),
        )

    def _source(self, rule: str, word: str) -> Source:
        return Source(scanner="grype", rule_id=rule, severity=word, version=self.version, database_date=self.date)


class _Where:
    """Makes places in what a report is about: an image, an SBOM or files of the tree."""

    def __init__(self, report: Report, name: str, path_of: Callable[[str], str]) -> None:
        source = report.source
        self.image = _image(source, name or source.name) if source.type == "image" else None
        self.category = Category.CONTAINER if self.image else Category.DEPENDENCY
        self._manifest = (name or source.name) if source.type.startswith("sbom") else ""
        self._path_of = path_of

    def places(self, package: Artifact) -> tuple[Place, ...]:
        """The files that name a package: in an image the first, since the others only say more of it."""
        return package.places[: 1 if self.image else None] or (_NOWHERE,)

    def of(self, package: Artifact, place: Place, fixed_in: tuple[str, ...]) -> Location:
        purl = package.purl or _purl(package)
        if self.image:
            layer = Layer.model_validate({"DiffID": place.layer})
            return self.image.location(layer, package=purl, path=place.path, fixed_in=fixed_in)
        return PackageLocation(
            purl=purl,
            name=package.name,
            version=package.version,
            manifest=self._manifest or self._path_of(place.path),
            fixed_in=fixed_in,
        )


def _image(source: ScannedSource, name: str) -> Image:
    """The image, with what its configuration tells of its layers; hostile ones tell nothing."""
    config = source.image_config
    root = config.get("rootfs")
    facts = {
        "RepoDigests": source.digests,
        "DiffIDs": root.get("diff_ids") if isinstance(root, dict) else None,
        "ImageConfig": {"history": config.get("history")},
    }
    try:
        return Image(name, Metadata.model_validate(facts))
    except ValidationError:
        return Image(name, Metadata.model_validate({"RepoDigests": source.digests}))


def _purl(package: Artifact) -> str:
    try:
        return PackageURL("generic", name=package.name, version=package.version or None).to_string()
    except ValueError:
        return ""


def _ratings(record: Record) -> Iterator[Rating]:
    """The word of a database and the vectors that it hands on, each with who says it."""
    who = f"grype:{record.database}" if record.database else "grype"
    yield word_rating(who, record.severity, GRYPE).model_copy(update={"method": _method(record)})
    for cvss in record.cvss:
        if rating := cvss_rating(f"grype:{cvss.source}" if cvss.source else who, cvss.vector):
            yield rating


def _method(record: Record) -> str:
    """Whose word it is: a distribution's on its own package, the package's advisory database's, or somebody else's."""
    if record.is_of_vendor:
        return "word:vendor"
    return "word" if record.database in ("", "nvd") else "word:advisory"


def _ids(match: Match) -> tuple[str, ...]:
    """The vulnerability's id with its aliases. A vendor's advisory that is related to several is none of them."""
    own = match.vulnerability.id
    related = {record.id for record in match.related if _ALIAS.fullmatch(record.id)}
    prefixes = Counter(name.partition("-")[0] for name in {own, *related})
    aliases = {name for name in related if prefixes[name.partition("-")[0]] == 1}
    return tuple(sorted({own, *aliases}, key=id_order))


def _cwes(match: Match) -> tuple[int, ...]:
    named = (each.cwe for record in (match.vulnerability, *match.related) for each in record.cwes)
    return tuple(dict.fromkeys(int(found[1]) for found in map(_CWE.fullmatch, named) if found))


def _link(url: str) -> str:
    return url if url.startswith("https://") else ""


def _title(match: Match, description: str) -> str:
    package = match.artifact
    title = f"{package.name} {package.version}: {match.vulnerability.id} {description.strip().partition('. ')[0]}"
    title = " ".join(title.split())
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1].rstrip()}…"


def _fix(fix: FixState) -> Fix:
    match fix.state:
        case "fixed":
            return Fix(state="available", versions=fix.versions)
        case "not-fixed":
            return Fix(state="none")
        case "wont-fix":
            return Fix(state="wont-fix")
        case _:
            return Fix(state="available" if fix.versions else "unknown", versions=fix.versions)


def _relief(ignored: IgnoredMatch) -> Relief:
    """What Grype has against counting a match."""
    words = "; ".join(dict.fromkeys(filter(None, (rule.words for rule in ignored.rules))))
    return Relief(kind="tool", by=f"grype: ignored ({words})" if words else "grype: ignored")
