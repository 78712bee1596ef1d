"""Code and infrastructure: two scanners whose rules say the same, at the same place.

Rules are compared by table (`equivalences`, `crosswalk`), never by CWE. Findings are paired one to one, the surest
evidence first; where a scanner has two findings that the other's could mean, all stay apart and are related.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from scangate import crosswalk, equivalences
from scangate.links import MOST_RELATED, Join, Links, scanners_of, together
from scangate.model import Category, FileLocation, Finding, ResourceLocation
from scangate.rule_twins import RuleTwins

_TABLES = {Category.CODE: equivalences.TWINS, Category.IAC: crosswalk.TWINS}
_MODULES = re.compile(r"(?:module\.[^.\[]+(?:\[[^\]]*\])?(?:\.|$))*")
_TERRAFORM = (".tf", ".tf.json", ".tofu", ".tofu.json")

_Position = tuple[float, float]


@dataclass(frozen=True)
class _Placed:
    """One scanner's finding: its position in the list, its rule, and from where to where it reaches (exclusive)."""

    at: int
    rule: tuple[str, str]
    family: str
    path: str
    start: _Position
    end: _Position
    address: str = ""


_Cluster = list[_Placed]
_Pass = tuple[str, Callable[[_Cluster], Iterable[_Cluster]]]
"""What puts findings together, and the words for it."""


def link_rules(findings: Sequence[Finding]) -> Links:
    """Links between findings of code, and between findings of infrastructure. Those of several scanners are settled."""
    return together(_link(findings, category, table) for category, table in _TABLES.items())


def _link(findings: Sequence[Finding], category: Category, table: RuleTwins) -> Links:
    placed = [
        one
        for at, finding in enumerate(findings)
        if finding.category is category and len(scanners_of(finding)) == 1
        for one in _placed(at, finding, table)
    ]
    if len({one.rule[0] for one in placed}) < 2:
        return Links()
    joins: list[Join] = []
    related = _overlaps(placed, table)
    for family in _grouped([one for one in placed if one.family], lambda one: (one.path, one.family)):
        pairs, doubtful = _pair_up(family, table)
        joins += pairs
        related |= doubtful
    return Links(tuple(joins), frozenset(related))


def _placed(at: int, finding: Finding, table: RuleTwins) -> Iterator[_Placed]:
    """The finding where the table knows its rule. Lines without columns reach from edge to edge; without lines, it is
    about the whole file.
    """
    rule = table.rule(finding.sources[0].scanner, finding.sources[0].rule_id)
    family, place, line = table.family(rule), finding.location, finding.line
    if not isinstance(place, FileLocation | ResourceLocation) or not (family or table.topics(rule)):
        return
    start, end = (0.0, 0.0), (inf, inf)
    if line is not None:
        columns = (place.column, place.end_column) if isinstance(place, FileLocation) else (None, None)
        start, end = (line, columns[0] or 0), (max(line, place.end_line or line), columns[1] or inf)
    yield _Placed(at, rule, family, place.path, start, end, getattr(place, "address", ""))


def _pair_up(family: _Cluster, table: RuleTwins) -> tuple[list[Join], set[tuple[int, int]]]:
    joins: list[Join] = []
    rest = family
    for evidence, clusters_of in _PASSES:
        clusters = list(clusters_of(rest))
        pairs = [cluster for cluster in clusters if _is_pair(cluster, table)]
        joins += [_join(pair, evidence) for pair in pairs]
        paired = {one.at for pair in pairs for one in pair}
        rest = [one for one in rest if one.at not in paired]
    doubtful = {pair for cluster in _overlapping(rest) for pair in _across(cluster)}
    return joins, doubtful


def _is_pair(cluster: _Cluster, table: RuleTwins) -> bool:
    if len(cluster) != 2:
        return False
    one, other = cluster
    if not table.say_the_same(one.rule, other.rule) or not _may_be_one_resource(one, other):
        return False
    return one.address == other.address != "" or not _apart(one, other)


def _apart(one: _Placed, other: _Placed) -> bool:
    return one.end <= other.start or other.end <= one.start


def _join(pair: _Cluster, evidence: str) -> Join:
    first, second = sorted(pair, key=lambda one: one.rule)
    members = tuple(sorted((first.at, second.at)))
    return Join(members, f"{' '.join(first.rule)} and {' '.join(second.rule)} say the same, {evidence}")


def _same_start(cluster: _Cluster) -> Iterable[_Cluster]:
    return _grouped([one for one in cluster if one.start[1]], lambda one: one.start)


def _same_lines(cluster: _Cluster) -> Iterable[_Cluster]:
    return _grouped(cluster, lambda one: (one.start[0], one.end[0], _modules(one.address), _resource(one.address)))


def _same_address(cluster: _Cluster) -> Iterable[_Cluster]:
    return _grouped([one for one in cluster if one.address], lambda one: one.address)


def _overlapping(cluster: _Cluster) -> Iterator[_Cluster]:
    """Findings whose places overlap, also in chains, within one call of a Terraform module."""
    for module in _grouped(cluster, lambda one: _modules(one.address)):
        found: _Cluster = []
        reach = (-inf, -inf)
        for one in sorted(module, key=lambda one: (one.start, one.end, one.at)):
            if one.start >= reach and found:
                yield found
                found = []
            found.append(one)
            reach = max(reach, one.end)
        yield found


_PASSES: tuple[_Pass, ...] = (
    ("of the same resource", _same_address),
    ("at the same line and column", _same_start),
    ("of the same lines", _same_lines),
    ("of overlapping lines", _overlapping),
)
"""The surest evidence first. Each puts two findings together only where no third could be meant."""


def _modules(address: str) -> str:
    """The calls of Terraform modules that an address begins with."""
    match = _MODULES.match(address)
    return match[0].rstrip(".") if match else ""


def _resource(address: str) -> str:
    """The rest of the address; Trivy names of a resource in a module only the module."""
    return address[len(_modules(address)) :].lstrip(".")


def _may_be_one_resource(one: _Placed, other: _Placed) -> bool:
    """Whether the addresses do not contradict each other. Only Terraform's are spelled alike by all scanners."""
    if not one.path.endswith(_TERRAFORM):
        return True
    first, second = sorted((one.address, other.address), key=len)
    return first in ("", second) or second.startswith(f"{first}.")


def _overlaps(placed: _Cluster, table: RuleTwins) -> set[tuple[int, int]]:
    """Pairs at one place whose rules overlap without saying the same."""
    topics: dict[tuple[str, str], _Cluster] = defaultdict(list)
    for one in placed:
        for topic in table.topics(one.rule):
            topics[one.path, topic].append(one)
    clusters = (cluster for topic in topics.values() for cluster in _overlapping(topic))
    return {pair for cluster in clusters for pair in _across(cluster)}


def _across(cluster: _Cluster) -> Iterator[tuple[int, int]]:
    """The pairs of findings of different scanners that overlap."""
    if len(cluster) > MOST_RELATED:
        return
    for one in cluster:
        for other in cluster:
            by_others = one.at < other.at and one.rule[0] != other.rule[0]
            if by_others and not _apart(one, other) and _may_be_one_resource(one, other):
                yield one.at, other.at


def _grouped(placed: _Cluster, key: Callable[[_Placed], Hashable]) -> Iterable[_Cluster]:
    groups: dict[Hashable, _Cluster] = defaultdict(list)
    for one in placed:
        groups[key(one)].append(one)
    return groups.values()
