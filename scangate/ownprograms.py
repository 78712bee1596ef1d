"""Programs that scangate did not install: the one that settings name, and those on `PATH`."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from packaging.specifiers import SpecifierSet

from scangate.buildinfo import module_version
from scangate.process import minimal_environment, run
from scangate.scanners.interface import Tool, ToolSpec
from scangate.searchpath import programs_named
from scangate.toolerrors import ToolError, check_not_refused

_VERSION_SECONDS = 60
_OUTPUT_CAP = 1_000_000
_VERSION = re.compile(rb"(?<![\w.])v?(\d+(?:\.\d+)+(?:(?:a|b|rc)\d+)?)(?![\w.])")

_NO_CHECK_IN = {"SEMGREP_ENABLE_VERSION_CHECK": "0", "SEMGREP_SEND_METRICS": "off"}
"""Semgrep looks for a newer release even for `--version`, and without network that takes over a minute."""


def own_program(spec: ToolSpec, path: Path) -> Tool:
    """The program at `path`, as settings name it. Raises ToolError if it cannot be started or tells no version."""
    program = path.expanduser().absolute()
    hint = f"correct [scanners.{spec.name}] path, or remove it to use scangate's own {spec.name}"
    if not program.is_file():
        raise ToolError(f"the settings' program {program} does not exist", mend=hint)
    if not os.access(program, os.X_OK):
        raise ToolError(f"the settings' program {program} is not executable", mend=hint)
    tool = _identified(program, spec, origin=f"settings: {path}")
    if tool is None:
        raise ToolError(f"the settings' program {program} tells no version when run with --version", mend=hint)
    return tool


def on_path(spec: ToolSpec, *, forbidden: Path | None = None) -> Tool | None:
    """The first program of that name on `PATH` that works; none from relative entries or from `forbidden`.

    Raises ToolError if that is a release that must never run.
    """
    programs = programs_named(spec.executable, forbidden=forbidden)
    found = (_identified(program, spec, origin=f"PATH: {program}") for program in programs)
    return next((tool for tool in found if tool), None)


def version_of(program: Path) -> str:
    """The first version number that `--version` prints; empty when the program fails or prints none."""
    with tempfile.TemporaryDirectory(prefix="scangate-") as name:
        work = Path(name)
        out, err = work / "out", work / "err"
        ended = run(
            (str(program), "--version"),
            cwd=work,
            env=minimal_environment(work, _NO_CHECK_IN),
            stdout=out,
            stderr=err,
            timeout=_VERSION_SECONDS,
            cap=_OUTPUT_CAP,
        )
        found = _VERSION.search(out.read_bytes() + b"\n" + err.read_bytes()) if ended.exit_code == 0 else None
    return found[1].decode() if found else ""


def _identified(program: Path, spec: ToolSpec, *, origin: str) -> Tool | None:
    """The program with its version, or None where that cannot be told.

    A Go program's build information comes first: unlike what the program prints, it cannot be left unset by whoever
    built it, and it tells a release that must never run without running it. Raises ToolError for such a release.
    """
    version = module_version(program, spec.module) or version_of(program)
    if not version:
        return None
    check_not_refused(spec, version, where=str(program))
    inside = SpecifierSet(spec.versions).contains(version, prereleases=True)
    return Tool(program, version, origin if inside else f"{origin} (outside {spec.versions})")
