"""Several results documents as one. What did not run in any of them does not become clean by merging."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from scangate.correlate import correlate_documents
from scangate.document import InventorySummary, KindFound, Results, RunInfo
from scangate.model import LedgerEntry, LedgerState, Skip, worst_state

_Item = TypeVar("_Item")
_UNASKED = (LedgerState.DISABLED, LedgerState.NOT_APPLICABLE)


def merge_results(documents: Sequence[Results], *, run: RunInfo) -> Results:
    """The union of some results documents, without a verdict; `run` describes the merging."""
    return Results(
        tool=documents[0].tool,
        run=run,
        inventory=_merge_inventories([document.inventory for document in documents]),
        ledger=_merge_ledgers(entry for document in documents for entry in document.ledger),
        findings=correlate_documents(finding for document in documents for finding in document.findings),
    )


def _merge_inventories(inventories: Sequence[InventorySummary]) -> InventorySummary:
    notes = _unique(note for inventory in inventories for note in inventory.notes)
    commits = _unique(inventory.commit for inventory in inventories if inventory.commit)
    if len(commits) > 1:
        notes = (*notes, f"the merged results are of different commits: {', '.join(c[:12] for c in commits)}")
    kinds: dict[str, list[KindFound]] = {}
    for inventory in inventories:
        for found in inventory.kinds:
            kinds.setdefault(found.kind, []).append(found)
    return InventorySummary(
        root=next((i.root for i in inventories if i.root), ""),
        git=any(i.git for i in inventories),
        commit=commits[0] if len(commits) == 1 else "",
        files=max(i.files for i in inventories),
        kinds=tuple(_merge_kinds(found) for _, found in sorted(kinds.items())),
        skipped=_unique(skip for i in inventories for skip in i.skipped),
        notes=notes,
    )


def _merge_kinds(found: Sequence[KindFound]) -> KindFound:
    largest = max(found, key=lambda kind: kind.files)
    supported = _unique(name for kind in found for name in kind.supported_by)
    unread, excluded = max(kind.unread for kind in found), min(kind.excluded for kind in found)
    return largest.model_copy(update={"supported_by": supported, "excluded": excluded, "unread": unread})


def _merge_ledgers(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """One entry per scanner and target. A scanner that one document left out on purpose is told by the others."""
    grouped: dict[tuple[str, str], list[LedgerEntry]] = {}
    for entry in entries:
        grouped.setdefault((entry.scanner, entry.target), []).append(entry)
    asked = {scanner for (scanner, _), group in grouped.items() if any(e.state not in _UNASKED for e in group)}
    merged = []
    for (scanner, _), group in sorted(grouped.items()):
        telling = [entry for entry in group if entry.state not in _UNASKED] if scanner in asked else group
        if telling:
            merged.append(_merge_entries(telling))
    return tuple(merged)


def _merge_entries(entries: Sequence[LedgerEntry]) -> LedgerEntry:
    state = worst_state(entry.state for entry in entries)
    telling = next(entry for entry in entries if entry.state is state)
    skipped: tuple[Skip, ...] = _unique(skip for entry in entries for skip in entry.skipped)
    kinds = _unique(kind for entry in entries for kind in entry.kinds)
    oldest = min((entry.database_date for entry in entries if entry.database_date), default="")
    findings = max(entry.findings for entry in entries)
    return telling.model_copy(
        update={"skipped": skipped, "kinds": kinds, "database_date": oldest, "findings": findings}
    )


def _unique(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))
