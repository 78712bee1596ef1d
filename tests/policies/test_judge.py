"""The gate: effects, budgets, relief, exit codes, and that nothing depends on order."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scangate.document import InventorySummary, Outcome, Verdict
from scangate.model import Effect, Finding, LedgerEntry
from scangate.policies.judge import judge, with_effects
from scangate.policies.load import BUILT_IN, load_policy
from scangate.policies.schema import Policy, PolicyRule

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUN = [LedgerEntry(scanner="bandit", target=".", state="ran", kinds=("python-code",))]
STRENGTH = {Effect.FAIL: 3, Effect.WARN: 2, Effect.INFO: 1, Effect.NONE: 0}

Build = Callable[..., Finding]
Parse = Callable[[str], Policy]
Judge = Callable[..., Verdict]


def test_the_strongest_rule_decides_and_all_are_told(finding: Build, policy_of: Parse, verdict_on: Judge) -> None:
    policy = policy_of(
        "rules:\n- {id: soft, match: {tool: bandit}, then: info}\n- {id: mild, match: {severity: high}, then: warn}\n"
        "- {id: hard, match: {category: code}}\n- {id: other, match: {category: iac}}\n"
    )
    verdict = verdict_on(policy, finding())
    assert [(m.rule, m.effect) for m in verdict.judged[0].matches] == [
        ("hard", Effect.FAIL),
        ("mild", Effect.WARN),
        ("soft", Effect.INFO),
    ]
    assert (verdict.outcome, verdict.exit_code) == (Outcome.FAILED, 1)
    assert verdict.counts == {"fail": 1, "warn": 0, "info": 0, "relieved": 0, "none": 0}


@pytest.mark.parametrize(
    ("then", "ledger_state", "outcome", "code"),
    [
        ("fail", "ran", Outcome.FAILED, 1),
        ("fail", "failed", Outcome.FAILED, 1),
        ("warn", "failed", Outcome.INCOMPLETE, 3),
        ("warn", "ran", Outcome.PASSED, 0),
        ("info", "ran", Outcome.PASSED, 0),
    ],
)
def test_violations_beat_incomplete_coverage_and_warnings_change_nothing(
    then: str,
    ledger_state: str,
    outcome: Outcome,
    code: int,
    *,
    finding: Build,
    policy_of: Parse,
    verdict_on: Judge,
    entry: Callable[..., LedgerEntry],
) -> None:
    policy = policy_of(f"rules:\n- {{id: aa, match: {{tool: bandit}}, then: {then}}}\n")
    verdict = verdict_on(policy, finding(), ledger=[entry(state=ledger_state, reason="it broke")])
    assert (verdict.outcome, verdict.exit_code) == (outcome, code)
    assert bool(verdict.incomplete) is (ledger_state == "failed")


def test_a_policy_without_rules_judges_nothing(finding: Build, policy_of: Parse, verdict_on: Judge) -> None:
    verdict = verdict_on(policy_of("name: empty"), finding())
    assert (verdict.exit_code, verdict.judged, verdict.counts["none"]) == (0, (), 1)


@pytest.mark.parametrize(("number", "effect"), [(1, Effect.INFO), (2, Effect.INFO), (3, Effect.FAIL), (9, Effect.FAIL)])
def test_a_budget_tolerates_up_to_its_number(
    number: int, effect: Effect, finding: Build, policy_of: Parse, verdict_on: Judge
) -> None:
    policy = policy_of("rules:\n- {id: aa, match: {tool: bandit}, max: 2, why: enough}\n")
    verdict = verdict_on(policy, *(finding(id=f"f{i}") for i in range(number)))
    assert {j.effect for j in verdict.judged} == {effect}
    assert len(verdict.judged) == number
    assert f"enough ({number} found, 2 allowed" in verdict.judged[0].matches[0].why


def test_a_budget_names_new_findings_first(finding: Build, policy_of: Parse, verdict_on: Judge) -> None:
    policy = policy_of("rules:\n- {id: aa, match: {tool: bandit}, max: 1}\n")
    old = [finding(id=f"a{i}", state="existing", rule="B101") for i in range(5)]
    verdict = verdict_on(policy, *old, finding(id="z", state="new", rule="B999"))
    assert "6 found, 1 allowed, newest: B999 app/db.py:3, B101" in verdict.judged[0].matches[0].why


def test_relieved_findings_do_not_use_up_a_budget(finding: Build, policy_of: Parse, verdict_on: Judge) -> None:
    policy = policy_of("rules:\n- {id: aa, match: {tool: bandit}, max: 1}\n")
    verdict = verdict_on(policy, finding(id="a"), finding(id="b", relieved=True))
    assert (verdict.exit_code, verdict.counts["info"], verdict.counts["relieved"]) == (0, 1, 1)


def test_relief_keeps_a_finding_from_failing_and_in_the_list(
    finding: Build, policy_of: Parse, verdict_on: Judge
) -> None:
    verdict = verdict_on(policy_of("rules:\n- {id: aa, match: {tool: bandit}}\n"), finding(relieved=True))
    judgement = verdict.judged[0]
    assert (verdict.exit_code, judgement.effect, judgement.would) == (0, Effect.RELIEVED, Effect.FAIL)
    assert judgement.matches[0].rule == "aa"


def test_relief_is_listed_even_where_no_rule_matches(finding: Build, policy_of: Parse, verdict_on: Judge) -> None:
    verdict = verdict_on(policy_of("name: empty"), finding(relieved=True))
    assert (verdict.judged[0].effect, verdict.judged[0].would) == (Effect.RELIEVED, Effect.NONE)


def test_findings_take_the_effect_of_the_verdict(finding: Build, policy_of: Parse, verdict_on: Judge) -> None:
    policy = policy_of("rules:\n- {id: aa, match: {severity: high}}\n- {id: bb, match: {severity: low}, then: info}\n")
    findings = [
        finding(id="a"),
        finding(id="b", severity="low"),
        finding(id="c", relieved=True),
        finding(id="d", severity="info", effect=Effect.FAIL),
    ]
    effects = [f.effect for f in with_effects(findings, verdict_on(policy, *findings))]
    assert effects == [Effect.FAIL, Effect.INFO, Effect.RELIEVED, Effect.NONE]


def test_of_two_findings_of_one_id_the_stronger_effect_counts_for_both(
    finding: Build, policy_of: Parse, verdict_on: Judge
) -> None:
    findings = [finding(id="a", relieved=True), finding(id="a")]
    verdict = verdict_on(policy_of("rules:\n- {id: aa, match: {severity: high}}\n"), *findings)
    assert [f.effect for f in with_effects(findings, verdict)] == [Effect.FAIL, Effect.FAIL]


def test_judgements_come_strongest_first_then_worst_first(finding: Build, policy_of: Parse, verdict_on: Judge) -> None:
    policy = policy_of("rules:\n- {id: aa, match: {rule: B1}}\n- {id: bb, match: {rule: '*'}, then: warn}\n")
    findings = [
        finding(id="a", severity="low"),
        finding(id="b", severity="critical"),
        finding(id="c", severity="info", rule="B1"),
    ]
    assert [j.finding for j in verdict_on(policy, *findings).judged] == ["c", "b", "a"]


def test_the_verdict_names_policy_digest_and_environment(finding: Build, verdict_on: Judge) -> None:
    policy = load_policy("staging")
    verdict = verdict_on(policy, environment="qa")
    assert (verdict.policy, verdict.policy_digest, verdict.environment) == ("staging", policy.digest, "qa")


_severities = st.sampled_from(["critical", "high", "medium", "low", "info", "unknown"])
_categories = st.sampled_from(["code", "dependency", "container", "iac", "secret", "web", "control"])
_findings = st.lists(
    st.fixed_dictionaries(
        {
            "severity": _severities,
            "category": _categories,
            "relieved": st.booleans(),
            "path": st.sampled_from(["app/a.py", "tests/b.py", "examples/c.tf"]),
            "rule": st.sampled_from(["B101", "B602"]),
        }
    ),
    max_size=8,
)
_MATCHES: list[dict[str, Any]] = [
    {"severity": ">=medium"},
    {"severity": "<high"},
    {"category": ["code", "secret"]},
    {"rule": "B1*"},
    {"path": "tests/**"},
    {"fix": "available"},
    {"any": [{"severity": "critical"}, {"confidence": "high"}]},
]
_rule: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"match": st.sampled_from(_MATCHES), "then": st.sampled_from(["fail", "warn", "info"])},
    optional={"unless": st.sampled_from(_MATCHES[:-1]), "max": st.sampled_from(["0", "1", "3"])},
)
_rules = st.lists(_rule, max_size=5)


def _policy(rules: list[dict[str, Any]]) -> Policy:
    numbered = (PolicyRule.model_validate({"id": f"r{i}", **rule}) for i, rule in enumerate(rules))
    return load_policy("default").model_copy(update={"rules": tuple(numbered)})


def _verdict(findings: list[Finding], policy: Policy) -> Verdict:
    return judge(findings, RUN, InventorySummary(), policy, now=NOW)


def _built(finding: Build, specs: list[dict[str, Any]]) -> list[Finding]:
    return [finding(**{**spec, "id": f"f{i}"}) for i, spec in enumerate(specs)]


@settings(deadline=None)
@given(_findings, _rules, st.randoms(use_true_random=False))
def test_order_never_changes_the_verdict(
    finding: Build, specs: list[dict[str, Any]], rules: list[dict[str, Any]], shuffler: random.Random
) -> None:
    findings, policy = _built(finding, specs), _policy(rules)
    mixed, turned = list(findings), list(policy.rules)
    shuffler.shuffle(mixed)
    shuffler.shuffle(turned)
    assert _verdict(findings, policy) == _verdict(mixed, policy.model_copy(update={"rules": tuple(turned)}))


@settings(deadline=None)
@given(_findings, _rules)
def test_the_strongest_effect_wins(finding: Build, specs: list[dict[str, Any]], rules: list[dict[str, Any]]) -> None:
    verdict = _verdict(_built(finding, specs), _policy(rules))
    for judgement in verdict.judged:
        strongest = max((STRENGTH[m.effect] for m in judgement.matches), default=0)
        told = judgement.effect if judgement.would is None else judgement.would
        assert STRENGTH[told] == strongest
    assert verdict.counts["fail"] == sum(j.effect is Effect.FAIL for j in verdict.judged)
    assert (verdict.exit_code == 1) is (verdict.counts["fail"] > 0)
    assert sum(verdict.counts.values()) == len(specs)


@settings(deadline=None)
@given(_findings, _findings, _rules)
def test_another_finding_never_turns_a_failure_into_a_pass(
    finding: Build, specs: list[dict[str, Any]], more: list[dict[str, Any]], rules: list[dict[str, Any]]
) -> None:
    policy = _policy(rules)
    if _verdict(_built(finding, specs), policy).exit_code == 1:
        assert _verdict(_built(finding, specs + more), policy).exit_code == 1


@pytest.mark.parametrize("name", BUILT_IN)
@settings(deadline=None, max_examples=30)
@given(specs=_findings)
def test_judging_again_gives_the_same_verdict(finding: Build, name: str, specs: list[dict[str, Any]]) -> None:
    findings, policy = _built(finding, specs), load_policy(name)
    verdict = _verdict(findings, policy)
    assert _verdict(list(with_effects(findings, verdict)), policy) == verdict
