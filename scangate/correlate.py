"""Correlation: what several reports say of the same problem becomes one finding that names them all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from scangate.model import Finding, worst
from scangate.scanners.ratings import effective

_Item = TypeVar("_Item")


def merge_duplicates(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Merge findings that one scanner reported twice: same rule, same place, same words. The order stays."""
    return _merge_by(findings, _place)


def merge_identified(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Merge findings of several results documents that bear the same fingerprint. The order stays."""
    return _merge_by(findings, lambda finding: finding.id)


def _place(finding: Finding) -> Hashable:
    return (finding.sources, finding.rule.id, finding.location, finding.title, finding.message)


def _merge_by(findings: Iterable[Finding], key: Callable[[Finding], Hashable]) -> tuple[Finding, ...]:
    merged: dict[Hashable, Finding] = {}
    for finding in findings:
        known = merged.get(name := key(finding))
        merged[name] = finding if known is None else _merge(known, finding)
    return tuple(merged.values())


def _merge(first: Finding, second: Finding) -> Finding:
    """Both as one: nothing that either said is lost, all ratings are weighed, and relief needs both to carry it."""
    ratings = _union(first.ratings, second.ratings)
    severity, severity_from = effective(ratings) if ratings else (worst((first.severity, second.severity)), "")
    return first.model_copy(
        update={
            "severity": severity,
            "severity_from": severity_from,
            "sources": _union(first.sources, second.sources),
            "ratings": ratings,
            "ids": _union(first.ids, second.ids),
            "relief": first.relief if second.relief else second.relief,
        }
    )


def _union(first: tuple[_Item, ...], second: tuple[_Item, ...]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys((*first, *second)))
