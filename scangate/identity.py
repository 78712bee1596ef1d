"""Fingerprints: what a finding is, whatever line it has moved to.

A fingerprint is a hash over a canonical list, never over joined strings. Severity, message, line, column and the
tool's version are not identity. The list is kept beside it (`Finding.parts`), so that a later version can be derived.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scangate.model import (
    Category,
    FileLocation,
    Finding,
    ImageLocation,
    Location,
    PackageLocation,
    ResourceLocation,
    WebLocation,
)
from scangate.purls import is_of_distribution, package_of
from scangate.scanners.source import SourceTree
from scangate.scanners.web_routes import route_of

_VERSION = "v1"
_LENGTH = 26
_MARKS = re.compile(r"(#|//)\s*(nosec|nosem|nosemgrep|noqa|checkov:skip)\b.*$", re.IGNORECASE | re.MULTILINE)
_SPACE = re.compile(r"\s+")
_HEADER = re.compile(r"\b(?:def|class|func|function|interface|module|struct|trait|object)\s+(?:\([^)]*\)\s*)?(\w+)")


def identify(findings: Iterable[Finding], root: Path | None) -> tuple[Finding, ...]:
    """The findings with their fingerprints, sorted by place. A scanner's twins get an ordinal in file order.

    `root` is the scanned tree, read for the definitions around findings; None when only an output is at hand.
    """
    scopes = _Scopes(root)
    seen: Counter[tuple[str, ...]] = Counter()
    identified = []
    for finding in sorted(findings, key=by_place):
        location = _with_scope(finding.location, scopes)
        parts = _parts(finding, location)
        twin = (finding.sources[0].scanner if finding.sources else "", *parts)
        ordinal = seen[twin]
        seen[twin] += 1
        parts = (*parts, str(ordinal)) if ordinal and not finding.secret else parts
        changes = {"id": fingerprint(finding.category, parts), "parts": parts, "location": location}
        identified.append(finding.model_copy(update=changes))
    return tuple(identified)


def tell_apart(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with an ordinal in each fingerprint that another one bears, or that a report in another has."""
    every = list(findings)
    owner: dict[str, int] = {}
    for at, finding in enumerate(every):
        for source in finding.sources if finding.joined else ():
            owner.setdefault(source.id, at)
    for at, finding in enumerate(every):
        told, ordinal = finding, 0
        while owner.setdefault(told.id, at) != at:
            ordinal += 1
            parts = (*finding.parts, str(ordinal))
            told = finding.model_copy(update={"id": fingerprint(finding.category, parts), "parts": parts})
        every[at] = told
    return tuple(every)


def fingerprint(category: str, parts: Sequence[str]) -> str:
    """The fingerprint of some identity parts: `v1:<category>:` and 26 characters of base32."""
    canonical = json.dumps([_VERSION, category, *parts], ensure_ascii=True, separators=(",", ":"))
    digest = base64.b32encode(hashlib.sha256(canonical.encode()).digest()).decode().lower()
    return f"{_VERSION}:{category}:{digest[:_LENGTH]}"


def by_place(finding: Finding) -> tuple[object, ...]:
    """Sort key of findings: where each is and who says what, with all that tells the findings of one line apart."""
    location = finding.location
    column = location.column if isinstance(location, FileLocation) else None
    scanner = finding.sources[0].scanner if finding.sources else ""
    place = (finding.path, finding.line or 0, column or 0, scanner, finding.rule.id, finding.title)
    return (*place, _subject(location), finding.ids, finding.secret, finding.message, finding.id)


def _subject(location: Location) -> str:
    match location:
        case FileLocation(commit=commit, end_line=end_line):
            return f"{commit.date} {commit.id}" if commit else str(end_line)
        case PackageLocation(purl=purl):
            return purl
        case ImageLocation(ref=ref, package=package, path=path):
            return f"{ref} {package} {path}"
        case ResourceLocation(address=address):
            return address
        case WebLocation(url=url, method=method, param=param):
            return f"{url} {method} {param}"


