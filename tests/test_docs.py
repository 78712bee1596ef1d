"""The documentation is true: what is generated is up to date, what is named exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scangate import __version__
from scangate.kinds import KINDS
from scangate.policies.conditions import value_test
from scangate.policies.lint import lint
from scangate.policies.load import load_policy
from scangate.policies.schema import Coverage, Dast, Match, PolicyDocument, PolicyRule
from scangate.scanners.registry import SCANNERS, TAKES
from scangate.settings_files import load_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_generated_parts_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "docs.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_screen_names_both_ways_in() -> None:
    first = README.split("\n## ")[0]
    assert "make scan" in first
    assert "make test" in first


def test_every_scanner_is_in_the_table() -> None:
    rows = re.findall(r"^\| ([a-z-]+) \|", README, re.MULTILINE)
    assert set(SCANNERS) <= set(rows)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/policy.md"])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!http)([^)]+)\)", (ROOT / page).read_text()):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_version_is_in_the_changelog() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize(
    ("page", "names"), [("README.md", ["ours"]), ("docs/policy.md", ["payments", "documentation"])]
)
def test_policies_in_the_documentation_are_valid(page: str, names: list[str], tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(version: 1.*?)```", (ROOT / page).read_text(), re.DOTALL)
    policies = []
    for number, block in enumerate(blocks):
        (tmp_path / f"{number}.yaml").write_text(block)
        policies.append(load_policy(str(tmp_path / f"{number}.yaml")).name)
        advice = lint(str(tmp_path / f"{number}.yaml"), scanners=SCANNERS, kinds=KINDS)
        assert [text for text in advice if "weaker than" not in text] == []
    assert policies == names


def test_every_key_of_a_policy_is_explained() -> None:
    page = (ROOT / "docs" / "policy.md").read_text()
    for model in (PolicyDocument, Coverage, Dast, PolicyRule, Match):
        for name in model.model_fields:
            assert re.search(rf"^\W*{name}:|`{name}`|\{{{name}:", page, re.MULTILINE), name


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("*.py", "setup.py", True),
        ("*.py", "shop/views.py", False),
        ("**/*.py", "setup.py", True),
        ("**/*.py", "shop/views.py", True),
        ("tests/**", "tests/a/b.py", True),
        ("tests/**", "shop/tests/a.py", False),
        ("**/tests/**", "tests/a.py", True),
        ("**/tests/**", "shop/tests/a.py", True),
    ],
)
def test_globs_mean_what_the_policy_page_says(glob: str, path: str, matches: bool) -> None:
    assert f"`{glob}`" in (ROOT / "docs" / "policy.md").read_text()
    assert value_test("path", (glob,))((path,)) is matches


def test_our_own_settings_are_valid() -> None:
    load_settings(ROOT, config=None, flags={}, takes=TAKES)
