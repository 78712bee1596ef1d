"""Where a SARIF result is: URIs, base ids and regions as a place in the scanned tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from scangate.model import FileLocation, Location, WebLocation
from scangate.scanners.sarif_values import at, items, member, number, text
from scangate.scanners.source import SourceTree, clip_snippet, relative_path

_WEB = re.compile(r"https?://", re.IGNORECASE)
_FILE = re.compile(r"file:(?://[^/]*)?", re.IGNORECASE)
_LONGEST_CHAIN = 10


def place(result: Mapping[str, Any], run: Mapping[str, Any], root: Path, tree: SourceTree) -> Location:
    """A result's first place. One without any is about the whole: a file location with an empty path."""
    location = at(items(result, "locations"), 0)
    physical = member(location, "physicalLocation")
    artifact = member(physical, "artifactLocation") or member(result, "analysisTarget")
    uri, path = _resolve(artifact, run, root)
    if _WEB.match(uri):
        return WebLocation(url=uri)
    region = member(physical, "region")
    line = number(region, "startLine") or None
    end_line = max(number(region, "endLine") or 0, line) if line else None
    quoted = text(member(region, "snippet"), "text").rstrip("\n")
    utf16 = text(run, "columnKind") == "utf16CodeUnits"
    return FileLocation(
        path=path,
        line=line,
        column=_column(number(region, "startColumn"), tree.line(path, line) if line and utf16 else None),
        end_line=end_line,
        end_column=_column(number(region, "endColumn"), tree.line(path, end_line) if end_line and utf16 else None),
        snippet=tree.snippet(path, line, end_line) or (clip_snippet(quoted.split("\n")) if quoted else ""),
        scope=text(at(items(location, "logicalLocations"), 0), "fullyQualifiedName"),
    )


def _column(column: int | None, line: str | None) -> int | None:
    """A column from 1 in code points, of one that counts UTF-16 code units where `line` is given."""
    if not column:
        return None
    if line is None or line.isascii():
        return column
    return len(line.encode("utf-16-le", "surrogatepass")[: 2 * (column - 1)].decode("utf-16-le", "ignore")) + 1


def _resolve(artifact: Mapping[str, Any], run: Mapping[str, Any], root: Path) -> tuple[str, str]:
    """An artifact's URI with its bases, and its path below `root`.

    Where a base is a folder elsewhere (the machine that wrote the file), the path is what follows that base.
    """
    if not text(artifact, "uri"):
        artifact = member(at(items(run, "artifacts"), number(artifact, "index")), "location") or artifact
    uri = relative = text(artifact, "uri").strip()
    base = text(artifact, "uriBaseId")
    for _ in range(_LONGEST_CHAIN):
        found = member(run, "originalUriBaseIds", base) if base else {}
        if not found or _is_absolute(uri):
            break
        uri = f"{text(found, 'uri').strip()}{uri}"
        relative = relative if _is_absolute(uri) else uri
        base = text(found, "uriBaseId")
    full = _file_path(uri)
    below = full.startswith(f"{root.as_posix().rstrip('/')}/")
    return uri, relative_path(full if below else _file_path(relative), root)


def _is_absolute(uri: str) -> bool:
    return uri.startswith("/") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", uri) is not None


def _file_path(uri: str) -> str:
    """A URI's path, percent-decoded; `file:///C:/x` is `C:/x`."""
    path = unquote(_FILE.sub("", uri, count=1), errors="replace")
    return path[1:] if re.match(r"/[A-Za-z]:/", path) else path
