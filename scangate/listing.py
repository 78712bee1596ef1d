"""The names of the files in a tree: from git where it can be asked, otherwise from walking the folders.

Whatever keeps git from a sound answer, the tree is walked instead and a note says so: it is never silently empty.
"""

from __future__ import annotations

import os
import shlex
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from scangate import gitfiles
from scangate.gitfiles import GitFiles, GitUnusable
from scangate.model import Skip

_HISTORY_FOLDERS = frozenset({".git", ".hg", ".svn", ".bzr"})
_NAMED = 5


@dataclass(frozen=True)
class Listing:
    """File names below a root, relative to it, as the file system has them (`os.fsdecode`), sorted, each once.

    A listed file may be a link or anything else, or be gone. `tracked` are those that git tracks (none without git);
    `closed` are folders that could not be opened.
    """

    files: tuple[str, ...]
    tracked: frozenset[str] = frozenset()
    closed: tuple[str, ...] = ()
    skipped: tuple[Skip, ...] = ()
    notes: tuple[str, ...] = ()
    git: bool = False
    commit: str = ""


def list_tree(root: Path) -> Listing:
    """Everything that a scan of an absolute, resolved folder should consider."""
    try:
        listed = gitfiles.list_files(root)
    except GitUnusable as reason:
        return _walked(root, f"every file was listed without git, ignored ones too: {reason}")
    if _is_anything_there(root, listed):
        return _from_git(root, listed)
    return _walked(root, "every file was listed, since git lists none here: all are ignored, or its index is damaged")


def _is_anything_there(root: Path, listed: GitFiles) -> bool:
    if listed.submodules or listed.repositories or listed.closed:
        return True
    return any(os.path.lexists(root / name) for name in listed.tracked | listed.untracked)


def shown(path: str) -> str:
    """A path for people and documents: NFC, and what is not UTF-8 in it as `\\xNN`."""
    safe = os.fsencode(path).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", safe)


def named(paths: Iterable[str]) -> str:
    """The first few of some paths, and how many more there are."""
    names = sorted(map(shown, paths))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _from_git(root: Path, listed: GitFiles) -> Listing:
    files = set(listed.tracked | listed.untracked)
    closed, absent, repositories = list(listed.closed), set(), set(listed.repositories)
    for name in listed.submodules:
        if os.path.lexists(root / name / ".git"):
            repositories.add(name)
            continue
        found = _walk(root, name)
        files.update(found.files)
        closed += found.closed
        if not found.files:
            absent.add(name)
    skipped = [Skip(path=shown(name), reason="a git repository of its own") for name in repositories]
    skipped += [Skip(path=shown(name), reason="submodule that is not checked out") for name in absent]
    if listed.ignored:
        skipped.append(Skip(path=".", reason=f"ignored by git: {named(listed.ignored)}"))
    return Listing(
        tuple(sorted(files)),
        listed.tracked,
        tuple(closed),
        tuple(skipped),
        _repository_notes(repositories, absent),
        git=True,
        commit=listed.commit,
    )


def _repository_notes(repositories: set[str], absent: set[str]) -> tuple[str, ...]:
    notes = []
    if repositories:
        command = f"scangate scan {shlex.quote(shown(min(repositories)))}"
        notes.append(f"not looked at, being git repositories of their own: {named(repositories)}; scan with: {command}")
    if absent:
        notes.append(
            f"submodules that are not checked out: {named(absent)}; get them with: git submodule update --init"
        )
    return tuple(notes)


def _walked(root: Path, note: str) -> Listing:
    found = _walk(root, "")
    inner = [os.path.dirname(name) for name in found.history if "/" in name]  # noqa: PTH120 (names, not paths)
    notes = [note]
    if inner:
        notes.append(f"looked at as plain folders, though they are repositories of their own: {named(inner)}")
    skipped = tuple(Skip(path=shown(name), reason="version control data") for name in sorted(found.history))
    return Listing(tuple(sorted(found.files)), closed=tuple(found.closed), skipped=skipped, notes=tuple(notes))


@dataclass
class _Found:
    """What a walk came across."""

    files: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def _walk(root: Path, start: str) -> _Found:
    """Every name from `start` downwards that is no folder; links are not followed."""
    top = root / start
    if start and (os.path.islink(top) or not os.path.isdir(top)):  # noqa: PTH112, PTH114 (unlike a Path, never raise)
        return _Found(files=[start] if os.path.lexists(top) else [])
    found = _Found()
    folders = [start]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    name = f"{folder}/{entry.name}" if folder else entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        found.files.append(name)
                    elif entry.name in _HISTORY_FOLDERS:
                        found.history.append(name)
                    else:
                        folders.append(name)
        except OSError:
            found.closed.append(folder or ".")
    return found
