"""The `exclude` patterns of the settings: which files of a tree they leave out.

Patterns read as in a `.gitignore`, without negation and backslashes: `*` and `?` stay within one name, `**` spans
folders, a slash at the beginning or in the middle ties the pattern to the root, a slash at the end means folders
only, and a folder that matches is left out with everything in it.
Source: https://git-scm.com/docs/gitignore (pattern format).

Each pattern is followed name by name down the tree, so that a hostile one costs no more than its length per name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate
from itertools import pairwise

from scangate.errors import UsageError

Places = tuple[frozenset[int], ...]
"""For each pattern, how many of its steps a way has matched; several at once where `**` leaves it open."""


@dataclass(frozen=True)
class _Pattern:
    """One pattern as a step per name; a step of None is a `**` and takes any number of folders."""

    text: str
    steps: tuple[re.Pattern[str] | None, ...]
    folders_only: bool

    def follow(self, places: frozenset[int], name: str) -> frozenset[int]:
        """Where the pattern stands after one more name."""
        reached: list[int] = []
        for place in places:
            step = self.steps[place] if place < len(self.steps) else _NEVER
            if step is None:
                reached += self.reach(place)
            elif step.match(name):
                reached += self.reach(place + 1)
        return frozenset(reached)

    def reach(self, place: int) -> list[int]:
        """A place, and those beyond it where `**` may stand for no folder at all."""
        beyond = place < len(self.steps) and self.steps[place] is None
        return [place, *self.reach(place + 1)] if beyond else [place]


_NEVER = re.compile(r"(?!)")


class Excludes:
    """Some patterns, to be followed from the root (`start`) through each folder (`enter`)."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises `UsageError` for a pattern that can match nothing or would mean something else than it says."""
        self._patterns = tuple(_compile(text) for text in dict.fromkeys(patterns))
        self.start: Places = tuple(frozenset(pattern.reach(0)) for pattern in self._patterns)

    @property
    def texts(self) -> tuple[str, ...]:
        """The patterns as written, each once."""
        return tuple(pattern.text for pattern in self._patterns)

    def enter(self, places: Places, name: str) -> Places:
        """The places of something called `name` in a folder that stands at `places`."""
        return tuple(pattern.follow(at, name) for pattern, at in zip(self._patterns, places, strict=True))

    def match(self, places: Places, *, folder: bool) -> str:
        """The first pattern that matches what stands at `places`; empty for none."""
        for pattern, at in zip(self._patterns, places, strict=True):
            if len(pattern.steps) in at and (folder or not pattern.folders_only):
                return pattern.text
        return ""


def _compile(text: str) -> _Pattern:
    names = [name for name in text.split("/") if name and name != "."]
    if not names or text.startswith("!") or "\\" in text or ".." in names:
        hint = (
            "write paths below the root with /, such as docs/, **/*.gen.py or tests/data/**; ! and \\ have no meaning"
        )
        raise UsageError(f"exclude: {text!r} is no pattern", hint=hint)
    if "/" not in text.rstrip("/"):
        names.insert(0, "**")
    if names[-1] == "**":
        names[-1] = "*"  # everything in a folder: what any name in it leaves out
    single = [name for before, name in pairwise(["", *names]) if not before == name == "**"]
    steps = (None if name == "**" else re.compile(translate(name)) for name in single)
    return _Pattern(text, tuple(steps), text.endswith("/"))
