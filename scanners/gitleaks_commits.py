"""Findings of the history: where a secret came in, and whether it is still there."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from scangate.model import Commit, Finding, Relief
from scangate.scanners.gitleaks_finding import (
    Page,
    by_secret,
    find_all,
    finding,
    is_crowded,
    leak_lines,
    lines_note,
    relief_of,
)
from scangate.scanners.gitleaks_history import History, Origin
from scangate.scanners.gitleaks_report import Leak
from scangate.scanners.interface import Job, unreadable
from scangate.scanners.source import SourceTree, relative_path

_SHORT_ID = 12
_DAY = 10
_LONGEST_ID = 64
_LONGEST_WORD = 200
_GONE = "The file no longer holds it, but the history does: replace the secret, since deleting it takes nothing back."
_STILL_THERE = "The file still holds it."


class Searched:
    """What gitleaks found in a history. `commits` counts those of the range.

    Raises `ScannerError` where a leak is of no commit of the range.
    """

    def __init__(self, job: Job, history: History, leaks: Sequence[Leak]) -> None:
        self._root, self._version = job.root, job.version
        self._tree, self._history, self._leaks = SourceTree(job.root), history, leaks
        wanted = {leak.commit for leak in leaks}
        self.commits, self._origins = history.origins(wanted)
        if wanted - self._origins.keys():
            raise unreadable("gitleaks' report names a commit that is not in the range")
        self._crowded = is_crowded(leaks)
        self._lines_at = lru_cache(maxsize=64)(history.lines)

    def findings(self) -> tuple[Finding, ...]:
        """One finding for each rule, file and secret, placed at the oldest commit that added it."""
        files: dict[str, list[Leak]] = defaultdict(list)
        for leak in self._leaks:
            files[leak.path.removeprefix("./")].append(leak)
        return tuple(self._finding(path, group, leaks) for path, group, leaks in _groups(files))

    def _finding(self, path: str, group: Sequence[Leak], leaks: Sequence[Leak]) -> Finding:
        oldest = min((self._origins[leak.commit] for leak in group), key=lambda origin: origin.rank)
        first = [leak for leak in group if leak.commit == oldest.id]
        page = Page(
            relative_path(path, self._root),
            self._lines_at(oldest.id, path),
            [leak for leak in leaks if leak.commit == oldest.id],
            self._crowded,
        )
        gone, relief = self._today(path, first, page)
        author = page.mask(oldest.author)
        notes = _notes(oldest, author, commits=len({leak.commit for leak in group}), gone=gone)
        commit = Commit(id=oldest.id, author=author, date=oldest.date, gone=gone)
        return finding(first, page, version=self._version, commit=commit, notes=notes, relief=relief)

    def _today(self, path: str, leaks: Sequence[Leak], page: Page) -> tuple[bool, tuple[Relief, ...]]:
        """Whether the file in the tree holds the secret no more; and the marks, of that file where it does."""
        today = self._tree.lines(path)
        if today is None:
            return not os.path.lexists(self._root / path), relief_of(page.lines, leak_lines(leaks))
        places = [(place.line, place.end_line) for place in find_all(_needle(leaks[0], page), today)]
        if places:
            return False, relief_of(today, places)
        return True, relief_of(page.lines, leak_lines(leaks))


def imported_finding(group: Sequence[Leak], page: Page, *, version: str) -> Finding:
    """The finding of a report made elsewhere: nothing is known of the history but what the report says."""
    oldest = min(group, key=lambda leak: (leak.date, leak.commit))
    commits = {leak.commit for leak in group if leak.commit}
    if not commits:
        relief = relief_of(page.lines, leak_lines(group))
        return finding(group, page, version=version, notes=lines_note(group, page), relief=relief)
    author = page.mask(oldest.author[:_LONGEST_WORD])
    commit = Commit(id=oldest.commit[:_LONGEST_ID], author=author, date=oldest.date[:_LONGEST_WORD])
    origin = Origin(commit.id, 0, commit.author, commit.date)
    return finding([oldest], page, version=version, commit=commit, notes=_notes(origin, author, commits=len(commits)))


def _groups(files: Mapping[str, list[Leak]]) -> Iterator[tuple[str, list[Leak], list[Leak]]]:
    for path, leaks in sorted(files.items()):
        for group in by_secret(leaks):
            yield path, group, leaks


def _needle(leak: Leak, page: Page) -> str:
    """The text by which a secret is known in other states of its file: itself, or the lines that encode it."""
    if page.lines is None or leak.line is None or page.passage(leak):
        return leak.secret
    return "\n".join(page.lines[leak.line - 1 : leak.end_line]).strip() or leak.secret


def _notes(origin: Origin, author: str, *, commits: int, gone: bool | None = None) -> tuple[str, ...]:
    came = f"It came in with commit {origin.id[:_SHORT_ID]} of {origin.date[:_DAY]} by {author}"
    anew = f"; {commits} commits add it in all." if commits > 1 else "."
    return (came + anew, *(() if gone is None else (_GONE if gone else _STILL_THERE,)))
