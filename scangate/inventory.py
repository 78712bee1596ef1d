"""The inventory: what a tree holds, and what of it nobody can look at.

Every name is looked at once without following it (`lstat`); links, special files, dependencies and excluded files
are left out with a reason. A file that a scanner should see but cannot be given to one (it cannot be opened, is too
large, or its name is not UTF-8) is `unread`, so that coverage can count it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from scangate.document import UNKNOWN_KIND, InventorySummary, KindFound
from scangate.errors import UsageError
from scangate.excludes import Excludes
from scangate.kinds import ANY_FILE, KINDS
from scangate.listing import list_tree, named, shown
from scangate.model import Skip
from scangate.neighbours import settle
from scangate.scanners.manifests import is_locked
from scangate.scanners.source import SourceTree
from scangate.survey import Survey

_EXAMPLES = 3


@dataclass(frozen=True)
class Inventory:
    """What a tree holds. Paths are relative to `root`, POSIX, as the file system has them.

    `root` is absolute and resolved; `files` counts the files that were considered; `kinds` has the sorted paths of
    each kind that was found and `sizes` the bytes of every file; `every` are the files that any scanner can be given,
    and `subjects` by kind the things to look at that are no files of the tree, each by its name; `excluded` counts by
    kind the files that settings leave out; `unread` has by kind the files that should be looked at and cannot be,
    under `unknown` those (and the folders, ending in `/`) whose kind cannot be told. `commit` is empty without git and
    before the first commit.
    """

    root: Path
    files: int
    kinds: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, int]
    excluded: Mapping[str, int]
    unread: Mapping[str, tuple[str, ...]]
    skipped: tuple[Skip, ...]
    notes: tuple[str, ...]
    git: bool
    commit: str
    every: tuple[str, ...] = ()
    subjects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[str, ...]:
        """What was found of a kind: paths, or the names of subjects."""
        return self.every if kind == ANY_FILE else self.kinds.get(kind) or tuple(self.subjects.get(kind, ()))

    def summary(self, supported_by: Mapping[str, Sequence[str]], *, every: bool = True) -> InventorySummary:
        """The part of the results document; `supported_by` names for a kind the scanners that look at it.

        `every` counts the files of any kind, too, so that somebody has to search them.
        """
        kinds = (kind for kind in (*KINDS, UNKNOWN_KIND) if every or kind != ANY_FILE)
        return InventorySummary(
            root=shown(self.root.name),
            git=self.git,
            commit=self.commit,
            files=self.files,
            kinds=tuple(self._found(kind, supported_by) for kind in kinds if self._has(kind)),
            skipped=self.skipped,
            notes=self.notes,
        )

    def _has(self, kind: str) -> bool:
        return bool(self.of(kind)) or kind in self.excluded or kind in self.unread

    def _found(self, kind: str, supported_by: Mapping[str, Sequence[str]]) -> KindFound:
        paths, unread = self.of(kind), self.unread.get(kind, ())
        return KindFound(
            kind=kind,
            label=KINDS[kind].label if kind in KINDS else "Files and folders that cannot be read",
            files=len(paths),
            examples=tuple(shown(path) for path in (*paths, *unread)[:_EXAMPLES]),
            excluded=self.excluded.get(kind, 0),
            unread=len(unread),
            supported_by=tuple(supported_by.get(kind, ())),
        )


def take_inventory(root: Path, *, exclude: Sequence[str] = (), max_file_bytes: int = 5_000_000) -> Inventory:
    """Find out what a folder holds. `exclude` are patterns as `scangate/excludes.py` reads them.

    Files over `max_file_bytes` are left out, except manifests and lock files, which have a larger limit of their own.

    Raises:
        UsageError: the root is no folder that can be read, or a pattern is wrong.
    """
    top = _checked(root)
    listing = list_tree(top)
    survey = Survey(top, listing, Excludes(exclude), max_file_bytes=max_file_bytes)
    kinds, superseded = settle(
        survey.kinds, survey.sizes, read=lambda path: _text(top / path), is_locked=partial(is_locked, SourceTree(top))
    )
    found = {kind: tuple(sorted(kinds[kind])) for kind in KINDS if kinds.get(kind)}
    notes = [*listing.notes, *survey.notes]
    if superseded:
        notes.append(f"read through the lock file that speaks for them: {named(superseded)}")
    return Inventory(
        root=top,
        files=len(survey.sizes),
        kinds=found,
        sizes=survey.sizes,
        excluded=survey.excluded,
        unread=survey.unread,
        skipped=tuple(sorted((*listing.skipped, *survey.skipped), key=lambda skip: (skip.path, skip.reason))),
        notes=tuple(notes),
        git=listing.git,
        commit=listing.commit,
        every=tuple(sorted(survey.readable)),
    )


def no_tree(root: Path) -> Inventory:
    """The inventory of a run that looks at no tree, but only at subjects. `root` is where it is run from."""
    return Inventory(_checked(root), 0, {}, {}, {}, {}, skipped=(), notes=(), git=False, commit="")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _checked(root: Path) -> Path:
    try:
        top = root.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot scan {shown(str(root))!r}: {reason}", hint="name an existing folder") from error
    if not top.is_dir():
        raise UsageError(
            f"cannot scan {shown(str(root))!r}: it is not a folder", hint="name the folder that the file lies in"
        )
    if not os.access(top, os.R_OK | os.X_OK, effective_ids=True):
        raise UsageError(f"cannot scan {shown(str(root))!r}: no permission to read it", hint=f"check: ls -ld {root}")
    if _is_bare_repository(top):
        raise UsageError(
            f"cannot scan {shown(str(root))!r}: it is a bare git repository, which holds history and no files",
            hint="clone it and scan the clone",
        )
    return top


def _is_bare_repository(top: Path) -> bool:
    parts = (top / "HEAD").is_file(), (top / "objects").is_dir(), (top / "refs").is_dir()
    return all(parts) and not os.path.lexists(top / ".git")
