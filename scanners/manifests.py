"""Which reader belongs to which manifest, by its name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

from scangate.scanners.lockfiles import Items, read_pipfile, read_poetry_lock, read_pylock, read_uv
from scangate.scanners.pins import Manifest, gather, read_lines, read_requirements
from scangate.scanners.pyproject import read_pyproject
from scangate.scanners.source import SourceTree

_READERS: dict[str, Callable[[Sequence[str], str], Items]] = {
    r"pyproject\.toml": read_pyproject,
    r"poetry\.lock": read_poetry_lock,
    r"uv\.lock": read_uv,
    r"Pipfile\.lock": read_pipfile,
    r"pylock(\.[^.]+)?\.toml": read_pylock,
}
_LOCKS_OF_PROJECTS = ("uv.lock", "poetry.lock", "pylock.toml")


def read_manifest(tree: SourceTree, path: str) -> Manifest:
    """What a manifest or lock file asks for; one of no known name is read as a requirements file.

    Raises:
        ScannerError: it cannot be read, or is not of the format that its name promises.
    """
    name = posixpath.basename(path)
    for pattern, reader in _READERS.items():
        if re.fullmatch(pattern, name):
            return gather(reader(read_lines(tree, path), path))
    return read_requirements(tree, path)


def lock_beside(tree: SourceTree, path: str) -> str:
    """The lock file with the exact versions of this `pyproject.toml`; empty where there is none."""
    if posixpath.basename(path) != "pyproject.toml":
        return ""
    beside = (posixpath.join(posixpath.dirname(path), name) for name in _LOCKS_OF_PROJECTS)
    return next((lock for lock in beside if tree.lines(lock)), "")
