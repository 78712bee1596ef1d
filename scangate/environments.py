"""The environments in the tool store, as folders: `TOOL-VERSION-DIGEST-LABEL-HEX`.

DIGEST begins the lock's, LABEL says what the environment was built on (`py3.13`, `go`), and HEX makes each attempt
a folder of its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from scangate.integrity import RECORD, difference, read_record
from scangate.scanners.interface import ToolSpec
from scangate.scanners.locks import Lock

_BUILT_ON = re.compile(r"(?:go|py3\.\d+)-[0-9a-f]{8}")


@dataclass(frozen=True)
class Environment:
    """A folder in the store. `runtime` is the version of its Python or of the Go that built it, empty for an
    unfinished one; `current` says that it is the newest one for a lock of ours.
    """

    folder: Path
    runtime: str
    current: bool


def new_folder(home: Path, lock: Lock, label: str) -> Path:
    """A folder that does not exist yet."""
    return home / f"{_beginning(lock)}{label}-{secrets.token_hex(4)}"


def folders_of(home: Path, lock: Lock) -> list[Path]:
    """The lock's environments, those on the newest Python first, and finished ones before unfinished ones."""
    start = _beginning(lock)
    found = (path for path in home.glob(f"{start}*") if _BUILT_ON.fullmatch(path.name.removeprefix(start)))
    return sorted(found, key=lambda folder: (minor_of(folder), (folder / RECORD).exists()), reverse=True)


def guard_of(folder: Path) -> Path:
    """The lock file that whoever builds such an environment, or removes it, holds."""
    return folder.with_name(f"{folder.name.rpartition('-')[0]}.lock")


def label_of(folder: Path) -> str:
    """What the environment was built on."""
    return folder.name.split("-")[-2]


def minor_of(folder: Path) -> int:
    """The minor version of the environment's Python; 0 for a Go tool's."""
    label = label_of(folder)
    return int(label.removeprefix("py3.")) if label.startswith("py3.") else 0


def problem_of(folder: Path, spec: ToolSpec, *, wholly: bool = False) -> str:
    """What is wrong with an environment, in words; empty if nothing is. `wholly` hashes every file."""
    record = read_record(folder)
    if record is None:
        return "unfinished" if folder.exists() else "not installed"
    try:
        changed = difference(folder, record, wholly=wholly)
    except OSError as error:
        changed = str(error)
    if changed:
        return f"damaged: {changed}"
    programs = (spec.executable, "python") if minor_of(folder) else (spec.executable,)
    usable = all(os.access(folder / "bin" / name, os.X_OK) for name in programs)
    return "" if usable else "damaged: a program in bin cannot be started"


def remove(folder: Path) -> None:
    """Remove an environment, its record first, so that nobody takes what is left for whole."""
    with contextlib.suppress(OSError):
        (folder / RECORD).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _beginning(lock: Lock) -> str:
    return f"{lock.tool}-{lock.version}-{lock.digest[:12]}-"
