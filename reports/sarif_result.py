"""Single SARIF results and the rules that they refer to. Property names are those of SARIF 2.1.0."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from scangate.model import (
    Confidence,
    Effect,
    FileLocation,
    Finding,
    ImageLocation,
    PackageLocation,
    Relief,
    ResourceLocation,
    Rule,
    Severity,
    WebLocation,
)
from scangate.reports import view
from scangate.reports.encoders import markdown, relative_uri, sarif_text, web_address

MAX_TEXT = 1_000
"""Characters of any text: below GitHub's 1,024 for descriptions and GitLab's 1,024 for messages."""
MAX_NAME = 255
"""Characters of a rule's name and id."""
MAX_TAGS = 10
"""Tags of a rule that GitHub keeps."""

LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.UNKNOWN: "warning",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_BAND = {
    Severity.CRITICAL: (9.1, 10.0, 9.5),
    Severity.HIGH: (7.0, 8.9, 8.0),
    Severity.MEDIUM: (4.0, 6.9, 5.5),
    Severity.LOW: (0.1, 3.9, 2.0),
    Severity.INFO: (0.5, 0.5, 0.5),
}
"""The `security-severity` that GitHub shows as each severity: lowest, highest, and the one for a severity alone."""

_METHODS = ("CVSS:4.0", "CVSS:3.1", "CVSS:3.0", "CVSS:2.0")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_Object = dict[str, Any]


class RuleTable:
    """The rules of one scanner's run in the order of their first finding. A rule is as severe as its worst finding."""

    def __init__(self, scanner: str) -> None:
        self._scanner = scanner
        self._findings: dict[str, list[Finding]] = {}
        self._index: dict[str, int] = {}

    def add(self, finding: Finding) -> tuple[str, int]:
        """The finding's rule id in this scanner's words, and the rule's index in `rules`."""
        own = next((source.rule_id for source in finding.sources if source.scanner == self._scanner), "")
        rule_id = sarif_text(own or finding.rule.id, MAX_NAME) or "unnamed"
        self._findings.setdefault(rule_id, []).append(finding)
        return rule_id, self._index.setdefault(rule_id, len(self._index))

    def rules(self) -> list[_Object]:
        """The `reportingDescriptor` objects."""
        return [_rule(rule_id, findings) for rule_id, findings in self._findings.items()]


def _rule(rule_id: str, findings: list[Finding]) -> _Object:
    first = findings[0]
    known = first.rule if first.rule.id == rule_id else Rule(id=rule_id, cwe=first.rule.cwe)
    worst = max((finding.severity for finding in findings), key=lambda severity: severity.rank)
    properties: _Object = {"tags": _tags(known.cwe)}
    if scores := [score for finding in findings if (score := security_severity(finding)) is not None]:
        properties["security-severity"] = f"{max(scores):.1f}"
    if first.confidence is not Confidence.UNKNOWN:
        properties["precision"] = str(first.confidence)
    uri = web_address(known.help_uri, limit=MAX_TEXT)
    rule: _Object = {
        "id": rule_id,
        "shortDescription": {"text": _text(first.title) or rule_id},
        "fullDescription": {"text": _text(first.message or first.title) or rule_id},
        "help": _help(first, known, uri),
        "defaultConfiguration": {"level": LEVEL[worst]},
        "properties": properties,
    }
    if known.name:
        rule["name"] = sarif_text(known.name, MAX_NAME)
    if uri:
        rule["helpUri"] = uri
    return rule


def _tags(cwe: tuple[int, ...]) -> list[str]:
    """`security`, and each weakness as GitHub and as GitLab spell it."""
    spelled = [tag for number in cwe for tag in (f"external/cwe/cwe-{number:03d}", f"cwe-{number}")]
    return ["security", *spelled][:MAX_TAGS]


def _help(finding: Finding, rule: Rule, uri: str) -> _Object:
    weaknesses = ", ".join(f"CWE-{number}" for number in rule.cwe)
    paragraphs = [finding.message or finding.title, weaknesses, f"Fix: {fix}" if (fix := view.fix(finding)) else ""]
    plain = [paragraph for paragraph in paragraphs if paragraph]
    link = re.sub(r"[()]", lambda match: f"%{ord(match[0]):02x}", uri)
    rich = [markdown(paragraph) for paragraph in plain] + ([f"[About this rule]({link})"] if link else [])
    return {"text": _text("\n".join(plain)) or rule.id, "markdown": _fitting(rich) or markdown(rule.id)}


def _fitting(paragraphs: list[str]) -> str:
    """The paragraphs that fit whole, since a cut could fall inside an escape or a link."""
    text = ""
    for paragraph in paragraphs:
        longer = f"{text}\n\n{paragraph}" if text else paragraph
        text = longer if len(longer) <= MAX_TEXT else text
    return text


