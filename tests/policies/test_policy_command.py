"""`scangate policy show` and `lint`: what they print, where, and with which code they end."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from scangate.commands.policy import lint, show
from scangate.errors import UsageError
from scangate.policies.load import BUILT_IN


def _lint(tmp_path: Path, text: str) -> tuple[int, str, str]:
    path = tmp_path / "p.yaml"
    path.write_text(f"version: 1\n{text}")
    out, err = io.StringIO(), io.StringIO()
    code = lint([str(path)], out=out, err=err)
    return code, out.getvalue().replace(f"{tmp_path}/", ""), err.getvalue().replace(f"{tmp_path}/", "")


def test_show_prints_a_policy() -> None:
    out = io.StringIO()
    assert show("prod", out=out) == 0
    assert out.getvalue().startswith("# default → staging → prod\n# sha256:")


def test_show_of_nothing_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        show("prdo", out=io.StringIO())


@pytest.mark.parametrize("name", [n for n in BUILT_IN if n != "dev"])
def test_the_built_in_policies_need_no_advice(name: str) -> None:
    out = io.StringIO()
    assert lint([name], out=out, err=io.StringIO()) == 0
    assert out.getvalue() == f"{name}: valid, 0 warnings\n"


def test_lint_checks_every_file_and_ends_with_2_for_any_fault(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nx: 1\n")
    out, err = io.StringIO(), io.StringIO()
    assert lint([str(bad), "prod"], out=out, err=err) == 2
    assert "bad.yaml:2: unknown key 'x'" in err.getvalue()
    assert "prod: valid" in out.getvalue()


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "rules: [{id: aa, match: {severity: '>critical'}}]",
            "p.yaml:2: rule 'aa' can never match: no severity is >crit",
        ),
        ("rules: [{id: aa, match: {cvss: '>10'}}]", "can never match: no cvss is >10"),
        ("rules: [{id: aa, match: {confidence: '<low'}}]", "can never match: no confidence is <low"),
        ("rules: [{id: aa, match: {category: code, package: '*'}}]", "findings of category code have no package"),
        ("rules: [{id: aa, match: {category: [code, web], cvss: '>7'}}]", "category code, web have no cvss"),
        ("rules: [{id: aa, match: {any: [{severity: <info}, {cvss: '>10'}]}}]", "can never match"),
        ("rules: [{id: aa, match: {path: a, tool: bandit}, unless: {path: a}}]", "'unless' excludes whatever 'match'"),
        ("rules: [{id: aa, match: {tool: bandti}}]", "no scanner here; did you mean 'bandit'"),
        (
            "extends: default\nrules: [{id: fixabel, then: skip}]",
            "p.yaml:3: rule 'fixabel' skips nothing: no parent has it; did",
        ),
        (
            "coverage:\n  required: [semgrap]",
            "p.yaml:3: 'semgrap' is required, and is no scanner here; did you mean 'semgrep'",
        ),
        ("coverage: {accept: [{what: pyton-code, why: x}]}", "no kind here; did you mean 'python-code'"),
        ("coverage: {required: [bandit], accept: [{what: bandit, why: x}]}", "accepting its failure has no effect"),
        (
            "extends: default\nunknown_severity: low",
            "p.yaml:2: weaker than 'default': an unknown severity counts as low",
        ),
        ("extends: default\ncoverage: {on_error: warn}", "coverage.on_error only warns"),
        ("extends: prod\ncoverage: {parse_errors: warn}", "coverage.parse_errors only warns"),
        ("extends: default\ncoverage: {max_db_age: 31d}", "coverage.max_db_age allows older data"),
        ("extends: prod\ncoverage: {min_files: 0}", "coverage.min_files is lower"),
        ("extends: default\ncoverage: {accept: [{what: terraform, why: x}]}", "coverage.accept accepts terraform"),
        ("extends: default\nrules: [{id: secrets, then: skip}]", "high fail → warn for secret"),
        ("extends: default\nrules: [{id: rest, match: {severity: '>=high'}, then: warn}]", "medium warn → none for"),
        (
            "extends: default\nrules: [{id: secrets, match: {category: secret}, max: 2}]",
            "'secrets' tolerates 2 findings",
        ),
        ("extends: default\nrules: [{id: secrets, match: {category: secret, path: a}}]", "leaves out findings by path"),
        (
            "extends: default\nrules: [{id: secrets, match: {category: secret}, unless: {path: a}}]",
            "leaves out findings by unless path",
        ),
    ],
)
def test_advice(tmp_path: Path, text: str, warning: str) -> None:
    code, out, err = _lint(tmp_path, text)
    assert (code, err) == (0, "")
    assert warning in out


def test_required_scanners_may_not_be_lost(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text("version: 1\ncoverage: {required: [bandit, semgrep]}\n")
    _, out, _ = _lint(tmp_path, "extends: parent.yaml\ncoverage: {required: [bandit]}\n")
    assert "weaker than 'parent': coverage.required no longer has semgrep" in out


@pytest.mark.parametrize(
    "text",
    [
        "extends: default\nrules: [{id: code, match: {category: [code, iac, web], severity: '>=medium'}}]",
        "extends: default\ncoverage: {max_db_age: 24h, required: bandit, min_files: 3}",
        "rules: [{id: aa, match: {any: [{severity: <info}, {tool: bandit}]}}]",
        "rules: [{id: aa, match: {path: 'a/**'}, unless: {path: a/b}}]",
    ],
)
def test_no_advice_where_none_is_due(tmp_path: Path, text: str) -> None:
    assert _lint(tmp_path, text) == (0, "p.yaml: valid, 0 warnings\n", "")
