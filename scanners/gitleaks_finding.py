"""From gitleaks' leaks to findings: one for each rule, file and secret, and nothing in it that shows the secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from scangate.model import (
    Category,
    Commit,
    Confidence,
    FileLocation,
    Finding,
    Rating,
    Relief,
    Rule,
    Severity,
    Source,
)
from scangate.scanners.gitleaks_report import Leak
from scangate.scanners.ratings import effective
from scangate.scanners.redact import mask_secrets
from scangate.scanners.secret_hash import secret_hash
from scangate.scanners.source import clip_snippet

_ALLOW = "gitleaks:allow"
_MOST_SECRETS = 500
"""As many can be hashed in half a minute, and looked for in each other's lines."""
_LISTED_LINES = 10
_RATING = Rating(source="scangate", severity=Severity.HIGH, word="secret")
"""gitleaks has no severities."""
_HARD_CODED_CREDENTIALS = 798


@dataclass(frozen=True)
class Passage:
    """Where a secret stands in a file: lines and columns from 1, in code points; `end_column` is exclusive."""

    line: int
    end_line: int
    column: int
    end_column: int


@dataclass(frozen=True)
class Page:
    """A file as far as findings in it are concerned: `lines` is None where it cannot be read, `leaks` all of its.

    `crowded` says that there are too many secrets to know each by its hash and to quote its lines (`is_crowded`).
    """

    path: str
    lines: Sequence[str] | None
    leaks: Sequence[Leak]
    crowded: bool = False

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown, longest first."""
        return tuple(sorted({leak.secret for leak in self.leaks if leak.secret}, key=len, reverse=True))

    @cached_property
    def veiled(self) -> frozenset[int]:
        """Lines that must not be quoted: a secret stands there in a form that masking would not find."""
        hidden = (leak for leak in self.leaks if leak.secret and self.passage(leak) is None)
        return frozenset(n for leak in hidden for n in range(leak.line or 0, (leak.end_line or 0) + 1))

    def passage(self, leak: Leak) -> Passage | None:
        """Where in a leak's lines its secret stands as it is; None where it is encoded, or unknown."""
        if self.lines is None or leak.line is None or not leak.secret or leak.redacted:
            return None
        return next(find_all(leak.secret, self.lines[leak.line - 1 : leak.end_line], first=leak.line), None)

    @cached_property
    def blocks(self) -> tuple[Passage, ...]:
        """Where secrets of several lines stand."""
        found = (self.passage(leak) for leak in self.leaks if "\n" in leak.secret)
        return tuple(passage for passage in found if passage)

    def quote(self, leak: Leak) -> str:
        """The secret's lines with all secrets masked; what matched, where the lines may not be shown."""
        if self.crowded:
            return ""
        found = self.passage(leak)
        if found and self.lines and self._may_show(found):
            return self.mask("\n".join(self.lines[found.line - 1 : found.end_line]))
        return self.mask(leak.match) if leak.secret and leak.secret in leak.match else ""

    def _may_show(self, place: Passage) -> bool:
        """Whether masking finds every secret on a place's lines: none is encoded, and none goes beyond them."""
        beyond = any(
            block.line <= place.end_line and place.line <= block.end_line
            for block in self.blocks
            if block.line < place.line or block.end_line > place.end_line
        )
        return not beyond and self.veiled.isdisjoint(range(place.line, place.end_line + 1))

    def mask(self, text: str) -> str:
        """The text without the secrets of this file."""
        if text not in self._masked:
            self._masked[text] = mask_secrets(text, self.secrets)
        return self._masked[text]

    @cached_property
    def _masked(self) -> dict[str, str]:
        """What was masked already: hundreds of secrets may stand on one line."""
        return {}


def find_all(secret: str, lines: Sequence[str], *, first: int = 1) -> Iterator[Passage]:
    """Every place of a secret in some lines, of which the first is the file's line `first`."""
    text, start, line = "\n".join(lines), 0, first
    while (at := text.find(secret, start)) >= 0:
        line += text.count("\n", start, at)
        end = at + len(secret)
        end_line = line + secret.count("\n")
        column, end_column = at - text.rfind("\n", 0, at), end - text.rfind("\n", 0, end)
        yield Passage(line, end_line, column, end_column)
        start, line = end, end_line


