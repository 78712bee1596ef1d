"""The ledger as the console's table: who looked at what, how far, and what mends it where it is not well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scangate.document import Results
from scangate.model import LedgerEntry, LedgerState
from scangate.reports import view
from scangate.reports.encoders import one_line
from scangate.reports.terminal import Page, Part, cell, styled

if TYPE_CHECKING:
    from rich.text import Text

_HEADINGS = ("Scanner", "Target", "State", "Files", "Findings", "Time")
_SCANNER, _TARGET = 0, 1
_NUMBERS = frozenset((3, 4, 5))
_QUIET = {LedgerState.RAN: "green"}
_IDLE = (LedgerState.NOT_APPLICABLE, LedgerState.DISABLED)
"""Scanners that had nothing to look at, or were not to; they are named below the table."""
_MOST_CELLS = 30
_LEAST_CELLS = 8
_LEAST_REASON = 34
_SKIPS_SHOWN = 3


def print_ledger(page: Page, results: Results, *, limit: int) -> None:
    """Print at most `limit` entries that looked; when some must go, those that are well go first.

    The way to mend one is left to the verdict, which comes below, where that names it.
    """
    ledger, verdict = results.ledger, results.verdict
    told = "\n".join((*verdict.incomplete, *verdict.warnings, *verdict.accepted)) if verdict else ""
    page.title("Ledger", "who looked at what")
    if not ledger:
        page.text("no scanner was planned", prefix="  ")
        return
    busy = [entry for entry in ledger if entry.state not in _IDLE]
    shown = busy if len(busy) <= limit else sorted(busy, key=lambda entry: entry.state in _QUIET)[:limit]
    if shown:
        _print_table(page, shown, told)
    if len(busy) > len(shown):
        page.text((f"and {len(busy) - len(shown):,} more", "bold"), prefix="  ")
    for line in _idle([entry for entry in ledger if entry.state in _IDLE]):
        page.text((line, "dim"), prefix="  ")


def _print_table(page: Page, shown: Sequence[LedgerEntry], told: str) -> None:
    rows = [_cells(entry) for entry in shown]
    widths, room = _layout(page.width, rows)
    beside = room >= _LEAST_REASON
    page.text(("Reason" if beside else "", "dim"), prefix=_row([(name, "dim") for name in _HEADINGS], widths))
    for entry, cells in zip(shown, rows, strict=True):
        _print_entry(page, _row(cells, widths), _reasons(entry, told), beside=beside)


def _idle(entries: Sequence[LedgerEntry]) -> list[str]:
    """Those that did not have to look, by why: `disabled: semgrep (this run is limited to bandit)`."""
    groups: dict[tuple[LedgerState, str], list[str]] = {}
    for entry in entries:
        reason = entry.reason if entry.state is LedgerState.DISABLED else ""
        name = entry.scanner if entry.target in ("", ".") else f"{entry.scanner} on {entry.target}"
        groups.setdefault((entry.state, reason), []).append(name)
    return [
        one_line(f"{state.value}: {', '.join(names)}" + (f" ({reason})" if reason else ""), 1000)
        for (state, reason), names in groups.items()
    ]


def _print_entry(page: Page, row: Text, reasons: Sequence[Part], *, beside: bool) -> None:
    """The reasons go beside the row where there is room for them, else below it."""
    if not (beside and reasons):
        page.text("", prefix=row)
    for number, reason in enumerate(reasons):
        below = styled(" " * row.cell_len if beside else " " * 6)
        page.text(reason, prefix=row if beside and number == 0 else below)


def _cells(entry: LedgerEntry) -> list[Part]:
    return [
        (one_line(f"{entry.scanner} {entry.version}".strip()), "bold"),
        one_line(entry.target),
        (entry.state, _QUIET.get(entry.state, "yellow" if entry.state.looked else "bold red")),
        view.files(entry),
        f"{entry.findings:,}" if entry.state.looked or entry.findings else "-",
        view.duration(entry.seconds) if entry.seconds else "-",
    ]


def _reasons(entry: LedgerEntry, told: str) -> list[Part]:
    mend = f"mend: {one_line(entry.mend)}" if entry.mend and entry.mend not in told else ""
    skips = [f"- {one_line(skip.path, 120)}: {one_line(skip.reason, 200)}" for skip in entry.skipped[:_SKIPS_SHOWN]]
    hidden = len(entry.skipped) - len(skips)
    more = f"- and {hidden:,} more" if hidden else ""
    date = f"data of {one_line(entry.database_date)}" if entry.database_date else ""
    proof = [one_line(line, 300) for line in view.proof(entry)]
    return [part for part in (one_line(entry.reason), mend, date, *proof, *skips, more) if part]


def _layout(width: int, rows: Sequence[Sequence[Part]]) -> tuple[list[int], int]:
    """The columns' widths, targets and then scanners cut down as far as they must; and the room left for reasons."""
    widths = [max(styled(part).cell_len for part in column) for column in zip(_HEADINGS, *rows, strict=True)]
    for column in (_TARGET, _SCANNER):
        others = 2 + sum(widths) + 2 * len(widths) - widths[column]
        widths[column] = max(_LEAST_CELLS, min(widths[column], _MOST_CELLS, width - others))
    return widths, width - 2 - sum(widths) - 2 * len(widths)


def _row(cells: Sequence[Part], widths: Sequence[int]) -> Text:
    row = styled("  ")
    for number, (part, width) in enumerate(zip(cells, widths, strict=True)):
        shown = _end_of(part, width) if number == _TARGET and isinstance(part, str) else part
        row += cell(shown, width, right=number in _NUMBERS) + styled("  ")
    return row


def _end_of(path: str, width: int) -> str:
    """A long path by its end, which tells more than its beginning."""
    return path if len(path) <= width else f"…{path[1 - width :]}"
