"""The gate: findings, ledger, inventory and policy in, the verdict with its reasons out. Pure and deterministic.

Every rule is tried on every finding, in no order that matters; a finding's effect is the strongest of its rules.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scangate.document import InventorySummary, Judgement, Outcome, RuleMatch, Verdict
from scangate.model import Effect, Finding, LedgerEntry, Severity
from scangate.policies.coverage import CoverageReport, judge_coverage
from scangate.policies.dast import web_gaps
from scangate.policies.facts import Facts, Values, fact_reader
from scangate.policies.match import compile_rule, used_fields
from scangate.policies.relief import relieve
from scangate.policies.schema import Policy

_STRENGTH = {effect: strength for strength, effect in enumerate(Effect)}
"""Smaller is stronger: the order of `Effect`."""

_NEWEST = 3


def judge(
    findings: Sequence[Finding],
    ledger: Sequence[LedgerEntry],
    inventory: InventorySummary,
    policy: Policy,
    *,
    now: datetime,
    environment: str = "",
    required: Sequence[str] = (),
) -> Verdict:
    """The policy's verdict at `now` (an aware time).

    `required` names scanners that must run besides the policy's own. Only findings with an effect get a judgement.
    """
    reached = web_gaps(ledger, policy.dast)
    coverage = judge_coverage(ledger, inventory, rules=policy.coverage, required=required, more=reached, now=now)
    judged = _Judge(policy).judge(findings)
    counts = Counter(judgement.effect for judgement in judged)
    counts[Effect.NONE] = len(findings) - len(judged)
    outcome, exit_code = _outcome(counts[Effect.FAIL] > 0, coverage)
    return Verdict(
        outcome=outcome,
        exit_code=exit_code,
        policy=policy.name,
        policy_digest=policy.digest,
        environment=environment,
        judged=tuple(judged),
        incomplete=coverage.incomplete,
        accepted=coverage.accepted,
        warnings=coverage.warnings,
        counts={effect.value: counts[effect] for effect in Effect},
    )


def with_effects(findings: Sequence[Finding], verdict: Verdict) -> tuple[Finding, ...]:
    """The findings with the effect that the verdict gives each."""
    effects: dict[str, Effect] = {}
    for judgement in verdict.judged:
        effects[judgement.finding] = min(
            judgement.effect, effects.get(judgement.finding, Effect.NONE), key=_STRENGTH.__getitem__
        )
    return tuple(
        finding
        if (effect := effects.get(finding.id, Effect.NONE)) is finding.effect
        else finding.model_copy(update={"effect": effect})
        for finding in findings
    )


def _outcome(fails: bool, coverage: CoverageReport) -> tuple[Outcome, Literal[0, 1, 3]]:
    """Violations beat incomplete coverage because they are certain; both are told."""
    if fails:
        return Outcome.FAILED, 1
    if coverage.incomplete:
        return Outcome.INCOMPLETE, 3
    return Outcome.PASSED, 0


_Told = tuple[str, ...]
_Matched = tuple[tuple[int, _Told], ...]
"""The rules that one finding matches: position in the policy, and the fields that made it match."""


@dataclass(frozen=True)
class _Ruling:
    """What one rule comes to in this run: its effect once its matches are counted, and what to say of it."""

    rule: str
    effect: Effect
    why: str


class _Judge:
    """Judges findings in two passes: which rules match each, then, with the matches counted, what that means.

    Findings that match for the same reasons share their texts, which keeps large runs small.
    """

    def __init__(self, policy: Policy) -> None:
        self._rules = policy.rules
        self._fields = used_fields(policy.rules)
        self._read = fact_reader(self._fields, unknown_severity=policy.unknown_severity)
        self._compiled = tuple(compile_rule(rule, self._fields) for rule in policy.rules)
        self._matched: dict[tuple[Facts, Severity, str], _Matched] = {}
        self._matches: dict[_Matched, tuple[RuleMatch, ...]] = {}

    def judge(self, findings: Sequence[Finding]) -> list[Judgement]:
        """Judgements of all findings that have an effect: strongest first, then worst severity first."""
        matched = [self._matching(finding) for finding in findings]
        rulings = [self._ruling(index, findings, matched) for index in range(len(self._rules))]
        judged = [
            (-finding.severity.rank, self._judgement(finding, rules, rulings))
            for finding, rules in zip(findings, matched, strict=True)
            if rules or finding.relief
        ]
        judged.sort(key=lambda pair: (_STRENGTH[pair[1].effect], pair[0], pair[1].finding))
        return [judgement for _, judgement in judged]

    def _matching(self, finding: Finding) -> _Matched:
        seen = self._read(finding)
        key = (seen, finding.severity, finding.severity_from)
        if key not in self._matched:
            self._matched[key] = tuple(
                (index, tuple(_tell(self._fields[at], seen[at], finding) for at in rule.reasons(seen)))
                for index, rule in enumerate(self._compiled)
                if rule.matches(seen)
            )
        return self._matched[key]

    def _ruling(self, index: int, findings: Sequence[Finding], matched: Sequence[_Matched]) -> _Ruling:
        """A rule's effect: `info` for up to `max` matches, its own for all of them beyond; relief does not count."""
        rule = self._rules[index]
        if rule.max == 0:
            return _Ruling(rule.id, Effect(rule.then), rule.why)
        pairs = zip(findings, matched, strict=True)
        found = [f for f, rules in pairs if not f.relief and any(index == at for at, _ in rules)]
        note, effect = f"{len(found)} found, {rule.max} allowed", Effect.INFO
        if len(found) > rule.max:
            effect = Effect(rule.then)
            note += f", newest: {', '.join(map(_place, _newest(found)))}"
        return _Ruling(rule.id, effect, f"{rule.why} ({note})" if rule.why else note)

    def _judgement(self, finding: Finding, matched: _Matched, rulings: Sequence[_Ruling]) -> Judgement:
        if matched not in self._matches:
            self._matches[matched] = _matches([(rulings[index], told) for index, told in matched])
        matches = self._matches[matched]
        effect, would = relieve(finding, matches[0].effect if matches else Effect.NONE)
        return Judgement(finding=finding.id, effect=effect, matches=matches, would=would)


def _matches(rulings: Sequence[tuple[_Ruling, _Told]]) -> tuple[RuleMatch, ...]:
    """What is told of each rule that matched, strongest first."""
    matches = [RuleMatch(rule=r.rule, effect=r.effect, why=r.why, fields=told) for r, told in rulings]
    return tuple(sorted(matches, key=lambda match: (_STRENGTH[match.effect], match.rule)))


def _newest(found: Sequence[Finding]) -> list[Finding]:
    """A few findings, new ones first where a comparison with a baseline told them apart."""
    return heapq.nsmallest(_NEWEST, found, key=lambda f: (f.state != "new", -f.severity.rank, f.id))


def _tell(name: str, values: Values, finding: Finding) -> str:
    """One field as the verdict prints it: its value, and for a severity where it came from."""
    if values is None:
        return f"{name}=unknown, counted as a match"
    text = f"{name}={', '.join(values)}"
    if name != "severity":
        return text
    if values[0] != finding.severity:
        why = f"unknown, treated as {values[0]}" if finding.severity is Severity.UNKNOWN else "a malicious package"
        return f"{text} ({why})"
    return f"{text} ({finding.severity_from})" if finding.severity_from else text


def _place(finding: Finding) -> str:
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return f"{finding.rule.id} {where}".strip()
