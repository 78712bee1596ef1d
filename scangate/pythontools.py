"""Building the environment of one Python tool from its lock, by uv."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import uv

from scangate.interpreters import Interpreter
from scangate.process import Ended, minimal_environment, run
from scangate.scanners.locks import Lock

INSTALL_SECONDS = 1800.0
_OUTPUT_CAP = 10_000_000
_SHOWN = 400

_REGISTRY_VARIABLES = (
    *("UV_CONFIG_FILE", "UV_FIND_LINKS", "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER", "UV_NO_CACHE", "UV_SYSTEM_CERTS"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"),
)


class ToolError(Exception):
    """A tool that cannot be had: `reason` in words, and `mend`, the command or step that helps."""

    def __init__(self, reason: str, *, mend: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend


def build(folder: Path, lock: Lock, interpreter: Interpreter, *, cancel: threading.Event | None = None) -> None:
    """Make a virtual environment at `folder` that holds exactly the lock's wheels, compiled.

    Wheels only: building a source distribution would run code that no hash of a wheel stands for. Files are copied,
    since uv's links into its cache would let an edit elsewhere change them. Bytecode is compiled now, so that the
    tools need not write any later. Raises ToolError with uv's words.
    """
    _uv("venv", "--no-project", "--python", str(interpreter.path), str(folder), lock=lock, cancel=cancel)
    options = ("--require-hashes", "--no-build", "--strict", "--link-mode", "copy", "--compile-bytecode")
    _uv("pip", "sync", *options, "--python", str(folder), str(lock.path), lock=lock, cancel=cancel)


def _uv(*arguments: str, lock: Lock, cancel: threading.Event | None) -> None:
    """Run uv with the user's own index and proxy settings. Its working folder is empty, so no project steers it."""
    with tempfile.TemporaryDirectory(prefix="scangate-") as name:
        work = Path(name)
        errors = work / "err"
        ended = run(
            (uv.find_uv_bin(), *arguments, "--quiet", "--no-progress", "--no-python-downloads"),
            cwd=work,
            env=_environment(work),
            stdout=work / "out",
            stderr=errors,
            timeout=INSTALL_SECONDS,
            cap=_OUTPUT_CAP,
            cancel=cancel,
        )
        if ended.exit_code != 0:
            words = errors.read_text(encoding="utf-8", errors="replace")
            raise ToolError(f"cannot install {lock.tool} {lock.version}: {_why(ended, words)}", mend=mend(lock.tool))


def mend(tool: str) -> str:
    """The step that helps where a tool is missing."""
    return f"scangate tools install {tool}"


def _environment(work: Path) -> dict[str, str]:
    """The user's home and registry settings, credentials of named indexes among them; nothing else of `UV_*`, since
    constraints, overrides and the like would make another environment than the lock's.
    """
    passed = {
        name: value for name, value in os.environ.items() if name in _REGISTRY_VARIABLES or name.startswith("UV_INDEX_")
    }
    home = Path.home()
    return minimal_environment(home, {"TMPDIR": str(work), **passed}, network=True)


def _why(ended: Ended, words: str) -> str:
    if ended.cause != "exited":
        return f"uv ended: {ended.cause} {ended.detail}".rstrip()
    text = " ".join(words.split()) or f"uv ended with exit code {ended.exit_code}, signal {ended.signal}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 :]}"
