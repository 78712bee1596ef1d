"""Programs that scangate did not install: the one that settings name, and those on `PATH`."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from packaging.specifiers import SpecifierSet

from scangate.interpreters import trusted_folders
from scangate.process import is_below, minimal_environment, run
from scangate.pythontools import ToolError
from scangate.scanners.interface import Tool, ToolSpec

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
    version = version_of(program)
    if not version:
        raise ToolError(f"the settings' program {program} tells no version when run with --version", mend=hint)
    return Tool(program, version, _origin(f"settings: {path}", spec, version))


def on_path(spec: ToolSpec, *, forbidden: Path | None = None) -> Tool | None:
    """The first program of that name on `PATH` that works; none from relative entries or from `forbidden`.

    Access is asked for first: `is_file` raises where a folder may not be looked into.
    """
    for folder in trusted_folders(forbidden):
        program = folder / spec.executable
        if not os.access(program, os.X_OK) or not program.is_file() or is_below(program, forbidden):
            continue
        version = version_of(program)
        if version:
            return Tool(program, version, _origin(f"PATH: {program}", spec, version))
    return None


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


def _origin(where: str, spec: ToolSpec, version: str) -> str:
    inside = SpecifierSet(spec.versions).contains(version, prereleases=True)
    return where if inside else f"{where} (outside {spec.versions})"
