"""Ranges of versions as npm's advisories write them: `<2.6.9`, `>=3.0.0 <3.1.2 || =4.0.0`, `*`.

They are compared as https://semver.org/spec/v2.0.0.html has it, with pre-releases in order, as npm's audit does. What
people write in package.json (`^1.2`, `1.x`, `1 - 2`) is not understood here.
"""

from __future__ import annotations

import re

_VERSION = re.compile(
    r"[v=]?(?P<major>[0-9]+)\.(?P<minor>[0-9]+)\.(?P<patch>[0-9]+)(?:-?(?P<pre>[A-Za-z0-9-][A-Za-z0-9.-]*))?(?:\+.*)?"
)
_COMPARATOR = re.compile(r"(?P<operator><=|>=|<|>|=|)\s*(?P<version>[v=]?[0-9][^\s<>=,]*)")
_ANY = ("", "*", "x")
_LONGEST = 256
"""Characters of a version, as in npm itself."""

_Key = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def in_range(version: str, wanted: str) -> bool | None:
    """Whether a version lies in a range; None where either is written in a way that is not understood."""
    key = _key(version)
    if key is None:
        return None
    answers = [_meets_all(key, part.strip()) for part in wanted.split("||")]
    return True if True in answers else None if None in answers else False


def _meets_all(key: _Key, comparators: str) -> bool | None:
    if comparators in _ANY:
        return True
    if _COMPARATOR.sub("", comparators).strip(" ,"):
        return None
    answers = [_meets(key, match["operator"], match["version"]) for match in _COMPARATOR.finditer(comparators)]
    return None if None in answers else all(answers)


def _meets(key: _Key, operator: str, text: str) -> bool | None:
    bound = _key(text)
    if bound is None:
        return None
    match operator:
        case "<":
            return key < bound
        case "<=":
            return key <= bound
        case ">":
            return key > bound
        case ">=":
            return key >= bound
        case _:
            return key == bound


def _key(text: str) -> _Key | None:
    """Sort key of a version: a pre-release comes before its release, numbers in it before words."""
    match = _VERSION.fullmatch(text.strip()[: _LONGEST + 1])
    if match is None or len(match[0]) > _LONGEST:
        return None
    parts = match["pre"].split(".") if match["pre"] else []
    pre = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)
    return int(match["major"]), int(match["minor"]), int(match["patch"]), not parts, pre
