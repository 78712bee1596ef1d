"""One record of checkov's output as a finding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packageurl import PackageURL

from scangate.model import (
    Category,
    FileLocation,
    Finding,
    Fix,
    Location,
    PackageLocation,
    Rating,
    Relief,
    ResourceLocation,
    Rule,
    Severity,
    Source,
)
from scangate.scanners.checkov_severity import Protection, protection
from scangate.scanners.interface import unreadable
from scangate.scanners.ratings import CHECKOV, cvss_rating, effective, word_rating
from scangate.scanners.redact_configuration import mask_configuration
from scangate.scanners.source import SourceTree, clip_snippet

_HARD_CODED = 798
_NO_REASON = "No comment provided"
_BASELINE = "baseline-skipped"
_PURL_TYPES = {
    "requirements": "pypi",
    "pipfile": "pypi",
    "poetry": "pypi",
    "package": "npm",
    "yarn": "npm",
    "go": "golang",
    "pom": "maven",
    "build": "maven",
    "gemfile": "gem",
    "composer": "composer",
}
"""purl type by how a manifest's name begins."""


@dataclass(frozen=True)
class Place:
    """The file of a record with its first and last line where known, and the tree to quote it from."""

    path: str
    lines: tuple[int | None, int | None]
    tree: SourceTree


def finding(record: Mapping[str, Any], framework: str, *, path: str, tree: SourceTree, version: str) -> Finding:
    """A failed or skipped check. Raises `ScannerError` for a record without an id or a path."""
    # The lines of a chart's records count in the rendered template, which nobody has.
    place = Place(path, (None, None) if framework == "helm" else _lines(record), tree)
    check, title = _string(record, "check_id"), _string(record, "check_name")
    if not check or not _string(record, "file_path"):
        raise unreadable("checkov's record lacks check_id or file_path")
    group, word = protection(check), _string(record, "severity")
    category = _category(framework, record)
    severity, why, ratings = _severity(record, group, word)
    cwe = group.cwe if group else ((_HARD_CODED,) if category is Category.SECRET else ())
    package = _object(record, "vulnerability_details")
    vulnerability = _string(package, "id")
    return Finding(
        category=category,
        rule=Rule(id=check, name=title, help_uri=_help_uri(record), cwe=cwe),
        title=_string(record, "short_description") or title or check,
        message=_string(record, "description") or title,
        severity=severity,
        severity_from=why,
        ratings=ratings,
        location=_location(record, category, place, quotes_secret=_HARD_CODED in cwe),
        ids=(vulnerability,) if vulnerability else (),
        fix=_fix(package),
        sources=(Source(scanner="checkov", rule_id=check, severity=word, version=version),),
        relief=_relief(record, framework, check),
    )


def _category(framework: str, record: Mapping[str, Any]) -> Category:
    """checkov's outputs carry more than infrastructure when they come from runs of all its frameworks."""
    if framework == "secrets":
        return Category.SECRET
    if framework.startswith("sca_"):
        return Category.DEPENDENCY if _string(_object(record, "vulnerability_details"), "id") else Category.LICENSE
    return Category.CODE if framework.startswith("sast") else Category.IAC


def _severity(
    record: Mapping[str, Any], group: Protection | None, word: str
) -> tuple[Severity, str, tuple[Rating, ...]]:
    """checkov's own word where it gives one, else the table's, else medium: and which of these it was."""
    vector = _string(_object(record, "vulnerability_details"), "vector")
    own = [word_rating("checkov", word, CHECKOV)] if word else []
    own += [rating] if vector and (rating := cvss_rating("checkov", vector)) else []
    severity, why = effective(own)
    if severity is not Severity.UNKNOWN:
        return severity, why, tuple(own)
    if group:
        severity, why = group.severity, f"scangate's table: {group.name}"
    else:
        severity, why = Severity.MEDIUM, "no severity from checkov: medium by default"
    return severity, why, (*own, Rating(source="scangate", severity=severity, word=group.name if group else "default"))


def _location(record: Mapping[str, Any], category: Category, place: Place, *, quotes_secret: bool) -> Location:
    line, end_line = place.lines
    if category in (Category.DEPENDENCY, Category.LICENSE):
        return _package(_object(record, "vulnerability_details"), place.path, line)
    snippet = "" if quotes_secret else mask_configuration(_quote(record, place, line, end_line))
    if category is not Category.IAC:
        # A secret's `resource` is the secret's unsalted hash.
        return FileLocation(path=place.path, line=line, end_line=end_line, snippet=snippet)
    address = _address(record)
    return ResourceLocation(address=address, path=place.path, line=line, end_line=end_line, snippet=snippet)


def _lines(record: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """First and last line from 1; checkov writes [0, 0] and [-1, -1] for a finding about the whole file."""
    match record.get("file_line_range"):
        case [int(first), int(last)] if first > 0:
            return first, max(first, last)
        case _:
            return None, None


def _quote(record: Mapping[str, Any], place: Place, line: int | None, end_line: int | None) -> str:
    """The source itself, else what checkov quotes of it in outputs that are read without their source."""
    if snippet := place.tree.snippet(place.path, line, end_line):
        return snippet
    block = record.get("code_block")
    rows = [row[1] for row in block if isinstance(row, list) and len(row) == 2] if isinstance(block, list) else []
    return clip_snippet([str(row).rstrip("\n") for row in rows])


def _address(record: Mapping[str, Any]) -> str:
    """The resource's address. Of a Dockerfile it is the path and the instruction, of which the latter tells more."""
    address, path = _string(record, "resource"), _string(record, "file_path")
    return address.removeprefix(path).lstrip(".") if path and address.startswith(path) else address


def _package(details: Mapping[str, Any], manifest: str, line: int | None) -> PackageLocation:
    name, version = _string(details, "package_name"), _string(details, "package_version")
    begin = re.split(r"[^a-z]", manifest.rpartition("/")[2].lower())[0]
    try:
        purl = PackageURL(_PURL_TYPES.get(begin, "generic"), name=name, version=version or None).to_string()
    except ValueError:
        purl = ""
    return PackageLocation(
        purl=purl, name=name, version=version, manifest=manifest, line=line, fixed_in=_fixed(details)
    )


def _fixed(details: Mapping[str, Any]) -> tuple[str, ...]:
    versions = details.get("fixed_versions")
    listed = [v for v in versions if isinstance(v, str)] if isinstance(versions, list) else []
    single = _string(details, "fix_version")
    return tuple(listed) or ((single,) if single else ())


def _fix(details: Mapping[str, Any]) -> Fix:
    versions = _fixed(details)
    return Fix(state="available", versions=versions) if versions else Fix()


def _relief(record: Mapping[str, Any], framework: str, check: str) -> tuple[Relief, ...]:
    """The comment or annotation by which the scanned file has the check skipped, or the baseline of an output."""
    result = _object(record, "check_result")
    if result.get("result") != "SKIPPED":
        return ()
    reason = _string(result, "suppress_comment")
    if reason == _BASELINE:
        return (Relief(kind="tool", by="checkov's baseline"),)
    mark = f"checkov.io/skip: {check}" if framework in ("kubernetes", "helm") else f"checkov:skip={check}"
    return (Relief(kind="inline", by=mark, reason="" if reason == _NO_REASON else reason),)


def _help_uri(record: Mapping[str, Any]) -> str:
    guideline = _string(record, "guideline")
    return guideline if guideline.startswith(("https://", "http://")) else ""


def _object(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _string(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
