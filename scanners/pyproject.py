"""Reading the dependencies of a `pyproject.toml`: PEP 621, dependency groups (PEP 735) and Poetry's own tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version
from pydantic import Field

from scangate.scanners.lockfiles import FOREIGN, Items, Shape, load, quoted_lines
from scangate.scanners.pins import Origin, Scope, read_requirement, skip

DYNAMIC = "dynamic: only building the project would tell them"


class _Project(Shape):
    dependencies: tuple[str, ...] = ()
    optional_dependencies: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    dynamic: tuple[str, ...] = ()


class _PoetryGroup(Shape):
    dependencies: dict[str, Any] = Field(default_factory=dict)


class _Poetry(_PoetryGroup):
    dev_dependencies: dict[str, Any] = Field(default_factory=dict)
    group: dict[str, _PoetryGroup] = Field(default_factory=dict)


class _Uv(Shape):
    dev_dependencies: tuple[str, ...] = ()


class _Pdm(Shape):
    dev_dependencies: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class _Tools(Shape):
    poetry: _Poetry = _Poetry()
    uv: _Uv = _Uv()
    pdm: _Pdm = _Pdm()


class _PyProject(Shape):
    project: _Project = _Project()
    dependency_groups: dict[str, tuple[str | dict[str, Any], ...]] = Field(default_factory=dict)
    tool: _Tools = _Tools()


def read_pyproject(lines: Sequence[str], path: str) -> Items:
    """All that the project asks for. What only a build would tell is skipped, since a build is foreign code."""
    document, numbers = load(_PyProject, lines, path), quoted_lines(lines)
    for scope, text in _standard(document):
        yield read_requirement(text, Origin(path, numbers.get(text), scope, direct=True))
    poetry = document.tool.poetry
    for scope, name, wanted in _poetry(poetry):
        yield from _poetry_dependency(name, wanted, Origin(path, numbers.get(name), scope, direct=True))
    for field in sorted({"dependencies", "optional-dependencies"} & {*document.project.dynamic}):
        if not poetry.dependencies:
            yield skip(Origin(path, numbers.get(field)), field, DYNAMIC)


def _standard(document: _PyProject) -> list[tuple[Scope, str]]:
    project = document.project
    runtime = (text for group in (project.dependencies, *project.optional_dependencies.values()) for text in group)
    older = (document.tool.uv.dev_dependencies, *document.tool.pdm.dev_dependencies.values())
    groups = (*document.dependency_groups.values(), *older)
    development = (text for group in groups for text in group if isinstance(text, str))
    return [*(("runtime", text) for text in runtime), *(("dev", text) for text in development)]


def _poetry(poetry: _Poetry) -> list[tuple[Scope, str, object]]:
    tables: list[tuple[Scope, dict[str, Any]]] = [
        ("runtime", poetry.dependencies),
        ("dev", poetry.dev_dependencies),
    ]
    tables += [("dev", group.dependencies) for group in poetry.group.values()]
    return [(scope, name, wanted) for scope, table in tables for name, wanted in table.items() if name != "python"]


def _poetry_dependency(name: str, wanted: object, origin: Origin) -> Items:
    """One entry: a constraint, a table with a `version`, or a list of such tables for several environments."""
    for one in wanted if isinstance(wanted, list) else [wanted]:
        table: dict[str, Any] = one if isinstance(one, dict) else {"version": one}
        if {"git", "path", "url", "file"} & {*table}:
            yield skip(origin, name, FOREIGN)
            continue
        extras = f"[{','.join(map(str, table['extras']))}]" if isinstance(table.get("extras"), list) else ""
        marker = " and ".join(
            filter(None, [_python_marker(table.get("python")), f"({table['markers']})" if table.get("markers") else ""])
        )
        wanted_here = f"{name}{extras}{poetry_to_pep440(str(table.get('version', '*')))}"
        yield read_requirement(f"{wanted_here} ; {marker}" if marker else wanted_here, origin)


def _python_marker(constraint: object) -> str:
    """Poetry's `python` key as a marker; one that PEP 440 cannot say limits nothing."""
    try:
        specifiers = sorted(SpecifierSet(poetry_to_pep440(constraint if isinstance(constraint, str) else "")), key=str)
    except InvalidSpecifier:
        return ""
    return " and ".join(f"python_version {one.operator} '{one.version}'" for one in specifiers)


def poetry_to_pep440(constraint: str) -> str:
    """Poetry's `^`, `~`, `*` and bare versions as PEP 440 specifiers; what has no such form (`||`) stays as it is."""
    return ",".join(filter(None, (_specifiers(part.strip()) for part in constraint.split(","))))


def _specifiers(part: str) -> str:
    if part in ("", "*"):
        return ""
    if part[0].isdigit():
        return f"=={part}"
    if part[0] not in "^~" or part.startswith("~="):
        return part
    try:
        version = Version(part[1:])
    except ValueError:
        return part
    release = version.release
    first = next((index for index, number in enumerate(release) if number), len(release) - 1)
    at = first if part[0] == "^" else min(1, len(release) - 1)
    upper = (*release[:at], release[at] + 1)
    return f">={version},<{'.'.join(map(str, upper))}"
