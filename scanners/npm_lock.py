"""package-lock.json and npm-shrinkwrap.json, versions 1 to 3
(https://docs.npmjs.com/cli/configuring-npm/package-lock-json).

What leaves here is a lock of version 3 of our own writing: the packages with their versions, their flags and what they
depend on. Links, places to download from and names that no registry can have are not in it, since npm would follow
them to other folders, repositories and servers.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field

from scangate.model import Skip
from scangate.scanners.interface import ScannerError
from scangate.scanners.lockfiles import Shape, load, quoted_lines
from scangate.scanners.pins import Origin, Scope, read_lines, skip
from scangate.scanners.source import SourceTree

NAMES = ("package-lock.json", "npm-shrinkwrap.json")
"""The lock files that npm reads."""

_NAME = re.compile(r"(?:@[A-Za-z0-9~][A-Za-z0-9~._-]*/)?[A-Za-z0-9~-][A-Za-z0-9~._!'()*-]*")
_PATH = re.compile(r"(?:[^/\\\x00]+/)*node_modules/(?:@[^/\\\x00]+/)?[^/\\\x00]+")
_VERSION = re.compile(r"[v=]?\d+\.\d+\.\d+[0-9A-Za-z.+-]*")
_ALIAS = re.compile(r"npm:(?P<name>.+)@(?P<version>[^@]+)")
_MODULES = "node_modules/"

Table = dict[str, str]


class _Entry(Shape):
    """One package of a lock file of version 2 or 3. The root's and a workspace's own entry name what they ask for."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, alias_generator=None)

    name: str = ""
    version: str = ""
    link: bool = False
    dev: bool = False
    optional: bool = False
    dev_optional: bool = Field(default=False, alias="devOptional")
    peer: bool = False
    dependencies: Table = Field(default={})
    dev_dependencies: Table = Field(default={}, alias="devDependencies")
    optional_dependencies: Table = Field(default={}, alias="optionalDependencies")
    peer_dependencies: Table = Field(default={}, alias="peerDependencies")

    @property
    def asks_for(self) -> set[str]:
        return {*self.dependencies, *self.dev_dependencies, *self.optional_dependencies, *self.peer_dependencies}


class _OldEntry(Shape):
    """One package of a lock file of version 1, with the packages inside it."""

    version: str = ""
    dev: bool = False
    optional: bool = False
    requires: Table | bool = Field(default={})
    dependencies: dict[str, _OldEntry] = Field(default={})


class _Lock(Shape):
    version: int = Field(alias="lockfileVersion")
    packages: dict[str, _Entry] = Field(default={})
    dependencies: dict[str, Any] = Field(default={})


class _OldLock(Shape):
    dependencies: dict[str, _OldEntry] = Field(default={})


@dataclass(frozen=True)
class Package:
    """A locked package. `path` is where it is installed (`node_modules/a/node_modules/b`), `line` that of the file."""

    path: str
    name: str
    version: str
    line: int | None
    direct: bool | None
    scope: Scope


