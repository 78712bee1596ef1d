"""The lock files in `locks/`: what the environment of each Python tool holds, to the byte."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

LOCKS = Path(__file__).parent / "locks"

_PYTHON = re.compile(r"^# python: (?P<range>\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Lock:
    """One tool's `requirements.txt`: hashed pins, as `scripts/locks` makes them.

    `version` is the tool's own pin, `python` the PEP 440 range of interpreters that the lock is known to work with,
    `digest` the SHA-256 of the file in hexadecimal.
    """

    tool: str
    path: Path
    version: str
    python: str
    digest: str


def read_lock(tool: str, *, folder: Path = LOCKS) -> Lock | None:
    """The lock of a tool, or None where we have none (a scanner of a third party). Raises ValueError if damaged."""
    path = folder / tool / "requirements.txt"
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    text = content.decode("utf-8")
    pin = re.search(rf"^{re.escape(tool)}==(?P<version>[^\s;\\]+)", text, re.MULTILINE)
    python = _PYTHON.search(text)
    if pin is None or python is None:
        raise ValueError(f"{path}: no pin of {tool} or no line '# python: RANGE'")
    return Lock(tool, path, pin["version"], python["range"], hashlib.sha256(content).hexdigest())


def locked_tools(*, folder: Path = LOCKS) -> tuple[str, ...]:
    """The names of the tools that we have a lock for."""
    return tuple(sorted(path.parent.name for path in folder.glob("*/requirements.txt")))
