"""The Python interpreters of this machine, newest first. Nothing is downloaded and no scanned tree is searched.

The names of files are looked at first, which costs nothing; only the best candidate is started to prove itself.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from packaging.specifiers import SpecifierSet

from scangate.process import is_below, minimal_environment, run
from scangate.searchpath import trusted_folders

_PROBE_SECONDS = 20
_NEWEST_IMAGINABLE = 40
_PROBE = """
import json, sys
plain = sys.implementation.name == "cpython" and sys.version_info.releaselevel == "final" and not sys.abiflags
print(json.dumps([plain, "%d.%d.%d" % sys.version_info[:3], getattr(sys, "_base_executable", "") or sys.executable]))
"""


@dataclass(frozen=True)
class Interpreter:
    """A CPython that works: `path` is the base interpreter (never one of a virtual environment)."""

    path: Path
    version: str

    @property
    def minor(self) -> int:
        """The 13 of 3.13.2."""
        return int(self.version.split(".")[1])


def newest(allowed: SpecifierSet, *, forbidden: Path | None = None, above: int = 0) -> Interpreter | None:
    """The newest released CPython within `allowed` that starts, with a minor version over `above`; None if none does.

    Nothing below the folder `forbidden` is started.
    """
    for minor in range(_NEWEST_IMAGINABLE, above, -1):
        if not allowed.contains(f"3.{minor}"):
            continue
        for path in _named(f"python3.{minor}", minor, forbidden):
            found = probe(path)
            if found and found.version.startswith(f"3.{minor}.") and not is_below(found.path, forbidden):
                return found
    return None


def probe(path: Path) -> Interpreter | None:
    """What the interpreter at `path` says of itself; None for one that does not start, is a pre-release, a debug or
    a free-threaded build (wheels are not made for these), or is not CPython.
    """
    with tempfile.TemporaryDirectory(prefix="scangate-") as name:
        home = Path(name)
        out = home / "out"
        argv = (str(path), "-I", "-S", "-c", _PROBE)
        environment = minimal_environment(home)
        ended = run(
            argv, cwd=home, env=environment, stdout=out, stderr=home / "err", timeout=_PROBE_SECONDS, cap=100_000
        )
        if ended.exit_code != 0:
            return None
        try:
            plain, version, base = json.loads(out.read_bytes())
        except (ValueError, TypeError):
            return None
    return Interpreter(Path(str(base)), str(version)) if plain is True else None


def _named(name: str, minor: int, forbidden: Path | None) -> Iterator[Path]:
    """Existing programs of that name, each once; the interpreter that runs us comes first if it is of that minor."""
    own = [Path(getattr(sys, "_base_executable", sys.executable))] if sys.version_info[:2] == (3, minor) else []
    seen = set()
    for path in (*own, *(folder / name for folder in _folders(forbidden))):
        real = path.resolve()
        if real not in seen and not is_below(path, forbidden) and _is_program(real):
            seen.add(real)
            yield path


def _folders(forbidden: Path | None) -> Iterator[Path]:
    yield from trusted_folders(forbidden)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or platformdirs.user_data_path("uv") / "python")
    for root in (pyenv / "versions", managed):
        yield from (version / "bin" for version in _children(root))


def _children(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.iterdir(), reverse=True)
    except OSError:
        return ()


def _is_program(path: Path) -> bool:
    """An executable that is not a script: version managers put scripts of every version's name on `PATH`."""
    if not os.access(path, os.X_OK) or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(2) != b"#!"
    except OSError:
        return False