@dataclass(frozen=True)
class NpmLock:
    """The packages of a lock file, what of it cannot be audited, and its entries in the form of version 3."""

    packages: tuple[Package, ...]
    skipped: tuple[Skip, ...]
    entries: Mapping[str, Mapping[str, Any]]

    def files(self, witness: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
        """A project for npm: `package.json` and `package-lock.json`, with the entries of `witness` added."""
        root = {"name": "audited", "version": "0.0.0", **self.entries[""]}
        lock = {
            "name": "audited",
            "lockfileVersion": 3,
            "requires": True,
            "packages": {**self.entries, **witness, "": root},
        }
        return {"package.json": json.dumps(root).encode(), "package-lock.json": json.dumps(lock).encode()}


def read_npm_lock(tree: SourceTree, path: str) -> NpmLock:
    """The lock file at `path`, with what `package.json` beside it asks for.

    Raises:
        ScannerError: it cannot be read, or is no lock file of npm's.
    """
    lines = read_lines(tree, path)
    lock = load(_Lock, lines, path, parse=json.loads)
    manifest = _manifest(tree, path)
    entries = lock.packages
    if not entries:
        old = load(_OldLock, lines, path, parse=json.loads)
        entries = {"": manifest, **dict(_flattened(old.dependencies, ""))}
    packages, skipped = _sorted_out(entries, path, quoted_lines(lines))
    wanted = sorted({*manifest.dependencies, *manifest.dev_dependencies})
    unlocked = (name for name in wanted if f"{_MODULES}{name}" not in entries)
    skipped += [
        skip(Origin(path), name, "package.json asks for it, and the lock does not hold it") for name in unlocked
    ]
    known = {package.path for package in packages}
    kept = {place: _kept(entry, place) for place, entry in entries.items() if place in known or _is_ours(place)}
    return NpmLock(tuple(packages), tuple(skipped), {"": {}, **kept})


def lock_of(tree: SourceTree, manifest: str) -> str:
    """The lock file that holds a `package.json`: beside it, or above it where that is a workspace; empty for none."""
    folder = posixpath.dirname(manifest)
    for above in _upwards(folder):
        lock = next((f"{above}{name}" for name in NAMES if tree.lines(f"{above}{name}") is not None), "")
        if lock:
            place = folder.removeprefix(above.rstrip("/")).lstrip("/")
            return lock if not place or _holds(tree, lock, place) else ""
    return ""


def _holds(tree: SourceTree, lock: str, workspace: str) -> bool:
    try:
        return workspace in read_npm_lock(tree, lock).entries
    except ScannerError:
        return False


def _manifest(tree: SourceTree, lock: str) -> _Entry:
    path = posixpath.join(posixpath.dirname(lock), "package.json")
    return _Entry() if tree.lines(path) is None else load(_Entry, read_lines(tree, path), path, parse=json.loads)


def _flattened(dependencies: Mapping[str, _OldEntry], inside: str) -> Iterator[tuple[str, _Entry]]:
    """Entries of version 1 as those of version 3, by the place that they are installed at."""
    for name, old in dependencies.items():
        place = f"{inside}{_MODULES}{name}"
        alias = _ALIAS.fullmatch(old.version)
        yield (
            place,
            _Entry(
                name=alias["name"] if alias else "",
                version=alias["version"] if alias else old.version,
                dev=old.dev,
                optional=old.optional,
                dependencies={} if isinstance(old.requires, bool) else old.requires,
            ),
        )
        yield from _flattened(old.dependencies, f"{place}/")


def _sorted_out(
    entries: Mapping[str, _Entry], path: str, numbers: Mapping[str, int]
) -> tuple[list[Package], list[Skip]]:
    """Packages, and what is none although it should be; a project's own code is neither."""
    direct = set(_direct(entries))
    packages: list[Package] = []
    skipped: list[Skip] = []
    for place, entry in entries.items():
        if entry.link or _is_ours(place):
            continue
        installed = place.rpartition(_MODULES)[2]
        name, line = entry.name or installed, numbers.get(place) or numbers.get(installed)
        if reason := _why_not(place, name, entry.version):
            skipped.append(skip(Origin(path, line), place, reason))
        else:
            scope: Scope = "dev" if entry.dev else "runtime"
            packages.append(Package(place, name, entry.version, line, place in direct, scope))
    return packages, skipped


def _why_not(place: str, name: str, version: str) -> str:
    if not _PATH.fullmatch(place) or ".." in place.split("/") or not _NAME.fullmatch(name):
        return "is no name that a registry can have"
    if not _VERSION.fullmatch(version):
        return "comes from a repository, a URL or a folder, which has no version that advisories know"
    return ""


def _is_ours(place: str) -> bool:
    """Whether an entry is the project itself or a workspace of it: their code is no dependency."""
    parts = place.split("/")
    return "node_modules" not in parts and ".." not in parts and not place.startswith("/")


def _direct(entries: Mapping[str, _Entry]) -> Iterator[str]:
    """Where the packages are installed that the project and its workspaces ask for themselves."""
    for place, entry in entries.items():
        if _is_ours(place):
            for name in entry.asks_for:
                candidates = (f"{folder}{_MODULES}{name}" for folder in _upwards(place))
                yield from [found for found in candidates if found in entries][:1]


def _upwards(place: str) -> Iterable[str]:
    """The folders from which `place` can load packages, nearest first, each with its final slash."""
    parts = place.split("/") if place else []
    return ("/".join([*parts[:count], ""]) for count in range(len(parts), -1, -1))


def _kept(entry: _Entry, place: str) -> dict[str, Any]:
    """What npm needs of an entry. Without a version it does not ask for one: the project's own code has none."""
    said = entry.model_dump(by_alias=True, exclude_defaults=True, exclude={"link"})
    return {key: value for key, value in said.items() if not (_is_ours(place) and key in ("name", "version"))}
