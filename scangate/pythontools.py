"""Building the environment of one Python tool from its lock, by uv."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

import uv
from packaging.specifiers import SpecifierSet

from scangate.installer import Builder, run_installer
from scangate.interpreters import Interpreter, newest
from scangate.process import minimal_environment
from scangate.scanners.locks import PythonLock
from scangate.toolerrors import ToolError, install_step

_REGISTRY_VARIABLES = (
    *("UV_CONFIG_FILE", "UV_FIND_LINKS", "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER", "UV_NO_CACHE", "UV_SYSTEM_CERTS"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"),
)


def python_builder(lock: PythonLock, *, forbidden: Path | None = None) -> Builder:
    """The builder of the lock's environment on the newest Python. Raises ToolError where there is none for it."""
    python = newest(SpecifierSet(lock.python), forbidden=forbidden)
    if python is None:
        hint = f"install a Python {lock.python}, then {install_step(lock.tool)}"
        raise ToolError(f"{lock.tool} {lock.version} needs a Python {lock.python}, and none was found", mend=hint)
    return Builder(
        label=f"py3.{python.minor}",
        runtime=python.version,
        note=f"installing {lock.tool} {lock.version} on Python {python.version}",
        build=partial(build_python_tool, lock=lock, interpreter=python),
    )


def build_python_tool(
    folder: Path, *, lock: PythonLock, interpreter: Interpreter, cancel: threading.Event | None = None
) -> None:
    """Make a virtual environment at `folder` that holds exactly the lock's wheels, compiled.

    Wheels only: building a source distribution would run code that no hash of a wheel stands for. Files are copied,
    since uv's links into its cache would let an edit elsewhere change them. Bytecode is compiled now, so that the
    tools need not write any later. Raises ToolError with uv's words.
    """
    _uv("venv", "--no-project", "--python", str(interpreter.path), str(folder), lock=lock, cancel=cancel)
    options = ("--require-hashes", "--no-build", "--strict", "--link-mode", "copy", "--compile-bytecode")
    _uv("pip", "sync", *options, "--python", str(folder), str(lock.path), lock=lock, cancel=cancel)


def _uv(*arguments: str, lock: PythonLock, cancel: threading.Event | None) -> None:
    argv = (uv.find_uv_bin(), *arguments, "--quiet", "--no-progress", "--no-python-downloads")
    run_installer(argv, lock, environment=_environment, cancel=cancel)


def _environment(temporary: Path) -> dict[str, str]:
    """The user's home and registry settings, credentials of named indexes among them; nothing else of `UV_*`, since
    constraints, overrides and the like would make another environment than the lock's.
    """
    passed = {
        name: value for name, value in os.environ.items() if name in _REGISTRY_VARIABLES or name.startswith("UV_INDEX_")
    }
    return minimal_environment(Path.home(), {"TMPDIR": str(temporary), **passed}, network=True)
