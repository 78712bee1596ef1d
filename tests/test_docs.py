"""The documentation is true: what is generated is up to date, what is named exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from scangate import __version__
from scangate.scanners.registry import SCANNERS
from scangate.settings import load_settings

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


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_version_is_in_the_changelog() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_policy_of_the_readme_is_valid(tmp_path: Path) -> None:
    from scangate.policies.load import load_policy  # noqa: PLC0415 (one test's own)

    (block,) = re.findall(r"```yaml\n(version: 1\n.*?)```", README, re.DOTALL)
    (tmp_path / "ours.yaml").write_text(block)
    assert load_policy(str(tmp_path / "ours.yaml")).name == "ours"


def test_our_own_settings_are_valid() -> None:
    load_settings(ROOT, config=None, flags={}, scanners=frozenset(SCANNERS))
