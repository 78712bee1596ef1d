"""The one seam to other programs: argument lists, a process group of their own, output to files, and an end.

No shell, no pipes (a full pipe cannot block anybody), no standard input. Whatever happens, the whole process group
is gone when `run` returns, also a grandchild that outlived its parent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Cause = Literal["exited", "timeout", "cap", "cancelled", "missing", "not-startable"]

_GRACE = 2.0
_SHORTEST_POLL, _LONGEST_POLL = 0.002, 0.02

_NETWORK_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL"),
    *("UV_OFFLINE", "UV_CACHE_DIR", "UV_NATIVE_TLS", "UV_HTTP_TIMEOUT", "NETRC"),
)


@dataclass(frozen=True)
class Ended:
    """How a process ended. `exit_code` is None unless `cause` is `exited` without a signal; `seconds` is wall time."""

    exit_code: int | None
    seconds: float
    cause: Cause
    signal: int | None = None
    detail: str = ""


def minimal_environment(
    home: Path, extra: Mapping[str, str] | None = None, *, network: bool = False, forbidden: Path | None = None
) -> dict[str, str]:
    """What a tool may know of our environment: where programs are, a private home, a fixed language.

    Secrets of a CI job do not pass. `network` adds proxy, certificate and package index settings, for programs
    that must reach a package registry. Only absolute `PATH` entries are kept, and none in the folder `forbidden`: tools
    start other programs by name, and a scanned tree may bring its own of that name.
    """
    entries = map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))
    path = os.pathsep.join(str(entry) for entry in entries if entry.is_absolute() and not is_below(entry, forbidden))
    environment = {
        "PATH": path,
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
    }
    if network:
        environment |= {name: os.environ[name] for name in _NETWORK_VARIABLES if name in os.environ}
    return environment | dict(extra or {})


def is_below(path: Path, forbidden: Path | None) -> bool:
    """Whether `path`, as written or with its links followed, lies in the folder `forbidden`."""
    if forbidden is None:
        return False
    root = forbidden.resolve()
    return path.is_relative_to(root) or path.resolve().is_relative_to(root)


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: Path,
    stderr: Path,
    timeout: float,
    cap: int,
    watch: Sequence[Path] = (),
    cancel: threading.Event | None = None,
) -> Ended:
    """Run a program to its end, or end it: after `timeout` seconds, when its output files (and the files in `watch`)
    hold more than `cap` bytes together, or when `cancel` is set.

    A program that is absent or cannot be started is an ordinary outcome (`missing`, `not-startable`).
    """
    begun = time.monotonic()
    with stdout.open("wb") as out, stderr.open("wb") as err:
        try:
            process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            return Ended(None, time.monotonic() - begun, "missing", detail=str(error))
        except (OSError, ValueError) as error:
            return Ended(None, time.monotonic() - begun, "not-startable", detail=str(error))
    try:
        cause = _watch(process.pid, deadline=begun + timeout, cap=cap, files=(stdout, stderr, *watch), cancel=cancel)
        if cause != "exited":
            _terminate(process.pid)
    finally:
        _kill_group(process.pid)
        code = process.wait()
    seconds = time.monotonic() - begun
    if cause != "exited":
        return Ended(None, seconds, cause)
    return Ended(None, seconds, cause, signal=-code) if code < 0 else Ended(code, seconds, cause)


def _watch(pid: int, *, deadline: float, cap: int, files: Sequence[Path], cancel: threading.Event | None) -> Cause:
    pause = _SHORTEST_POLL
    while not _has_exited(pid):
        if cancel is not None and cancel.is_set():
            return "cancelled"
        if time.monotonic() > deadline:
            return "timeout"
        if _bytes_in(files) > cap:
            return "cap"
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_POLL)
    return "cap" if _bytes_in(files) > cap else "exited"


def _has_exited(pid: int) -> bool:
    """Whether the process is over; it stays unreaped, so that its group id cannot be taken by another meanwhile."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _bytes_in(files: Sequence[Path]) -> int:
    total = 0
    for file in files:
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            continue
    return total


def _terminate(pid: int) -> None:
    """Ask the group to end and give it a moment; what ignores the request is killed by the caller."""
    try:
        os.killpg(pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return
    patience = time.monotonic() + _GRACE
    while time.monotonic() < patience and not _has_exited(pid):
        time.sleep(_LONGEST_POLL)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
