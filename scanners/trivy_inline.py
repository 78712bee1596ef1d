"""Trivy's inline marks (`#trivy:ignore:AWS-0086`), which it always obeys: hidden from it, and read by ourselves.

https://trivy.dev/docs/latest/guide/scanner/misconfiguration/ (Skipping resources by inline comments). What a Helm
template puts together only while it is rendered cannot be hidden.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from scangate.model import Relief
from scangate.scanners.source import SourceTree

MARK = re.compile(r"\b(?:trivy|tfsec):(?=[^ \n]*ignore:)")
_BYTES = re.compile(MARK.pattern.encode())
_IGNORE = re.compile(r"\b(?:trivy|tfsec):(?P<words>\S*)")
_COMMENT = re.compile(r"^\s*(?:#|//|/?\*)")


def hide_marks(content: bytes) -> bytes:
    """The content with every mark spelled differently, at the same length."""
    return _BYTES.sub(lambda match: match[0][:-1] + b"_", content)


def inline_relief(tree: SourceTree, path: str, line: int | None, ids: Collection[str]) -> tuple[Relief, ...]:
    """The mark for one of these rule ids on the line of a finding, or of a block around it, or in comments above."""
    lines = tree.lines(path) or []
    for number in _scopes(lines, line) if line else ():
        for text in _marked(lines, number):
            for match in _IGNORE.finditer(text):
                if _ignores(match["words"], ids):
                    return (Relief(kind="inline", by=match[0]),)
    return ()


def _scopes(lines: list[str], line: int) -> Iterator[int]:
    """The line itself, and above it the first line of each block that it is in, by indentation."""
    depth = _LEFT_MOST
    for number in range(min(line, len(lines)), 0, -1):
        text = lines[number - 1]
        indentation = len(text) - len(text.lstrip())
        if text.strip() and indentation < depth and not _COMMENT.match(text):
            yield number
            depth = indentation


_LEFT_MOST = 1_000_000


def _marked(lines: list[str], number: int) -> Iterator[str]:
    """A line, and the comment lines right above it."""
    yield lines[number - 1]
    for text in reversed(lines[: number - 1]):
        if not _COMMENT.match(text):
            return
        yield text


def _ignores(words: str, ids: Collection[str]) -> bool:
    """Whether the words behind `trivy:` name one of the ids, without a condition that we cannot test."""
    parts = words.split(":")
    sections = dict(zip(parts[::2], parts[1::2], strict=False))
    if sections.keys() - {"ignore", "exp"}:
        return False
    if "exp" in sections and sections["exp"] <= datetime.now(UTC).date().isoformat():
        return False
    pattern = sections.get("ignore", "").upper()
    return bool(pattern) and any(fnmatchcase(name.upper(), pattern) for name in ids)
