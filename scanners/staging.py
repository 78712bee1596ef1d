"""Copies of files, for tools that would otherwise read more of the scanned tree than they were asked to."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_MAX_FILE = 50_000_000


def read_files(root: Path, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Each path that can be read safely, with its content: a regular file below `root`, no link on the way to it."""
    for path in paths:
        content = _read(root, path)
        if content is not None:
            yield path, content


def files_below(root: Path, folder: str) -> Iterator[str]:
    """Every file below a folder of `root`, as paths relative to `root`; links are not followed."""
    for parent, folders, names in os.walk(root / folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        yield from ((Path(parent) / name).relative_to(root).as_posix() for name in sorted(names))


def _read(root: Path, path: str) -> bytes | None:
    full = root / path
    if not path or ".." in PurePosixPath(path).parts or PurePosixPath(path).is_absolute():
        return None
    try:
        if full.parent.resolve() != (root.resolve() / path).parent:
            return None
        with os.fdopen(os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as handle:
            regular = stat.S_ISREG(os.fstat(handle.fileno()).st_mode)
            content = handle.read(_MAX_FILE + 1) if regular else None
    except (OSError, ValueError):
        return None
    return content if content is not None and len(content) <= _MAX_FILE else None
