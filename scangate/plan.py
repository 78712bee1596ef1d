"""The plan: for every scanner and target, either a task or the reason why not, as a ledger entry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scangate.inventory import Inventory
from scangate.kinds import KINDS, SUBJECTS
from scangate.listing import shown
from scangate.model import LedgerEntry, LedgerState
from scangate.scanners.interface import Scanner, Target

_MEGABYTE = 1_000_000
_MOST_NAMED = 2
"""Kinds that a reason names; a scanner of many kinds found none of them, which is said in general."""
_LONGEST_ARGUMENTS = 1_000_000
"""Bytes of file names that one process is handed; the kernel's limit on all arguments is about twice that."""
_FILE_OVERHEAD = 2_000
"""What a file costs beyond its size, in bytes: keeps shares even in number of files as well."""


_ON_REQUEST = "only when asked: --scanner, or enabled = true in settings"


@dataclass(frozen=True)
class Task:
    """One scanner on one target, shared out over `shares` of its files; `seconds` is the estimate for one share, and
    `files` are those of each kind (none of a subject).
    """

    scanner: Scanner
    target: Target
    shares: tuple[Target, ...]
    seconds: float
    files: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Plan:
    """What will run, longest first, and what will not."""

    tasks: tuple[Task, ...]
    idle: tuple[LedgerEntry, ...]


def supported_by(scanners: Iterable[Scanner]) -> dict[str, tuple[str, ...]]:
    """For each inventory kind the names of the scanners that look at it."""
    scanners = tuple(scanners)
    return {kind: tuple(s.name for s in scanners if kind in s.kinds) for kind in KINDS}


def make_plan(
    inventory: Inventory,
    scanners: Sequence[Scanner],
    *,
    unwanted: Mapping[str, tuple[LedgerState, str]],
    cores: int,
    asked: Collection[str] = (),
    root: str = "",
) -> Plan:
    """Plan the run. `unwanted` maps the name of a scanner that shall not run to its ledger state and the reason;
    `asked` names those that shall look at all that they can, not only at what they look at by default; `root` is the
    absolute path of the scanned tree, whose length each argument carries.
    """
    tasks: list[Task] = []
    idle: list[LedgerEntry] = []
    for scanner in scanners:
        found = tuple(sorted(kind for kind in scanner.kinds if inventory.of(kind)))
        kinds = found if scanner.name in asked else tuple(kind for kind in found if kind in scanner.by_default)
        if not found:
            idle.append(_idle(scanner, LedgerState.NOT_APPLICABLE, _found_none(scanner.kinds), found))
        elif scanner.name in unwanted:
            idle.append(_idle(scanner, *unwanted[scanner.name], found))
        elif not kinds:
            idle.append(_idle(scanner, LedgerState.DISABLED, _ON_REQUEST, found))
        else:
            tasks += [
                _task(scanner, target, inventory, cores, len(root)) for target in _targets(scanner, kinds, inventory)
            ]
    return Plan(
        tuple(sorted(tasks, key=lambda task: (-task.seconds, task.scanner.name, task.target.name))), tuple(idle)
    )


def _idle(scanner: Scanner, state: LedgerState, reason: str, kinds: tuple[str, ...]) -> LedgerEntry:
    return LedgerEntry(scanner=scanner.name, target=".", state=state, reason=reason, kinds=kinds)


def _found_none(kinds: Collection[str]) -> str:
    labels = sorted(KINDS[kind].label for kind in kinds)
    return f"found no {' and no '.join(labels)}" if len(labels) <= _MOST_NAMED else "found nothing that it looks at"


def _targets(scanner: Scanner, kinds: Sequence[str], inventory: Inventory) -> list[Target]:
    """A target for each subject; the files are one target together, or for scanners of manifests one each."""
    targets = [
        Target(shown(name), (kind,), subject=subject)
        for kind in kinds
        if kind in SUBJECTS
        for name, subject in inventory.subjects[kind].items()
    ]
    in_tree = [kind for kind in kinds if kind not in SUBJECTS]
    files = {path: kind for kind in in_tree for path in inventory.of(kind)}
    if scanner.per_file:
        return targets + [Target(path, (kind,), (path,)) for path, kind in sorted(files.items())]
    return [*targets, Target(".", tuple(in_tree), tuple(sorted(files)))] if files else targets


def _task(scanner: Scanner, target: Target, inventory: Inventory, cores: int, prefix: int) -> Task:
    sizes = {path: inventory.sizes.get(path, 0) for path in target.files}
    seconds = sum(sizes.values()) / _MEGABYTE * scanner.cost.per_megabyte
    count = -(-sum(len(path.encode(errors="replace")) + prefix + 2 for path in target.files) // _LONGEST_ARGUMENTS)
    if scanner.splits:
        count = max(count, min(cores, int(seconds / (2 * scanner.cost.start))))
    shares = _share_out(target, sizes, max(1, min(count, len(target.files))))
    files = {kind: frozenset(inventory.of(kind)).intersection(target.files) for kind in target.kinds}
    return Task(scanner, target, shares, scanner.cost.start + seconds / len(shares), files)


def _share_out(target: Target, sizes: Mapping[str, int], count: int) -> tuple[Target, ...]:
    """The target's files in `count` shares of about the same size: each file, largest first, to the lightest share."""
    if count == 1:
        return (target,)
    shares: list[list[str]] = [[] for _ in range(count)]
    weights = [0] * count
    for path in sorted(target.files, key=lambda path: (-sizes[path], path)):
        lightest = weights.index(min(weights))
        shares[lightest].append(path)
        weights[lightest] += sizes[path] + _FILE_OVERHEAD
    return tuple(Target(target.name, target.kinds, tuple(sorted(share))) for share in shares if share)
