"""The lock files: hashes everywhere, nothing of the machine that made them."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from scangate.scanners.locks import LOCKS, locked_tools, read_lock
from scangate.scanners.registry import SCANNERS

_HEADER = re.compile(r"# Made by scripts/locks: nothing published after (\d{4}-\d\d-\d\d) 00:00 UTC\.")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def _entries(tool: str) -> list[str]:
    """Each pin with its hashes on one line."""
    text = (LOCKS / tool / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", "").strip().split("\n")


def test_there_is_a_lock_for_each_python_tool() -> None:
    assert set(locked_tools()) >= {"bandit", "checkov", "pip-audit", "semgrep"}


@pytest.mark.parametrize("tool", locked_tools())
def test_every_line_is_an_exact_pin_with_hashes(tool: str) -> None:
    for entry in _entries(tool):
        pin, *hashes = re.split(r"\s+(?=--hash)", entry.strip())
        requirement = Requirement(pin)
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], pin
        assert requirement.url is None, pin
        assert hashes and all(_HASH.fullmatch(word) for word in hashes), pin


@pytest.mark.parametrize("tool", locked_tools())
def test_no_address_and_no_path(tool: str) -> None:
    text = (LOCKS / tool / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|(?:^|\s)/|--index|--find-links|@ ", text)


@pytest.mark.parametrize("tool", locked_tools())
def test_the_lock_pins_its_tool_within_the_range_that_the_adapter_knows(tool: str) -> None:
    lock = read_lock(tool)
    assert lock is not None
    if tool in SCANNERS:
        assert lock.version in SpecifierSet(SCANNERS[tool].tool.versions)
    assert "3.11" in SpecifierSet(lock.python)
    assert len(lock.digest) == 64


@pytest.mark.parametrize("tool", locked_tools())
def test_the_cool_down_is_recorded(tool: str) -> None:
    header = _HEADER.match((LOCKS / tool / "requirements.txt").read_text(encoding="utf-8"))
    assert header is not None
    age = datetime.datetime.now(datetime.UTC).date() - datetime.date.fromisoformat(header[1])
    assert age >= datetime.timedelta(days=7)


def test_every_builtin_python_tool_has_a_lock() -> None:
    assert {scanner.tool.name for scanner in SCANNERS.values()} <= set(locked_tools())


def test_an_unknown_tool_has_no_lock() -> None:
    assert read_lock("nothing-of-ours") is None


@pytest.mark.parametrize("text", ["", "bandit==1.0 \\\n", "# python: >=3.11\nother==1.0 \\\n"])
def test_a_damaged_lock_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "bandit").mkdir()
    (tmp_path / "bandit" / "requirements.txt").write_text(text)
    with pytest.raises(ValueError, match="bandit"):
        read_lock("bandit", folder=tmp_path)
