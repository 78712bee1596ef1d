"""Dependencies as manifests name them, and the reading of pip's requirements files.

A name and a version leave here only in their normal forms (PEP 503, PEP 440), so that they can stand in a file that we
write for another program. What cannot be audited by name and version is a `Skip` with its reason, never left out.
"""

from __future__ import annotations

import codecs
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from scangate.model import Skip
from scangate.scanners.interface import failed
from scangate.scanners.source import SourceTree

Scope = Literal["runtime", "dev", "build", "unknown"]


@dataclass(frozen=True)
class Origin:
    """Where a dependency is named: `line` counts from 1; `direct` is None where the file does not tell."""

    manifest: str
    line: int | None = None
    scope: Scope = "unknown"
    direct: bool | None = None


@dataclass(frozen=True)
class Dependency:
    """One dependency. `version` is empty while it is open; `requirement` is its PEP 508 text on one line."""

    name: str
    version: str
    requirement: str
    origin: Origin


@dataclass(frozen=True)
class Manifest:
    """What a manifest asks for. `constraints` are PEP 508 texts that hold wherever open dependencies are resolved;
    `note` is something that the reader of the results must know.
    """

    dependencies: tuple[Dependency, ...] = ()
    skipped: tuple[Skip, ...] = ()
    constraints: tuple[str, ...] = ()
    note: str = ""

    @property
    def pinned(self) -> tuple[Dependency, ...]:
        return tuple(dependency for dependency in self.dependencies if dependency.version)

    @property
    def open(self) -> tuple[Dependency, ...]:
        return tuple(dependency for dependency in self.dependencies if not dependency.version)


_LONGEST_REQUIREMENT = 4_000
_SHOWN = 120


def skip(origin: Origin, text: str, reason: str) -> Skip:
    """A dependency that cannot be audited, named by what the manifest says of it."""
    shown = hide_passwords(" ".join(text.split()))
    where = f"line {origin.line}: " if origin.line else ""
    return Skip(path=origin.manifest, reason=f"{where}{shown[:_SHOWN]}: {reason}")


def hide_passwords(text: str) -> str:
    """The text with the user and password of every URL masked."""
    return re.sub(r"://[^/\s@]+@", "://****@", text)


def read_requirement(text: str, origin: Origin) -> Dependency | Skip:
    """A PEP 508 requirement. It is a pin when it has an exact `==`; its marker does not matter for that."""
    if len(text) > _LONGEST_REQUIREMENT or not text.isprintable():
        return skip(origin, text, "not a requirement that can be read")
    try:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        exact = [s.version for s in requirement.specifier if s.operator in ("==", "===") and s.version[-2:] != ".*"]
        version = str(Version(exact[0])) if exact else ""
    except (ValueError, RecursionError):
        return skip(origin, text, "not a name with a version (a path, a URL, or a form that PEP 508 does not know)")
    if requirement.url:
        return skip(origin, text, "comes from a URL, which has no version that advisories know")
    return Dependency(name, version, str(requirement), origin)


def read_pin(name: str, version: str, origin: Origin) -> Dependency | Skip:
    """A locked dependency: one name with one version."""
    return read_requirement(f"{name}=={version}" if version else name, origin)


def gather(items: Iterable[Dependency | Skip], *, note: str = "") -> Manifest:
    """Dependencies and skips as a manifest. The same pin twice in one file counts once, as runtime where one is."""
    found: dict[tuple[str, str, str], Dependency] = {}
    skipped: list[Skip] = []
    for item in items:
        if isinstance(item, Skip):
            skipped.append(item)
            continue
        key = (item.name, item.version or item.requirement, item.origin.manifest)
        known = found.setdefault(key, item)
        if item.origin.scope == "runtime":
            found[key] = replace(known, origin=replace(known.origin, scope="runtime"))
    return Manifest(tuple(found.values()), tuple(dict.fromkeys(skipped)), note=note)


def read_requirements(tree: SourceTree, path: str) -> Manifest:
    """A requirements file with the files that it includes, as far as they lie in the tree.

    Settings of package indexes in these files are not followed: the scanned code does not choose whom we talk to.

    Raises:
        ScannerError: the file itself cannot be read.
    """
    reader = _RequirementsReader(tree)
    lines = read_lines(tree, path)
    if encoding := _foreign_encoding(lines):
        raise failed(f"{path} says that it is in {encoding}, not in UTF-8", mend=f"save {path} in UTF-8")
    reader.read(path, lines)
    note = f"{path} names package indexes of its own, which are not asked" if reader.foreign_index else ""
    return replace(gather(reader.items, note=note), constraints=tuple(reader.constraints))


def read_lines(tree: SourceTree, path: str) -> list[str]:
    """The lines of a manifest.

    Raises:
        ScannerError: it is absent, a link, too large, outside the tree or not UTF-8.
    """
    lines = tree.lines(path)
    if lines is None:
        raise failed(f"{path} cannot be read: it is absent, a link, larger than 5 MB or outside the scanned tree")
    if any("\0" in line for line in lines):
        raise failed(f"{path} is not a text in UTF-8", mend=f"save {path} in UTF-8")
    return lines


