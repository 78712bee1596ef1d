"""Advice on a valid policy: rules that can never match, words that nobody here knows, parts weaker than a parent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import product

from scangate.model import Category
from scangate.policies.conditions import impossible_words
from scangate.policies.coverage import NOTHING, allowed_age
from scangate.policies.document import Document, nearest
from scangate.policies.facts import Values
from scangate.policies.load import SEVERITIES, find_documents, load_policy, resolve
from scangate.policies.match import compile_rule, used_fields
from scangate.policies.schema import Fields, Policy, PolicyRule

_ONLY_IN: dict[str, tuple[Category, ...]] = {
    "package": (Category.DEPENDENCY, Category.CONTAINER, Category.LICENSE),
    "cvss": (Category.DEPENDENCY, Category.CONTAINER),
    "image": (Category.CONTAINER, Category.SECRET, Category.IAC, Category.LICENSE),
    "resource": (Category.IAC,),
}
"""Fields that findings of other categories do not have."""

_EFFECTS = ("none", "info", "warn", "fail")
_FIXES: tuple[Values, ...] = (("available",), ("none",), ("wont-fix",), None)
_CONFIDENCES: tuple[Values, ...] = (("high",), ("medium",), ("low",), None)


def lint(file: str, *, scanners: Collection[str], kinds: Collection[str]) -> tuple[str, ...]:
    """Warnings as `file:line: text`, in the order of their lines. Raises UsageError for a policy that is not valid.

    `scanners` and `kinds` are the names that exist here.
    """
    documents = find_documents(file)
    own, policy = documents[-1], resolve(documents)
    found = [
        *_rules(own, documents[:-1], scanners),
        *_names(own, scanners, kinds),
        *((own.line("extends"), text) for parent in _parents(own) for text in _weaker(policy, parent)),
    ]
    return tuple(f"{own.source}:{line}: {text}" for line, text in sorted(set(found)))


def _parents(own: Document) -> Iterator[Policy]:
    for name in own.model.extends:
        yield load_policy(name, folder=own.folder)


def _rules(own: Document, ancestors: Iterable[Document], scanners: Collection[str]) -> Iterator[tuple[int, str]]:
    inherited = {rule.id for document in ancestors for rule in document.model.rules}
    for index, rule in enumerate(own.model.rules):
        line = own.line("rules", index)
        if rule.then == "skip" and rule.id not in inherited:
            yield line, f"rule {rule.id!r} skips nothing: no parent has it{nearest(rule.id, inherited)}"
        if rule.match is None or rule.then == "skip":
            continue
        if why := _never(rule):
            yield line, f"rule {rule.id!r} can never match: {why}"
        for part in (rule.match, *(rule.match.any or ()), *(rule.unless or ())):
            for name in sorted(set(part.tool or ()) - set(scanners)):
                yield line, f"rule {rule.id!r} names {name[:80]!r}, which is no scanner here{nearest(name, scanners)}"


def _never(rule: PolicyRule) -> str:
    """Why a rule can never match; empty when it can, as far as can be told."""
    if rule.match is None:
        return "it names no findings"
    parts = [rule.match] if rule.match.any is None else [rule.match, *rule.match.any]
    own = _contradiction(rule.match)
    options = [_contradiction(option) for option in rule.match.any or ()]
    if own or (options and all(options)):
        return own or options[0]
    for excluded in rule.unless or ():
        tests = excluded.tests()
        if len(parts) == 1 and all(set(parts[0].tests().get(name, ())) == set(words) for name, words in tests.items()):
            return "'unless' excludes whatever 'match' finds"
    return ""


def _contradiction(part: Fields) -> str:
    tests = part.tests()
    for name, words in tests.items():
        if impossible := impossible_words(name, words):
            return f"no {name} is {' or '.join(impossible)}"
    for name, categories in _ONLY_IN.items():
        if name in tests and part.category and not set(part.category) & set(categories):
            return f"findings of category {', '.join(part.category)} have no {name}"
    return ""


def _names(own: Document, scanners: Collection[str], kinds: Collection[str]) -> Iterator[tuple[int, str]]:
    coverage = own.model.coverage
    for index, name in enumerate(coverage.required):
        if name not in scanners:
            line = own.line("coverage", "required", index)
            yield line, f"{name[:80]!r} is required, and is no scanner here{nearest(name, scanners)}"
    choices = {*scanners, *kinds, NOTHING}
    for index, accept in enumerate(coverage.accept):
        line = own.line("coverage", "accept", index)
        if accept.what not in choices:
            yield line, f"{accept.what[:80]!r} is no scanner and no kind here{nearest(accept.what, choices)}"
        if accept.what in coverage.required:
            yield line, f"{accept.what!r} is required, so that accepting its failure has no effect"


def _weaker(policy: Policy, parent: Policy) -> Iterator[str]:
    """Where a policy asks for less than one that it extends."""
    than = f"weaker than {parent.name!r}"
    mine, theirs = policy.coverage, parent.coverage
    if SEVERITIES.index(policy.unknown_severity) > SEVERITIES.index(parent.unknown_severity):
        yield f"{than}: an unknown severity counts as {policy.unknown_severity} only"
    for key in ("on_error", "parse_errors"):
        if getattr(theirs, key) == "fail" and getattr(mine, key) == "warn":
            yield f"{than}: coverage.{key} only warns"
    if theirs.max_db_age and (not mine.max_db_age or allowed_age(mine.max_db_age) > allowed_age(theirs.max_db_age)):
        yield f"{than}: coverage.max_db_age allows older data"
    if mine.min_files < theirs.min_files:
        yield f"{than}: coverage.min_files is lower"
    if missing := set(theirs.required) - set(mine.required):
        yield f"{than}: coverage.required no longer has {', '.join(sorted(missing))}"
    if more := {a.what for a in mine.accept} - {a.what for a in theirs.accept}:
        yield f"{than}: coverage.accept accepts {', '.join(sorted(more))}"
    yield from _weaker_rules(policy, parent, than)


def _weaker_rules(policy: Policy, parent: Policy, than: str) -> Iterator[str]:
    inherited = {rule.id: rule for rule in parent.rules}
    for rule in policy.rules:
        if (before := inherited.get(rule.id)) is None:
            continue
        if rule.max > before.max:
            yield f"{than}: rule {rule.id!r} tolerates {rule.max} findings"
        if narrowed := sorted(_particulars(rule) - _particulars(before)):
            yield f"{than}: rule {rule.id!r} leaves out findings by {', '.join(narrowed)}"
    flips: dict[str, list[str]] = {}
    for category in Category:
        pairs = zip(_effects(parent, category), _effects(policy, category), strict=True)
        for text in sorted({f"{s} {_EFFECTS[b]} → {_EFFECTS[a]}" for (s, b), (_, a) in pairs if a < b}):
            flips.setdefault(text, []).append(category)
    for text, categories in flips.items():
        yield f"{than}: {text} for {', '.join(categories)}"


def _particulars(rule: PolicyRule) -> set[str]:
    """Which fields narrow a rule to particular places, scanners or packages; `_effects` sees the other ones."""
    wanted = set(rule.match.tests()) if rule.match else set()
    unwanted = {f"unless {name}" for part in rule.unless or () for name in part.tests()}
    general = {"category", "severity", "fix", "confidence"}
    return {name for name in wanted | unwanted if name.removeprefix("unless ") not in general}


def _effects(policy: Policy, category: Category) -> list[tuple[str, int]]:
    """Severity and strength of effect for each kind of finding of a category, as far as severity, fix and confidence
    tell; what a path, rule or package decides is left unknown."""
    fields = used_fields(policy.rules)
    compiled = [(compile_rule(rule, fields), _EFFECTS.index(rule.then)) for rule in policy.rules]
    absent: dict[str, Values] = {name: () for name, categories in _ONLY_IN.items() if category not in categories}
    effects = []
    for severity, fix, confidence in product(SEVERITIES, _FIXES, _CONFIDENCES):
        known = {**absent, "category": (category,), "severity": (severity,), "fix": fix, "confidence": confidence}
        facts = tuple(known.get(name) for name in fields)
        effects.append((severity, max((strength for rule, strength in compiled if rule.matches(facts)), default=0)))
    return effects