def is_crowded(leaks: Iterable[Leak]) -> bool:
    """Whether a report holds so many secrets that to know each by its hash would take for ever."""
    return len({leak.secret for leak in leaks}) > _MOST_SECRETS


def by_secret(leaks: Iterable[Leak]) -> list[list[Leak]]:
    """Leaks of one file in groups of one rule and one secret each, in the order of their lines."""
    groups: dict[tuple[str, str], list[Leak]] = {}
    for leak in sorted(leaks, key=lambda leak: (leak.line or 0, leak.rule, leak.secret, leak.match)):
        groups.setdefault((leak.rule, _known_by(leak)), []).append(leak)
    return list(groups.values())


def finding(
    group: Sequence[Leak],
    page: Page,
    *,
    version: str,
    commit: Commit | None = None,
    notes: Sequence[str] = (),
    relief: tuple[Relief, ...] = (),
) -> Finding:
    """The finding of a group, placed at its first leak. `notes` are sentences that follow the rule's description."""
    leak = group[0]
    description = leak.description.strip() or f"{leak.rule} found a secret."
    title = description.split(",")[0].rstrip(".")
    if commit and commit.gone:
        title += " (deleted, but still in the history)"
    severity, why = effective([_RATING])
    return Finding(
        category=Category.SECRET,
        rule=Rule(id=leak.rule, name=leak.rule, cwe=(_HARD_CODED_CREDENTIALS,)),
        title=page.mask(title),
        message=page.mask(" ".join([description, *notes])),
        severity=severity,
        severity_from=why,
        ratings=(_RATING,),
        confidence=Confidence.LOW if "generic" in leak.rule.lower() else Confidence.HIGH,
        location=_location(leak, page, commit),
        sources=(Source(scanner="gitleaks", rule_id=leak.rule, version=version),),
        relief=relief,
        secret=secret_hash(leak.secret) if leak.secret and not leak.redacted and not page.crowded else "",
    )


def lines_note(group: Sequence[Leak], page: Page) -> tuple[str, ...]:
    """Which lines of the file hold the secret, where there are several."""
    lines = sorted({passage.line if (passage := page.passage(leak)) else leak.line or 0 for leak in group})
    if len(lines) < 2:
        return ()
    shown = ", ".join(map(str, lines[:_LISTED_LINES])) + (", …" if len(lines) > _LISTED_LINES else "")
    return (f"The same secret stands on {len(lines)} lines of the file: {shown}.",)


def relief_of(lines: Sequence[str] | None, ranges: Iterable[tuple[int, int]]) -> tuple[Relief, ...]:
    """The mark of gitleaks' own comment, when every one of the places (first and last line) has it."""
    marked = [any(_ALLOW in text for text in (lines or ())[first - 1 : last]) for first, last in ranges if first > 0]
    return (Relief(kind="inline", by=_ALLOW),) if marked and all(marked) else ()


def leak_lines(group: Iterable[Leak]) -> list[tuple[int, int]]:
    """First and last line of each leak, as gitleaks tells them."""
    return [(leak.line or 0, leak.end_line or 0) for leak in group]


def _location(leak: Leak, page: Page, commit: Commit | None) -> FileLocation:
    found = page.passage(leak)
    return FileLocation(
        path=page.path,
        line=found.line if found else leak.line,
        column=found.column if found else (leak.column if leak.redacted else None),
        end_line=found.end_line if found else leak.end_line,
        end_column=found.end_column if found else (leak.end_column if leak.redacted else None),
        snippet=clip_snippet(page.quote(leak).split("\n")),
        commit=commit,
    )


def _known_by(leak: Leak) -> str:
    """What tells secrets of one rule and file apart: themselves, or their places in a redacted report."""
    return f"{leak.line}:{leak.column}:{leak.match}" if leak.redacted else leak.secret