_INCLUDES = {"-r": False, "--requirement": False, "-c": True, "--constraint": True}
_EDITABLE = frozenset({"-e", "--editable"})
_INDEXES = frozenset({"-i", "--index-url", "--extra-index-url", "-f", "--find-links"})
_SWITCHES = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes", "--no-build-isolation"})
"""Options without a value; others may follow on their line, and pip heeds those."""
_SETTINGS = frozenset(
    {"--trusted-host", "--no-binary", "--only-binary", "--use-feature", "--config-settings", "--all-releases"}
    | {"--only-final"}
)
_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTIONS_OF_ONE = re.compile(r"\s--(hash|config-settings|global-option)\b.*$")
_DEVELOPMENT = re.compile(r"(^|[-_./])(dev|develop|development|test|tests|testing|lint|docs?|ci|typing)([-_./]|$)")
_CODING = re.compile(r"coding[:=]\s*([-\w.]+)")
_MOST_FILES = 100
_END = 0


@dataclass
class _RequirementsReader:
    """Follows the includes of one requirements file, each file once."""

    tree: SourceTree
    items: list[Dependency | Skip] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    foreign_index: bool = False
    _seen: set[tuple[str, bool]] = field(default_factory=set)

    def read(self, path: str, lines: Sequence[str], *, constraining: bool = False) -> None:
        self._seen.add((path, constraining))
        scope: Scope = "dev" if _DEVELOPMENT.search(posixpath.basename(path).lower()) else "runtime"
        for line, text in _logical_lines(lines):
            origin = Origin(path, line, scope)
            if text.startswith("-"):
                self._option(text, origin, constraining=constraining)
            else:
                self._requirement(text, origin, constraining=constraining)

    def _requirement(self, text: str, origin: Origin, *, constraining: bool) -> None:
        item = read_requirement(_OPTIONS_OF_ONE.sub("", text), origin)
        if not constraining:
            self.items.append(item)
        elif isinstance(item, Dependency):
            self.constraints.append(item.requirement)

    def _option(self, text: str, origin: Origin, *, constraining: bool) -> None:
        flag, value, rest = _split_option(text)
        if flag in _INCLUDES:
            self._include(value, origin, constraining=constraining or _INCLUDES[flag])
        elif flag in _EDITABLE:
            self.items.append(skip(origin, text, "an editable requirement has no version that advisories know"))
        elif flag in _INDEXES:
            self.foreign_index = True
        elif flag in _SWITCHES:
            rest = f"{value} {rest}".strip()
        elif flag not in _SETTINGS:
            self.items.append(skip(origin, text, "an option that is not known"))
        if rest.startswith("-"):
            self._option(rest, origin, constraining=constraining)

    def _include(self, value: str, origin: Origin, *, constraining: bool) -> None:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(origin.manifest), value))
        if (path, constraining) in self._seen:
            return
        if (
            not value
            or "://" in value
            or path == ".."
            or path.startswith(("/", "../"))
            or len(self._seen) >= _MOST_FILES
        ):
            self.items.append(skip(origin, value, "an include outside the scanned tree is not followed"))
        elif (lines := self.tree.lines(path)) is None or _foreign_encoding(lines):
            self.items.append(skip(origin, value, "the included file is missing, not in UTF-8 or cannot be read"))
        else:
            self.read(path, lines, constraining=constraining)


def _split_option(text: str) -> tuple[str, str, str]:
    """An option's flag and value (`--flag value`, `--flag=value`, `-f value` or `-fvalue`), and what follows them."""
    flag, value = (re.split(r"[=\s]", f"{text} ", maxsplit=1)) if text.startswith("--") else (text[:2], text[2:])
    try:
        words = shlex.split(value)
    except ValueError:
        words = value.split()
    return flag, words[0] if words else "", shlex.join(words[1:])


def _foreign_encoding(lines: Iterable[str]) -> str:
    """The encoding other than UTF-8 that a comment has pip read the file in; empty where there is none.

    Any comment, since what ends the two first lines, where pip looks for it, is told apart no more.
    """
    for match in (_CODING.search(line) for line in lines if "#" in line):
        try:
            encoding = codecs.lookup(match[1]).name if match else "utf-8"
        except LookupError:
            continue
        if encoding not in ("utf-8", "utf-8-sig", "ascii"):
            return encoding
    return ""


def _logical_lines(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Each requirement or option with the number of its first line; lines joined and comments cut as pip does it.

    For pip form feeds, U+2028 and the like end a line as well, so that a comment may end before its line does.
    """
    parts: list[str] = []
    first = 1
    split = [(number, part) for number, line in enumerate(lines, 1) for part in line.splitlines() or [""]]
    for number, raw in (*split, (_END, "")):
        first = first if parts else number
        is_comment = raw.lstrip().startswith("#")
        if raw.endswith("\\") and not is_comment and number != _END:
            parts.append(raw[:-1])
            continue
        parts.append(f" {raw}" if is_comment else raw)
        if text := _COMMENT.sub("", "".join(parts)).strip():
            yield first, text
        parts = []
