"""One `pom.xml` as it is written: coordinates, parent, properties, dependencies, with nothing resolved yet.

The file is hostile like every file of the tree: entities may not be declared, and nothing outside it is read.
Plugins are not dependencies of what is built; dependencies of profiles are, since some build will have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from scangate.scanners.interface import failed

_DEPENDENCIES = frozenset(
    {
        ("project", "dependencies", "dependency"),
        ("project", "profiles", "profile", "dependencies", "dependency"),
    }
)
_MANAGED = ("project", "dependencyManagement", "dependencies", "dependency")
_PARENT = ("project", "parent")
_PROPERTIES = ("project", "properties")
_LONGEST_TEXT = 1_000
_DEEPEST = 200


@dataclass(frozen=True)
class Declared:
    """A dependency as written; texts may hold `${…}`. `line` is that of its element, from 1."""

    group: str
    artifact: str
    version: str = ""
    scope: str = ""
    type: str = "jar"
    classifier: str = ""
    line: int | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What Maven tells dependencies apart by."""
        return self.group, self.artifact, self.type, self.classifier


@dataclass(frozen=True)
class Parent:
    """The parent that a pom names. `path` is its `relativePath`, empty where the pom says to look elsewhere."""

    group: str
    artifact: str
    version: str
    path: str


@dataclass(frozen=True)
class Pom:
    """A pom as written."""

    group: str = ""
    artifact: str = ""
    version: str = ""
    parent: Parent | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    dependencies: tuple[Declared, ...] = ()
    managed: tuple[Declared, ...] = ()


def read_pom(content: bytes, path: str) -> Pom:
    """Parse a pom.

    Raises:
        ScannerError: it is not XML, declares entities, or is no pom.
    """
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, _: builder.start(name, parser.CurrentLineNumber)
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise failed(f"{path} is not XML that can be read: {error}") from error
    if not builder.is_pom:
        raise failed(f"{path} is no pom: its root element is not <project>")
    return builder.pom()


def _refuse_entity(*_: Any) -> None:
    raise ValueError("it declares entities")


class _Builder:
    """Collects what a pom says from the parser's events. A path is the names of the open elements."""

    def __init__(self) -> None:
        self.is_pom = False
        self._path: list[str] = []
        self._text: list[str] = []
        self._own: dict[str, str] = {}
        self._parent: dict[str, str] | None = None
        self._properties: dict[str, str] = {}
        self._open: dict[str, str] = {}
        self._line = 0
        self._dependencies: list[Declared] = []
        self._managed: list[Declared] = []

    def start(self, name: str, line: int) -> None:
        self._path.append(name.rpartition(":")[2])
        self._text.clear()
        path = tuple(self._path) if len(self._path) <= len(_MANAGED) + 1 else ()
        if len(self._path) > _DEEPEST:
            raise ValueError("it nests too deep")
        if path == ("project",):
            self.is_pom = True
        elif path == _PARENT:
            self._parent = {}
        elif path in _DEPENDENCIES or path == _MANAGED:
            self._open, self._line = {}, line

    def text(self, data: str) -> None:
        self._text.append(data)

    def end(self, _: str) -> None:
        path = tuple(self._path)
        text = "".join(self._text).strip()[:_LONGEST_TEXT]
        self._text.clear()
        self._path.pop()
        above = path[:-1]
        if path in _DEPENDENCIES:
            self._dependencies.append(self._declared())
        elif path == _MANAGED:
            self._managed.append(self._declared())
        elif above in _DEPENDENCIES or above == _MANAGED:
            self._open[path[-1]] = text
        elif above == _PARENT and self._parent is not None:
            self._parent[path[-1]] = text
        elif above == _PROPERTIES:
            self._properties[path[-1]] = text
        elif above == ("project",):
            self._own[path[-1]] = text

    def _declared(self) -> Declared:
        said = self._open
        return Declared(
            group=said.get("groupId", ""),
            artifact=said.get("artifactId", ""),
            version=said.get("version", ""),
            scope=said.get("scope", ""),
            type=said.get("type") or "jar",
            classifier=said.get("classifier", ""),
            line=self._line,
        )

    def pom(self) -> Pom:
        said, parent = self._own, self._parent
        named = parent or {}
        return Pom(
            group=said.get("groupId") or named.get("groupId", ""),
            artifact=said.get("artifactId", ""),
            version=said.get("version") or named.get("version", ""),
            parent=None
            if parent is None
            else Parent(
                group=parent.get("groupId", ""),
                artifact=parent.get("artifactId", ""),
                version=parent.get("version", ""),
                path=parent.get("relativePath", "../pom.xml"),
            ),
            properties=self._properties,
            dependencies=tuple(self._dependencies),
            managed=tuple(self._managed),
        )
