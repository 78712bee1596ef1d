"""The tool store: every scanner's program in an environment of its own, exactly as its lock says.

An environment is built under a file lock and in place, since environments hold absolute paths and cannot be moved,
and each time in a folder of its own, so that an installer that outlives a killed scangate writes where nobody looks.
Its record is written last and removed first: a folder without a record, or that no longer matches it, is never used.
What that protects against is told in `scangate.integrity`.

The store lies in the user's data directory, or in `$SCANGATE_DATA_DIR` where that is set (for CI caches and tests).
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout
from packaging.specifiers import SpecifierSet

from scangate.environments import (
    Environment,
    folders_of,
    guard_of,
    label_of,
    minor_of,
    new_folder,
    problem_of,
    remove,
)
from scangate.gotools import go_builder
from scangate.installer import INSTALL_SECONDS, Builder
from scangate.integrity import read_record, write_record
from scangate.interpreters import Interpreter, newest
from scangate.ownprograms import on_path, own_program
from scangate.pythontools import python_builder
from scangate.scanners.interface import Tool, ToolSpec
from scangate.scanners.locks import GoLock, Lock, PythonLock, locked_tools, read_lock
from scangate.toolerrors import ToolError, check_not_refused

__all__ = ["ToolError", "ToolStore", "resolve"]

_WAIT_STEP = 0.5


def resolve(
    spec: ToolSpec,
    *,
    store: ToolStore,
    configured: Path | None,
    say: Callable[[str], None],
    forbidden: Path | None = None,
    cancel: threading.Event | None = None,
) -> Tool:
    """The program to run: the one that settings name; or ours from the store (installed now if it is not, or if a
    newer Python has come); or where installing fails, or we have no lock, ours on an older Python or the one on `PATH`.
    Since building takes minutes, a Go tool that is not in the store is taken from `PATH` first, in a version that fits.

    `say` is told what takes long; no program or interpreter in the folder `forbidden` (the scanned tree) is taken
    unless settings name it. Raises ToolError when there is none, or when it is a release that must never run.
    """
    if configured is not None:
        return own_program(spec, configured)
    lock = read_lock(spec.name)
    if lock is None:
        return _only_on_path(spec, forbidden)
    found = store.find(spec)
    if found and not store.newer_python(spec, forbidden=forbidden):
        return found
    if isinstance(lock, GoLock) and (fitting := _fitting_on_path(spec, forbidden)):
        return fitting
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
        lock = _lock_of(spec)
        return self._intact(spec, lock, folders_of(self.home, lock)) if lock else None

    def problem(self, spec: ToolSpec, *, wholly: bool = False) -> str:
        """What is wrong with the newest environment of the tool, in words; empty if nothing is.

        `wholly` hashes every file, which takes about a second for a large tool.
        """
        lock = _lock_of(spec)
        folders = folders_of(self.home, lock) if lock else []
        return problem_of(folders[0], spec, wholly=wholly) if folders else "not installed"

    def newer_python(self, spec: ToolSpec, *, forbidden: Path | None = None) -> Interpreter | None:
        """A Python, newer by a minor version than the tool's environments, that the tool would be better off on."""
        lock = _lock_of(spec)
        if not isinstance(lock, PythonLock):
            return None
        minors = [minor_of(folder) for folder in folders_of(self.home, lock)]
        return newest(SpecifierSet(lock.python), above=max(minors, default=0), forbidden=forbidden)

    def install(
        self,
        spec: ToolSpec,
        *,
        say: Callable[[str], None],
        forbidden: Path | None = None,
        cancel: threading.Event | None = None,
    ) -> Tool:
        """Build the tool's environment (on the newest Python), unless it is there and intact. Raises ToolError."""
        lock = _lock_of(spec)
        if lock is None:
            hint = f"install {spec.name} yourself and name it in [scanners.{spec.name}] path"
            raise ToolError(f"scangate has no lock for {spec.name}", mend=hint)
        if isinstance(lock, GoLock) and (found := self.find(spec)):
            return found  # it runs without Go
        builder = _builder(spec, lock, forbidden=forbidden)
        folder = new_folder(self.home, lock, builder.label)
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            with _locked(guard_of(folder), say, cancel):
                same = [other for other in folders_of(self.home, lock) if label_of(other) == builder.label]
                found = self._intact(spec, lock, same)
                return found or self._build(spec, lock, builder, folder, replaced=same, say=say, cancel=cancel)
        except OSError as error:
            hint = "give that folder room and write access, or name another with SCANGATE_DATA_DIR"
            raise ToolError(f"cannot install {spec.name} {lock.version}: {error}", mend=hint) from error

    def environments(self) -> tuple[Environment, ...]:
        """Every environment in the store, also unfinished ones and those of earlier locks."""
        if not self.home.is_dir():
            return ()
        ours = [folders_of(self.home, lock) for tool in locked_tools() if (lock := read_lock(tool))]
        current = {folders[0] for folders in ours if folders}
        folders = sorted(path for path in self.home.iterdir() if path.is_dir())
        records = [(folder, read_record(folder)) for folder in folders]
        return tuple(
            Environment(folder, record.runtime, folder in current) if record else Environment(folder, "", current=False)
            for folder, record in records
        )

    def prune(self) -> tuple[Path, ...]:
        """Remove the environments that are not current, and say which; those being built now are left alone."""
        removed = []
        for environment in self.environments():
            if environment.current:
                continue
            with contextlib.suppress(Timeout), FileLock(guard_of(environment.folder), timeout=0):
                remove(environment.folder)
                removed.append(environment.folder)
        return tuple(removed)

    def _intact(self, spec: ToolSpec, lock: Lock, folders: list[Path]) -> Tool | None:
        """The tool in the first of the folders that is as it was built, or None."""
        intact = next((folder for folder in folders if not problem_of(folder, spec)), None)
        return _tool(intact, spec, lock) if intact else None

    def _build(
        self,
        spec: ToolSpec,
        lock: Lock,
        builder: Builder,
        folder: Path,
        *,
        replaced: list[Path],
        say: Callable[[str], None],
        cancel: threading.Event | None,
    ) -> Tool:
        """Build a new environment and remove those that it replaces; where building fails, nothing new is left."""
        say(f"{builder.note} ({self.problem(spec)})")
        try:
            builder.build(folder, cancel=cancel)
            if not os.access(folder / "bin" / spec.executable, os.X_OK):
                raise ToolError(f"{spec.name} {lock.version} holds no program {spec.executable}")
            write_record(folder, runtime=builder.runtime)
        except BaseException:
            remove(folder)
            raise
        for other in replaced:
            remove(other)
        return _tool(folder, spec, lock)


