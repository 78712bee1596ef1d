"""The tables of rules that say the same: complete, without contradictions, and about rules that exist."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from scangate import crosswalk, equivalences
from scangate.rule_twins import RuleTwins
from scangate.scanners.semgrep import RULES

RECORDED = Path(__file__).parent / "correlation" / "recorded"
OUR_RULES = {
    rule["id"] for file in sorted(RULES.glob("python/*.yaml")) for rule in YAML(typ="safe").load(file)["rules"]
}


def test_each_of_our_python_rules_has_its_twins_or_is_known_to_have_none() -> None:
    listed = {*equivalences.SAME, *equivalences.OVERLAPPING, *equivalences.WITHOUT_TWIN}
    assert listed == OUR_RULES
    assert equivalences.WITHOUT_TWIN.isdisjoint({*equivalences.SAME, *equivalences.OVERLAPPING})


TABLES = pytest.mark.parametrize("table", [equivalences, crosswalk], ids=["bandit-semgrep", "trivy-checkov"])


@TABLES
def test_no_pair_both_says_the_same_and_only_overlaps(table: object) -> None:
    same, overlapping = getattr(table, "SAME"), getattr(table, "OVERLAPPING")  # noqa: B009 (two modules)
    for first in {*same} & {*overlapping}:
        assert set(same[first]).isdisjoint(overlapping[first])


@TABLES
def test_within_a_family_every_rule_says_the_same_as_every_other_scanners(table: object) -> None:
    """Else a finding could be paired with one that its own twin contradicts."""
    same = getattr(table, "SAME")  # noqa: B009
    for first, seconds in same.items():
        for other, others in same.items():
            assert set(seconds).isdisjoint(others) or set(seconds) == set(others), (first, other)


@pytest.mark.parametrize("old", ["DS-0002", "DS002", "AVD-DS-0002", "avd-ds-0002", "DS-002"])
def test_spellings_of_a_check(old: str) -> None:
    assert crosswalk.canonical_check(old) == "DS-0002"


def test_what_is_no_check_of_trivys_stays_as_it_is() -> None:
    assert crosswalk.canonical_check("my-own-rule") == "my-own-rule"


def test_every_row_is_spelled_as_trivy_spells_it() -> None:
    assert all(crosswalk.canonical_check(check) == check for check in {*crosswalk.SAME, *crosswalk.OVERLAPPING})


@pytest.mark.parametrize(
    ("scene", "table", "scanners", "least"),
    [("code", equivalences, ("semgrep", "bandit"), 19), ("infrastructure", crosswalk, ("trivy", "checkov"), 60)],
)
def test_many_pairs_were_seen_in_real_outputs(scene: str, table: object, scanners: tuple[str, str], least: int) -> None:
    told = json.loads((RECORDED / f"{scene}.json").read_text())
    first, second = ({finding["rule"]["id"] for finding in told[name]} for name in scanners)
    same = getattr(table, "SAME")  # noqa: B009
    assert sum(rule in first and bool(second & {*twins}) for rule, twins in same.items()) >= least


def test_families_are_found_in_either_direction() -> None:
    table = RuleTwins(("a", "b"), same={"1": ("x",), "2": ("x", "y"), "3": ("z",)}, overlapping={"4": ("x",)})
    assert len({table.family(rule) for rule in [("a", "1"), ("a", "2"), ("b", "x"), ("b", "y")]}) == 1
    assert table.family(("a", "3")) == table.family(("b", "z")) != table.family(("a", "1"))
    assert table.family(("a", "4")) == table.family(("c", "1")) == ""
    assert table.say_the_same(("a", "2"), ("b", "y"))
    assert table.say_the_same(("b", "y"), ("a", "2"))
    assert not table.say_the_same(("a", "1"), ("b", "y"))
    assert [*table.topics(("b", "x"))] == ["4"]
