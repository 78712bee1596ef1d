"""Secrets: the same one in the same file, in today's tree and in the history, by whichever rule or scanner.

The keyed hash of a secret proves that two findings are about one. Scanners that mask it (Trivy) tell only the lines,
so such a finding joins the secret that alone is on them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from math import inf

from scangate.grouping import is_of_history
from scangate.links import Join, Links, related_pairs, scanners_of
from scangate.model import Category, FileLocation, Finding, ImageLocation

_HASH, _LINES = "the same secret in the same file", "a secret on the same lines, which one scanner does not tell"


def link_secrets(findings: Sequence[Finding]) -> Links:
    """Links between findings of secrets."""
    files: dict[Hashable, list[int]] = defaultdict(list)
    for at, finding in enumerate(findings):
        if finding.category is Category.SECRET and (file := _file(finding)):
            files[file].append(at)
    joins: list[Join] = []
    related: set[tuple[int, int]] = set()
    for positions in files.values():
        secrets, doubtful = _secrets(positions, findings) if len(positions) > 1 else ([], set())
        joins += [join for join in secrets if len(join.members) > 1]
        related |= doubtful
    return Links(tuple(joins), frozenset(related))


def _file(finding: Finding) -> Hashable:
    match finding.location:
        case FileLocation(path=path):
            return path
        case ImageLocation(ref=ref, path=path) if path:
            return ref, path
        case _:
            return None


def _secrets(positions: Sequence[int], findings: Sequence[Finding]) -> tuple[list[Join], set[tuple[int, int]]]:
    """The findings of one file by secret, and those that stay apart because two secrets share their lines."""
    told: dict[str, list[int]] = defaultdict(list)
    for at in positions:
        if findings[at].secret:
            told[findings[at].secret].append(at)
    untold: list[list[int]] = []
    masked: set[int] = set()
    doubtful: set[tuple[int, int]] = set()
    for cluster in _overlapping(positions, findings):
        hidden = [at for at in cluster if not findings[at].secret and at not in masked]
        secrets = {findings[at].secret for at in cluster} - {""}
        if hidden and (len(secrets) > 1 or not _by_others(hidden, cluster, findings)):
            doubtful |= related_pairs(cluster, findings)
        elif hidden:
            masked |= {*hidden}
            (told[secrets.pop()] if secrets else _new(untold)).extend(hidden)
    groups = (*told.values(), *untold)
    return [Join(tuple(sorted(g)), _LINES if masked & {*g} else _HASH) for g in groups], doubtful


def _by_others(hidden: Sequence[int], cluster: Sequence[int], findings: Sequence[Finding]) -> bool:
    """Whether each of the masked findings is by a scanner that no other in the cluster is by."""
    reported = Counter(scanner for at in cluster for scanner in scanners_of(findings[at]))
    return all(reported[scanner] == 1 for at in hidden for scanner in scanners_of(findings[at]))


def _new(groups: list[list[int]]) -> list[int]:
    groups.append([])
    return groups[-1]


def _overlapping(positions: Sequence[int], findings: Sequence[Finding]) -> Iterator[list[int]]:
    """Findings of today's file whose lines overlap; the history's lines are those of another time."""
    reach, cluster = -inf, dict[int, None]()
    places = sorted(place for position in positions for place in _places(position, findings[position]))
    for first, last, at in places:
        if cluster and first > reach:
            yield list(cluster)
            cluster = {}
        cluster[at] = None
        reach = max(reach, last)
    yield list(cluster)


def _places(at: int, finding: Finding) -> Iterator[tuple[int, int, int]]:
    """First and last line of each place of the finding in today's file; a joined one has those of its reports too."""
    line = finding.line
    if line is None or is_of_history(finding):
        return
    last = finding.location.end_line if isinstance(finding.location, FileLocation) else None
    yield line, max(line, last or line), at
    for source in finding.sources if finding.joined else ():
        number = source.place.rpartition(":")[2]
        if number.isdecimal():
            yield int(number), int(number), at