def _default_home() -> Path:
    data = os.environ.get("SCANGATE_DATA_DIR")
    return (Path(data) if data else platformdirs.user_data_path("scangate")) / "tools"


def _fitting_on_path(spec: ToolSpec, forbidden: Path | None) -> Tool | None:
    """The program on `PATH`, if it is of a version that we know to work."""
    try:
        tool = on_path(spec, forbidden=forbidden)
    except ToolError:  # a release that must never run: ours is built instead
        return None
    return tool if tool and SpecifierSet(spec.versions).contains(tool.version, prereleases=True) else None


def _only_on_path(spec: ToolSpec, forbidden: Path | None) -> Tool:
    tool = on_path(spec, forbidden=forbidden)
    if tool is None:
        hint = f"install {spec.name}, or name its program in [scanners.{spec.name}] path"
        raise ToolError(f"no {spec.executable} that works is on PATH", mend=hint)
    return tool


def _lock_of(spec: ToolSpec) -> Lock | None:
    """The tool's lock. Raises ToolError if it names a release that must never run."""
    lock = read_lock(spec.name)
    if lock:
        check_not_refused(spec, lock.version, where=f"what scangate's lock for {spec.name} names")
    return lock


def _builder(spec: ToolSpec, lock: Lock, *, forbidden: Path | None) -> Builder:
    if isinstance(lock, GoLock):
        return go_builder(spec, lock, forbidden=forbidden)
    return python_builder(lock, forbidden=forbidden)


def _tool(folder: Path, spec: ToolSpec, lock: Lock) -> Tool:
    return Tool(folder / "bin" / spec.executable, lock.version, "store")


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
