"""Whether the run looked as it should have: from the ledger and the inventory to reasons why it is incomplete.

"Did not run" is absorbing: what nobody looked at stays a reason, whatever else ran. Only the policy's `accept` turns
one into an accepted gap, by name and with a reason; a scanner that is required is never accepted away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from scangate.document import UNKNOWN_KIND, InventorySummary, KindFound
from scangate.model import LedgerEntry, LedgerState
from scangate.policies.schema import Coverage

NOTHING = "nothing"
"""What `accept` calls a run that had nothing to look at: a tree in which no scanner here supports anything."""

_WELL = (LedgerState.RAN, LedgerState.NOT_APPLICABLE, LedgerState.DISABLED)
_DONE = (LedgerState.RAN, LedgerState.PARTIAL, LedgerState.NOT_APPLICABLE)
_ANY_FILE = "files"
_WITH_PACKAGES = ("container-image", "sbom")
_NAMED = (*_WITH_PACKAGES, "git-history", "web-application")
"""Kinds of things that were named one by one: a part of them that nobody saw is no file among many."""
_UNITS = {"d": "days", "h": "hours"}
_CLOCK_SKEW = timedelta(days=1)


@dataclass(frozen=True)
class CoverageReport:
    """What a run's coverage comes to, each part sorted."""

    incomplete: tuple[str, ...]
    accepted: tuple[str, ...]
    warnings: tuple[str, ...]


def judge_coverage(
    ledger: Sequence[LedgerEntry],
    inventory: InventorySummary,
    *,
    rules: Coverage,
    required: Iterable[str],
    now: datetime,
    more: Iterable[str] = (),
) -> CoverageReport:
    """Every gap between what the inventory holds and what the ledger says was looked at.

    `required` names scanners that must have run, besides those that the rules require; `more` are gaps that were found
    by other means; `now` is an aware time.
    """
    gaps = _Gaps(rules, frozenset(required) | frozenset(rules.required))
    for entry in ledger:
        gaps.entry(entry, now)
    gaps.kinds(inventory.kinds, ledger)
    gaps.required_scanners(ledger)
    gaps.floor(inventory, ledger)
    gaps.nothing(ledger)
    gaps.incomplete.extend(more)
    return CoverageReport(
        tuple(sorted(set(gaps.incomplete))), tuple(sorted(set(gaps.accepted))), tuple(sorted(set(gaps.warnings)))
    )


@dataclass
class _Gaps:
    """Collects gaps. `explained` holds scanners and kinds whose gap has already been told."""

    rules: Coverage
    required: frozenset[str]
    incomplete: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    explained: set[str] = field(default_factory=set)

    def entry(self, entry: LedgerEntry, now: datetime) -> None:
        """One scanner on one target that did not do all its work, or did it with data that is too old."""
        why = None if entry.scanner in self.required else self._accepted_why({entry.scanner}, set(entry.kinds))
        for gap, setting in (*_unwell(entry, self.rules), *_stale(entry, self.rules, now)):
            if why is not None:
                self.accepted.append(f"{_who(entry)}: {gap}; accepted: {why}")
            elif setting == "fail":
                self.incomplete.append(f"{_who(entry)}: {gap}")
                self.explained.update((entry.scanner, *entry.kinds))
            else:
                self.warnings.append(f"{_who(entry)}: {gap}")

    def kinds(self, kinds: Iterable[KindFound], ledger: Sequence[LedgerEntry]) -> None:
        """Kinds of things that were found and that nobody looked at."""
        looked = {kind for entry in ledger if entry.state.looked for kind in entry.kinds}
        for kind in kinds:
            if kind.unread and (kind.supported_by or kind.kind == UNKNOWN_KIND):
                self._unread(kind)
            if kind.kind in looked or not (kind.files or kind.excluded):
                continue
            what = f"{kind.label} ({_files(kind.files or kind.excluded)})"
            if kind.supported_by:
                self._unseen(kind, f"nobody looked at {what}", ledger)
            else:
                self.warnings.append(f"no scanner here supports {what}")

    def _unread(self, kind: KindFound) -> None:
        """Files that no scanner could be given: like files that do not parse, and worse where nothing else was."""
        such = f", such as {kind.examples[-1]}" if kind.examples else ""
        gap = f"{kind.label}: {_files(kind.unread)} could not be read{such}"
        why = self._accepted_why(set(), {kind.kind})
        only = not kind.files
        if why is not None:
            self.accepted.append(f"{gap}; accepted: {why}")
        elif (self.rules.on_error if only else self.rules.parse_errors) == "fail":
            self.incomplete.append(f"{gap} (mend: make it readable, raise max_file_bytes, or exclude it)")
        else:
            self.warnings.append(gap)

    def _unseen(self, kind: KindFound, what: str, ledger: Sequence[LedgerEntry]) -> None:
        why = self._accepted_why(set(kind.supported_by), {kind.kind})
        if why is not None:
            self.accepted.append(f"{what}; accepted: {why}")
        elif kind.kind not in self.explained:
            self.incomplete.append(f"{what}: {_mend(kind, ledger)}")

    def required_scanners(self, ledger: Sequence[LedgerEntry]) -> None:
        """Scanners that must run and did not."""
        states: dict[str, list[LedgerEntry]] = {}
        for entry in ledger:
            states.setdefault(entry.scanner, []).append(entry)
        for name in sorted(self.required - self.explained):
            entries = states.get(name, [])
            bad = [entry for entry in entries if entry.state not in _DONE]
            if not entries:
                self.incomplete.append(f"{name} is required and did not run (mend: add `--scanner {name}`)")
            for entry in bad:
                self.incomplete.append(f"{name} is required and is {entry.state.value} on {entry.target}")

    def floor(self, inventory: InventorySummary, ledger: Sequence[LedgerEntry]) -> None:
        """Fewer files than the policy demands; for runs without a tree (imports) what the scanners looked at counts."""
        files = inventory.files or max((entry.scanned for entry in ledger if entry.state.looked), default=0)
        if files < self.rules.min_files:
            self.incomplete.append(f"{_files(files)} found, and the policy demands at least {self.rules.min_files}")

    def nothing(self, ledger: Sequence[LedgerEntry]) -> None:
        """A run in which nobody looked at anything is never well by itself.

        A search of every file for secrets alone, unless it was asked for, is no look at what the files are.
        """
        looked = (entry for entry in ledger if entry.state.looked)
        if self.incomplete or self.accepted:
            return
        if any(entry.scanner in self.required or entry.kinds != (_ANY_FILE,) for entry in looked):
            return
        what = "nothing was looked at: no scanner here found anything that it supports"
        why = self._accepted_why(set(), {NOTHING})
        if why is not None:
            self.accepted.append(f"{what}; accepted: {why}")
        else:
            self.incomplete.append(f"{what} (where that is right, accept `{NOTHING}` in the policy's coverage)")

    def _accepted_why(self, scanners: set[str], kinds: set[str]) -> str | None:
        """The reason for accepting a gap: each of its scanners is named, or each of its kinds."""
        reasons: Mapping[str, str] = {accept.what: accept.why for accept in self.rules.accept}
        for names in (scanners, kinds):
            if names and names <= reasons.keys():
                return "; ".join(dict.fromkeys(reasons[name] for name in sorted(names)))
        return None


