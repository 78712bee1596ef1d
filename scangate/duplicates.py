"""One report told twice: by one scanner in one run, or by several results documents."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from scangate.grouping import own_words, union
from scangate.links import scanners_of
from scangate.model import Finding, ImageLocation, PackageLocation


def merge_duplicates(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Merge findings that one scanner reported twice: same rule, same place, same words. The order stays."""
    return _merge_by(findings, _place)


def merge_identified(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Merge findings of several results documents that bear the same fingerprint, and those that stand alone in one
    document and in another are part of a finding.

    Fingerprints are believed only where the findings agree on what and where, so that no document, by an id that it
    made up, can put its own words in the place of another's.
    """
    groups_first = sorted(findings, key=lambda finding: not finding.joined)
    parts = {part: _identity(group) for group in groups_first if group.joined for part in _parts(group)}
    return _merge_by(groups_first, lambda finding: parts.get(_alone(finding)) or _identity(finding))


def _identity(finding: Finding) -> Hashable:
    if not finding.id:
        return _place(finding)
    # A package's fingerprint names no scanner: correlation joins those of several, and says why.
    of_package = isinstance(finding.location, PackageLocation | ImageLocation)
    scanners = scanners_of(finding) if of_package else None
    return (finding.id, finding.category, finding.rule.id, finding.path, finding.parts, scanners)


def _parts(group: Finding) -> Iterable[Hashable]:
    told = (source for source in group.sources if source.id)
    return ((source.id, source.scanner, group.category, source.rule_id, group.path) for source in told)


def _alone(finding: Finding) -> Hashable:
    scanner = finding.sources[0].scanner if finding.sources else ""
    return None if finding.joined else (finding.id, scanner, finding.category, finding.rule.id, finding.path)


def _place(finding: Finding) -> Hashable:
    said = (finding.title, finding.message, finding.ids, finding.secret)
    return (finding.sources, finding.rule.id, finding.location, *said)


def _merge_by(findings: Iterable[Finding], key: Callable[[Finding], Hashable]) -> tuple[Finding, ...]:
    merged: dict[Hashable, Finding] = {}
    for finding in findings:
        known = merged.get(name := key(finding))
        merged[name] = finding if known is None else _merge(known, finding)
    return tuple(merged.values())


def _merge(first: Finding, second: Finding) -> Finding:
    """Both as one: nothing that either said is lost, the worse severity counts, and relief needs both to carry it."""
    worse = max(first, second, key=lambda finding: finding.severity.rank)
    return first.model_copy(
        update={
            "severity": worse.severity,
            "severity_from": worse.severity_from,
            "fix": second.fix if second.fix.state == "available" else first.fix,
            "sources": union(first.sources, own_words(second) if first.joined else second.sources),
            "ratings": union(first.ratings, second.ratings),
            "ids": union(first.ids, second.ids),
            "relief": first.relief if second.relief else second.relief,
            "joined": union(first.joined, second.joined),
            "related": union(first.related, second.related),
        }
    )
