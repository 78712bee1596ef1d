"""Building one Go tool from its lock, by the Go of this machine.

Go checks every module that it reads against the lock's `go.sum`. Where modules come from and where Go keeps them is
the user's own choice, also as `go env -w` has it; whatever else could change what is built is set here.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from packaging.version import Version

from scangate.buildinfo import module_version
from scangate.installer import Builder, run_installer
from scangate.process import minimal_environment, run
from scangate.scanners.interface import ToolSpec
from scangate.scanners.locks import GoLock
from scangate.searchpath import programs_named
from scangate.toolerrors import ToolError, install_step

_PROBE_SECONDS = 60
_VERSION = re.compile(r"go(?P<number>\d+(?:\.\d+)*(?:rc\d+)?)")

_USERS_OWN = (
    *("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOINSECURE", "GOAUTH", "GOVCS", "GOSUMDB", "GONOSUMDB"),
    *("GOTOOLCHAIN", "GOPATH", "GOMODCACHE", "GOCACHE"),
)
_TELLS_THEM = ("GOENV", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
_OURS = {"GOENV": "off", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GO111MODULE": "on", "CGO_ENABLED": "0"}


@dataclass(frozen=True)
class Go:
    """A Go that works: its program, its version (`1.26.3`), and the user's own settings by variable."""

    path: Path
    version: str
    settings: Mapping[str, str]

    def fetches_newer(self) -> bool:
        """Whether this Go gets itself the newer one that a `go.mod` asks for (as it does by default since 1.21)."""
        return self.settings["GOTOOLCHAIN"].rpartition("+")[2] in {"auto", "path"}


def go_builder(spec: ToolSpec, lock: GoLock, *, forbidden: Path | None = None) -> Builder:
    """The builder of the lock's tool. Raises ToolError where there is no Go, or one that is too old."""
    go = find_go(forbidden=forbidden)
    needs = f"building {lock.tool} {lock.version} needs Go {lock.go} or newer"
    if go is None:
        raise ToolError(f"{needs}, and Go is missing: no go that works is on PATH", mend=_three_ways(lock))
    if Version(go.version) < Version(lock.go) and not go.fetches_newer():
        setting = go.settings["GOTOOLCHAIN"]
        told = f", which GOTOOLCHAIN={setting} keeps from fetching a newer one" if setting else ""
        raise ToolError(f"{needs}, and {go.path} is Go {go.version}{told}", mend=_three_ways(lock))
    return Builder(
        label="go",
        runtime=go.version,
        note=f"building {lock.tool} {lock.version} from source, which takes about {lock.takes}, with Go {go.version}",
        build=partial(_build, spec=spec, lock=lock, go=go, forbidden=forbidden),
    )


def find_go(*, forbidden: Path | None = None) -> Go | None:
    """The first `go` on `PATH` that answers; nothing in the folder `forbidden` is started."""
    found = (_probe(program, forbidden) for program in programs_named("go", forbidden=forbidden))
    return next((go for go in found if go), None)


def _build(
    folder: Path, *, spec: ToolSpec, lock: GoLock, go: Go, forbidden: Path | None, cancel: threading.Event | None
) -> None:
    """Build the tool into `folder/bin`, and make sure that the program is the release that the lock names."""
    set_version = f" -X {lock.version_variable}={lock.version}" if lock.version_variable else ""
    (folder / "bin").mkdir(parents=True)
    run_installer(
        (str(go.path), "install", "-mod=readonly", "-trimpath", f"-ldflags=-s -w{set_version}", "tool"),
        lock,
        environment=partial(_environment, lock=lock, go=go, programs=folder / "bin", forbidden=forbidden),
        files=(lock.path, lock.path.with_name("go.sum")),
        noise="go: downloading ",
        cancel=cancel,
    )
    built = module_version(folder / "bin" / spec.executable, lock.module)
    if built != lock.version:
        what = f"{lock.module} {built}" if built else f"no release of {lock.module}"
        raise ToolError(f"what was built as {lock.tool} {lock.version} is {what}", mend=install_step(lock.tool))


def _environment(temporary: Path, *, lock: GoLock, go: Go, programs: Path, forbidden: Path | None) -> dict[str, str]:
    ours = {**_OURS, "GOBIN": str(programs), "GOEXPERIMENT": lock.experiment, "TMPDIR": str(temporary)}
    return minimal_environment(Path.home(), {**go.settings, **ours}, network=True, forbidden=forbidden)


def _probe(program: Path, forbidden: Path | None) -> Go | None:
    """What that `go` says of itself, in an empty folder; None if it does not start."""
    with tempfile.TemporaryDirectory(prefix="scangate-") as name:
        work = Path(name)
        told = {name: os.environ[name] for name in (*_USERS_OWN, *_TELLS_THEM) if name in os.environ}
        own = {**told, "TMPDIR": str(work), "GOFLAGS": _OURS["GOFLAGS"], "GOWORK": "off"}
        ended = run(
            (str(program), "env", "-json", "GOVERSION", *_USERS_OWN),
            cwd=work,
            env=minimal_environment(Path.home(), own, network=True, forbidden=forbidden),
            stdout=work / "out",
            stderr=work / "err",
            timeout=_PROBE_SECONDS,
            cap=100_000,
        )
        if ended.exit_code != 0:
            return None
        try:
            answer = json.loads((work / "out").read_bytes())
            settings = {name: str(answer[name]) for name in _USERS_OWN}
            version = _VERSION.match(str(answer["GOVERSION"]))
        except (ValueError, KeyError, TypeError):
            return None
    return Go(program, version["number"], settings) if version else None


def _three_ways(lock: GoLock) -> str:
    return (
        f"one of three: install Go {lock.go} or newer (apt-get install golang, or your package manager) and run "
        f"{install_step(lock.tool)}; or install {lock.tool} as its makers say, on PATH; or in CI, have its own set-up "
        f"step (such as actions/setup-go) provide Go"
    )
