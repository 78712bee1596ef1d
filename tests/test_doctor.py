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
from tests.scanners.npm_stand_in import NpmStandIn, serve_npm_stand_in
from tests.vulnerabilities.grype_database import write_grype_database

pytestmark = pytest.mark.real


NEEDY = {"grype", "npm-audit", "zap"}
"""Their canaries need a database, a registry, or a running application."""


@pytest.mark.parametrize("name", sorted(SCANNERS.keys() - NEEDY))
def test_every_scanner_finds_its_canary(
    tools: Callable[[str], Tool], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    tools(name)
    assert main(["tools", "doctor", name]) == 0
    assert f"{name} {tools(name).version}: well: found {SCANNERS[name].canary.rule}" in capsys.readouterr().out


def test_grype_finds_its_canary_by_its_database(
    tools: Callable[[str], Tool], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = write_grype_database(tmp_path / "grype", grype=tools("grype").path)
    config = tmp_path / "trusted.toml"
    config.write_text(f'[scanners.grype]\ndatabase = "{database}"\n')
    assert main(["tools", "doctor", "grype", "--config", str(config)]) == 0
    assert "grype 0." in capsys.readouterr().out


def test_npm_audit_finds_its_canary_by_a_registry_that_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve_npm_stand_in(NpmStandIn()) as registry:
        monkeypatch.setenv("npm_config_registry", registry.url)
        assert main(["tools", "doctor", "npm-audit"]) == 0
    assert "well: found GHSA-jf85-cpcp-j695" in capsys.readouterr().out


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


def test_what_a_scanner_lacks_is_told_with_the_step_that_mends_it(
    tools: Callable[[str], Tool], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tools("grype").path
    config = tmp_path / "trusted.toml"
    config.write_text(f'[scanners.grype]\ndatabase = "{tmp_path / "none"}"\n')
    assert main(["tools", "doctor", "grype", "--config", str(config)]) == 3
    assert f"next: GRYPE_DB_CACHE_DIR={tmp_path / 'none'} {program} db update" in capsys.readouterr().out


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
