"""The wheel works alone: built, installed into a clean environment elsewhere, and as good as the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import uv

from scangate import __version__
from scangate.results import read_results

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
DATA = re.compile(r"(scanners/rules|scanners/locks|reports/templates|policies)/.+\.(?!py$|pyc$)\w+")


def project_files() -> list[str]:
    """Every file of the project that git tracks or would track."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if (ROOT / name).exists() and name]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the project's files, so that nothing lying about gets in."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in project_files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name, follow_symlinks=False)
    subprocess.run([uv.find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", target, source], check=True)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel, its dependencies and nothing else."""
    environment = tmp_path_factory.mktemp("alone")
    subprocess.run(
        [uv.find_uv_bin(), "venv", "--quiet", "--clear", "--python", sys.executable, environment], check=True
    )
    python = environment / "bin/python"
    subprocess.run([uv.find_uv_bin(), "pip", "install", "--quiet", "--python", python, wheel], check=True)
    return environment / "bin"


@pytest.mark.real
def test_wheel_holds_every_data_file(wheel: Path) -> None:
    data = {f"scangate/{name}" for name in project_files() if DATA.fullmatch(name)}
    assert {name.split("/")[1] for name in data} == {"scanners", "reports", "policies"}
    assert data <= set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.real
def test_wheel_adds_one_name_to_an_environment(wheel: Path) -> None:
    top = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert top == {"scangate", f"scangate-{__version__}.dist-info"}


@pytest.mark.real
def test_version(alone: Path, tmp_path: Path) -> None:
    ended = subprocess.run([alone / "scangate", "--version"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert ended.stdout.split() == ["scangate", __version__]


@pytest.mark.real
def test_wheel_finds_what_the_checkout_finds(alone: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "copy")
    ours = findings(PROGRAMS / "scangate", tmp_path / "copy", tmp_path / "ours")
    theirs = findings(alone / "scangate", tmp_path / "copy", tmp_path / "theirs")
    assert {rule.split("-")[0] for _, rule, _ in theirs} >= {"CVE", "B602", "CKV_AWS_24"}
    assert theirs == ours


def findings(program: Path, tree: Path, reports: Path) -> list[tuple[str, str, str]]:
    """Identity, rule and effect of every finding of a scan by that program."""
    options = ["--quiet", f"--output={reports}", f"--advisories={tree / 'advisories'}"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run([program, "scan", *options, tree], cwd=reports.parent, env=environment, check=False)
    assert ended.returncode == 1
    results = read_results(reports / "scangate-results.json")
    return sorted((finding.id, finding.rule.id, finding.effect) for finding in results.findings)
