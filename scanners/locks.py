"""The lock files in `locks/`: what each tool is made of, to the byte.

A Python tool's folder holds a `requirements.txt` with hashes, a Go tool's a `go.mod` and a `go.sum`; comment lines in
them, `NAME: VALUE`, say what else it takes to install the tool. `scripts/locks` makes them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

LOCKS = Path(__file__).parent / "locks"

_TOOL = re.compile(r"^tool (?P<package>\S+)$", re.MULTILINE)
_GO = re.compile(r"^go (?P<version>\d\S*)$", re.MULTILINE)
_REQUIRE = re.compile(r"^(?:require )?\s*(?P<module>\S+) v(?P<version>\d\S*)", re.MULTILINE)


@dataclass(frozen=True)
class PythonLock:
    """One tool's `requirements.txt`: hashed pins.

    `version` is the tool's own pin, `python` the PEP 440 range of interpreters that the lock is known to work with,
    `digest` the SHA-256 of the file in hexadecimal.
    """

    tool: str
    path: Path
    version: str
    digest: str
    python: str


@dataclass(frozen=True)
class GoLock:
    """One tool's `go.mod` (that is `path`) and the `go.sum` beside it: the hash of every module in the build.

    `version` is that of the tool's `module`, without the `v`; `go` the oldest Go that can build it, `experiment` what
    `GOEXPERIMENT` must be, `version_variable` the variable that `-X` sets so that the tool prints its version (both
    empty where the build needs none), `takes` how long building takes on two cores, in words; `digest` the SHA-256 of
    both files in hexadecimal.
    """

    tool: str
    path: Path
    version: str
    digest: str
    module: str
    go: str
    experiment: str
    version_variable: str
    takes: str


Lock = PythonLock | GoLock


def read_lock(tool: str, *, folder: Path = LOCKS) -> Lock | None:
    """The lock of a tool, or None where we have none. Raises ValueError if it is damaged."""
    path = folder / tool / "requirements.txt"
    if path.is_file():
        return _python_lock(tool, path)
    path = folder / tool / "go.mod"
    return _go_lock(tool, path) if path.is_file() else None


def locked_tools(*, folder: Path = LOCKS) -> tuple[str, ...]:
    """The names of the tools that we have a lock for."""
    found = (*folder.glob("*/requirements.txt"), *folder.glob("*/go.mod"))
    return tuple(sorted(path.parent.name for path in found))


def _python_lock(tool: str, path: Path) -> PythonLock:
    content = path.read_bytes()
    text = content.decode("utf-8")
    pin = re.search(rf"^{re.escape(tool)}==(?P<version>[^\s;\\]+)", text, re.MULTILINE)
    python = _note(text, "python")
    if pin is None or not python:
        raise ValueError(f"{path}: no pin of {tool} or no line '# python: RANGE'")
    return PythonLock(tool, path, pin["version"], _digest(content), python)


def _go_lock(tool: str, path: Path) -> GoLock:
    sums = path.with_name("go.sum")
    if not sums.is_file():
        raise ValueError(f"{path}: no go.sum beside it")
    content = path.read_bytes()
    text = content.decode("utf-8")
    package, go, takes = _TOOL.search(text), _GO.search(text), _note(text, "building takes")
    module, version = _providing(package["package"], text) if package else ("", "")
    if go is None or not module or not takes:
        raise ValueError(f"{path}: no line 'go', no 'tool', none that requires it or none '// building takes: TIME'")
    return GoLock(
        tool,
        path,
        version,
        _digest(content, sums.read_bytes()),
        module=module,
        go=go["version"],
        experiment=_note(text, "experiment"),
        version_variable=_note(text, "version in"),
        takes=takes,
    )


def _providing(package: str, text: str) -> tuple[str, str]:
    """The required module that holds the package, the longest by path, and its version; empty where none does."""
    required = ((found["module"], found["version"]) for found in _REQUIRE.finditer(text))
    holding = (each for each in required if f"{package}/".startswith(f"{each[0]}/"))
    return max(holding, key=lambda each: len(each[0]), default=("", ""))


def _note(text: str, name: str) -> str:
    """The value of the comment line `NAME: VALUE`; empty where there is none."""
    found = re.search(rf"^(?:#|//) {re.escape(name)}: (?P<value>.*\S)$", text, re.MULTILINE)
    return found["value"] if found else ""


def _digest(*contents: bytes) -> str:
    return hashlib.sha256(b"\0".join(contents)).hexdigest()
