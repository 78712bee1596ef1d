"""Whether an installed environment still holds what was installed.

What this protects against: accident (a full disk, a cleaner, a half-restored CI cache, an upgrade gone wrong) and
casual tampering (a file edited, a module or a compiled `.pyc` planted). Every look compares path, size and time of
every file, links by their target, which notices each of these in milliseconds; `wholly` also compares SHA-256, which
notices an edit that put size and time back. What it does not protect against: somebody with the user's own rights,
who can as well replace scangate or rewrite the record that all this compares with.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORD = "scangate-record.json"
"""Name of the record in an environment's folder. It is written last: a folder without it is unfinished."""
_DRAFT = f"{RECORD}.draft"
_OURS = frozenset({RECORD, _DRAFT})


@dataclass(frozen=True)
class Record:
    """What was installed: `folder` (environments cannot be moved), the version of the Python or Go behind it, and
    by relative path each file's state (`SIZE SECONDS`, or `-> TARGET` for a link) and SHA-256 (empty for links).
    """

    folder: str
    runtime: str
    files: Mapping[str, tuple[str, str]]


def write_record(folder: Path, *, runtime: str) -> None:
    """Record the folder as it is now. The record appears whole or not at all."""
    files = {path: [state, _sha256(folder / path, state)] for path, state in _states(folder)}
    draft = folder / _DRAFT
    with draft.open("w", encoding="utf-8") as file:
        json.dump({"folder": str(folder), "runtime": runtime, "files": files}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / RECORD)


def read_record(folder: Path) -> Record | None:
    """The folder's record; None where there is none, or none that can be understood."""
    try:
        document: Any = json.loads((folder / RECORD).read_bytes())
        files = {path: (state, digest) for path, (state, digest) in document["files"].items()}
        return Record(str(document["folder"]), str(document["runtime"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def difference(folder: Path, record: Record, *, wholly: bool = False) -> str:
    """The first thing that is not as recorded, in words; empty when nothing is. `wholly` also hashes every file."""
    if record.folder != str(folder):
        return f"it was installed in {record.folder}"
    found = dict(_states(folder))
    for path, (state, digest) in record.files.items():
        now = found.pop(path, None)
        if now is None:
            return f"{path} is missing"
        if now != state or (wholly and _sha256(folder / path, now) != digest):
            return f"{path} was changed"
    return f"{min(found)} was added" if found else ""


def _states(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below the folder but the record, as relative path and state. Links are not followed.

    Times count in whole seconds, since archives that CI caches are kept in round them.
    """
    for path, entry in _walk(str(folder)):
        if path in _OURS:
            continue
        if entry.is_symlink():
            yield path, f"-> {Path(entry.path).readlink()}"
        else:
            status = entry.stat(follow_symlinks=False)
            yield path, f"{status.st_size} {status.st_mtime_ns // 1_000_000_000}"


def _walk(folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every entry that is no folder, with its path relative to `folder`; a plain loop, as every scan waits for it."""
    prefixes = [""]
    while prefixes:
        prefix = prefixes.pop()
        with os.scandir(f"{folder}/{prefix}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    prefixes.append(f"{prefix}{entry.name}/")
                else:
                    yield prefix + entry.name, entry


def _sha256(path: Path, state: str) -> str:
    if state.startswith("->"):
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
