"""`scangate tools list|path|install|prune`: the programs in the tool store."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from scangate.errors import ExitCode, UsageError
from scangate.reports.encoders import visible
from scangate.scanners.interface import ToolSpec
from scangate.scanners.locks import GoLock, locked_tools, read_lock
from scangate.scanners.registry import SCANNERS
from scangate.toolerrors import ToolError, install_step
from scangate.toolstore import ToolStore


def list_(*, verify: bool = False, store: ToolStore | None = None, out: TextIO | None = None) -> int:
    """Print each scanner's tool, whether it can be used, and what else the store holds.

    `verify` reads every file; a tool that is damaged then ends it with 3.
    """
    store, out = store or ToolStore(), out or sys.stdout
    damaged = False
    for spec in _specs(list(SCANNERS)).values():
        tool = store.find(spec)
        problem = store.problem(spec, wholly=verify)
        damaged = damaged or problem.startswith("damaged")
        version, program = (tool.version, str(tool.path)) if tool else ("", "")
        _print(out, f"{spec.name:<12} {version:<10} {_state(spec, problem):<14} {program}")
    for environment in store.environments():
        if not environment.current:
            _print(out, f"{'':<12} {'':<10} {'not needed':<14} {environment.folder}")
    return ExitCode.INCOMPLETE if verify and damaged else 0


def path(name: str, *, store: ToolStore | None = None, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Print where the program of one scanner lies in the store; 3 when it is not installed."""
    store = store or ToolStore()
    spec = _specs([name])[name]
    tool = store.find(spec)
    if tool is None:
        step = f"; next: {install_step(name)}" if spec.name in locked_tools() else ""
        _print(err or sys.stderr, f"{name}: {_state(spec, store.problem(spec))}{step}")
        return ExitCode.INCOMPLETE
    _print(out or sys.stdout, str(tool.path))
    return 0


def install(
    names: Sequence[str], *, store: ToolStore | None = None, out: TextIO | None = None, err: TextIO | None = None
) -> int:
    """Install the tools of the named scanners, or all that there is a lock for; 3 when one cannot be had, after
    trying the others.
    """
    store, out, err = store or ToolStore(), out or sys.stdout, err or sys.stderr
    failed = False
    for spec in _specs(names or _installable()).values():
        try:
            tool = store.install(spec, say=lambda note: _print(err, note))
        except ToolError as error:
            failed = True
            _print(err, f"{spec.name}: {error.reason}" + (f"; next: {error.mend}" if error.mend else ""))
        else:
            _print(out, f"{spec.name:<12} {tool.version:<10} {tool.path}")
    return ExitCode.INCOMPLETE if failed else 0


def prune(*, store: ToolStore | None = None, out: TextIO | None = None) -> int:
    """Remove the environments of earlier locks and older Pythons, and say which."""
    removed = (store or ToolStore()).prune()
    for folder in removed:
        _print(out or sys.stdout, f"removed {folder}")
    if not removed:
        _print(out or sys.stdout, "nothing to remove")
    return 0


def _state(spec: ToolSpec, problem: str) -> str:
    """What is wrong with the tool, and how long it takes to mend that where it takes long."""
    lock = read_lock(spec.name)
    if lock is None:
        return "taken from PATH"
    if problem and isinstance(lock, GoLock):
        return f"{problem}; building {lock.version} takes about {lock.takes}"
    return problem or "ready"


def _installable() -> list[str]:
    locked = locked_tools()
    return [name for name, scanner in SCANNERS.items() if scanner.tool.name in locked]


def _specs(names: Sequence[str]) -> dict[str, ToolSpec]:
    unknown = [name for name in names if name not in SCANNERS]
    if unknown:
        raise UsageError(f"no scanner is called {unknown[0]!r}", hint=f"choose from {', '.join(SCANNERS)}")
    return {name: SCANNERS[name].tool for name in names}


def _print(stream: TextIO, line: str) -> None:
    print(visible(line.rstrip()), file=stream)
