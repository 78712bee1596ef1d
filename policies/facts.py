"""What a policy can see of a finding: for each field of the language the values it has.

`None` is unknown (nobody told), `()` is known to have none (a code finding has no package). A field that is unknown
counts as a match in `match` and as no match in `unless`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from scangate.model import (
    Category,
    Confidence,
    FileLocation,
    Finding,
    ImageLocation,
    PackageLocation,
    ResourceLocation,
    Severity,
)

Values = tuple[str, ...] | None

MALICIOUS = "MAL-"
"""Advisories of malicious packages (OSV ids) name no severity; they are critical."""


class Facts(NamedTuple):
    """One finding's values by field name; numbers as text, ids in upper case, packages as plain package URLs."""

    category: Values
    tool: Values
    rule: Values
    id: Values
    severity: Values
    confidence: Values
    cvss: Values
    cwe: Values
    package: Values
    fix: Values
    path: Values
    resource: Values


def facts(finding: Finding, *, unknown_severity: str) -> Facts:
    """The facts of one finding; an unknown severity counts as `unknown_severity`."""
    return Facts(
        category=(finding.category.value,),
        tool=tuple(source.scanner for source in finding.sources) or None,
        rule=_distinct((finding.rule.id, *(source.rule_id for source in finding.sources))),
        id=tuple(i.upper() for i in finding.ids),
        severity=(judged_severity(finding, unknown_severity),),
        confidence=None if finding.confidence is Confidence.UNKNOWN else (finding.confidence.value,),
        cvss=_cvss(finding),
        cwe=tuple(str(number) for number in finding.rule.cwe) or None,
        package=_package(finding),
        fix=None if finding.fix.state == "unknown" else (finding.fix.state,),
        path=_path(finding),
        resource=_resource(finding),
    )


def judged_severity(finding: Finding, unknown_severity: str) -> str:
    """The severity that rules compare."""
    if any(i.startswith(MALICIOUS) for i in finding.ids):
        return Severity.CRITICAL.value
    return unknown_severity if finding.severity is Severity.UNKNOWN else finding.severity.value


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))


def _cvss(finding: Finding) -> Values:
    """The worst score. Only published vulnerabilities have one, so elsewhere its absence is no gap in what we know."""
    scores = [rating.score for rating in finding.ratings if rating.score is not None]
    if scores:
        return (str(max(scores)),)
    return None if finding.category in (Category.DEPENDENCY, Category.CONTAINER) else ()


def _package(finding: Finding) -> Values:
    place = finding.location
    if isinstance(place, PackageLocation):
        return (plain_package(place.purl),) if place.purl else None
    if isinstance(place, ImageLocation):
        return (plain_package(place.package),) if place.package else None
    return None if finding.category is Category.DEPENDENCY else ()


def _path(finding: Finding) -> Values:
    place = finding.location
    if isinstance(place, (FileLocation, ResourceLocation)):
        return (place.path,) if place.path else None
    if isinstance(place, PackageLocation):
        return (place.manifest,) if place.manifest else None
    return ()


def _resource(finding: Finding) -> Values:
    place = finding.location
    if isinstance(place, ResourceLocation):
        return (place.address,) if place.address else None
    return ()


@lru_cache(maxsize=4096)
def plain_package(purl: str) -> str:
    """A package URL without version, qualifiers and subpath; PyPI names normalised (`Django_Rest` → `django-rest`)."""
    text = purl.partition("#")[0].partition("?")[0]
    head, slash, name = text.rpartition("/")
    text = unquote(f"{head}{slash}{name.partition('@')[0] or name}")
    if text.lower().startswith("pkg:pypi/"):
        return text.lower().replace("_", "-")
    return text
