"""Whether a rule matches a finding: each rule is compiled once into tests of facts.

Tests have three values: true, false, and None for unknown. Fields are joined by Kleene's AND, alternatives by his OR;
unknown as a whole counts as a match in `match`, and does not exclude in `unless`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from scangate.policies.facts import Facts, Values, plain_package
from scangate.policies.schema import Fields, Match, PolicyRule

Truth = bool | None
Test = Callable[[Facts], Truth]

_COMPARED = re.compile(r"(>=|<=|>|<)?\s*(.+)")
_SEVERITIES = ("info", "low", "medium", "high", "critical")
_CONFIDENCES = ("low", "medium", "high")
_CACHED = 65_536


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
    tests = tuple((fields.index(name), _field(name, words)) for name, words in part.tests().items())

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


def _field(name: str, words: tuple[str, ...]) -> Callable[[Values], Truth]:
    if name in ("rule", "package", "resource", "path"):
        return _any_value(_glob_test(name, words))
    if name == "cvss":
        return _any_value(_score_test(words))
    unknown = True if name == "fix" and "unknown" in words else None
    return _one_of(_accepted(name, words), unknown=unknown)


def _accepted(name: str, words: tuple[str, ...]) -> set[str]:
    """All the values that the words of a field accept, where they can be counted."""
    match name:
        case "severity":
            return _on_scale(words, _SEVERITIES)
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
    scales = {"severity": _SEVERITIES, "confidence": _CONFIDENCES}
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
