"""What a `pom.xml` depends on, with the versions that Maven would use, as far as the tree tells them.

Written against Maven 3 (https://maven.apache.org/guides/introduction/introduction-to-the-pom.html and
introduction-to-dependency-mechanism.html): parents, properties, dependencyManagement and imported BOMs that are in the
tree, without running Maven and without asking a repository. Profiles choose no values. What stays open (a parent or BOM
from elsewhere, a property without a value, a range) is a `Skip` with the reason.

Dependencies that are inherited unchanged are those of the parent's pom, which is looked at by itself.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from scangate.model import Skip
from scangate.scanners.interface import ScannerError, failed
from scangate.scanners.pins import Origin, Scope, skip
from scangate.scanners.pom import Declared, Parent, Pom, read_pom
from scangate.scanners.staging import read_files

MEND = (
    "scan what the build resolves: `mvn org.cyclonedx:cyclonedx-maven-plugin:makeAggregateBom`, "
    "then `scangate scan --sbom target/bom.json`"
)

_PROPERTY = re.compile(r"\$\{([^${}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_VERSION = re.compile(r"[A-Za-z0-9_.+~-]+")
_EXACT = re.compile(r"\[\s*([^\[\](),\s]+)\s*\]")
_RANGE = re.compile(r"[\[\](),]")
_MOVING = ("LATEST", "RELEASE")
_MOST_STEPS = 50
_LONGEST_VALUE = 1_000
_LONGEST_LINEAGE = 50
_SCOPES: dict[str, Scope] = {"": "runtime", "compile": "runtime", "runtime": "runtime", "test": "dev"}

_Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Artifact:
    """A dependency at its exact version."""

    group: str
    artifact: str
    version: str
    origin: Origin


@dataclass(frozen=True)
class _Member:
    """A pom with where it lies in the tree."""

    path: str
    pom: Pom


class _Open(Exception):
    """A value cannot be told; says why."""


class MavenTree:
    """The poms of a tree. `files` are those that are looked at; parents are read from elsewhere in the tree too."""

    def __init__(self, root: Path, files: Collection[str]) -> None:
        self._root = root
        self._files = frozenset(files)
        self._poms: dict[str, Pom | ScannerError] = {}
        self._models: dict[str, _Model] = {}

    def dependencies(self, path: str) -> tuple[Artifact | Skip, ...]:
        """What a pom depends on beyond what it inherits unchanged.

        Raises:
            ScannerError: the pom cannot be read.
        """
        model = self.model(path)
        parent = model.lineage[1].path if len(model.lineage) > 1 else ""
        known = self.model(parent).resolved if parent in self._files else {}
        changed = (item for key, item in model.inherited.items() if key not in known or _differs(item, known[key]))
        return (*(item for _, item in model.own), *changed)

    def model(self, path: str) -> _Model:
        """The pom with its ancestors.

        Raises:
            ScannerError: the pom cannot be read.
        """
        if path not in self._models:
            self._models[path] = _Model(self, self._lineage(path))
        return self._models[path]

    def find(self, group: str, artifact: str, version: str) -> str | None:
        """The path of the pom with these coordinates, where the tree holds it."""
        return next((path for path in self._by_name.get((group, artifact), ()) if self._is(path, version)), None)

    def _is(self, path: str, version: str) -> bool:
        return version in (self._pom(path).version, self.model(path).value("${project.version}", strict=False))

    def _pom(self, path: str) -> Pom:
        if path not in self._poms:
            content = dict(read_files(self._root, [path]))
            try:
                self._poms[path] = read_pom(content[path], path)
            except KeyError:
                self._poms[path] = failed(f"{path} cannot be read")
            except ScannerError as error:
                self._poms[path] = error
        found = self._poms[path]
        if isinstance(found, ScannerError):
            raise found
        return found

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], list[str]]:
        named: dict[tuple[str, str], list[str]] = {}
        for path in sorted(self._files):
            try:
                pom = self._pom(path)
            except ScannerError:
                continue
            named.setdefault((pom.group, pom.artifact), []).append(path)
        return named

    def _lineage(self, path: str) -> tuple[_Member, ...]:
        members = [_Member(path, self._pom(path))]
        while len(members) < _LONGEST_LINEAGE:
            above = self._parent(members[-1])
            if above is None or above in {member.path for member in members}:
                break
            members.append(_Member(above, self._pom(above)))
        return tuple(members)

    def _parent(self, member: _Member) -> str | None:
        """Where the parent lies: at its relative path, or anywhere in the tree under its coordinates."""
        parent = member.pom.parent
        if parent is None:
            return None
        named = parent.path.replace("\\", "/")
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(member.path), named))
        for path in (beside, posixpath.join(beside, "pom.xml")) if parent.path else ():
            if self._bears(path, parent):
                return path
        others = self._by_name.get((parent.group, parent.artifact), ())
        return next((path for path in others if self._bears(path, parent)), None)

    def _bears(self, path: str, parent: Parent) -> bool:
        try:
            pom = self._pom(path)
        except ScannerError:
            return False
        # A version of properties is compared as written: the parent's own may only be known with the parent.
        same_version = parent.version == pom.version or "${" in parent.version + pom.version
        return (pom.group, pom.artifact) == (parent.group, parent.artifact) and same_version


class _Model:
    """A pom with its ancestors, the pom itself first: Maven merges them, and fills in values afterwards."""

    def __init__(self, tree: MavenTree, lineage: tuple[_Member, ...]) -> None:
        self._tree = tree
        self.lineage = lineage
        self.path, self._pom = lineage[0].path, lineage[0].pom

    @cached_property
    def own(self) -> tuple[tuple[_Key, Artifact | Skip], ...]:
        """The dependencies that the pom itself declares (profiles may name one several times)."""
        return tuple(
            (declared.key, self._resolve(declared, Origin(self.path, declared.line, direct=True)))
            for declared in self._pom.dependencies
        )

    @cached_property
    def inherited(self) -> dict[_Key, Artifact | Skip]:
        """The dependencies of its ancestors that it does not declare anew, as they are for this pom."""
        own = {key for key, _ in self.own}
        declared = {d.key: d for member in reversed(self.lineage[1:]) for d in member.pom.dependencies}
        origin = Origin(self.path, direct=True)
        return {key: self._resolve(d, origin) for key, d in declared.items() if key not in own}

    @property
    def resolved(self) -> dict[_Key, Artifact | Skip]:
        """All of its dependencies."""
        return self.inherited | dict(self.own)

    def _resolve(self, declared: Declared, origin: Origin) -> Artifact | Skip:
        shown = f"{declared.group}:{declared.artifact}"
        try:
            known = self._filled(declared)
            shown = f"{known.group}:{known.artifact}"
            managed = self.managed.get(known.key)
            version = _exact(self.value(known.version) or (managed.version if managed else ""))
            if not (_NAME.fullmatch(known.group) and _NAME.fullmatch(known.artifact)):
                raise _Open("its name is none that Maven knows")
        except _Open as error:
            return skip(origin, shown, f"{error}{self._elsewhere}")
        scope = known.scope or (managed.scope if managed else "")
        kind = _SCOPES.get(scope, "unknown")
        return Artifact(known.group, known.artifact, version, replace(origin, scope=kind))

    @property
    def _elsewhere(self) -> str:
        """The parent and BOMs that may say more and are not in the tree, as the end of a reason."""
        parent = self.lineage[-1].pom.parent
        named = [f"the parent {parent.group}:{parent.artifact}:{parent.version}"] if parent else []
        named += [f"the BOM {bom}" for bom in self.missing_boms]
        return f"; not in the tree: {', '.join(named)}" if named else ""

    @cached_property
    def managed(self) -> Mapping[_Key, Declared]:
        """What dependencyManagement says: the pom's own and its ancestors' first, then imported BOMs in order."""
        found: dict[_Key, Declared] = {}
        pending, seen = [self], set[str]()
        while pending:
            model = pending.pop(0)
            if model.path in seen:
                continue
            seen.add(model.path)
            for declared in model.management:
                found.setdefault(declared.key, declared)
            pending[:0] = model.boms
        return found

    @cached_property
    def management(self) -> tuple[Declared, ...]:
        """The entries of dependencyManagement with their values, imports among them; nearest first."""
        found = []
        for declared in (declared for member in self.lineage for declared in member.pom.managed):
            with suppress(_Open):
                version = self.value(declared.version, strict=False)
                found.append(replace(self._filled(declared), version=version))
        return tuple(found)

    @property
    def boms(self) -> list[_Model]:
        """The imported BOMs that are in the tree."""
        paths = (self._tree.find(bom.group, bom.artifact, bom.version) for bom in self._imports())
        return [self._tree.model(path) for path in paths if path is not None]

    def _imports(self) -> Iterator[Declared]:
        return (declared for declared in self.management if declared.type == "pom" and declared.scope == "import")

    @cached_property
    def missing_boms(self) -> tuple[str, ...]:
        """Imported BOMs that are not in the tree, `group:artifact:version`."""
        absent = (bom for bom in self._imports() if self._tree.find(bom.group, bom.artifact, bom.version) is None)
        return tuple(dict.fromkeys(f"{bom.group}:{bom.artifact}:{bom.version}" for bom in absent))

    def _filled(self, declared: Declared) -> Declared:
        """The declaration with its properties filled in, but for its version."""
        return replace(
            declared,
            group=self.value(declared.group),
            artifact=self.value(declared.artifact),
            scope=self.value(declared.scope, strict=False),
            type=self.value(declared.type, strict=False),
            classifier=self.value(declared.classifier, strict=False),
        )

    def value(self, text: str, *, strict: bool = True) -> str:
        """A text with its properties filled in.

        Raises:
            _Open: a property has no value, and `strict` asks for all of them.
        """
        for _ in range(_MOST_STEPS):
            match = next((m for m in _PROPERTY.finditer(text) if strict or self._property(m[1]) is not None), None)
            if match is None:
                return text
            value = self._property(match[1])
            if value is None:
                raise _Open(f"${{{match[1][:50]}}} has no value in the tree")
            text = text[: match.start()] + value + text[match.end() :]
            if len(text) > _LONGEST_VALUE:
                break
        if strict:
            raise _Open("its properties go round in circles")
        return text

    def _property(self, name: str) -> str | None:
        for member in self.lineage:
            if name in member.pom.properties:
                return member.pom.properties[name]
        return self._builtin.get(re.sub(r"^(project|pom)\.", "", name))

    @cached_property
    def _builtin(self) -> dict[str, str]:
        pom, parent = self._pom, self._pom.parent
        known = {"groupId": pom.group, "artifactId": pom.artifact, "version": pom.version}
        if parent:
            known |= {
                "parent.groupId": parent.group,
                "parent.artifactId": parent.artifact,
                "parent.version": parent.version,
            }
        return known


def _exact(version: str) -> str:
    if exact := _EXACT.fullmatch(version):
        version = exact[1]
    if not version:
        raise _Open("its version is not in the tree")
    if open_property := _PROPERTY.search(version):
        raise _Open(f"{open_property[0][:50]} has no value in the tree")
    if _RANGE.search(version) or version in _MOVING:
        raise _Open(f"has no exact version but {version[:50]!r}")
    if not _VERSION.fullmatch(version):
        raise _Open(f"{version[:50]!r} is no version")
    return version


def _differs(item: Artifact | Skip, other: Artifact | Skip) -> bool:
    """Whether two poms have different versions of a dependency; two that are open count as one."""
    if isinstance(item, Artifact) and isinstance(other, Artifact):
        return item.version != other.version
    return isinstance(item, Artifact) != isinstance(other, Artifact)
