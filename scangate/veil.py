"""Secrets that one scanner found, taken out of what others quote of the same file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scangate.model import Category, FileLocation, Finding, ResourceLocation
from scangate.scanners.redact import mask_secrets
from scangate.scanners.source import SourceTree

_SHORTEST = 6
"""Characters: what is shorter stands in many other places too."""
_MOST = 500


def without_known_secrets(findings: Iterable[Finding], root: Path) -> tuple[Finding, ...]:
    """The findings, in their order, with every secret masked that one of them is about, wherever in that file's other
    findings it is quoted. They hold no secrets: they are read where they stand, and forgotten.
    """
    every = tuple(findings)
    secrets = _secrets(every, SourceTree(root))
    return tuple(_masked(finding, secrets[finding.path]) if finding.path in secrets else finding for finding in every)


def _secrets(findings: Sequence[Finding], tree: SourceTree) -> dict[str, list[str]]:
    """By file the secrets in it as they stand today, longest first."""
    found: dict[str, set[str]] = defaultdict(set)
    for finding in findings:
        place = finding.location
        if finding.category is Category.SECRET and isinstance(place, FileLocation) and place.commit is None:
            found[place.path].update(_passage(place, tree))
    return {path: sorted(texts, key=len, reverse=True) for path, texts in found.items() if texts}


def _passage(place: FileLocation, tree: SourceTree) -> Iterator[str]:
    """The text of a place, each line by itself."""
    if place.line is None or place.column is None or place.end_column is None:
        return
    lines = (tree.lines(place.path) or [])[place.line - 1 : place.end_line or place.line]
    if lines:
        lines[-1] = lines[-1][: place.end_column - 1]
        lines[0] = lines[0][place.column - 1 :]
    yield from (text for line in lines if len(text := line.strip()) >= _SHORTEST)


def _masked(finding: Finding, secrets: Sequence[str]) -> Finding:
    place = finding.location
    if isinstance(place, FileLocation | ResourceLocation):
        snippet = mask_secrets(place.snippet, secrets) if len(secrets) <= _MOST else ""
        place = place.model_copy(update={"snippet": snippet})
    words = {name: mask_secrets(getattr(finding, name), secrets[:_MOST]) for name in ("title", "message")}
    return finding.model_copy(update={**words, "location": place})