def _parts(finding: Finding, location: Location) -> tuple[str, ...]:
    if finding.category is Category.SECRET:
        return (finding.rule.id.lower(), *_holder(finding, location), *_known_of(finding, location))
    scanner = finding.sources[0].scanner if finding.sources else ""
    rule = f"{scanner}:{finding.rule.id}"
    match location:
        case FileLocation() as place:
            return (rule, place.path, place.scope, _essence(place.snippet))
        case ResourceLocation() as place:
            return (rule, place.path, place.address) if place.address else (rule, place.path, _essence(place.snippet))
        case PackageLocation() as place:
            return (finding.ids[0] if finding.ids else rule, package_of(place.purl), place.manifest)
        case ImageLocation() as place:
            name = finding.ids[0] if finding.ids else rule
            copy = () if is_of_distribution(place.package) else (place.path,)
            return (name, _repository(place.ref), package_of(place.package), *copy)
        case WebLocation() as place:
            return (rule, place.method.upper(), place.route or route_of(place.url), place.param)


def _repository(ref: str) -> str:
    """An image's name without tag and digest: what stays when the next one is built."""
    head, slash, name = ref.partition("@")[0].rpartition("/")
    return f"{head}{slash}{name.partition(':')[0]}"


def _holder(finding: Finding, location: Location) -> tuple[str, ...]:
    """The file that holds a secret, in an image together with the image's name."""
    match location:
        case ImageLocation(ref=ref, path=path):
            return (_repository(ref), path)
        case _:
            return (finding.path,)


def _known_of(finding: Finding, location: Location) -> tuple[str, ...]:
    """A secret's hash; where its scanner does not tell the secret, the masked lines and its length."""
    match location:
        case _ if finding.secret:
            return (finding.secret,)
        case FileLocation(snippet=snippet, column=column, end_column=end_column):
            return ("masked", _essence(snippet), str((end_column or 0) - (column or 0)))
        case _:
            return ()


def _essence(snippet: str) -> str:
    """The matched lines without white space and without suppression comments."""
    return _SPACE.sub("", _MARKS.sub("", snippet))


def _with_scope(location: Location, scopes: _Scopes) -> Location:
    if not isinstance(location, FileLocation) or location.line is None or location.scope or location.commit:
        return location
    scope = scopes.around(location.path, location.line)
    return location.model_copy(update={"scope": scope}) if scope else location


class _Scopes:
    """Finds the definition around a line: by syntax tree in Python, elsewhere by headers with less indentation.

    A file is looked through once, however many findings it has; only the last one is kept, since findings come sorted.
    """

    def __init__(self, root: Path | None) -> None:
        self._tree = SourceTree(root) if root else None
        self._path = ""
        self._scope_of: Callable[[int], str] = _no_scope

    def around(self, path: str, line: int) -> str:
        if path != self._path:
            lines = self._tree.lines(path) if self._tree else None
            reader = _python_scopes if path.endswith((".py", ".pyi", ".pyw")) else _header_scopes
            self._path, self._scope_of = path, reader(lines) if lines else _no_scope
        return self._scope_of(line)


def _no_scope(line: int) -> str:  # noqa: ARG001
    return ""


def _python_scopes(lines: Sequence[str]) -> Callable[[int], str]:
    names = [""] * (len(lines) + 1)
    for first, last, name in _definitions("\n".join(lines)):
        names[first : last + 1] = [name] * (min(last, len(lines)) + 1 - first)
    return lambda line: names[line] if line < len(names) else ""


def _definitions(text: str) -> list[tuple[int, int, str]]:
    """First line, last line and qualified name of each definition, outer before inner."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote the source on standard error
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[tuple[int, int, str]] = []
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, prefix = pending.pop()
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}" if prefix else child.name
                found.append((child.lineno, child.end_lineno or child.lineno, name))
            pending.append((child, name))
    return sorted(found, key=lambda entry: (entry[0], -entry[1]))


def _header_scopes(lines: Sequence[str]) -> Callable[[int], str]:
    """For each line the nearest one above it with less indentation, and so on outwards: those with headers name it."""
    above: list[int] = []
    open_lines: list[int] = []
    for number, text in enumerate(lines):
        depth = _indentation(text)
        while text.strip() and open_lines and _indentation(lines[open_lines[-1]]) >= depth:
            open_lines.pop()
        above.append(next((n for n in reversed(open_lines) if _indentation(lines[n]) < depth), -1))
        if text.strip():
            open_lines.append(number)

    def scope(line: int) -> str:
        names: list[str] = []
        number = above[line - 1] if line <= len(above) else -1
        while number >= 0:
            if header := _HEADER.search(lines[number]):
                names.append(header[1])
            number = above[number]
        return ".".join(reversed(names))

    return scope


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip())