_Gap = tuple[str, Literal["fail", "warn"]]


def _unwell(entry: LedgerEntry, rules: Coverage) -> Iterator[_Gap]:
    """What is wrong with an entry's state, and which way the policy takes it."""
    if entry.state not in _WELL:
        mend = f" (mend: {entry.mend})" if entry.mend else ""
        gap = f"{entry.state.value}: {entry.reason or 'no reason given'}{mend}"
        some_files = entry.state is LedgerState.PARTIAL and not any(kind in _NAMED for kind in entry.kinds)
        yield gap, rules.parse_errors if some_files else rules.on_error


def _stale(entry: LedgerEntry, rules: Coverage, now: datetime) -> Iterator[_Gap]:
    """Why an entry's vulnerability data is too old, or of an age that cannot be told.

    Only scanners that looked at dependencies need a date. An output made elsewhere does not carry one: a warning.
    """
    if rules.max_db_age is None or not entry.state.looked or entry.state is LedgerState.STALE:
        return
    limit = f"the policy allows {rules.max_db_age}"
    if entry.database_date:
        if age := _too_old(entry.database_date, allowed_age(rules.max_db_age), now):
            yield f"stale: {age}; {limit} (mend: fetch newer records, or raise max_db_age)", rules.on_error
    elif entry.scanned and any(kind.endswith("-dependencies") or kind in _WITH_PACKAGES for kind in entry.kinds):
        imported = entry.tool.startswith("import:")
        yield f"stale: its data has no date; {limit}", "warn" if imported else rules.on_error


def _too_old(text: str, allowed: timedelta, now: datetime) -> str:
    date = _time(text)
    if date is None or date > now + _CLOCK_SKEW:
        return f"its data's date {text[:40]!r} cannot be right"
    return f"its data is {(now - date).days} days old, of {text}" if now - date > allowed else ""


def allowed_age(text: str) -> timedelta:
    """An age such as `7d` or `24h`."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _who(entry: LedgerEntry) -> str:
    return entry.scanner if entry.target in ("", ".") else f"{entry.scanner} on {entry.target}"


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def _mend(kind: KindFound, ledger: Sequence[LedgerEntry]) -> str:
    """What to do about a kind that nobody looked at, by why nobody did."""
    about = [e for e in ledger if kind.kind in e.kinds and e.state is not LedgerState.NOT_APPLICABLE]
    scanners = " or ".join(kind.supported_by)
    if about:
        told = "; ".join(f"{_who(e)} is {e.state.value}{f' ({e.reason})' if e.reason else ''}" for e in about)
        mends = dict.fromkeys(e.mend for e in about if e.mend)
        step = " or ".join(mends) or f"`scangate scan --scanner {kind.supported_by[0]}`"
    elif not kind.files:
        told, step = "settings exclude all of it", "exclude less"
    elif tried := [e for e in ledger if e.scanner in kind.supported_by and e.state.looked]:
        told, step = f"{' and '.join(map(_who, tried))} could read none of them", "make them parse, or exclude them"
    else:
        told, step = f"{scanners} did not run", f"`scangate scan --scanner {kind.supported_by[0]}`, or no `--scanner`"
    return f"{told} (mend: {step}, or accept `{kind.kind}` with a reason in the policy's coverage)"
