"""Sorts the listed files of a tree: of which kinds each is, or why nobody looks at it."""

from __future__ import annotations

import os
import stat
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from scangate.document import UNKNOWN_KIND
from scangate.excludes import Excludes, Places
from scangate.kinds import HEAD_BYTES, KINDS, kinds_of
from scangate.listing import Listing, named, shown
from scangate.model import Skip
from scangate.vendored import FolderRule, is_minified, rule_for

_LARGEST_MANIFEST = 50_000_000
_MINIFIED_SUFFIXES = (".min.js", ".min.mjs", ".min.cjs")
_MANY_ROWS = 10


@dataclass(frozen=True, slots=True)
class _Folder:
    """What holds for everything in a folder.

    `places` is where the exclude patterns stand; `excluded` the pattern that leaves the folder out; `rule` why its
    files are not the project's own, and `ruled` the folder which that rule fits; `behind_link` that the way here
    leads through a symbolic link.
    """

    places: Places
    excluded: str = ""
    rule: FolderRule | None = None
    ruled: str = ""
    behind_link: bool = False


class Survey:
    """The listed files, sorted: `kinds` (kind → paths), `sizes` (path → bytes of every file considered), `readable`
    (those that a scanner can be given), and what was left out, with its reason.
    """

    def __init__(self, top: Path, listing: Listing, excludes: Excludes, *, max_file_bytes: int) -> None:
        self.kinds: dict[str, set[str]] = defaultdict(set)
        self.sizes: dict[str, int] = {}
        self.readable: set[str] = set()
        self._excluded: Counter[str] = Counter()
        self._top, self._tracked, self._excludes, self._cap = str(top), listing.tracked, excludes, max_file_bytes
        self._folders = {"": _Folder(excludes.start)}
        self._by_pattern = Counter(dict.fromkeys(excludes.texts, 0))
        self._foreign: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
        self._rows: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._unread: dict[str, set[str]] = defaultdict(set)
        self._links: list[str] = []
        self._absent = 0
        for path in listing.files:
            self._look(path)
        for path in self._links:
            self._look_behind(path)
        for path in listing.closed:
            self._close(path)

    @property
    def excluded(self) -> dict[str, int]:
        """By kind, how many files the patterns leave out."""
        return {kind: self._excluded[kind] for kind in KINDS if self._excluded[kind]}

    @property
    def unread(self) -> dict[str, tuple[str, ...]]:
        """By kind, the files (as `shown`) that a scanner should look at and cannot be given."""
        return {kind: tuple(sorted(self._unread[kind])) for kind in (*KINDS, UNKNOWN_KIND) if self._unread[kind]}

    @property
    def skipped(self) -> list[Skip]:
        """What was left out: a row for each file, for many of one folder and reason, and for each pattern."""
        rows = [Skip(path=p, reason=f"excluded by settings: {_files(n)}") for p, n in self._by_pattern.items()]
        for (folder, reason), counts in self._foreign.items():
            tracked = f", {counts[True]} of them tracked by git" if counts[True] else ""
            rows.append(Skip(path=shown(f"{folder}/"), reason=f"{reason}: {_files(counts.total())}{tracked}"))
        for (folder, reason), paths in self._rows.items():
            if len(paths) > _MANY_ROWS:
                rows.append(Skip(path=shown(f"{folder or '.'}/"), reason=f"{reason}: {len(paths)} files"))
            else:
                rows += [Skip(path=shown(path), reason=reason) for path in paths]
        return rows

    @property
    def notes(self) -> list[str]:
        """What a reader should know besides."""
        notes = []
        if committed := {folder for (folder, _), counts in self._foreign.items() if counts[True]}:
            notes.append(f"not looked at, though git tracks files there: {named(committed)}")
        if idle := [pattern for pattern, count in self._by_pattern.items() if not count]:
            notes.append(f"exclude patterns that match no file: {named(idle)}")
        if self._absent:
            notes.append(f"not on disk, though git tracks them: {_files(self._absent)} (deleted or sparse)")
        return notes

    def _look(self, path: str) -> None:
        folder = self._folder(path.rpartition("/")[0])
        if folder.behind_link:
            return
        try:
            status = os.lstat(f"{self._top}/{path}")
        except (FileNotFoundError, NotADirectoryError):
            self._absent += path in self._tracked
            return
        except OSError as error:
            self._refuse(path, _reason(error), self._kinds_by_name(path))
            return
        if not stat.S_ISDIR(status.st_mode):  # a tracked name that became a folder: its files are listed themselves
            self._place(path, folder, status)

    def _place(self, path: str, folder: _Folder, status: os.stat_result) -> None:
        tracked = path in self._tracked
        places = self._excludes.enter(folder.places, path.rpartition("/")[2])
        pattern = folder.excluded or self._excludes.match(places, folder=False)
        if folder.rule and (folder.rule.tracked or not tracked):
            self._foreign[folder.ruled, folder.rule.reason][tracked] += 1
        elif stat.S_ISREG(status.st_mode):
            self._sort(path, pattern, tracked=tracked, size=status.st_size)
        elif pattern:
            self._by_pattern[pattern] += 1
        elif stat.S_ISLNK(status.st_mode):
            self._row(path, _link_reason(self._top, path))
            self._links.append(path)
        else:
            self._row(path, "no regular file (a pipe, socket or device)")

    def _look_behind(self, path: str) -> None:
        """A link may give code a name that its own file has not: `app.py` for `app.txt`. Nobody looks at that."""
        real = os.path.realpath(f"{self._top}/{path}")
        if not real.startswith(f"{self._top}/") or not os.path.isfile(real):  # noqa: PTH113 (may not raise)
            return
        target = real.removeprefix(f"{self._top}/")
        for kind in self._kinds_by_name(path) - {UNKNOWN_KIND}:
            if target not in self.kinds.get(kind, ()):
                self._unread[kind].add(shown(path))

    def _sort(self, path: str, pattern: str, *, tracked: bool, size: int) -> None:
        try:
            kinds, minified = self._kinds(path)
            problem = self._problem(path, kinds, size)
        except OSError as error:
            kinds, minified, problem = self._kinds_by_name(path), False, _reason(error)
        if pattern:
            self._by_pattern[pattern] += 1
            self._excluded.update(kinds)
        elif minified:
            self._foreign[path.rpartition("/")[0] or ".", "minified JavaScript"][tracked] += 1
        elif problem and kinds:
            self._refuse(path, problem, kinds)
        elif problem:
            self.sizes[path] = size
            self._row(path, problem)
        else:
            self.sizes[path] = size
            self.readable.add(path)
            for kind in kinds:
                self.kinds[kind].add(path)

    def _kinds(self, path: str) -> tuple[frozenset[str], bool]:
        full = f"{self._top}/{path}"
        minified = path.lower().endswith(_MINIFIED_SUFFIXES) and is_minified(_head(full))
        return kinds_of(path, lambda: _head(full)), minified

    def _kinds_by_name(self, path: str) -> frozenset[str]:
        """The kinds of a file that cannot be opened, `unknown` where its name does not tell."""
        opened = False

        def nothing() -> bytes:
            nonlocal opened
            opened = True
            return b""

        kinds = kinds_of(path, nothing)
        return kinds | {UNKNOWN_KIND} if opened else kinds

    def _problem(self, path: str, kinds: frozenset[str], size: int) -> str:
        """Why a file of some kinds, or of none, cannot be given to a scanner; empty when it can."""
        cap = max(self._cap, _LARGEST_MANIFEST) if any(KINDS[k].group == "dependencies" for k in kinds) else self._cap
        if size > cap:
            return f"larger than {cap:,} bytes: {size:,}"
        if not os.access(f"{self._top}/{path}", os.R_OK, effective_ids=True):
            return "permission denied"
        return "" if _is_utf8(path) else "name is not UTF-8"

    def _refuse(self, path: str, reason: str, kinds: frozenset[str]) -> None:
        self._row(path, reason)
        for kind in kinds:
            self._unread[kind].add(shown(path))

    def _row(self, path: str, reason: str) -> None:
        self._rows[path.rpartition("/")[0], reason].append(path)

    def _close(self, path: str) -> None:
        """A folder that could not be opened, unless what is in it is left out anyway."""
        folder = self._folder(path) if path != "." else self._folders[""]
        if not (folder.excluded or folder.rule or folder.behind_link):
            self._refuse(f"{path}/", "folder that cannot be opened", frozenset({UNKNOWN_KIND}))

    def _folder(self, path: str) -> _Folder:
        """The folder at a path, found out from the nearest one above that is known."""
        unknown = []
        while path not in self._folders:
            unknown.append(path)
            path = path.rpartition("/")[0]
        for below in reversed(unknown):
            self._folders[below] = self._enter(self._folders[path], below)
            path = below
        return self._folders[path]

    def _enter(self, above: _Folder, path: str) -> _Folder:
        full = f"{self._top}/{path}"
        if above.behind_link:
            return above
        places = self._excludes.enter(above.places, path.rpartition("/")[2])
        excluded = above.excluded or self._excludes.match(places, folder=True)
        if os.path.islink(full):  # noqa: PTH114 (unlike a Path, never raises)
            if not (excluded or above.rule):
                self._row(path, _link_reason(self._top, path))
            return replace(above, behind_link=True)
        if above.rule and above.rule.tracked:
            return replace(above, places=places, excluded=excluded)
        rule = rule_for(full)
        return _Folder(places, excluded, rule or above.rule, path if rule else above.ruled)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _is_utf8(path: str) -> bool:
    return path.isascii() or not any("\udc80" <= character <= "\udcff" for character in path)


def _head(full: str) -> bytes:
    """The beginning of a file that is no link; raises `OSError`."""
    descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, min(os.fstat(descriptor).st_size, HEAD_BYTES))
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _link_reason(top: str, path: str) -> str:
    target = Path(os.path.realpath(f"{top}/{path}"))
    if not target.is_relative_to(top):
        return "symbolic link out of the tree"
    return "symbolic link within the tree" if os.access(target, os.F_OK) else "symbolic link to nothing"
