"""Which Python a tool is built on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from scangate.interpreters import Interpreter, newest, probe
from scangate.process import is_below
from scangate.searchpath import trusted_folders

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
ANY = SpecifierSet(">=3.11,<3.40")


@pytest.fixture
def only_own_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No interpreters but the one that runs the tests, and an empty folder at the head of `PATH`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    return folder


def _executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_running_python_is_found_without_any_path(only_own_python: Path) -> None:
    found = newest(ANY)
    assert found is not None
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    assert not (found.path.parent.parent / "pyvenv.cfg").exists()


def test_a_range_without_a_python_finds_none(only_own_python: Path) -> None:
    assert newest(SpecifierSet(">=3.39,<3.40")) is None


def test_nothing_is_newer_than_the_newest(only_own_python: Path) -> None:
    assert newest(ANY, above=sys.version_info.minor) is None
    assert newest(ANY, above=sys.version_info.minor - 1) is not None


def test_a_version_managers_script_is_passed_over(only_own_python: Path, tmp_path: Path) -> None:
    mark = tmp_path / "started"
    _executable(only_own_python / "python3.39", f"#!/bin/sh\n: > {mark}\nexit 127\n")
    found = newest(ANY)
    assert found is not None and found.version.startswith(f"{OWN}.")
    assert not mark.exists()


def test_a_program_under_a_false_name_is_passed_over(only_own_python: Path) -> None:
    (only_own_python / "python3.39").symlink_to(sys.executable)
    found = newest(ANY)
    assert found is not None and found.version.startswith(f"{OWN}.")


@pytest.mark.parametrize("where", ["PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"])
def test_the_folders_of_version_managers_are_looked_in(
    only_own_python: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    root = Path(os.environ[where])
    folder = (root / "versions" if where == "PYENV_ROOT" else root) / "some" / "bin"
    folder.mkdir(parents=True)
    (folder / f"python{OWN}").symlink_to(sys.executable)
    base = sys._base_executable  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "_base_executable", "/nowhere/python3")
    found = newest(ANY)
    assert found is not None
    assert found.path.resolve() == Path(base).resolve()


def test_an_interpreter_in_the_scanned_tree_is_never_started(
    only_own_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / f"python{OWN}").write_bytes(Path("/bin/true").read_bytes())
    (tree / "bin" / f"python{OWN}").chmod(0o755)
    monkeypatch.setattr(sys, "_base_executable", str(tree / "bin" / f"python{OWN}"))
    monkeypatch.setenv("PATH", str(tree / "bin"))
    started = []

    def pretend(path: Path) -> Interpreter:
        started.append(path)
        return Interpreter(path, f"{OWN}.0")

    monkeypatch.setattr("scangate.interpreters.probe", pretend)
    assert newest(ANY, forbidden=tree) is None
    assert not started
    assert newest(ANY) is not None


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\nexit 127\n",
        "#!/bin/sh\necho garbage\n",
        "#!/bin/sh\necho '{}'\n",
        "#!/bin/sh\necho '[1, 2]'\n",
        "#!/bin/sh\necho 7\n",
        '#!/bin/sh\necho \'[false, "3.39.0", "/usr/bin/python3.39"]\'\n',
    ],
)
def test_what_does_not_answer_like_a_released_python_is_none(tmp_path: Path, text: str) -> None:
    assert probe(_executable(tmp_path / "python3.39", text)) is None


def test_trusted_folders_are_absolute_and_outside_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, tools = tmp_path / "tree", tmp_path / "tools"
    (tree / "bin").mkdir(parents=True)
    tools.mkdir()
    (tmp_path / "link").symlink_to(tree / "bin")
    entries = ["", ".", "bin", str(tree / "bin"), str(tmp_path / "link"), str(tools)]
    monkeypatch.setenv("PATH", os.pathsep.join(entries))
    assert list(trusted_folders(tree)) == [tools]
    assert list(trusted_folders(None)) == [tree / "bin", tmp_path / "link", tools]


def test_below_follows_links_both_ways(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "program").touch()
    (tmp_path / "program").symlink_to(tree / "program")
    (tree / "outward").symlink_to("/bin/true")
    assert is_below(tmp_path / "program", tree)
    assert is_below(tree / "outward", tree)
    assert not is_below(Path("/bin/true"), tree)
    assert not is_below(tree / "program", None)
