"""Canaries: each installed scanner finds its planted problem, and one that does not is never clean."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scangate.__main__ import main
from scangate.doctor import Diagnosis
from scangate.scanners.interface import Tool
from scangate.scanners.registry import SCANNERS

pytestmark = pytest.mark.real


@pytest.mark.parametrize("name", SCANNERS)
def test_every_scanner_finds_its_canary(
    tools: Callable[[str], Tool], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    tools(name)
    assert main(["tools", "doctor", name]) == 0
    assert f"{name} {tools(name).version}: well: found {SCANNERS[name].canary.rule}" in capsys.readouterr().out


@pytest.fixture
def blind(tmp_path: Path) -> Path:
    """Settings with a fake bandit that looks well and finds nothing."""
    program = tmp_path / "fake-bandit"
    report = '{"results": [], "errors": [], "metrics": {"_totals": {}, "canary.py": {}, "app.py": {}}}'
    program.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && {{ echo bandit 1.9.0; exit 0; }}\necho '{report}'\n")
    program.chmod(0o755)
    config = tmp_path / "trusted.toml"
    config.write_text(f'[scanners.bandit]\npath = "{program}"\n')
    return config


def test_a_scanner_that_misses_its_canary_is_not_well(blind: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tools", "doctor", "bandit", "--config", str(blind)]) == 3
    assert "NOT WELL: missed its canary" in capsys.readouterr().out


def test_a_scan_with_doctor_counts_it_as_failed(blind: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "app.py").write_text("x = 1\n")
    words = ["scan", str(tree), "--config", str(blind), "--scanner", "bandit", "--quiet"]
    assert main([*words, "--format", f"json={tmp_path / 'clean.json'}"]) == 0
    assert main([*words, "--doctor", "--format", f"json={tmp_path / 'r.json'}"]) == 3
    ledger = json.loads((tmp_path / "r.json").read_text())["ledger"]
    assert next(e for e in ledger if e["scanner"] == "bandit")["state"] == "failed"


def test_progress_tells_canaries_and_scan_apart(
    blind: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    well = Diagnosis("bandit", True, "1.9.0", "")
    monkeypatch.setattr("scangate.doctor._judge", lambda *_: well)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "app.py").write_text("x = 1\n")
    assert main(["scan", str(tree), "--config", str(blind), "--scanner", "bandit", "--doctor"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "first, each scanner on its canary:"
    assert [line.split(",")[0] for line in lines if "done" in line] == ["bandit: done: ran"] * 2
