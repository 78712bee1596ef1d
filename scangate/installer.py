"""What building a Python tool and building a Go tool have in common."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scangate.process import Ended, run
from scangate.scanners.locks import Lock
from scangate.toolerrors import ToolError, install_step

INSTALL_SECONDS = 1800.0
_OUTPUT_CAP = 10_000_000
_SHOWN = 400


class Build(Protocol):
    """Makes an environment at `folder`, its programs in `folder/bin`. Raises ToolError or OSError."""

    def __call__(self, folder: Path, *, cancel: threading.Event | None) -> None: ...


@dataclass(frozen=True)
class Builder:
    """How a lock's environment is built on this machine.

    `label` is what the environment's folder is named after beside its lock (`py3.13`, `go`), `runtime` the version of
    the Python or Go that builds it, and `note` what is told before it begins.
    """

    label: str
    runtime: str
    note: str
    build: Build


def run_installer(
    argv: Sequence[str],
    lock: Lock,
    *,
    environment: Callable[[Path], Mapping[str, str]],
    files: Sequence[Path] = (),
    noise: str = "\0",
    cancel: threading.Event | None,
) -> None:
    """Run an installer in a private folder that holds nothing but copies of `files`, so that no project steers it.

    `environment` is called with an empty folder for temporary files, another one, since Go overlooks a `go.mod` in
    the folder of these. Raises ToolError with the installer's words, but for the lines that begin with `noise`.
    """
    with tempfile.TemporaryDirectory(prefix="scangate-") as private:
        work, temporary = Path(private, "work"), Path(private, "tmp")
        work.mkdir()
        temporary.mkdir()
        for file in files:
            (work / file.name).write_bytes(file.read_bytes())
        errors = work / "err"
        ended = run(
            argv,
            cwd=work,
            env=environment(temporary),
            stdout=work / "out",
            stderr=errors,
            timeout=INSTALL_SECONDS,
            cap=_OUTPUT_CAP,
            cancel=cancel,
        )
        if ended.exit_code != 0:
            lines = errors.read_text(encoding="utf-8", errors="replace").splitlines()
            words = " ".join(" ".join(line for line in lines if not line.startswith(noise)).split())
            why = _why(ended, words, Path(argv[0]).name)
            raise ToolError(f"cannot install {lock.tool} {lock.version}: {why}", mend=install_step(lock.tool))


def _why(ended: Ended, words: str, installer: str) -> str:
    if ended.cause != "exited":
        return f"{installer} ended: {ended.cause} {ended.detail}".rstrip()
    text = words or f"{installer} ended with exit code {ended.exit_code}, signal {ended.signal}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 :]}"
