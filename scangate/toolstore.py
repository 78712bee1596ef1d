"""The tool store: every scanner's program in an environment of its own, exactly as its lock says.

An environment's folder is named after the tool, its version, the digest of its lock and the Python it is built on. It
is built under a file lock and in place, since environments hold absolute paths and cannot be moved, and each time in a
folder of its own, so that an installer that outlives a killed scangate writes where nobody looks. Its record is
written last and removed first: a folder without a record, or that no longer matches it, is never used. What that
protects against is told in `scangate.integrity`.

The store lies in the user's data directory, or in `$SCANGATE_DATA_DIR` where that is set (for CI caches and tests).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout
from packaging.specifiers import SpecifierSet

from scangate.integrity import RECORD, difference, read_record, write_record
from scangate.interpreters import Interpreter, newest
from scangate.ownprograms import on_path, own_program
from scangate.pythontools import INSTALL_SECONDS, ToolError, build, mend
from scangate.scanners.interface import Tool, ToolSpec
from scangate.scanners.locks import Lock, locked_tools, read_lock

__all__ = ["Environment", "ToolError", "ToolStore", "resolve"]

_WAIT_STEP = 0.5
_FOLDER = re.compile(r"-py3\.(?P<minor>\d+)-[0-9a-f]{8}$")


@dataclass(frozen=True)
class Environment:
    """A folder in the store. `python` is its interpreter's version, empty for an unfinished one; `current` says that
    it is the newest one for a lock of ours.
    """

    folder: Path
    python: str
    current: bool


def resolve(
    spec: ToolSpec,
    *,
    store: ToolStore,
    configured: Path | None,
    say: Callable[[str], None],
    forbidden: Path | None = None,
    cancel: threading.Event | None = None,
) -> Tool:
    """The program to run: the one that settings name, or ours from the store (installed now if it is not, or if a
    newer Python has come), or where installing fails ours on an older Python, or the one on `PATH`.

    `say` is told what takes long; no program or interpreter in the folder `forbidden` (the scanned tree) is taken
    unless settings name it. Raises ToolError when there is none.
    """
    if configured is not None:
        return own_program(spec, configured)
    found = store.find(spec)
    if found and not store.newer_python(spec, forbidden=forbidden):
        return found
    try:
        return store.install(spec, say=say, forbidden=forbidden, cancel=cancel)
    except ToolError as error:
        instead = found or on_path(spec, forbidden=forbidden)
        if instead is None or (cancel and cancel.is_set()):
            raise
        say(f"{error.reason}; taking {instead.path} instead")
        return instead


class ToolStore:
    """The environments below the folder `home`. Any number of processes and threads may use it at once."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = (home or _default_home()).resolve()

    def find(self, spec: ToolSpec) -> Tool | None:
        """The tool on the newest Python that it is installed and intact on, or None. Takes milliseconds."""
        lock = read_lock(spec.name)
        folders = self._folders(lock) if lock else ()
        intact = (folder for folder in folders if not _problem(folder, spec))
        return next((_tool(folder, spec, lock) for folder in intact if lock), None)

    def problem(self, spec: ToolSpec, *, wholly: bool = False) -> str:
        """What is wrong with the newest environment of the tool, in words; empty if nothing is.

        `wholly` hashes every file, which takes about a second for a large tool.
        """
        lock = read_lock(spec.name)
        folders = self._folders(lock) if lock else []
        return _problem(folders[0], spec, wholly=wholly) if folders else "not installed"

    def newer_python(self, spec: ToolSpec, *, forbidden: Path | None = None) -> Interpreter | None:
        """A Python, newer by a minor version than the tool's environments, that the tool would be better off on."""
        lock = read_lock(spec.name)
        if lock is None:
            return None
        minors = [_minor(folder) for folder in self._folders(lock)]
        return newest(SpecifierSet(lock.python), above=max(minors, default=0), forbidden=forbidden)

    def install(
        self,
        spec: ToolSpec,
        *,
        say: Callable[[str], None],
        forbidden: Path | None = None,
        cancel: threading.Event | None = None,
    ) -> Tool:
        """Build the tool's environment on the newest Python, unless it is there and intact. Raises ToolError."""
        lock = read_lock(spec.name)
        if lock is None:
            hint = f"install {spec.name} yourself and name it in [scanners.{spec.name}] path"
            raise ToolError(f"scangate has no lock for {spec.name}", mend=hint)
        python = newest(SpecifierSet(lock.python), forbidden=forbidden)
        if python is None:
            hint = f"install a Python {lock.python}, then {mend(spec.name)}"
            raise ToolError(f"{spec.name} {lock.version} needs a Python {lock.python}, and none was found", mend=hint)
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            with _locked(self._lock_file(lock, python), say, cancel):
                return self._installed(spec, lock, python) or self._build(spec, lock, python, say=say, cancel=cancel)
        except OSError as error:
            hint = "give that folder room and write access, or name another with SCANGATE_DATA_DIR"
            raise ToolError(f"cannot install {spec.name} {lock.version}: {error}", mend=hint) from error

    def environments(self) -> tuple[Environment, ...]:
        """Every environment in the store, also unfinished ones and those of earlier locks."""
        if not self.home.is_dir():
            return ()
        ours = [self._folders(lock) for tool in locked_tools() if (lock := read_lock(tool))]
        current = {folders[0] for folders in ours if folders}
        folders = sorted(path for path in self.home.iterdir() if path.is_dir())
        records = [(folder, read_record(folder)) for folder in folders]
        return tuple(
            Environment(folder, record.python, folder in current) if record else Environment(folder, "", current=False)
            for folder, record in records
        )

    def prune(self) -> tuple[Path, ...]:
        """Remove the environments that are not current, and say which; those being built now are left alone."""
        removed = []
        for environment in self.environments():
            if environment.current:
                continue
            guard = self.home / f"{environment.folder.name.rpartition('-')[0]}.lock"
            with contextlib.suppress(Timeout), FileLock(guard, timeout=0):
                _remove(environment.folder)
                removed.append(environment.folder)
        return tuple(removed)

    def _installed(self, spec: ToolSpec, lock: Lock, python: Interpreter) -> Tool | None:
        """The tool if it is intact on that very minor version of Python."""
        folders = (folder for folder in self._folders(lock) if _minor(folder) == _minor_of(python))
        return next((_tool(folder, spec, lock) for folder in folders if not _problem(folder, spec)), None)

    def _build(
        self,
        spec: ToolSpec,
        lock: Lock,
        python: Interpreter,
        *,
        say: Callable[[str], None],
        cancel: threading.Event | None,
    ) -> Tool:
        """Build a new environment and remove those that it replaces; where building fails, nothing new is left."""
        say(f"installing {spec.name} {lock.version} on Python {python.version} ({self.problem(spec)})")
        replaced = [folder for folder in self._folders(lock) if _minor(folder) == _minor_of(python)]
        folder = self.home / f"{_prefix(lock)}3.{_minor_of(python)}-{secrets.token_hex(4)}"
        try:
            build(folder, lock, python, cancel=cancel)
            if not os.access(folder / "bin" / spec.executable, os.X_OK):
                raise ToolError(f"{spec.name} {lock.version} holds no program {spec.executable}")
            write_record(folder, python=python.version)
        except BaseException:
            _remove(folder)
            raise
        for other in replaced:
            _remove(other)
        return _tool(folder, spec, lock)

    def _lock_file(self, lock: Lock, python: Interpreter) -> Path:
        return self.home / f"{_prefix(lock)}3.{_minor_of(python)}.lock"

    def _folders(self, lock: Lock) -> list[Path]:
        """The lock's environments, those on the newest Python first, and finished ones before unfinished ones."""
        found = (path for path in self.home.glob(f"{_prefix(lock)}3.*") if _FOLDER.search(path.name))
        return sorted(found, key=lambda folder: (_minor(folder), (folder / RECORD).exists()), reverse=True)


