"""Reading lock files: poetry.lock, uv.lock, Pipfile.lock and PEP 751's pylock.toml.

Shapes are checked, so that a damaged lock file is an error and not a project without dependencies. Markers are not
evaluated: what a lock file names is installed somewhere, if not on this machine.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scangate.model import Skip
from scangate.scanners.interface import unreadable
from scangate.scanners.pins import Dependency, Origin, Scope, read_pin, read_requirement, skip

Items = Iterator[Dependency | Skip]
FOREIGN = "comes from a repository, a URL or a folder, which has no version that advisories know"


class Shape(BaseModel):
    """A part of a file, as far as we read it."""

    model_config = ConfigDict(defer_build=True, alias_generator=lambda name: name.replace("_", "-"), extra="ignore")


ShapeT = TypeVar("ShapeT", bound=Shape)


def load(
    shape: type[ShapeT], lines: Sequence[str], path: str, *, parse: Callable[[str], Any] = tomllib.loads
) -> ShapeT:
    """A file as its shape.

    Raises:
        ScannerError: it cannot be parsed or is of another shape.
    """
    try:
        return shape.model_validate(parse("\n".join(lines)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise unreadable(f"{path} is not what its name promises: {where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise unreadable(f"{path} cannot be parsed: {str(error)[:200]}") from error


class _Named(Shape):
    name: str


class _UvPackage(_Named):
    version: str = ""
    source: dict[str, Any] = {}
    dependencies: list[_Named] = []
    optional_dependencies: dict[str, list[_Named]] = {}
    dev_dependencies: dict[str, list[_Named]] = {}

    @property
    def is_ours(self) -> bool:
        """Whether this is the project or a member of its workspace: their code is not a dependency."""
        return "editable" in self.source or "virtual" in self.source

    @property
    def needs(self) -> set[str]:
        return {d.name for group in (self.dependencies, *self.optional_dependencies.values()) for d in group}

    @property
    def needs_for_development(self) -> set[str]:
        return {d.name for group in self.dev_dependencies.values() for d in group}


class _UvLock(Shape):
    version: int
    package: list[_UvPackage] = []


def read_uv(lines: Sequence[str], path: str) -> Items:
    packages = load(_UvLock, lines, path).package
    ours = [package for package in packages if package.is_ours]
    runtime = _reachable({name for package in ours for name in package.needs}, packages)
    direct = {name for package in ours for name in package.needs | package.needs_for_development}
    for package, line in zip(packages, _table_lines(lines, "package", len(packages)), strict=True):
        if package.is_ours:
            continue
        scope: Scope = "unknown" if not ours else "runtime" if package.name in runtime else "dev"
        origin = Origin(path, line, scope, package.name in direct if ours else None)
        foreign = "registry" not in package.source
        yield skip(origin, package.name, FOREIGN) if foreign else read_pin(package.name, package.version, origin)


def _reachable(roots: Iterable[str], packages: Iterable[_UvPackage]) -> set[str]:
    """All names that can be reached from `roots`, which they include."""
    needs: dict[str, set[str]] = {}
    for package in packages:
        needs.setdefault(package.name, set()).update(package.needs)
    reached: set[str] = set()
    waiting = set(roots)
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= needs.get(name, set()) - reached
    return reached


class _PoetryPackage(_Named):
    version: str
    source: dict[str, Any] = {}
    groups: list[str] = []
    category: str = ""


class _PoetryLock(Shape):
    metadata: dict[str, Any]
    package: list[_PoetryPackage] = []


def read_poetry_lock(lines: Sequence[str], path: str) -> Items:
    packages = load(_PoetryLock, lines, path).package
    for package, line in zip(packages, _table_lines(lines, "package", len(packages)), strict=True):
        groups = {*package.groups, package.category} - {""}
        scope: Scope = "unknown" if not groups else "runtime" if "main" in groups else "dev"
        origin = Origin(path, line, scope)
        foreign = package.source.get("type", "legacy") not in ("legacy", "pypi")
        yield skip(origin, package.name, FOREIGN) if foreign else read_pin(package.name, package.version, origin)


class _PylockPackage(_Named):
    version: str = ""
    marker: str = ""
    vcs: dict[str, Any] | None = None
    directory: dict[str, Any] | None = None
    archive: dict[str, Any] | None = None


class _Pylock(Shape):
    lock_version: str
    packages: list[_PylockPackage]


def read_pylock(lines: Sequence[str], path: str) -> Items:
    packages = load(_Pylock, lines, path).packages
    for package, line in zip(packages, _table_lines(lines, "packages", len(packages)), strict=True):
        origin = Origin(path, line, "dev" if "dependency_groups" in package.marker else "unknown")
        foreign = not package.version or package.vcs or package.directory or package.archive
        yield skip(origin, package.name, FOREIGN) if foreign else read_pin(package.name, package.version, origin)


def _table_lines(lines: Sequence[str], table: str, count: int) -> list[int | None]:
    """The line after each `[[table]]` header, where tools write the name; unknown when a file is laid out otherwise."""
    numbers = [number + 1 for number, line in enumerate(lines, 1) if line.strip() == f"[[{table}]]"]
    return [*numbers] if len(numbers) == count else [None] * count


class _PipfileEntry(Shape):
    version: str = ""
    git: str | None = None
    path: str | None = None
    file: str | None = None
    editable: bool = False


class _PipfileLock(Shape):
    meta: dict[str, Any] = Field(alias="_meta")
    default: dict[str, _PipfileEntry] = {}
    develop: dict[str, _PipfileEntry] = {}


def read_pipfile(lines: Sequence[str], path: str) -> Items:
    lock = load(_PipfileLock, lines, path, parse=json.loads)
    numbers = quoted_lines(lines)
    sections: tuple[tuple[dict[str, _PipfileEntry], Scope], ...] = ((lock.default, "runtime"), (lock.develop, "dev"))
    for entries, scope in sections:
        for name, entry in entries.items():
            origin = Origin(path, numbers.get(name), scope)
            foreign = entry.git or entry.path or entry.file or entry.editable
            wanted = f"{name}{'' if entry.version == '*' else entry.version}"
            yield skip(origin, name, FOREIGN) if foreign else read_requirement(wanted, origin)


_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'|^\s*([\w.-]+)\s*=")


def quoted_lines(lines: Sequence[str]) -> dict[str, int]:
    """The first line on which each quoted text or key stands."""
    numbers: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        for match in _QUOTED.finditer(line):
            numbers.setdefault(match[match.lastindex or 0], number)
    return numbers
