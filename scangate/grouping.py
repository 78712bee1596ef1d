"""Several scanners' reports of one problem as one finding that keeps all they said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from scangate.model import (
    Confidence,
    FileLocation,
    Finding,
    Fix,
    ImageLocation,
    Location,
    PackageLocation,
    Rating,
    Relief,
    ResourceLocation,
    Rule,
    Severity,
    Source,
    WebLocation,
    worst,
)
from scangate.scanners.osv import id_order
from scangate.scanners.ratings import effective

_Item = TypeVar("_Item")
_SURE_FIRST = tuple(Confidence)
_OURSELVES = "scangate"
_IN_COMMIT = " in commit "
_FIX_STATES = ("available", "wont-fix", "none", "unknown")


def union(*parts: Iterable[_Item]) -> tuple[_Item, ...]:
    """Everything once, in the order of its first appearance."""
    return tuple(dict.fromkeys(item for part in parts for item in part))


def as_one(findings: Sequence[Finding], reason: str) -> Finding:
    """The findings, given in their order of place, as one. All have fingerprints.

    The words and the place are those of one of them; the severity is that of the most precise rating by anyone. Relief
    needs every report to carry it: a mark that is addressed to one scanner says nothing of what another found.
    """
    members = sorted(findings, key=_prominence)
    first = members[0]
    severity, severity_from, ratings = _severity(members)
    relieved = all(member.relief for member in members)
    return first.model_copy(
        update={
            **_identity(members),
            "rule": _rule(members),
            "severity": severity,
            "severity_from": severity_from,
            "ratings": ratings,
            "confidence": min((member.confidence for member in members), key=_SURE_FIRST.index),
            "location": _location(members),
            "ids": tuple(sorted(union(*(member.ids for member in members)), key=id_order)),
            "fix": _fix(members),
            "sources": union(*(own_words(member) for member in members)),
            "relief": union(*(member.relief for member in members)) if relieved else (),
            "joined": union(*(m.joined for m in members), [reason], () if relieved else _unheard(members)),
            "related": union(*(member.related for member in members)),
            "secret": next((member.secret for member in members if member.secret), ""),
        }
    )


def _prominence(finding: Finding) -> tuple[object, ...]:
    """The member that stands for all comes first: the one with the best known id, and which calls its rule by it, else
    with the best place, else that of the scanner whose name comes first, so that it stays the same one while the code
    around it changes.
    """
    known_as = min((id_order(name) for name in finding.ids), default=())
    called = id_order(finding.rule.id) if finding.ids else ()
    return known_as, called, _vagueness(finding), finding.sources[0].scanner


def _vagueness(finding: Finding) -> tuple[bool, bool, bool]:
    """Places of today's tree come before those of its history, then those with a line, then those with a version."""
    place = finding.location
    version = not isinstance(place, PackageLocation) or bool(place.version)
    return is_of_history(finding), finding.line is None, not version


def is_of_history(finding: Finding) -> bool:
    """Whether the finding is of a commit alone. One that is of today's tree too keeps that place, and the commit."""
    past = isinstance(finding.location, FileLocation) and finding.location.commit is not None
    return past and not any(source.place and _IN_COMMIT not in source.place for source in finding.sources)


def _identity(members: Sequence[Finding]) -> dict[str, object]:
    """The first member's fingerprint; of its twins in the group, the one that needs no ordinal."""
    first = members[0]
    twins = [m for m in members if m.rule.id == first.rule.id and m.sources[:1] == first.sources[:1]]
    told = min(twins, key=lambda member: (len(member.parts), member.parts))
    return {"id": told.id, "parts": told.parts}


def _severity(members: Sequence[Finding]) -> tuple[Severity, str, tuple[Rating, ...]]:
    """Our own guess for a scanner that rates nothing gives way to anyone who does."""
    ratings = union(*(member.ratings for member in members))
    stated = [rating for rating in ratings if rating.source != _OURSELVES] or list(ratings)
    severity, why = effective(stated)
    if severity is Severity.UNKNOWN:
        severity = worst(member.severity for member in members if member.severity is not Severity.UNKNOWN)
        why = next((member.severity_from for member in members if member.severity is severity), why)
    return severity, why, ratings


def _rule(members: Sequence[Finding]) -> Rule:
    rule = members[0].rule
    uri = next((member.rule.help_uri for member in members if member.rule.help_uri), "")
    return rule.model_copy(update={"cwe": union(*(m.rule.cwe for m in members)), "help_uri": rule.help_uri or uri})


def _location(members: Sequence[Finding]) -> Location:
    """The best place; what it does not know of a package, or of the commit of a secret, is the others' to tell."""
    place, *others = (member.location for member in sorted(members, key=_vagueness))
    if isinstance(place, PackageLocation | ImageLocation):
        names = [name for name, field in type(place).model_fields.items() if getattr(place, name) == field.default]
    else:
        names = ["commit"] if isinstance(place, FileLocation) and place.commit is None else []
    told = {}
    for name in names:
        unknown = getattr(place, name)
        values = (getattr(other, name, unknown) for other in others)
        told[name] = next((value for value in values if value != unknown), unknown)
    return place.model_copy(update=told)


def _fix(members: Sequence[Finding]) -> Fix:
    state = min((member.fix.state for member in members), key=_FIX_STATES.index)
    versions = union(*(member.fix.versions for member in members))
    texts = union(member.fix.text for member in members if member.fix.text)
    return Fix(state=state, versions=versions, text="; ".join(texts))


def own_words(finding: Finding) -> tuple[Source, ...]:
    """The finding's sources with its words, its place and its fingerprint, so that these outlive the joining."""
    return tuple(
        source.model_copy(
            update={
                "title": source.title or finding.title,
                "message": source.message or finding.message,
                "place": source.place or place_of(finding.location),
                "id": source.id or finding.id,
            }
        )
        for source in finding.sources
    )


def place_of(location: Location) -> str:
    """A place in few words: `app.py:12`, `aws_s3_bucket.logs in main.tf:3`, a package and where it is."""
    number = getattr(location, "line", None)
    line = f":{number}" if number else ""
    match location:
        case FileLocation(path=path, commit=commit):
            return f"{path}{line}{_IN_COMMIT}{commit.id[:12]}" if commit else f"{path}{line}"
        case ResourceLocation(address=address, path=path):
            return f"{address} in {path}{line}" if address else f"{path}{line}"
        case PackageLocation(purl=purl, name=name, manifest=manifest):
            return f"{purl or name} in {manifest}{line}" if manifest else purl or name
        case ImageLocation(ref=ref, package=package, path=path):
            return f"{package or path} in {ref}"
        case WebLocation(url=url):
            return url


def _unheard(members: Iterable[Finding]) -> Iterable[str]:
    """Relief that not all members carry does not count, and shows why."""
    for member in members:
        scanners = " and ".join(union(source.scanner for source in member.sources))
        for mark in member.relief:
            yield f"{_quoted(mark)} speaks to {scanners} alone, so the finding counts"


def _quoted(mark: Relief) -> str:
    return f"'{mark.by}' ({mark.reason})" if mark.reason else f"'{mark.by}'"
