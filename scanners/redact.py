"""Keeps secrets out of the model: what a scanner quotes from a hard-coded credential is masked before it enters."""

from __future__ import annotations

import re
from collections.abc import Iterable

SECRET_CWES = frozenset({256, 257, 259, 312, 319, 321, 522, 540, 798})
"""Weaknesses whose evidence is likely to be the secret itself."""

_LITERAL = re.compile(r"""(?P<quote>"{3}|'{3}|["'`])(?P<text>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)""", re.DOTALL)
_OPEN_LITERAL = re.compile(r"""(["'`])[^"'`]{4,}$""", re.MULTILINE)
MASK = "****"
_REST = r"[\w+/=.~-]*"
"""What follows a secret without a gap: rules stop after a fixed length."""
_LONGEST = 10_000


def is_secret_weakness(cwes: Iterable[int]) -> bool:
    """Whether a finding of these weaknesses may quote a secret."""
    return not SECRET_CWES.isdisjoint(cwes)


def mask_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text without secrets that are known, each with what follows it without a gap: likely the rest of it."""
    for secret in secrets:
        if secret in text:
            text = re.sub(re.escape(secret) + _REST, MASK, text)
    return text


def mask_literals(text: str) -> str:
    """The text with every quoted string of four or more characters masked, closed on its line or not.

    Escaped quotes do not close a string. No more than the first 10,000 characters are returned.
    """

    def mask(match: re.Match[str]) -> str:
        quote, inner = match["quote"], match["text"]
        return f"{quote}{MASK if len(inner) >= len(MASK) else inner}{quote}"

    return _OPEN_LITERAL.sub(rf"\1{MASK}", _LITERAL.sub(mask, text[:_LONGEST]))
