"""What a policy can see of a finding: for each field of the language the values it has.

`None` is unknown (nobody told), `()` is known to have none (a code finding has no package). A field that is unknown
counts as a match in `match` and as no match in `unless`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
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
Facts = tuple[Values, ...]
"""The values of some fields of one finding; numbers as text, ids in upper case, packages as plain package URLs."""

MALICIOUS = "MAL-"
"""Advisories of malicious packages (OSV ids) name no severity; they are critical."""


def fact_reader(fields: Sequence[str], *, unknown_severity: str) -> Callable[[Finding], Facts]:
    """A function from a finding to the facts of `fields`, in their order; what no rule asks for is not looked up.

    A finding of unknown severity counts as `unknown_severity`.
    """

    def severity(finding: Finding) -> Values:
        if any(i.startswith(MALICIOUS) for i in finding.ids):
            return (Severity.CRITICAL,)
        return (unknown_severity if finding.severity is Severity.UNKNOWN else finding.severity,)

    readers = tuple(severity if name == "severity" else _READERS[name] for name in fields)
    return lambda finding: tuple([read(finding) for read in readers])


def _category(finding: Finding) -> Values:
    return (finding.category,)


def _tool(finding: Finding) -> Values:
    return tuple([source.scanner for source in finding.sources]) or None


def _rule(finding: Finding) -> Values:
    names = [finding.rule.id, *[source.rule_id for source in finding.sources]]
    return tuple(dict.fromkeys(name for name in names if name))


def _id(finding: Finding) -> Values:
    return tuple([i.upper() for i in finding.ids])


def _confidence(finding: Finding) -> Values:
    return None if finding.confidence is Confidence.UNKNOWN else (finding.confidence,)


def _cwe(finding: Finding) -> Values:
    return tuple([str(number) for number in finding.rule.cwe]) or None


def _fix(finding: Finding) -> Values:
    return None if finding.fix.state == "unknown" else (finding.fix.state,)


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
    if isinstance(place, ImageLocation):
        return (place.path,) if place.path else None
    return ()


def _image(finding: Finding) -> Values:
    place = finding.location
    if isinstance(place, ImageLocation):
        return (place.ref,) if place.ref else None
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


_READERS: dict[str, Callable[[Finding], Values]] = {
    "category": _category,
    "tool": _tool,
    "rule": _rule,
    "id": _id,
    "confidence": _confidence,
    "cvss": _cvss,
    "cwe": _cwe,
    "package": _package,
    "fix": _fix,
    "path": _path,
    "resource": _resource,
    "image": _image,
}
