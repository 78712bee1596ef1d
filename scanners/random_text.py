"""Telling what a machine made up (tokens, keys, hashes) from words that people chose."""

from __future__ import annotations

import re
from itertools import pairwise

_SHORTEST = 16
_LETTER_BY_DIGIT = re.compile(r"[A-Za-z](?=\d)|\d(?=[A-Za-z])")


def looks_random(text: str) -> bool:
    """Whether 16 or more letters and digits are mixed as no name is: `c4ca4238a0b923820dcc`, `QWxhZGRpbjpvcGVu`.

    Words joined by `-`, `_` or capitals are names.
    """
    text = text.rstrip("=")
    if len(text) < _SHORTEST:
        return False
    return len(_LETTER_BY_DIGIT.findall(text)) >= 3 or _changes(text) > 0.4 * len(text)


def _changes(text: str) -> int:
    """How often capitals, small letters and digits follow one another."""
    kinds = ["A" if char.isupper() else "a" if char.islower() else "0" if char.isdigit() else "" for char in text]
    return sum(one != other for one, other in pairwise(kinds) if one and other)
