"""gitleaks' JSON report: a list of leaks. Version 8 writes it, and version 7 wrote it with other keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scangate.scanners.interface import Output, failed, unreadable
from scangate.scanners.json_report import load_json
from scangate.scanners.secret_hash import normal_form

LEAKS_FOUND = 9
"""The exit code that stands for leaks; 1, gitleaks' default, also stands for errors."""

_REDACTED = "REDACTED"
_LARGEST_NUMBER = 1_000_000_000


@dataclass(frozen=True)
class Leak:
    """One record of a report. `line` and `end_line` (from 1) hold the match; `secret` is the part of it that matters.

    `column` and `end_column` (exclusive) are those of the match as gitleaks counts them: in bytes, and one too many
    after the first line, so that only their difference is sound.
    """

    rule: str
    description: str
    path: str
    secret: str
    match: str
    line: int | None
    end_line: int | None
    column: int | None
    end_column: int | None
    commit: str
    author: str
    date: str

    @property
    def redacted(self) -> bool:
        """Whether gitleaks was told to keep the secret, or the end of it, out of the report."""
        return self.secret == _REDACTED or self.secret.endswith("...")


def read_leaks(output: Output) -> tuple[Leak, ...]:
    """All leaks of a report, which is `null` where old versions found none.

    Raises `ScannerError` where the report, or its exit code, is not as the format promises.
    """
    document = load_json(output, "gitleaks")
    if output.exit_code not in (0, LEAKS_FOUND, None):
        raise failed(f"gitleaks ended with exit code {output.exit_code}: {output.stderr.strip()[-300:]}")
    if not isinstance(document, list | None):
        raise unreadable("gitleaks' report is not a list")
    leaks = tuple(_leak(record) for record in document or ())
    if output.exit_code is not None and bool(leaks) is not (output.exit_code == LEAKS_FOUND):
        raise unreadable(f"gitleaks' report holds {len(leaks)} leaks, and its exit code is {output.exit_code}")
    return leaks


def _leak(record: Any) -> Leak:
    if not isinstance(record, dict):
        raise unreadable("a leak in gitleaks' report is not an object")
    rule, path = _text(record, "RuleID", "rule"), _text(record, "File", "file")
    if not rule or not path:
        raise unreadable("a leak in gitleaks' report lacks its rule or its file")
    line = _number(record, "StartLine", "lineNumber")
    last, first = _number(record, "EndColumn"), _number(record, "StartColumn")
    return Leak(
        rule=rule,
        description=_text(record, "Description"),
        path=path,
        secret=normal_form(_text(record, "Secret", "offender")),
        match=normal_form(_text(record, "Match", "offender")),
        line=line,
        end_line=max(line, _number(record, "EndLine") or line) if line else None,
        column=first,
        end_column=last + 1 if last else None,
        commit=_text(record, "Commit", "commit"),
        author=_text(record, "Author", "author"),
        date=_text(record, "Date", "date"),
    )


def _text(record: Mapping[str, Any], *keys: str) -> str:
    """The first of some keys that holds a string."""
    return next((value for key in keys if isinstance(value := record.get(key), str)), "")


def _number(record: Mapping[str, Any], *keys: str) -> int | None:
    """The first of some keys that holds a number counted from 1."""
    values = (record.get(key) for key in keys)
    return next((n for n in values if isinstance(n, int) and n is not True and 0 < n < _LARGEST_NUMBER), None)
