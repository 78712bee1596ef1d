"""The results document on disk: written whole or not at all, read only when its version is known."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import platformdirs
from pydantic import ValidationError

from scangate.document import SCHEMA_VERSION, Results
from scangate.errors import ResultsError, UsageError
from scangate.reports.interface import ReportOptions
from scangate.reports.registry import WRITERS

_RUNS_KEPT = 20


def read_results(path: Path) -> Results:
    """Read a results document.

    Raises:
        ResultsError: the file cannot be read, is not a results document, or has an unknown major version.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{path}: cannot be read: {error}", hint="name a scangate results document") from error
    return parse_results(text, name=str(path))


def parse_results(text: str, *, name: str) -> Results:
    """Read a results document from its text; `name` is what errors call it."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{name}: not JSON: {error}", hint="was it cut short? write it again") from error
    _check_version(document, name)
    try:
        results = Results.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ResultsError(f"{name}: not a valid results document: {where}: {first['msg']}") from error
    if not _is_time(results.run.started):
        raise ResultsError(f"{name}: not a valid results document: run.started: not a time with its zone")
    return results


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _check_version(document: Any, name: str) -> None:
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, str):
        hint = "a scanner's own output is read with `scangate import FILE --scanner NAME`"
        raise ResultsError(f"{name}: not a scangate results document: it has no schema_version", hint=hint)
    ours = SCHEMA_VERSION.split(".")[0]
    if version.split(".")[0] != ours:
        hint = "use the scangate version that wrote it, or a newer one"
        raise ResultsError(f"{name}: results version {version} is not known here (this is {ours}.x)", hint=hint)


def results_json_schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of the results document."""
    schema = Results.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def write_atomically(path: Path, write: Callable[[TextIO], object]) -> None:
    """Write a text file whole: beside its place first, then renamed over it. A device or pipe is written as it is.

    Raises:
        UsageError: the file cannot be written; what was there before is untouched.
    """
    place = path.resolve()
    try:
        if place.exists() and not place.is_file():
            with place.open("w", encoding="utf-8", newline="\n") as sink:
                write(sink)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        _write_and_rename(place, write)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written: {error.strerror or error}", hint="name another place or make room"
        ) from error


def _write_and_rename(place: Path, write: Callable[[TextIO], object]) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as sink:
            write(sink)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(place)
    finally:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def cache_folder() -> Path:
    """The user's cache folder; `SCANGATE_CACHE_DIR` names another."""
    return Path(os.environ.get("SCANGATE_CACHE_DIR") or platformdirs.user_cache_dir("scangate", appauthor=False))


def keep_last_run(results: Results, root: Path) -> None:
    """Keep the run for `scangate report` and `scangate explain`, private to the user; the oldest runs give way."""
    path = _run_path(root)
    write_atomically(path, lambda sink: WRITERS["json"].write(results, sink, ReportOptions()))
    path.chmod(0o600)
    for old in _kept_runs()[_RUNS_KEPT:]:
        old.unlink(missing_ok=True)


def read_last_run(root: Path) -> tuple[Results, bool]:
    """The last run on `root`, else the latest of all; and whether it is of `root`.

    Raises:
        UsageError: nothing was run yet.
    """
    own = _run_path(root)
    for path in (own, *_kept_runs()):
        if path.exists():
            return read_results(path), path == own
    raise UsageError("no run is kept yet", hint="run `scangate scan` first, or name a results document")


def _run_path(root: Path) -> Path:
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    return cache_folder() / "runs" / f"{name}.json"


def _kept_runs() -> list[Path]:
    """The kept runs, newest first."""
    return sorted((cache_folder() / "runs").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
