"""Which file of the repository a finding in a running application is shown under: code hosts show nothing without one.

The operation in the application's OpenAPI document is the best place; else the file that settings name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scangate.scanners.interface import Job, WebOptions
from scangate.scanners.web_routes import VARIABLE, WHOLE_SITE, split_url

_MAX_BYTES = 1_000_000
"""A larger document stands for its findings as a whole: finding its lines is slow, about 10 s for this much."""
_TEMPLATE = re.compile(r"\{[^{}/]*\}")


class Anchor(Protocol):
    """Tells the file (relative to the repository's root) and the line from 1 for a method and a route.

    The method is empty and the route `*` for what is about a whole site. An empty path says that there is none.
    """

    def __call__(self, method: str, route: str, /) -> tuple[str, int | None]: ...


@dataclass(frozen=True)
class FileAnchor:
    """Everything is shown under one file, or with the default under none."""

    path: str = ""

    def __call__(self, _method: str, _route: str, /) -> tuple[str, int | None]:
        return self.path, None


NOWHERE = FileAnchor()


@dataclass(frozen=True)
class _Operation:
    """A path of an OpenAPI document with the lines of its methods; `line` is its own."""

    segments: tuple[str, ...]
    line: int
    methods: dict[str, int]

    @property
    def literals(self) -> int:
        return sum(not _TEMPLATE.search(segment) for segment in self.segments)


def anchor_of(job: Job) -> Anchor:
    """The anchor that a job's settings name: an OpenAPI document of the scanned tree, a file, both or none."""
    web = job.web or WebOptions()
    if web.openapi and web.openapi.is_relative_to(job.root):
        path = web.openapi.relative_to(job.root).as_posix()
        with suppress(OSError):
            return OpenApiAnchor(web.openapi.read_bytes(), path, fallback=web.anchor)
    return FileAnchor(web.anchor)


class OpenApiAnchor:
    """Findings are shown at their operation in an OpenAPI document, which is JSON or YAML.

    `path` is the document's in the repository. What fits no operation is shown under `fallback`, or where that is
    empty under the document as a whole. So is everything where the document cannot be read.
    """

    def __init__(self, document: bytes, path: str, *, fallback: str = "") -> None:
        self._path, self._fallback = path, fallback or path
        root = _compose(document)
        self._bases = _bases(root)
        self._operations = sorted(_operations(root), key=lambda operation: (-operation.literals, operation.line))

    def __call__(self, method: str, route: str, /) -> tuple[str, int | None]:
        operation = self._find(route)
        if operation is None:
            return self._fallback, None
        return self._path, operation.methods.get(method.lower(), operation.line)

    def _find(self, route: str) -> _Operation | None:
        """The operation with the most literal path; bases of servers may precede it."""
        if route == WHOLE_SITE:
            return None
        wanted = _segments(route)
        ends = [wanted[len(base) :] for base in self._bases if wanted[: len(base)] == base]
        fitting = (o for o in self._operations if any(_fits(o.segments, end) for end in ends))
        return next(fitting, None)


def _fits(template: Sequence[str], segments: Sequence[str]) -> bool:
    return len(template) == len(segments) and all(map(_segment_fits, template, segments))


def _segment_fits(template: str, segment: str) -> bool:
    """A parameter takes any segment; the name of something that varies fits no literal."""
    if not _TEMPLATE.search(template):
        return template == segment
    if segment.startswith(VARIABLE):
        return True
    before, after = template.partition("{")[0], template.rpartition("}")[2]
    return len(segment) > len(before) + len(after) and segment.startswith(before) and segment.endswith(after)


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _compose(document: bytes) -> Node | None:
    if len(document) > _MAX_BYTES:
        return None
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(document.decode("utf-8-sig", errors="replace"))
    except (YAMLError, ValueError, RecursionError):
        return None
    return node


def _operations(root: Node | None) -> Iterator[_Operation]:
    for key, item in _members(_member(root, "paths")):
        methods = {name.value.lower(): name.start_mark.line + 1 for name, _ in _members(item)}
        yield _Operation(_segments(key.value), key.start_mark.line + 1, methods)


def _bases(root: Node | None) -> list[tuple[str, ...]]:
    """The paths of the document's servers (`basePath` in version 2), longest first, and the empty one."""
    servers = _member(root, "servers")
    entries: Iterable[Node] = servers.value if isinstance(servers, SequenceNode) else ()
    named = [*(_member(entry, "url") for entry in entries), _member(root, "basePath")]
    paths = (split_url(node.value).path.strip("/") for node in named if isinstance(node, ScalarNode))
    found = {tuple(path.split("/")) for path in paths if path}
    return [*sorted(found, key=lambda base: (-len(base), base)), ()]


def _members(node: Node | None) -> Iterator[tuple[ScalarNode, Node]]:
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if isinstance(key, ScalarNode):
            yield key, value


def _member(node: Node | None, name: str) -> Node | None:
    return next((value for key, value in _members(node) if key.value == name), None)
