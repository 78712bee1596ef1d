"""The pre-commit hook, by the real pre-commit: what the last commit holds, used in a repository of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
AUTHOR = ("-c", "user.name=A Developer", "-c", "user.email=developer@shop.example", "-c", "commit.gpgsign=false")


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this project's last commit."""
    clone = tmp_path_factory.mktemp("hooks")
    git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone))
    return clone


@pytest.fixture(scope="session")
def pre_commit_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    git("init", "--quiet", "--initial-branch=main", str(tmp_path))
    return tmp_path


def git(*arguments: str) -> None:
    subprocess.run(["git", *AUTHOR, *arguments], check=True)


def commit_all(project: Path) -> None:
    git("-C", str(project), "add", "--all")
    git("-C", str(project), "commit", "--quiet", "--message=Work")


def try_hook(hooks: Path, project: Path, home: Path, stage: str) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAMS / "pre-commit"), "try-repo", str(hooks), "scangate", "--hook-stage", stage, "--verbose"]
    return subprocess.run(
        command,
        cwd=project,
        env={**os.environ, "PRE_COMMIT_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_manifest_is_valid() -> None:
    subprocess.run([PROGRAMS / "pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], check=True)


@pytest.mark.real
@pytest.mark.parametrize("stage", ["manual", "pre-push"])
def test_vulnerable_code_blocks(hooks: Path, project: Path, pre_commit_home: Path, stage: str) -> None:
    shutil.copytree(ROOT / "examples/python-shop/shop", project / "shop")
    commit_all(project)
    ended = try_hook(hooks, project, pre_commit_home, stage)
    assert ended.returncode == 1, ended.stdout
    assert "exit code: 1" in ended.stdout
    assert "B602" in ended.stdout


@pytest.mark.real
def test_clean_code_passes(hooks: Path, project: Path, pre_commit_home: Path) -> None:
    (project / "sums.py").write_text("def add(a: int, b: int) -> int:\n    return a + b\n")
    commit_all(project)
    ended = try_hook(hooks, project, pre_commit_home, "manual")
    assert ended.returncode == 0, ended.stdout
    assert "Passed" in ended.stdout
