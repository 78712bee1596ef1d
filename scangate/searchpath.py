"""The programs on `PATH` that may be started: never one of the scanned tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from scangate.process import is_below


def trusted_folders(forbidden: Path | None) -> Iterator[Path]:
    """The folders of `PATH` whose programs may be started: absolute, and not below `forbidden`."""
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(entry)
        if folder.is_absolute() and not is_below(folder, forbidden):
            yield folder


def programs_named(name: str, *, forbidden: Path | None = None) -> Iterator[Path]:
    """The programs of that name on `PATH`, in its order; none from relative entries or from `forbidden`.

    Access is asked for first: `is_file` raises where a folder may not be looked into.
    """
    for folder in trusted_folders(forbidden):
        program = folder / name
        if os.access(program, os.X_OK) and program.is_file() and not is_below(program, forbidden):
            yield program
