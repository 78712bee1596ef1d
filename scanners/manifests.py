"""Which reader belongs to which manifest, by its name; and whether a lock file holds what a manifest asks for."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scangate.scanners.interface import ScannerError
from scangate.scanners.lockfiles import FOREIGN, Items, read_pipfile, read_poetry_lock, read_pylock, read_uv
from scangate.scanners.pins import Dependency, Manifest, gather, read_lines, read_requirements
from scangate.scanners.pyproject import DYNAMIC, read_pyproject
from scangate.scanners.source import SourceTree

_READERS: dict[str, Callable[[Sequence[str], str], Items]] = {
    r"pyproject\.toml": read_pyproject,
    r"poetry\.lock": read_poetry_lock,
    r"uv\.lock": read_uv,
    r"Pipfile\.lock": read_pipfile,
    r"pylock(\.[^.]+)?\.toml": read_pylock,
}
_UNREADABLE = frozenset({"setup.py", "setup.cfg", "pipfile"})


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


def is_locked(tree: SourceTree, manifest: str, lock: str) -> bool:
    """Whether a lock file holds what a manifest asks for: each dependency, at a version that the manifest allows.

    Anybody can put a lock file beside a manifest, so its name alone does not speak for it. For a manifest that cannot
    be read without running it, a lock file has to hold anything at all.
    """
    try:
        locked, names = read_manifest(tree, lock), _package_names(tree, lock)
        if posixpath.basename(manifest).lower() in _UNREADABLE:
            return bool(locked.dependencies or locked.skipped)
        wanted = read_manifest(tree, manifest)
    except ScannerError:
        return False
    versions: dict[str, list[str]] = {}
    for pin in locked.pinned:
        versions.setdefault(pin.name, []).append(pin.version)
    others = names - versions.keys()
    return all(skip.reason.endswith((FOREIGN, DYNAMIC)) for skip in wanted.skipped) and all(
        _is_met(dependency, versions.get(dependency.name, ()), is_other=dependency.name in others)
        for dependency in wanted.dependencies
    )


def _is_met(dependency: Dependency, versions: Sequence[str], *, is_other: bool) -> bool:
    """`is_other`: a member of the workspace or from elsewhere than an index; a specifier would be about another."""
    specifier = Requirement(dependency.requirement).specifier
    return (is_other and not specifier) or any(specifier.contains(version, prereleases=True) for version in versions)


def _package_names(tree: SourceTree, lock: str) -> set[str]:
    """The names of all packages of a TOML lock file, with those that are no pins; none for other files."""
    if not lock.endswith((".toml", "uv.lock", "poetry.lock")):
        return set()
    document = tomllib.loads("\n".join(tree.lines(lock) or ()))
    packages = document.get("packages" if lock.endswith(".toml") else "package", ())
    return {canonicalize_name(package["name"]) for package in packages}
