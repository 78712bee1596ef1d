"""What correlation says of a list of findings, each named by its position: which are one problem, which may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from scangate.model import Finding

MOST_RELATED = 20
"""More findings than this at one place tell nothing of each other, and pairing them all would take for ever."""


@dataclass(frozen=True)
class Join:
    """Findings that are one problem, ascending, and why."""

    members: tuple[int, ...]
    reason: str


@dataclass(frozen=True)
class Links:
    """No finding is in two joins; `related` are pairs that may be about the same, and stay apart."""

    joins: tuple[Join, ...] = ()
    related: frozenset[tuple[int, int]] = frozenset()


def together(links: Iterable[Links]) -> Links:
    """Several kinds of links as one; no finding may have joins of two kinds."""
    every = tuple(links)
    joins = tuple(join for one in every for join in one.joins)
    return Links(joins, frozenset().union(*(one.related for one in every)))


def related_pairs(positions: Iterable[int], findings: Sequence[Finding]) -> set[tuple[int, int]]:
    """Every two of the findings that different scanners reported; none where they are too many."""
    chosen = sorted(set(positions))
    if len(chosen) > MOST_RELATED:
        return set()
    return {(a, b) for a, b in combinations(chosen, 2) if scanners_of(findings[a]).isdisjoint(scanners_of(findings[b]))}


def scanners_of(finding: Finding) -> frozenset[str]:
    """The scanners that reported the finding."""
    return frozenset(source.scanner for source in finding.sources)
