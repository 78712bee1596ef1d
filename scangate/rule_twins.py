"""Tables of rules: what one scanner calls X and another Y, where both say the same or nearly so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

Rules = Mapping[str, Iterable[str]]
"""Rule of the first scanner → rules of the second."""


class RuleTwins:
    """Which rules of two scanners say the same, and which overlap in what they say.

    Rules that `same` ties together directly or through others are one family: only findings of one family are ever
    compared. `spell` brings a rule id of the first scanner to the table's spelling.
    """

    def __init__(
        self, scanners: tuple[str, str], *, same: Rules, overlapping: Rules, spell: Callable[[str], str] = str
    ) -> None:
        self._first, self._second = scanners
        self._spell = spell
        self._same = {(first, second) for first, seconds in same.items() for second in seconds}
        self._family: dict[tuple[str, str], str] = {}
        for first, second in sorted(self._same):
            self._tie((self._first, first), (self._second, second))
        self._topics: dict[tuple[str, str], list[str]] = {}
        for first, seconds in overlapping.items():
            for rule in ((self._first, first), *((self._second, second) for second in seconds)):
                self._topics.setdefault(rule, []).append(first)

    def _tie(self, first: tuple[str, str], second: tuple[str, str]) -> None:
        kept, given_up = self._family.get(first, first[1]), self._family.get(second)
        self._family |= {rule: kept for rule, family in self._family.items() if family == given_up}
        self._family[first] = self._family[second] = kept

    def rule(self, scanner: str, rule_id: str) -> tuple[str, str]:
        """The rule as the table spells it."""
        return scanner, self._spell(rule_id) if scanner == self._first else rule_id

    def family(self, rule: tuple[str, str]) -> str:
        """The name of the rule's family; empty for a rule without a twin."""
        return self._family.get(rule, "")

    def topics(self, rule: tuple[str, str]) -> Iterable[str]:
        """What the rule has in common with rules that only overlap with it."""
        return self._topics.get(rule, ())

    def say_the_same(self, one: tuple[str, str], other: tuple[str, str]) -> bool:
        """Whether the two rules say the same, in either order."""
        first, second = (one, other) if one[0] == self._first else (other, one)
        return first[0] == self._first and second[0] == self._second and (first[1], second[1]) in self._same