def security_severity(finding: Finding) -> float | None:
    """The best CVSS score where GitHub would show it as the finding's severity, else that severity's own number."""
    if finding.severity is Severity.UNKNOWN:
        return None
    least, most, plain = _BAND[finding.severity]
    scored = [rating for rating in finding.ratings if rating.score is not None and rating.method in _METHODS]
    scored.sort(key=lambda rating: _METHODS.index(rating.method))
    return next((r.score for r in scored if r.score is not None and least <= r.score <= most), plain)


def as_told_by(scanner: str, finding: Finding) -> Finding:
    """The finding in the words of one of the scanners that reported it."""
    own = next((source for source in finding.sources if source.scanner == scanner), None)
    if not finding.joined or own is None:
        return finding
    return finding.model_copy(update={"title": own.title or finding.title, "message": own.message})


def result(finding: Finding, rules: RuleTable) -> _Object:
    """One `result` object; its rule is entered in `rules`."""
    rule_id, index = rules.add(finding)
    item: _Object = {
        "ruleId": rule_id,
        "ruleIndex": index,
        "level": LEVEL[finding.severity],
        "message": {"text": _message(finding) or rule_id},
        "locations": [_location(finding)],
    }
    if fingerprints := _fingerprints(finding):
        item["partialFingerprints"] = fingerprints
    if correlation := _correlation(finding):
        item["properties"] = correlation
    if finding.relief and finding.effect in (Effect.RELIEVED, Effect.NONE):
        item["suppressions"] = [_suppression(relief) for relief in finding.relief]
    return item


def _correlation(finding: Finding) -> _Object:
    """Who else reported it, why that is one finding, and the fingerprints of those that may be about the same."""
    told: _Object = {}
    if finding.joined:
        told["reportedBy"] = [_text(words) for words in view.reported_by(finding)]
        told["joined"] = [_text(reason) for reason in finding.joined]
    if finding.related:
        told["related"] = [_text(fingerprint) for fingerprint in finding.related]
    return told


def _message(finding: Finding) -> str:
    """The title as the first sentence, since that is what lists show; then the rest."""
    subject = view.subject(finding) if isinstance(finding.location, PackageLocation | ImageLocation) else ""
    title = finding.title.rstrip(".")
    rest = finding.message.removeprefix(title).lstrip(". ")
    fix = view.fix(finding)
    sentences = (f"{subject}: {title}" if subject else title, rest, f"Fix: {fix}" if fix else "")
    return _text("\n".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence))


def _suppression(relief: Relief) -> _Object:
    reason = f"{relief.by}: {relief.reason}" if relief.reason else relief.by
    return {"kind": "inSource" if relief.kind == "inline" else "external", "justification": _text(reason)}


def _fingerprints(finding: Finding) -> dict[str, str]:
    """Our fingerprint, and for GitHub one that does not move with the lines around a finding that is no code.

    For code, GitHub's uploader derives `primaryLocationLineHash` from the file itself.
    """
    if not finding.id:
        return {}
    prints = {"scangate/v1": _text(finding.id)}
    if not isinstance(finding.location, FileLocation):
        digest = hashlib.sha256(finding.id.encode(errors="replace")).hexdigest()[:16]
        prints["primaryLocationLineHash"] = f"{digest}:1"
    return prints


def _location(finding: Finding) -> _Object:
    """GitHub refuses a whole upload for one result without a file, or with an http address for one."""
    place = finding.path or _SCHEME.sub("", view.heading(finding)).split("?")[0]
    artifact = {"uri": relative_uri(place[:MAX_TEXT]) or "unknown", "uriBaseId": "%SRCROOT%"}
    location: _Object = {"physicalLocation": {"artifactLocation": artifact, "region": _region(finding)}}
    if name := _logical_name(finding):
        location["logicalLocations"] = [{"fullyQualifiedName": _text(name)}]
    return location


def _region(finding: Finding) -> _Object:
    """Lines and columns from 1, end column exclusive. Numbers that contradict each other are left out."""
    start = max(finding.line or 1, 1)
    region: _Object = {"startLine": start}
    place = finding.location
    if isinstance(place, FileLocation | ResourceLocation) and place.end_line and place.end_line >= start:
        region["endLine"] = place.end_line
    if isinstance(place, FileLocation) and place.line and (place.column or 0) >= 1:
        region["startColumn"] = place.column
        last = place.end_line or start
        if place.end_column and place.column and (last > start or place.end_column >= place.column):
            region["endColumn"] = place.end_column
    if snippet := view.snippet(finding):
        region["snippet"] = {"text": _text(snippet)}
    return region


def _logical_name(finding: Finding) -> str:
    match finding.location:
        case PackageLocation(purl=name) | ResourceLocation(address=name) | FileLocation(scope=name):
            return name
        case ImageLocation(ref=ref, package=package):
            return package or ref
        case WebLocation(url=url):
            return url


def _text(text: str) -> str:
    return sarif_text(text, MAX_TEXT)
