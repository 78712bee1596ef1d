"""Programs that scangate did not install."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scangate.ownprograms import on_path, own_program, version_of
from scangate.scanners.interface import ToolSpec
from scangate.toolerrors import ToolError

SPEC = ToolSpec("bandit", executable="bandit", versions=">=1.7.5,<2")


def script(path: Path, text: str = "echo bandit 1.9.4") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("echo bandit 1.9.4; echo '  python version = 3.11.7 (main, May 9 2026)'", "1.9.4"),
        ("echo 1.182.0", "1.182.0"),
        ("echo pip-audit 2.10.1", "2.10.1"),
        ("echo tool v3.2rc1 >&2", "3.2rc1"),
        ("echo 1.9.4; exit 1", ""),
        ("echo no version here", ""),
        ("kill -9 $$", ""),
        ("head -c 3000000 /dev/zero", ""),
        (":", ""),
    ],
)
def test_version_look_up(tmp_path: Path, text: str, version: str) -> None:
    assert version_of(script(tmp_path / "tool", text)) == version


def test_the_version_look_up_hides_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_TOKEN", "secret")
    assert version_of(script(tmp_path / "tool", 'test -z "$CI_TOKEN" && echo 1.2.3')) == "1.2.3"


def test_settings_program(tmp_path: Path) -> None:
    program = script(tmp_path / "my-bandit")
    tool = own_program(SPEC, program)
    assert (tool.path, tool.version, tool.origin) == (program, "1.9.4", f"settings: {program}")


@pytest.mark.parametrize(("version", "inside"), [("1.7.4", False), ("1.7.5", True), ("2.0", False), ("1.9.0rc1", True)])
def test_a_version_outside_the_range_is_marked(tmp_path: Path, version: str, inside: bool) -> None:
    tool = own_program(SPEC, script(tmp_path / "bandit", f"echo {version}"))
    assert tool.origin.endswith(" (outside >=1.7.5,<2)") is not inside


def test_settings_program_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    broken = script(tmp_path / "broken", "exit 127")
    for path, word in [
        (tmp_path / "absent", "does not exist"),
        (tmp_path, "does not exist"),
        (tmp_path / "plain", "not executable"),
        (broken, "tells no version"),
    ]:
        with pytest.raises(ToolError, match=word) as caught:
            own_program(SPEC, path)
        assert str(path) in caught.value.reason
        assert "[scanners.bandit] path" in caught.value.mend


def test_path_takes_the_first_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "shims" / "bandit", "exit 127")
    good = script(tmp_path / "good" / "bandit")
    script(tmp_path / "later" / "bandit", "echo 1.8.0")
    folders = [tmp_path / name for name in ("empty", "shims", "good", "later")]
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, folders), "/usr/bin", "/bin"]))
    tool = on_path(SPEC)
    assert tool is not None
    assert (tool.path, tool.version, tool.origin) == (good, "1.9.4", f"PATH: {good}")


def test_a_folder_on_path_that_cannot_be_looked_into_is_passed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = script(tmp_path / "good" / "bandit")
    monkeypatch.setenv("PATH", os.pathsep.join([f"/{'x' * 300}", str(good.parent), "/usr/bin", "/bin"]))
    tool = on_path(SPEC)
    assert tool is not None and tool.path == good


def test_path_takes_nothing_from_the_scanned_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tmp_path / "tree"
    started = tmp_path / "started"
    script(tree / "bin" / "bandit", f"touch {started}; echo 1.9.4")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "bandit").symlink_to(tree / "bin" / "bandit")
    monkeypatch.chdir(tree)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "bin", str(tree / "bin"), str(tmp_path / "bin")]))
    assert on_path(SPEC, forbidden=tree) is None
    assert not started.exists()
