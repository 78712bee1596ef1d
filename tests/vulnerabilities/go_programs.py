"""The small Go programs that tests need: built once from their folder, and kept until their source changes.

They lie in `test-data` in scangate's data folder, or in `$SCANGATE_DATA_DIR` where that is set (for CI caches). The
first build of one may download modules and take minutes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import platformdirs
from filelock import FileLock

NO_GO = "Go is needed to build test data: install it from go.dev/dl, or with `apt-get install golang-go`"

_BUILD = ("go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-o")


def built_program(source: Path) -> Path:
    """The program of a folder with go.mod, go.sum and main.go.

    Raises:
        RuntimeError: there is no Go here.
        subprocess.CalledProcessError: Go could not build it, and said why on standard error.
    """
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum", "main.go"):
        digest.update((source / name).read_bytes())
    program = kept_data() / f"{source.name}-{digest.hexdigest()[:12]}"
    with FileLock(f"{program}.lock"):
        if not program.exists():
            _build(source, program)
    return program


def kept_data() -> Path:
    """The folder for what tests build once and keep, outside the checkout."""
    data = os.environ.get("SCANGATE_DATA_DIR")
    home = (Path(data) if data else platformdirs.user_data_path("scangate")) / "test-data"
    home.mkdir(parents=True, exist_ok=True)
    return home


def _build(source: Path, program: Path) -> None:
    if shutil.which("go") is None:
        raise RuntimeError(NO_GO)
    unfinished = program.with_name(f"{program.name}.new")
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    subprocess.run([*_BUILD, unfinished, "."], cwd=source, env=environment, check=True)
    unfinished.rename(program)