def _default_home() -> Path:
    data = os.environ.get("SCANGATE_DATA_DIR")
    return (Path(data) if data else platformdirs.user_data_path("scangate")) / "tools"


def _prefix(lock: Lock) -> str:
    return f"{lock.tool}-{lock.version}-{lock.digest[:12]}-py"


def _minor(folder: Path) -> int:
    name = _FOLDER.search(folder.name)
    return int(name["minor"]) if name else 0


def _minor_of(python: Interpreter) -> int:
    return int(python.version.split(".")[1])


def _tool(folder: Path, spec: ToolSpec, lock: Lock) -> Tool:
    return Tool(folder / "bin" / spec.executable, lock.version, "store")


def _problem(folder: Path, spec: ToolSpec, *, wholly: bool = False) -> str:
    record = read_record(folder)
    if record is None:
        return "unfinished" if folder.exists() else "not installed"
    try:
        changed = difference(folder, record, wholly=wholly)
    except OSError as error:
        changed = str(error)
    if changed:
        return f"damaged: {changed}"
    usable = all(os.access(folder / "bin" / name, os.X_OK) for name in ("python", spec.executable))
    return "" if usable else "damaged: its program or its Python cannot be started"


def _remove(folder: Path) -> None:
    """Remove an environment, its record first, so that what cannot be removed is not taken for whole."""
    with contextlib.suppress(OSError):
        (folder / RECORD).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(file: Path, say: Callable[[str], None], cancel: threading.Event | None) -> Iterator[None]:
    """Hold a file lock, waiting for whoever builds that environment now."""
    lock = FileLock(file, timeout=0)
    deadline = time.monotonic() + INSTALL_SECONDS
    try:
        lock.acquire()
    except Timeout:
        say("waiting for another process that installs it")
    while not lock.is_locked:
        if (cancel and cancel.is_set()) or time.monotonic() > deadline:
            raise ToolError(f"gave up waiting for {lock.lock_file}", mend="wait for the other process, or end it")
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=_WAIT_STEP)
    try:
        yield
    finally:
        lock.release()
