"""Whether a rule matches a finding: each rule is compiled once into tests of facts.

Tests have three values: true, false, and None for unknown. Fields are joined by Kleene's AND, alternatives by his OR;
unknown as a whole counts as a match in `match`, and does not exclude in `unless`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scangate.policies.conditions import Truth, value_test
from scangate.policies.facts import Facts
from scangate.policies.schema import Fields, Match, PolicyRule

Test = Callable[[Facts], Truth]


@dataclass(frozen=True)
class CompiledRule:
    """A rule's `match` and `unless` as tests of facts, and which of those facts tell why it matched."""

    wanted: Test
    excluded: Test
    named: tuple[int, ...]
    options: tuple[tuple[Test, tuple[int, ...]], ...] = ()

    def matches(self, facts: Facts) -> bool:
        """Whether the rule matches: unknown counts as wanted, and not as excluded."""
        return self.wanted(facts) is not False and self.excluded(facts) is not True

    def reasons(self, facts: Facts) -> tuple[int, ...]:
        """Positions of the facts that made it match: those of `match`, and of its alternatives that hold."""
        if not self.options:
            return self.named
        holding = [at for test, named in self.options if test(facts) is not False for at in named]
        return tuple(sorted({*self.named, *holding}))


def used_fields(rules: Iterable[PolicyRule]) -> tuple[str, ...]:
    """The fields that some rules test, in the language's order."""
    used = {name for rule in rules for part in _parts(rule) for name in part.tests()}
    return tuple(name for name in Fields.model_fields if name in used)


def compile_rule(rule: PolicyRule, fields: Sequence[str]) -> CompiledRule:
    """The rule, ready to be tried on any number of facts of `fields`. Raises ValueError for a rule without `match`."""
    if rule.match is None:
        raise ValueError(f"rule {rule.id!r} matches nothing")

    def positions(part: Fields) -> tuple[int, ...]:
        return tuple(sorted(fields.index(name) for name in part.tests()))

    return CompiledRule(
        wanted=_match(rule.match, fields),
        excluded=_alternatives(rule.unless or (), fields),
        named=positions(rule.match),
        options=tuple((_all(option, fields), positions(option)) for option in rule.match.any or ()),
    )


def _parts(rule: PolicyRule) -> tuple[Fields, ...]:
    if rule.match is None:
        return rule.unless or ()
    return (rule.match, *(rule.match.any or ()), *(rule.unless or ()))


def _match(match: Match, fields: Sequence[str]) -> Test:
    own = _all(match, fields)
    if match.any is None:
        return own
    any_of = _alternatives(match.any, fields)

    def both(facts: Facts) -> Truth:
        first = own(facts)
        if first is False:
            return False
        second = any_of(facts)
        return second if first is True or second is False else None

    return both


def _alternatives(options: Iterable[Fields], fields: Sequence[str]) -> Test:
    tests = tuple(_all(option, fields) for option in options)

    def any_of(facts: Facts) -> Truth:
        result: Truth = False
        for test in tests:
            truth = test(facts)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    return any_of


def _all(part: Fields, fields: Sequence[str]) -> Test:
    tests = tuple((fields.index(name), value_test(name, words)) for name, words in part.tests().items())

    def all_of(facts: Facts) -> Truth:
        result: Truth = True
        for index, test in tests:
            truth = test(facts[index])
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return all_of
