"""Whether the values of one field meet a policy's words: comparisons, globs, and lists that mean any of."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

from scangate.model import SEVERITY_SCALE
from scangate.policies.facts import Values, plain_package

Truth = bool | None
"""True, false, or None for unknown."""

_COMPARED = re.compile(r"(>=|<=|>|<)?\s*(.+)")
_CONFIDENCES = ("low", "medium", "high")
_CACHED = 65_536


def value_test(name: str, words: tuple[str, ...]) -> Callable[[Values], Truth]:
    """A test of one field's values: whether any of them meets any of the words; unknown values meet none for sure."""
    if name in ("rule", "package", "resource", "path", "image"):
        return _any_value(_glob_test(name, words))
    if name == "cvss":
        return _any_value(_score_test(words))
    unknown = True if name == "fix" and "unknown" in words else None
    return _one_of(_accepted(name, words), unknown=unknown)


def _accepted(name: str, words: tuple[str, ...]) -> set[str]:
    """All the values that the words of a field accept, where they can be counted."""
    match name:
        case "severity":
            return _on_scale(words, SEVERITY_SCALE)
        case "confidence":
            return _on_scale(words, _CONFIDENCES)
        case "cwe":
            return {str(int(word.upper().removeprefix("CWE-"))) for word in words}
        case "id":
            return {word.upper() for word in words}
        case _:
            return {str(word) for word in words}


def _one_of(accepted: Collection[str], *, unknown: Truth) -> Callable[[Values], Truth]:
    wanted = frozenset(accepted)

    def test(values: Values) -> Truth:
        return unknown if values is None else not wanted.isdisjoint(values)

    return test


def _any_value(holds: Callable[[str], bool]) -> Callable[[Values], Truth]:
    def test(values: Values) -> Truth:
        if values is None:
            return None
        return any(holds(value) for value in values)

    return test


def impossible_words(field: str, words: Iterable[str]) -> tuple[str, ...]:
    """The words of a comparison that no value can meet (such as `>critical`), if not one of the words can be met."""
    scales: dict[str, tuple[str, ...]] = {"severity": SEVERITY_SCALE, "confidence": _CONFIDENCES}
    if field in scales:
        return () if _on_scale(words, scales[field]) else tuple(words)
    if field == "cvss":
        test = _score_test(words)
        return () if any(test(str(tenths / 10)) for tenths in range(101)) else tuple(words)
    return ()


def _on_scale(words: Iterable[str], scale: tuple[str, ...]) -> set[str]:
    """The words of a scale (mildest first) that any of some comparisons such as `>=high` accepts."""
    accepted: set[str] = set()
    for word in words:
        sign, bound = _compared(word)
        at = scale.index(bound)
        accepted.update(value for rank, value in enumerate(scale) if _holds(rank, sign, at))
    return accepted


def _score_test(words: Iterable[str]) -> Callable[[str], bool]:
    bounds = [(sign, float(bound)) for sign, bound in map(_compared, words)]
    return lambda value: any(_holds(float(value), sign, bound) for sign, bound in bounds)


def _compared(word: str) -> tuple[str, str]:
    found = _COMPARED.fullmatch(word)
    return (found[1] or "==", found[2]) if found else ("==", word)


def _holds(value: float, sign: str, bound: float) -> bool:
    match sign:
        case ">=":
            return value >= bound
        case "<=":
            return value <= bound
        case ">":
            return value > bound
        case "<":
            return value < bound
        case _:
            return value == bound


def _glob_test(name: str, words: Iterable[str]) -> Callable[[str], bool]:
    patterns = [plain_package(word) if name == "package" else word for word in words]
    joined = re.compile("|".join(glob_expression(p, folders=name == "path") for p in patterns), re.DOTALL)

    @lru_cache(maxsize=_CACHED)
    def holds(value: str) -> bool:
        return joined.fullmatch(value) is not None

    return holds


def glob_expression(glob: str, *, folders: bool) -> str:
    """A glob as a regular expression: `*` any text, `?` one character.

    With `folders`, `*` and `?` stay within one folder, `**` spans folders and a leading `**/` also stands for none.
    """
    if not folders:
        return "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in re.sub(r"\*+", "*", glob))
    tokens = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.findall(r"(?<![^/])(?:\*\*/)+|\*{2,}|\*|.", glob, re.DOTALL)
    return "".join(tokens.get("**/" if p.startswith("**/") else p[:2], re.escape(p)) for p in parts)
