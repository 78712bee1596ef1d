"""Environments are built from exactly what a lock says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from scangate.interpreters import Interpreter, newest
from scangate.pythontools import build_python_tool
from scangate.scanners.locks import PythonLock, read_lock
from scangate.toolerrors import ToolError


@pytest.fixture
def lock() -> PythonLock:
    lock = read_lock("bandit")
    assert isinstance(lock, PythonLock)
    return lock


@pytest.fixture
def python(lock: PythonLock) -> Interpreter:
    python = newest(SpecifierSet(lock.python))
    assert python is not None
    return python


def _altered(lock: PythonLock, folder: Path, pattern: str, by: str) -> PythonLock:
    text, count = re.subn(pattern, by, lock.path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count
    path = folder / "requirements.txt"
    path.write_text(text)
    return replace(lock, path=path)


@pytest.mark.real
@pytest.mark.parametrize(
    ("pattern", "by"),
    [
        (r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}"),
        (r"(?<=1\.9\.4)( \\\n +--hash=\S+)+", ""),
    ],
    ids=["wrong-hashes", "no-hashes"],
)
def test_what_no_hash_vouches_for_is_not_installed(
    lock: PythonLock, python: Interpreter, tmp_path: Path, pattern: str, by: str
) -> None:
    altered = _altered(lock, tmp_path, pattern, by)
    with pytest.raises(ToolError, match=r"[Hh]ash"):
        build_python_tool(tmp_path / "environment", lock=altered, interpreter=python)


@pytest.mark.real
def test_a_package_without_a_wheel_is_not_built(lock: PythonLock, python: Interpreter, tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("docopt==0.6.2 --hash=sha256:49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491\n")
    with pytest.raises(ToolError, match=r"build|wheel"):
        build_python_tool(tmp_path / "environment", lock=replace(lock, path=path), interpreter=python)


@pytest.mark.real
def test_the_environment_shares_no_file_with_anything(lock: PythonLock, python: Interpreter, tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    build_python_tool(folder, lock=lock, interpreter=python)
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    assert [path for path in files if path.stat().st_nlink > 1] == []
    missing = tmp_path / "nowhere"
    with pytest.raises(ToolError, match="nowhere"):
        build_python_tool(tmp_path / "other", lock=lock, interpreter=replace(python, path=missing))
