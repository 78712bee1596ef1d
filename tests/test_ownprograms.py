"""Programs that scangate did not install."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scangate.ownprograms import on_path, own_program, version_of
from scangate.scanners.interface import Tool, ToolSpec
from scangate.toolerrors import ToolError
from tests.go_program import write_program

SPEC = ToolSpec("bandit", executable="bandit", versions=">=1.7.5,<2")
MODULE = "example.org/tool"
GO_SPEC = ToolSpec(
    "tool",
    executable="tool",
    versions=">=1",
    module=MODULE,
    refused={">=1.4.4,<=1.4.6": "CVE-2099-0001: it was taken over"},
)


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


@pytest.mark.parametrize("text", ["echo tool dev", "echo 'Version: [not provided]'", "exit 1", "echo 9.9.9"])
def test_a_go_programs_build_information_tells_its_version(tmp_path: Path, text: str) -> None:
    program = write_program(tmp_path / "tool", MODULE, "v1.2.3", script=text)
    assert own_program(GO_SPEC, program).version == "1.2.3"


def test_a_go_program_built_from_no_release_is_asked(tmp_path: Path) -> None:
    program = write_program(tmp_path / "tool", MODULE, "(devel)", script="echo tool 1.2.3; exit")
    assert own_program(GO_SPEC, program).version == "1.2.3"
    silent = write_program(tmp_path / "silent", MODULE, "(devel)", script="echo tool dev; exit")
    with pytest.raises(ToolError, match="tells no version"):
        own_program(GO_SPEC, silent)


FINDERS: dict[str, Callable[[Path], Tool | None]] = {
    "settings": lambda program: own_program(GO_SPEC, program),
    "PATH": lambda program: on_path(GO_SPEC),
}


@pytest.mark.parametrize("where", FINDERS)
@pytest.mark.parametrize("version", ["1.4.4", "1.4.5", "1.4.6"])
def test_a_refused_release_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, where: str
) -> None:
    program = script(tmp_path / "bin" / "tool", f"echo tool {version}")
    monkeypatch.setenv("PATH", str(program.parent))
    with pytest.raises(ToolError) as caught:
        FINDERS[where](program)
    assert f"{program} is tool {version}, which is never run: CVE-2099-0001" in caught.value.reason
    assert "remove that program" in caught.value.mend


@pytest.mark.parametrize("version", ["1.4.3", "1.4.7"])
def test_the_releases_around_it_are_not_refused(tmp_path: Path, version: str) -> None:
    assert own_program(GO_SPEC, script(tmp_path / "tool", f"echo tool {version}")).version == version


def test_a_refused_release_that_says_what_it_is_built_from_is_not_even_asked(tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = write_program(tmp_path / "tool", MODULE, "v1.4.5", script=f": > {started}; echo tool 1.4.3; exit")
    with pytest.raises(ToolError, match=r"tool 1\.4\.5, which is never run"):
        own_program(GO_SPEC, program)
    assert not started.exists()
