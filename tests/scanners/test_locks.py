"""The lock files: hashes everywhere, nothing of the machine that made them."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from scangate.scanners.locks import LOCKS, GoLock, PythonLock, locked_tools, read_lock
from scangate.scanners.registry import SCANNERS
from scangate.toolerrors import check_not_refused

_HEADER = re.compile(r"(?:#|//) Made by scripts/locks: nothing published after (\d{4}-\d\d-\d\d) 00:00 UTC\.")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_SUM = re.compile(r"(?P<module>\S+) v\S+ h1:[A-Za-z0-9+/]{43}=")

PYTHON_TOOLS = tuple(tool for tool in locked_tools() if isinstance(read_lock(tool), PythonLock))
GO_TOOLS = tuple(tool for tool in locked_tools() if isinstance(read_lock(tool), GoLock))


def _entries(tool: str) -> list[str]:
    """Each pin with its hashes on one line."""
    text = (LOCKS / tool / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", "").strip().split("\n")


def _go_lock(tool: str) -> GoLock:
    lock = read_lock(tool)
    assert isinstance(lock, GoLock)
    return lock


def test_there_is_a_lock_for_each_tool() -> None:
    assert set(PYTHON_TOOLS) >= {"bandit", "checkov", "pip-audit", "semgrep"}
    assert set(GO_TOOLS) >= {"gitleaks", "grype", "osv-scanner", "trivy"}


@pytest.mark.parametrize("tool", PYTHON_TOOLS)
def test_every_line_is_an_exact_pin_with_hashes(tool: str) -> None:
    for entry in _entries(tool):
        pin, *hashes = re.split(r"\s+(?=--hash)", entry.strip())
        requirement = Requirement(pin)
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], pin
        assert requirement.url is None, pin
        assert hashes and all(_HASH.fullmatch(word) for word in hashes), pin


@pytest.mark.parametrize("tool", PYTHON_TOOLS)
def test_no_address_and_no_path(tool: str) -> None:
    text = (LOCKS / tool / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|(?:^|\s)/|--index|--find-links|@ ", text)


@pytest.mark.parametrize("tool", GO_TOOLS)
def test_every_module_of_a_build_has_its_hash(tool: str) -> None:
    lock = _go_lock(tool)
    sums = [_SUM.fullmatch(line) for line in lock.path.with_name("go.sum").read_text(encoding="utf-8").splitlines()]
    hashed = {found["module"] for found in sums if found}
    required = re.findall(r"^\t(\S+) v", lock.path.read_text(encoding="utf-8"), re.MULTILINE)
    assert all(sums)
    assert lock.module in required
    assert set(required) <= hashed


@pytest.mark.parametrize("tool", GO_TOOLS)
def test_nothing_is_replaced_or_taken_from_a_folder(tool: str) -> None:
    text = _go_lock(tool).path.read_text(encoding="utf-8")
    assert f"module scangate.invalid/tools/{tool}\n" in text
    assert not re.search(r"=>|^(?:replace|exclude|toolchain)\b", text, re.MULTILINE)


@pytest.mark.parametrize("tool", GO_TOOLS)
def test_a_lock_says_what_its_source_says(tool: str) -> None:
    lock = _go_lock(tool)
    source = (LOCKS / tool / "go.mod.in").read_text(encoding="utf-8")
    text = lock.path.read_text(encoding="utf-8")
    assert re.search(rf"^(?:require |\t){re.escape(lock.module)} v{re.escape(lock.version)}$", source, re.MULTILINE)
    kept = re.findall(r"^(?://|module|tool) .+$", source, re.MULTILINE)
    assert [line for line in kept if line not in text.splitlines()] == []


@pytest.mark.parametrize("tool", locked_tools())
def test_the_lock_pins_its_tool_within_the_range_that_the_adapter_knows(tool: str) -> None:
    lock = read_lock(tool)
    assert lock is not None
    assert len(lock.digest) == 64
    if isinstance(lock, PythonLock):
        assert "3.11" in SpecifierSet(lock.python)
    if tool in SCANNERS:
        spec = SCANNERS[tool].tool
        assert lock.version in SpecifierSet(spec.versions)
        assert spec.module == (lock.module if isinstance(lock, GoLock) else "")
        check_not_refused(spec, lock.version, where="the lock")


@pytest.mark.parametrize("tool", locked_tools())
def test_the_cool_down_is_recorded(tool: str) -> None:
    lock = read_lock(tool)
    header = _HEADER.match(lock.path.read_text(encoding="utf-8")) if lock else None
    assert header is not None
    age = datetime.datetime.now(datetime.UTC).date() - datetime.date.fromisoformat(header[1])
    assert age >= datetime.timedelta(days=7)


def test_every_builtin_tool_of_python_or_go_has_a_lock() -> None:
    assert {scanner.tool.name for scanner in SCANNERS.values()} - {"npm-audit", "zap"} <= set(locked_tools())


def test_an_unknown_tool_has_no_lock() -> None:
    assert read_lock("nothing-of-ours") is None


@pytest.mark.parametrize("text", ["", "bandit==1.0 \\\n", "# python: >=3.11\nother==1.0 \\\n"])
def test_a_damaged_lock_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "bandit").mkdir()
    (tmp_path / "bandit" / "requirements.txt").write_text(text)
    with pytest.raises(ValueError, match="bandit"):
        read_lock("bandit", folder=tmp_path)


MODULE = """// version in: example.org/tool/v2/about.Version
// building takes: 5 minutes
module scangate.invalid/tools/tool

go 1.24.1

tool example.org/tool/v2/cmd/tool

require (
\texample.org/tool v1.0.0 // indirect
\texample.org/tool/v2 v2.3.4 // indirect
\texample.org/tool/v2/cmd/toolbox v0.1.0 // indirect
)
"""


def _write_go_lock(folder: Path, text: str, sums: str = "") -> Path:
    (folder / "tool").mkdir()
    (folder / "tool" / "go.mod").write_text(text)
    (folder / "tool" / "go.sum").write_text(sums)
    return folder


def test_a_go_lock_is_read(tmp_path: Path) -> None:
    lock = read_lock("tool", folder=_write_go_lock(tmp_path, MODULE))
    assert isinstance(lock, GoLock)
    assert (lock.module, lock.version, lock.go) == ("example.org/tool/v2", "2.3.4", "1.24.1")
    assert (lock.version_variable, lock.takes, lock.experiment) == (
        "example.org/tool/v2/about.Version",
        "5 minutes",
        "",
    )
    assert locked_tools(folder=tmp_path) == ("tool",)
    (tmp_path / "tool" / "go.sum").write_text("example.org/tool v1.0.0 h1:other=\n")
    changed = read_lock("tool", folder=tmp_path)
    assert changed is not None and changed.digest != lock.digest


@pytest.mark.parametrize("line", ["go 1.24.1", "tool example", "\texample.org/tool/v2 v2", "// building takes"])
def test_a_damaged_go_lock_is_an_error(tmp_path: Path, line: str) -> None:
    text = MODULE.replace("\texample.org/tool v1.0.0 // indirect\n", "").replace(line, "// gone")
    with pytest.raises(ValueError, match=r"tool/go\.mod"):
        read_lock("tool", folder=_write_go_lock(tmp_path, text))


def test_a_go_lock_without_sums_is_an_error(tmp_path: Path) -> None:
    _write_go_lock(tmp_path, MODULE)
    (tmp_path / "tool" / "go.sum").unlink()
    with pytest.raises(ValueError, match=r"go\.sum"):
        read_lock("tool", folder=tmp_path)
