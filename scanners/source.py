"""Reading the scanned tree's source, safely: never outside the root, never a link, never more than is shown."""

from __future__ import annotations

import os
import unicodedata
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path, PurePosixPath

_MAX_FILE = 5_000_000
_MAX_LINE = 400
_MAX_LINES = 12
_CACHED_FILES = 64


@lru_cache(maxsize=1024)
def relative_path(raw: str, root: Path) -> str:
    """A scanner's path as the model keeps it: relative to `root` where it lies below it, POSIX, NFC, without `..`.

    A path elsewhere (an output made on another machine) keeps its own words without a leading slash.
    """
    text = unicodedata.normalize("NFC", raw)
    if "\\" in text and not os.path.lexists(root / text):
        text = text.replace("\\", "/")  # made on Windows
    prefix = f"{root.as_posix().rstrip('/')}/"
    text = text.removeprefix(prefix)
    parts: list[str] = []
    for part in PurePosixPath(text).parts:
        if part == ".." and parts:
            parts.pop()
        elif part not in ("/", "..", "."):
            parts.append(part)
    return "/".join(parts)


class SourceTree:
    """Lines of the files below a root. A file that cannot be read safely has no lines."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._resolved = root.resolve()
        self._cache: OrderedDict[str, list[str] | None] = OrderedDict()

    def lines(self, path: str) -> list[str] | None:
        """The file's lines without their ends; None when it is absent, too large, a link or outside the root."""
        if path in self._cache:
            self._cache.move_to_end(path)
            return self._cache[path]
        self._cache[path] = lines = self._read(path)
        if len(self._cache) > _CACHED_FILES:
            self._cache.popitem(last=False)
        return lines

    def _read(self, path: str) -> list[str] | None:
        full = self._root / path
        if not path or path.startswith("/") or ".." in path.split("/"):
            return None
        try:
            if not full.resolve().is_relative_to(self._resolved):
                return None
            descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as handle:
                data = handle.read(_MAX_FILE + 1)
        except (OSError, ValueError):
            return None
        if len(data) > _MAX_FILE:
            return None
        text = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        return text.split("\n")

    def line(self, path: str, number: int) -> str | None:
        """Line `number` (from 1) as it stands; None where there is none."""
        lines = self.lines(path)
        return lines[number - 1] if lines and 0 < number <= len(lines) else None

    def snippet(self, path: str, line: int | None, end_line: int | None = None) -> str:
        """Lines `line` to `end_line` (from 1, inclusive), cut to what a report can show; empty when unknown."""
        lines = self.lines(path)
        if not lines or line is None or not 0 < line <= len(lines):
            return ""
        return clip_snippet(lines[line - 1 : min(max(line, end_line or line), len(lines))])


def clip_snippet(lines: list[str]) -> str:
    """Some source lines as a snippet: at most 12 lines of at most 400 characters, cuts marked with `…`."""
    shown = [line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}…" for line in lines[:_MAX_LINES]]
    return "\n".join(shown + (["…"] if len(lines) > _MAX_LINES else []))


def code_point_column(offset: int, line: str | None) -> int:
    """A 0-based offset in UTF-8 bytes as a 1-based column in code points; unchanged where the line is not known."""
    if line is None or line.isascii():
        return offset + 1
    return len(line.encode()[:offset].decode(errors="ignore")) + 1
