"""Correlation: what several reports say of the same problem becomes one finding that names them all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from scangate.model import Finding

_Item = TypeVar("_Item")


def merge_duplicates(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Merge findings that one scanner reported twice: same rule, same place, same words. The order stays."""
    return _merge_by(findings, _place)


def merge_identified(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Merge findings of several results documents that bear the same fingerprint. The order stays.

    Fingerprints are believed only where the findings agree on what and where, so that no document, by an id that it
    made up, can put its own words in the place of another's.
    """
    return _merge_by(findings, _identity)


def _identity(finding: Finding) -> Hashable:
    if not finding.id:
        return _place(finding)
    return (finding.id, finding.category, finding.rule.id, finding.path, finding.parts)


def _place(finding: Finding) -> Hashable:
    return (finding.sources, finding.rule.id, finding.location, finding.title, finding.message)


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
            "sources": _union(first.sources, second.sources),
            "ratings": _union(first.ratings, second.ratings),
            "ids": _union(first.ids, second.ids),
            "relief": first.relief if second.relief else second.relief,
        }
    )


def _union(first: tuple[_Item, ...], second: tuple[_Item, ...]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys((*first, *second)))
