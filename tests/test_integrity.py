"""A record tells every kind of change to an environment."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.integrity import RECORD, Record, difference, read_record, write_record


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = tmp_path / "environment"
    (folder / "lib" / "__pycache__").mkdir(parents=True)
    (folder / "lib" / "module.py").write_text("print('safe')\n")
    (folder / "lib" / "__pycache__" / "module.cpython-311.pyc").write_bytes(b"\0\1\2")
    (folder / "python").symlink_to("/usr/bin/python3")
    write_record(folder, runtime="3.11.4")
    return folder


def _changed(folder: Path, *, wholly: bool = False) -> str:
    record = read_record(folder)
    assert record is not None
    return difference(folder, record, wholly=wholly)


def _edit_in_secret(folder: Path) -> None:
    module = folder / "lib" / "module.py"
    status = module.stat()
    module.write_text("print('evil')\n")
    os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))


def _retarget(folder: Path) -> None:
    (folder / "python").unlink()
    (folder / "python").symlink_to("/opt/evil/python3")


def _link_away(folder: Path) -> None:
    (folder / "lib" / "module.py").unlink()
    (folder / "lib" / "module.py").symlink_to("/opt/evil.py")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "edited": (lambda f: (f / "lib" / "module.py").write_text("print('changed')\n"), "lib/module.py was changed"),
    "touched": (lambda f: os.utime(f / "lib" / "module.py", (1, 1)), "lib/module.py was changed"),
    "deleted": (lambda f: (f / "lib" / "module.py").unlink(), "lib/module.py is missing"),
    "planted-bytecode": (
        lambda f: (f / "lib" / "__pycache__" / "json.cpython-311.pyc").write_bytes(b"x"),
        "lib/__pycache__/json.cpython-311.pyc was added",
    ),
    "planted-folder-link": (lambda f: (f / "lib" / "package").symlink_to("/opt"), "lib/package was added"),
    "retargeted": (_retarget, "python was changed"),
    "linked-away": (_link_away, "lib/module.py was changed"),
}


def test_an_untouched_environment_is_intact(environment: Path) -> None:
    assert _changed(environment) == ""
    assert _changed(environment, wholly=True) == ""


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_told(environment: Path, name: str) -> None:
    change, told = CHANGES[name]
    change(environment)
    assert _changed(environment) == told


def test_an_edit_that_restores_size_and_time_shows_when_hashed(environment: Path) -> None:
    _edit_in_secret(environment)
    assert _changed(environment) == ""
    assert _changed(environment, wholly=True) == "lib/module.py was changed"


def test_times_rounded_by_an_archive_are_no_change(environment: Path) -> None:
    module = environment / "lib" / "module.py"
    seconds = int(module.stat().st_mtime)
    os.utime(module, (seconds, seconds))
    assert _changed(environment) == ""


def test_a_moved_environment_is_not_intact(environment: Path) -> None:
    moved = environment.rename(environment.parent / "moved")
    assert _changed(moved) == f"it was installed in {environment}"


def test_a_folder_without_a_record_has_none(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None


@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["files", "folder", "runtime", "x"]), inner, max_size=4)
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_a_damaged_record_is_no_record(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("environment")
    (folder / RECORD).write_bytes(content)
    record = read_record(folder)
    assert record is None or isinstance(record, Record)
    assert record is None or difference(folder, record)
