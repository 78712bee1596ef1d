"""Our semgrep rules: what each must say of itself, and that each finds what it should and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from scangate.scanners.interface import Tool
from scangate.scanners.semgrep import RULES

CODE = Path(__file__).parents[1] / "rules"
FILES = sorted(RULES.resolve().rglob("*.yaml"))
LANGUAGES = {
    "python": ["python"],
    "javascript": ["javascript", "typescript"],
    "java": ["java"],
    "go": ["go"],
}
LINK = re.compile(r"https://(cwe\.mitre\.org|cheatsheetseries\.owasp\.org|owasp\.org|docs\.python\.org)/\S+")


def load(file: Path) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = YAML(typ="safe").load(file)["rules"]
    return rules


CASES = [pytest.param(file.parent.name, rule, id=rule["id"]) for file in FILES for rule in load(file)]


def annotated(file: Path) -> Counter[tuple[str, str]]:
    return Counter(re.findall(r"(?:#|//) (ruleid|ok): ([a-z0-9-]+)$", file.read_text(), re.MULTILINE))


def test_there_are_rules_for_every_language() -> None:
    counts = Counter(case.values[0] for case in CASES)
    assert all(counts[language] >= 9 for language in LANGUAGES), counts
    assert len(CASES) >= 48


def test_no_name_is_used_twice() -> None:
    assert [name for name, n in Counter(case.id for case in CASES).items() if n > 1] == []


@pytest.mark.parametrize(("folder", "rule"), CASES)
def test_a_rule_says_all_that_a_finding_needs(folder: str, rule: dict[str, Any]) -> None:
    metadata = rule["metadata"]
    assert re.fullmatch(rf"{folder}(-[a-z0-9]+)+", rule["id"])
    assert rule["languages"] == LANGUAGES[folder]
    assert rule["severity"] in {"CRITICAL", "HIGH", "MEDIUM", "LOW"}
    assert metadata["category"] == "security"
    assert re.fullmatch(r"CWE-\d+: .+", metadata["cwe"])
    assert metadata["confidence"] in {"HIGH", "MEDIUM", "LOW"}
    assert metadata["references"]
    assert all(LINK.fullmatch(link) for link in metadata["references"])


@pytest.mark.parametrize(("folder", "rule"), CASES)
def test_a_message_says_what_is_wrong_and_what_to_do(folder: str, rule: dict[str, Any]) -> None:
    sentences = rule["message"].split(". ")
    assert len(sentences) >= 2
    assert 80 <= len(rule["message"]) <= 300
    assert "$" not in rule["message"], "semgrep would put the scanned code in its place"


@pytest.mark.parametrize(("folder", "rule"), CASES)
def test_a_rule_has_code_that_it_finds_and_code_that_it_passes(folder: str, rule: dict[str, Any]) -> None:
    total = sum((annotated(file) for file in sorted((CODE / folder).iterdir())), Counter[tuple[str, str]]())
    assert total["ruleid", rule["id"]] >= 1
    assert total["ok", rule["id"]] >= 1


@pytest.mark.real
def test_every_rule_finds_its_code_and_nothing_else(tools: Callable[[str], Tool], tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SEMGREP_ENABLE_VERSION_CHECK": "0",
        "SEMGREP_SEND_METRICS": "off",
    }
    ended = subprocess.run(
        [tools("semgrep").path, "scan", "--test", "--metrics=off", "--config", RULES.resolve(), CODE],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said[-3000:]
    assert f"{len(CASES)}/{len(CASES)}: ✓ All tests passed" in said
