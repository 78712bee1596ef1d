"""Misconfigurations, secrets and licences of Trivy's output as findings.

Of licences only those are problems that Trivy calls forbidden or restricted (critical, high): it rates each licence
that it meets, and most of them are no problem. The others are left out, also those that it does not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scangate.model import (
    Category,
    FileLocation,
    Finding,
    Fix,
    Location,
    PackageLocation,
    Rating,
    ResourceLocation,
    Rule,
    Severity,
    Source,
)
from scangate.scanners.ratings import TRIVY, effective, word_rating
from scangate.scanners.redact_configuration import mask_configuration
from scangate.scanners.source import SourceTree, clip_snippet
from scangate.scanners.trivy_image import Image
from scangate.scanners.trivy_inline import inline_relief
from scangate.scanners.trivy_report import Layer, License, Misconfiguration, Origin, Secret
from scangate.scanners.trivy_vulnerability import PackageResult

FAILED = "FAIL"
NOTED_LICENSES = ("HIGH", "CRITICAL")
_RULE = re.compile(r"(?:AVD-)?([A-Z]+)-?(\d{3,4})", re.IGNORECASE)
_HARD_CODED = 798
_RENDERED = "helm"
"""Where lines count in the rendered template, which nobody has."""


@dataclass(frozen=True)
class Place:
    """Where a result's findings are: in the file `path` of a tree (`target` as Trivy names it), or in an image.

    `type` is Trivy's name of what the file is, and `tree` what is quoted from.
    """

    path: str
    target: str
    type: str
    image: Image | None
    tree: SourceTree
    obeys: bool
    """Whether Trivy saw the inline marks itself (an output that was made elsewhere)."""


def canonical_rule(rule: str) -> str:
    """Today's form of a check's id (`DS-0002`) for all that there have been (`DS002`, `AVD-DS-0002`)."""
    match = _RULE.fullmatch(rule)
    return f"{match[1].upper()}-{int(match[2]):04d}" if match else rule


def misconfiguration_finding(record: Misconfiguration, place: Place, origin: Origin) -> Finding:
    """A failed check as a finding. Trivy calls some resources by their place, which is no address."""
    rule = canonical_rule(record.id)
    if rule == record.id and record.avd_id:
        rule = canonical_rule(record.avd_id)
    rating, severity, why = _severity(record.severity)
    line = _line(record.cause.start) if place.type != _RENDERED else None
    names = {rule, f"AVD-{rule}", record.id, record.avd_id} - {""}
    return Finding(
        category=Category.IAC,
        rule=Rule(id=rule, name=record.title, help_uri=_web(record.url)),
        title=record.title or rule,
        message=record.message or record.description,
        severity=severity,
        severity_from=why,
        ratings=(rating,),
        location=_cause(record, place, line),
        fix=Fix(text=record.resolution),
        sources=(_source(record.id, record.severity, origin),),
        relief=() if place.obeys or place.image else inline_relief(place.tree, place.path, line, names),
    )


def _cause(record: Misconfiguration, place: Place, line: int | None) -> Location:
    cause = record.cause
    if place.image:
        return place.image.location(Layer.model_validate({}), path=place.path, line=line)
    end_line = max(cause.start, cause.end) if line else None
    quoted = [code.text for code in cause.code.lines if code.is_cause]
    snippet = place.tree.snippet(place.path, line, end_line) or clip_snippet(quoted)
    return ResourceLocation(
        address="" if cause.resource.startswith(f"{place.target}:") else cause.resource,
        path=place.path,
        line=line,
        end_line=end_line,
        snippet=mask_configuration(snippet),
    )


def secret_finding(record: Secret, place: Place, origin: Origin) -> Finding:
    """A secret as a finding. Trivy masks it, so that there is nothing to know it by elsewhere."""
    rating, severity, why = _severity(record.severity)
    line = _line(record.start)
    return Finding(
        category=Category.SECRET,
        rule=Rule(id=record.rule, name=record.title, cwe=(_HARD_CODED,)),
        title=record.title or record.rule,
        message=f"{record.title or record.rule} ({record.category})" if record.category else record.title,
        severity=severity,
        severity_from=why,
        ratings=(rating,),
        location=place.image.location(record.layer, path=place.path, line=line)
        if place.image
        else FileLocation(
            path=place.path,
            line=line,
            end_line=max(record.start, record.end) if line else None,
            snippet=mask_configuration(clip_snippet(record.match.split("\n"))),
        ),
        sources=(_source(record.rule, record.severity, origin),),
    )


def license_finding(record: License, among: PackageResult, origin: Origin) -> Finding:
    """A forbidden or restricted licence as a finding."""
    rating, severity, why = _severity(record.severity)
    holder = record.package or record.path
    return Finding(
        category=Category.LICENSE,
        rule=Rule(id=record.name, name=record.category, help_uri=_web(record.link)),
        title=f"{holder}: {record.name} ({record.category})",
        severity=severity,
        severity_from=why,
        ratings=(rating,),
        location=_holder(record, among),
        sources=(_source(record.name, record.severity, origin),),
    )


def _holder(record: License, among: PackageResult) -> Location:
    package = among.find("", record.package)
    purl = package.identifier.purl
    if among.image:
        return among.image.location(Layer.model_validate({}), package=purl, path=record.path)
    if not record.package:
        return FileLocation(path=among.manifest)
    return PackageLocation(
        purl=purl, name=record.package, version=package.version, manifest=among.manifest, line=package.line
    )


def _line(number: int) -> int | None:
    """A line number, where it is one."""
    return number if number > 0 else None


def _severity(word: str) -> tuple[Rating, Severity, str]:
    rating = word_rating("trivy", word, TRIVY)
    return rating, *effective([rating])


def _source(rule: str, severity: str, origin: Origin) -> Source:
    return Source(scanner="trivy", rule_id=rule, severity=severity, version=origin.version)


def _web(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""
