"""Whether the run looked as it should have: from the ledger and the inventory to reasons why it is incomplete.

"Did not run" is absorbing: what nobody looked at stays a reason, whatever else ran. Only the policy's `accept` turns
one into an accepted gap, by name and with a reason; a scanner that is required is never accepted away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scangate.model import InventorySummary, KindFound, LedgerEntry, LedgerState
from scangate.policies.schema import Coverage

NOTHING = "nothing"
"""What `accept` calls a run that had nothing to look at: a tree in which no scanner here supports anything."""

_WELL = (LedgerState.RAN, LedgerState.NOT_APPLICABLE, LedgerState.DISABLED)
_DONE = (LedgerState.RAN, LedgerState.PARTIAL, LedgerState.NOT_APPLICABLE)
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
) -> CoverageReport:
    """Every gap between what the inventory holds and what the ledger says was looked at.

    `required` names scanners that must have run, besides those that the rules require; `now` is an aware time.
    """
    gaps = _Gaps(rules, frozenset(required) | frozenset(rules.required))
    for entry in ledger:
        gaps.entry(entry, now)
    gaps.kinds(inventory.kinds, ledger)
    gaps.required_scanners(ledger)
    gaps.floor(inventory, ledger)
    gaps.nothing(ledger)
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
        gap, fails = self._state_gap(entry)
        if not gap and entry.state.looked and (age := stale(entry, self.rules.max_db_age, now)):
            gap, fails = f"{_who(entry)}: {age}", self.rules.on_error == "fail"
        if not gap:
            return
        why = None if entry.scanner in self.required else self._accepted_why({entry.scanner}, set(entry.kinds))
        if why is not None:
            self.accepted.append(f"{gap}; accepted: {why}")
        elif fails:
            self.incomplete.append(gap)
            self.explained.update((entry.scanner, *entry.kinds))
        else:
            self.warnings.append(gap)

    def _state_gap(self, entry: LedgerEntry) -> tuple[str, bool]:
        """What is wrong with an entry's state (empty when well), and whether it makes the run incomplete."""
        if entry.state in _WELL:
            return "", False
        setting = self.rules.parse_errors if entry.state is LedgerState.PARTIAL else self.rules.on_error
        mend = f" (mend: {entry.mend})" if entry.mend else ""
        return f"{_who(entry)}: {entry.state.value}: {entry.reason or 'no reason given'}{mend}", setting == "fail"

    def kinds(self, kinds: Iterable[KindFound], ledger: Sequence[LedgerEntry]) -> None:
        """Kinds of things that were found and that nobody looked at."""
        looked = {kind for entry in ledger if entry.state.looked for kind in entry.kinds}
        for kind in kinds:
            if kind.kind in looked or not (kind.files or kind.excluded):
                continue
            if not kind.supported_by:
                self.warnings.append(
                    f"{kind.label}: {_files(kind.files or kind.excluded)}, no scanner here looks at it"
                )
            else:
                self._unseen(kind, ledger)

    def _unseen(self, kind: KindFound, ledger: Sequence[LedgerEntry]) -> None:
        what = f"{kind.label}: {_files(kind.files or kind.excluded)}, and nobody looked"
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
        """A run in which nobody looked at anything is never well by itself."""
        if self.incomplete or self.accepted or any(entry.state.looked for entry in ledger):
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


def stale(entry: LedgerEntry, max_age: str | None, now: datetime) -> str:
    """Why an entry's vulnerability data is too old, or of an age that cannot be told; empty when it is not.

    Scanners without such data have no date, and need none unless they look at dependencies.
    """
    if max_age is None:
        return ""
    if not entry.database_date:
        needed = any(kind.endswith("-dependencies") for kind in entry.kinds)
        return f"stale: its data has no date, and the policy allows {max_age}" if needed else ""
    date = _time(entry.database_date)
    if date is None or date > now + _CLOCK_SKEW:
        return f"stale: its data's date {entry.database_date[:40]!r} cannot be right, and the policy allows {max_age}"
    if now - date > allowed_age(max_age):
        return f"stale: its data is of {entry.database_date}, {(now - date).days} days old; the policy allows {max_age}"
    return ""


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
    else:
        told, step = f"{scanners} did not run", f"`scangate scan --scanner {kind.supported_by[0]}`, or no `--scanner`"
    return f"{told} (mend: {step}, or accept `{kind.kind}` with a reason in the policy's coverage)"
