"""Correlation: what several reports say of the same problem becomes one finding that names them all.

Nothing here depends on the order of the findings, and nothing compares every finding with every other. A wrong merge
hides a problem, so what is not sure stays apart and is named as related.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scangate.duplicates import merge_duplicates, merge_identified
from scangate.grouping import as_one
from scangate.identity import by_place, identify, tell_apart
from scangate.links import related_pairs, together
from scangate.model import FileLocation, Finding
from scangate.same_package import link_packages
from scangate.same_rule import link_rules
from scangate.same_secret import link_secrets


def correlate(findings: Iterable[Finding], root: Path | None) -> tuple[Finding, ...]:
    """What scanners reported, as problems: each once, with its fingerprint, sorted by place.

    `root` is the scanned tree; None when only outputs are at hand.
    """
    return _as_problems(identify(merge_duplicates(findings), root), tell_apart)


def correlate_documents(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of several results documents as problems: each once, under the fingerprint that it has there."""
    told = merge_identified(sorted(findings, key=by_place))
    return _as_problems(sorted(told, key=by_place), tuple)


def _as_problems(
    findings: Sequence[Finding], named: Callable[[Iterable[Finding]], tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    """Each problem once, at the first place of its findings, with the ids of those that may be about the same."""
    links = together((link_packages(findings), link_rules(findings), link_secrets(findings)))
    joined = dict(enumerate(findings))
    first_of = {at: at for at in joined}
    for join in links.joins:
        joined[join.members[0]] = as_one([joined.pop(at) for at in join.members], join.reason)
        first_of |= dict.fromkeys(join.members, join.members[0])
    order = sorted(joined, key=lambda at: by_place(joined[at]))
    problems = named(joined[at] for at in order)
    position = {at: number for number, at in enumerate(order)}
    related = {(position[first_of[one]], position[first_of[other]]) for one, other in links.related}
    return _with_relations(problems, related | _same_line_and_weakness(problems))


def _same_line_and_weakness(findings: Sequence[Finding]) -> set[tuple[int, int]]:
    """Pairs of different scanners on one line with one CWE: too little to merge them, enough to name the other."""
    places: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for at, finding in enumerate(findings):
        if isinstance(finding.location, FileLocation) and finding.line is not None:
            for weakness in finding.rule.cwe:
                places[finding.path, finding.line, weakness].append(at)
    return {pair for at in places.values() if len(at) > 1 for pair in related_pairs(at, findings)}


def _with_relations(findings: Sequence[Finding], pairs: Iterable[tuple[int, int]]) -> tuple[Finding, ...]:
    """The findings naming each other. What they were related to before may since have become part of another."""
    told: dict[int, set[str]] = defaultdict(set)
    for one, other in (pair for pair in pairs if pair[0] != pair[1]):
        told[one].add(findings[other].id)
        told[other].add(findings[one].id)
    now = {source.id: finding.id for finding in findings if finding.joined for source in finding.sources}
    now |= {finding.id: finding.id for finding in findings}
    for at, finding in enumerate(findings):
        told[at] |= {now.get(name, name) for name in finding.related} if finding.related else set()
    return tuple(
        finding.model_copy(update={"related": tuple(sorted(told[at] - {finding.id}))}) if told[at] else finding
        for at, finding in enumerate(findings)
    )
