"""Every way in which a scanner can fail, for every scanner: never green, and the other scanners' findings stay.

The failing programs are fakes, since a crash or a hang cannot be had on demand; the healthy scanner beside each is
the real tool.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scangate import execute, workbench
from scangate.__main__ import main
from scangate.scanners.interface import Input, Tool
from scangate.scanners.registry import SCANNERS, TAKES
from tests.vulnerabilities.trivy_database import write_trivy_database

pytestmark = pytest.mark.real

HEALTHY = {
    "bandit": "pip-audit",
    "semgrep": "bandit",
    "pip-audit": "bandit",
    "checkov": "bandit",
    "gitleaks": "bandit",
    "osv-scanner": "bandit",
    "trivy": "bandit",
    "grype": "bandit",
    "npm-audit": "bandit",
}

FILES = {
    "app.py": "import subprocess\nsubprocess.call('true', shell=True)\n",
    "requirements.txt": "jinja2==2.10\n",
    "Dockerfile": "FROM debian:12\nUSER root\n",
    "package-lock.json": '{"lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.11"}}}\n',
}
ADVISORY = {
    "id": "PYSEC-0000-1",
    "modified": "2026-01-01T00:00:00Z",
    "summary": "a made-up advisory",
    "aliases": ["CVE-2099-0001"],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0"}]}],
        }
    ],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N"}],
}

FAULTS = {
    "crashes": ("echo boom >&2; exit 70", {"failed", "unreadable"}),
    "hangs": ("sleep 600", {"timed-out"}),
    "prints garbage": (r"printf '\000\377<html>'", {"unreadable"}),
    "truncated JSON": ("""printf '{"results": [{"a": 1}, {"b'""", {"unreadable"}),
    "nothing at all": ("exit 0", {"failed", "unreadable"}),
    "error as success": ("""echo '{"error": {"code": "EFAIL", "summary": "no"}}'""", {"failed", "unreadable"}),
    "error list as success": ("""echo '{"errors": ["kaput"]}'""", {"failed", "unreadable"}),
    "over the cap": ("head -c 3000000 /dev/zero", {"failed"}),
    "disk full": ("""printf '{"results": ['; echo more > /dev/full || exit 1""", {"failed", "unreadable"}),
    "killed by signal": ("kill -9 $$", {"failed"}),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    for name, text in FILES.items():
        (root / name).write_text(text)
    advisories = tmp_path / "advisories" / "PyPI"
    advisories.mkdir(parents=True)
    (advisories / "PYSEC-0000-1.json").write_text(json.dumps(ADVISORY))
    return root


def scan(tree: Path, scanner: str, program: Path) -> tuple[int, dict[str, Any]]:
    """Scan with one scanner's program replaced, beside a healthy one; the exit code and the results document."""
    config = tree.parent / "trusted.toml"
    config.write_text(f'[scanners.{scanner}]\npath = "{program}"\ntimeout = 2\n{_database(tree.parent, scanner)}')
    document = tree.parent / "results.json"
    words = ["scan", str(tree), "--config", str(config), "--quiet", "--fail-on", "critical"]
    words += ["--scanner", scanner, "--scanner", HEALTHY[scanner]]
    words += ["--advisories", str(tree.parent / "advisories"), "--format", f"json={document}"]
    return main(words), json.loads(document.read_text())


def _database(folder: Path, scanner: str) -> str:
    """The line of settings that gives a scanner its vulnerability database, without which it does not begin."""
    if Input.DATABASE not in TAKES[scanner]:
        return ""
    return f'database = "{write_trivy_database(folder / "database")}"\n'


# checkov and gitleaks write their reports to a file that they are told of: what the fake prints has to land there.
FAKE = """#!/bin/sh
[ "$1" = --version ] && { echo fake 1.8.0; exit 0; }
for word; do
  [ "$last" = --output-file-path ] && exec > "${word%,}"
  case "$word" in --report-path=*) exec > "${word#*=}" ;; esac
  last=$word
done
"""


def fake(folder: Path, behaviour: str) -> Path:
    program = folder / "fake-tool"
    program.write_text(f"{FAKE}{behaviour}\n")
    program.chmod(0o755)
    return program


def entry(results: dict[str, Any], scanner: str) -> dict[str, Any]:
    return next(entry for entry in results["ledger"] if entry["scanner"] == scanner)


def assert_told(code: int, results: dict[str, Any], scanner: str, states: set[str]) -> None:
    told = entry(results, scanner)
    assert told["state"] in states
    assert told["reason"]
    assert code == 3
    assert results["verdict"]["outcome"] == "incomplete"
    assert any(scanner in reason for reason in results["verdict"]["incomplete"])
    others = [f for f in results["findings"] if f["sources"][0]["scanner"] == HEALTHY[scanner]]
    assert others, "the healthy scanner's findings are reported"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scanner", HEALTHY)
def test_a_failing_scanner_is_never_green(
    tree: Path, tools: Callable[[str], Tool], monkeypatch: pytest.MonkeyPatch, scanner: str, fault: str
) -> None:
    tools(HEALTHY[scanner])
    monkeypatch.setattr(workbench, "OUTPUT_CAP", 1_000_000)
    behaviour, states = FAULTS[fault]
    code, results = scan(tree, scanner, fake(tree.parent, behaviour))
    assert_told(code, results, scanner, states)


@pytest.mark.parametrize("scanner", HEALTHY)
def test_a_missing_program_is_never_green(tree: Path, tools: Callable[[str], Tool], scanner: str) -> None:
    tools(HEALTHY[scanner])
    code, results = scan(tree, scanner, tree.parent / "nowhere" / "tool")
    assert_told(code, results, scanner, {"missing"})
    assert entry(results, scanner)["mend"]


@pytest.mark.parametrize("scanner", HEALTHY)
def test_a_full_disk_under_the_private_folder_is_never_green(
    tree: Path, tools: Callable[[str], Tool], monkeypatch: pytest.MonkeyPatch, scanner: str
) -> None:
    """A fake: the file system answers 'no space left' when the scanner's private folder is made."""
    tools(HEALTHY[scanner])
    program = fake(tree.parent, "exit 0")
    genuine = execute.run_in_private

    def full(tried: Any, *rest: Any) -> Any:
        if tried.name == scanner:
            raise OSError(28, "No space left on device", "private folder")
        return genuine(tried, *rest)

    monkeypatch.setattr(execute, "run_in_private", full)
    code, results = scan(tree, scanner, program)
    assert_told(code, results, scanner, {"failed"})
    assert "No space left" in entry(results, scanner)["reason"]


def test_the_matrix_covers_every_scanner() -> None:
    served = {"zap"}  # a server, and no program that prints: test_zap_failures.py is its matrix
    assert set(HEALTHY) | served == set(SCANNERS)
