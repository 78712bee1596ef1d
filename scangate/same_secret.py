"""Secrets: the same one in the same file, in today's tree and in the history, by whichever rule or scanner.

The keyed hash of a secret proves that two findings are about one. Scanners that mask it (Trivy) tell only the lines,
so such a finding joins the secret that alone is on them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from math import inf

from scangate.grouping import is_of_history
from scangate.links import Join, Links, related_pairs
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
        hidden = [at for at in cluster if not findings[at].secret]
        secrets = {findings[at].secret for at in cluster} - {""}
        scanners = [findings[at].sources[0].scanner for at in hidden]
        if len(secrets) > 1 or len(set(scanners)) < len(scanners):
            doubtful |= related_pairs(cluster, findings) if hidden else set()
        elif hidden:
            masked |= {*hidden}
            (told[secrets.pop()] if secrets else _new(untold)).extend(hidden)
    groups = (*told.values(), *untold)
    return [Join(tuple(sorted(g)), _LINES if masked & {*g} else _HASH) for g in groups], doubtful


def _new(groups: list[list[int]]) -> list[int]:
    groups.append([])
    return groups[-1]


def _overlapping(positions: Sequence[int], findings: Sequence[Finding]) -> Iterator[list[int]]:
    """Findings of today's file whose lines overlap; the history's lines are those of another time."""
    reach, cluster = -inf, list[int]()
    today = (at for at in positions if findings[at].line is not None and not is_of_history(findings[at]))
    for first, last, at in sorted(_lines(at, findings[at]) for at in today):
        if cluster and first > reach:
            yield cluster
            cluster = []
        cluster.append(at)
        reach = max(reach, last)
    if cluster:
        yield cluster


def _lines(at: int, finding: Finding) -> tuple[int, int, int]:
    line = finding.line or 0
    last = finding.location.end_line if isinstance(finding.location, FileLocation) else None
    return line, max(line, last or line), at
