"""The version that a Go program carries, read without starting it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.buildinfo import module_version
from tests.go_program import build_information, write_program

MODULE = "example.org/tool/v2"


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ("v2.3.4", "2.3.4"),
        ("v2.3.4-rc.1", "2.3.4-rc.1"),
        ("v2.3.4+dirty", "2.3.4+dirty"),
        ("(devel)", ""),
        ("v2.0.0-20260102030405-abcdef123456", ""),
        ("", ""),
    ],
)
def test_only_a_release_is_a_version(tmp_path: Path, recorded: str, told: str) -> None:
    assert module_version(write_program(tmp_path / "tool", MODULE, recorded), MODULE) == told


@pytest.mark.parametrize("module", ["", "example.org/tool", "example.org/dep", f"{MODULE}/cmd"])
def test_another_module_is_not_it(tmp_path: Path, module: str) -> None:
    assert module_version(write_program(tmp_path / "tool", MODULE, "v2.3.4"), module) == ""


def test_a_second_magic_before_the_information_does_not_mislead(tmp_path: Path) -> None:
    information = build_information(MODULE, "v2.3.4")
    inert = information[:16].ljust(48, b"\xff")
    (tmp_path / "tool").write_bytes(inert + b"....." + information[:14].ljust(27) + information)
    assert module_version(tmp_path / "tool", MODULE) == "2.3.4"


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", build_information(MODULE, "v2.3.4")[:60]])
def test_what_holds_no_information_has_no_version(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tool").write_bytes(content)
    assert module_version(tmp_path / "tool", MODULE) == ""
    assert module_version(tmp_path / "absent", MODULE) == ""
    assert module_version(tmp_path, MODULE) == ""


@given(st.binary(max_size=80), st.integers(min_value=0, max_value=200), st.integers(min_value=0, max_value=255))
def test_no_content_is_an_error(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes, position: int, value: int
) -> None:
    damaged = bytearray(build_information(MODULE, "v2.3.4"))
    damaged[position % len(damaged)] = value
    program = tmp_path_factory.mktemp("program") / "tool"
    program.write_bytes(bytes(damaged[: len(damaged) - len(tail)]) + tail)
    assert isinstance(module_version(program, MODULE), str)
