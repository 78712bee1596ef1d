"""From a name or a file to the policy that judges: extending, merging, circles, digests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scangate.errors import UsageError
from scangate.policies.load import BUILT_IN, SEVERITIES, fail_on, load_policy, require_known
from scangate.policies.schema import Policy
from scangate.policies.show import policy_yaml

PARENT = """\
version: 1
unknown_severity: low
coverage: {required: [bandit, semgrep], min_files: 5, accept: [{what: terraform, why: old}]}
rules:
- {id: one, match: {tool: bandit, severity: high}, then: fail, max: 3, why: parent}
- {id: two, match: {tool: semgrep}}
- {id: three, match: {tool: checkov}}
"""
CHILD = """\
version: 1
extends: parent.yaml
coverage: {required: [checkov], parse_errors: fail}
rules:
- {id: one, match: {tool: pip-audit}, then: warn}
- {id: two, then: skip}
- {id: four, match: {rule: x}}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write_policy(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write_policy


Write = Callable[[str, str], Path]


def test_a_child_merges_key_by_key_and_rule_by_rule(write: Write) -> None:
    write("parent.yaml", PARENT)
    policy = load_policy(str(write("child.yaml", CHILD)))
    assert policy.coverage.required == ("checkov",)
    assert (policy.coverage.min_files, policy.coverage.parse_errors) == (5, "fail")
    assert [accept.what for accept in policy.coverage.accept] == ["terraform"]
    assert policy.unknown_severity == "low"
    rules = {rule.id: rule for rule in policy.rules}
    assert set(rules) == {"one", "three", "four"}
    assert (rules["one"].then, rules["one"].max, rules["one"].why) == ("warn", 0, "")
    assert rules["one"].match is not None
    assert rules["one"].match.severity is None


def test_origins_name_the_document_of_each_part(write: Write) -> None:
    parent = write("parent.yaml", PARENT)
    child = write("child.yaml", CHILD)
    policy = load_policy(str(child))
    assert policy.sources == (str(parent), str(child))
    assert policy.origins["coverage.required"] == policy.origins["rules.one"] == str(child)
    assert policy.origins["coverage.min_files"] == policy.origins["rules.three"] == str(parent)
    assert "rules.two" not in policy.origins


def test_the_name_is_never_inherited(write: Write) -> None:
    assert load_policy(str(write("release.yaml", "version: 1\nextends: default\n"))).name == "release"
    assert load_policy(str(write("b.yaml", "version: 1\nname: ours\nextends: default\n"))).name == "ours"


def test_a_shared_ancestor_is_applied_once_and_does_not_undo(write: Write) -> None:
    write("a.yaml", "version: 1\nextends: default\ncoverage: {max_db_age: 1d}\n")
    write("b.yaml", "version: 1\nextends: default\n")
    policy = load_policy(str(write("c.yaml", "version: 1\nextends: [a.yaml, b.yaml]\n")))
    assert policy.coverage.max_db_age == "1d"
    assert len(policy.sources) == 4


def test_paths_are_relative_to_the_file_that_extends(write: Write, tmp_path: Path) -> None:
    write("team/parent.yaml", PARENT)
    write("team/child.yaml", CHILD)
    write("child.yaml", "version: 1\nextends: team/child.yaml\n")
    assert len(load_policy("child.yaml", folder=tmp_path).sources) == 3


def test_circles_are_errors(write: Write) -> None:
    write("a.yaml", "version: 1\nextends: b.yaml\n")
    path = write("b.yaml", "version: 1\nextends: ./a.yaml\n")
    with pytest.raises(UsageError, match=r"circle: b\.yaml → a\.yaml → b\.yaml"):
        load_policy(str(path))


def test_long_chains_are_errors(write: Write) -> None:
    for number in range(60):
        write(f"p{number}.yaml", f"version: 1\nextends: p{number + 1}.yaml\n")
    with pytest.raises(UsageError, match="more than 32 policies"):
        load_policy(str(write("p60.yaml", "version: 1\nextends: p0.yaml\n")))


def test_many_ways_to_one_ancestor_cost_no_more_than_one(write: Write) -> None:
    for number in range(25):
        write(f"p{number}.yaml", f"version: 1\nextends: [p{number + 1}.yaml, p{number + 1}.yaml]\n")
    write("p25.yaml", "version: 1\n")
    assert len(load_policy(str(write("own.yaml", "version: 1\nextends: p0.yaml\n"))).sources) == 27


def test_a_fault_in_a_parent_names_the_parent(write: Write) -> None:
    parent = write("parent.yaml", "version: 1\nx: 1\n")
    with pytest.raises(UsageError) as caught:
        load_policy(str(write("child.yaml", CHILD)))
    assert f"{parent}:2: unknown key 'x'" in caught.value.message


def test_absolute_parents_are_errors_with_their_line(write: Write) -> None:
    parent = write("parent.yaml", PARENT)
    child = write("child.yaml", f"version: 1\nextends:\n- default\n- {parent}\n")
    with pytest.raises(UsageError, match=r"child\.yaml:4: 'extends' takes a built-in name or a path relative"):
        load_policy(str(child))


@pytest.mark.parametrize("name", ["prdo", "missing.yaml", "", ".", "a\0b", "x" * 5000])
def test_what_is_neither_name_nor_file_is_an_error(name: str) -> None:
    with pytest.raises(UsageError):
        load_policy(name)


def test_the_nearest_built_in_name_is_told() -> None:
    with pytest.raises(UsageError, match="did you mean 'prod'") as caught:
        load_policy("prdo")
    assert "default, dev, staging, prod" in caught.value.hint


@pytest.mark.parametrize("severity", SEVERITIES)
def test_fail_on_is_one_rule_with_the_coverage_of_default(severity: str) -> None:
    policy = fail_on(severity)
    assert policy.coverage == load_policy("default").coverage
    assert [rule.match.severity for rule in policy.rules if rule.match] == [(f">={severity}",)]


def test_fail_on_lists_the_choices() -> None:
    with pytest.raises(UsageError) as caught:
        fail_on("severe")
    assert "critical, high, medium, low, info" in caught.value.hint


def test_required_scanners_must_exist(policy_of: Callable[[str], Policy]) -> None:
    policy = policy_of("coverage: {required: [bandti]}")
    with pytest.raises(UsageError, match="did you mean 'bandit'"):
        require_known(policy, ["bandit", "semgrep"])
    require_known(policy, ["bandti"])


def test_the_digest_is_of_the_content(policy_of: Callable[[str], Policy]) -> None:
    one = "- {id: aa, match: {tool: x}}\n"
    two = "- {id: bb, match: {tool: [y]}, then: warn}\n"
    digest = policy_of(f"name: p\nrules:\n{one}{two}").digest
    assert digest.startswith("sha256:")
    assert digest == policy_of(f"name: p\nunknown_severity: high\nrules:\n{two}{one}").digest
    assert digest != policy_of(f"name: p\nrules:\n{one}").digest
    assert digest != policy_of(f"name: p\nrules:\n{one}{two.replace('warn', 'fail')}").digest


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_show_prints_is_the_same_policy(name: str, write: Write) -> None:
    policy = load_policy(name)
    text = policy_yaml(policy)
    assert load_policy(str(write("shown.yaml", text))).digest == policy.digest
    assert f"# {' → '.join(policy.sources)}" in text


def test_show_keeps_words_and_says_where_parts_come_from(write: Write) -> None:
    rule = "{id: aa, match: {rule: 1.10, any: [{path: '*'}]}, why: off}"
    path = write("own\nname.yaml", f"version: 1\nname: 'no'\nextends: default\nrules:\n- {rule}\n")
    policy = load_policy(str(path))
    shown = policy_yaml(policy)
    assert load_policy(str(write("shown.yaml", shown))).digest == policy.digest
    assert "min_files: 0 # by default" in shown.replace("  #", " #")
    assert "max_db_age: 30d # from default" in shown.replace("  #", " #")
    assert "own?name.yaml" in shown
