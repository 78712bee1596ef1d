"""The one seam to other programs: argument lists, a process group of their own, output to files, and an end.

No shell, no pipes (a full pipe cannot block anybody), no standard input. Whatever happens, the whole process group
is gone when `run` returns, or the `with` block of `start` is left: also a grandchild that outlived its parent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
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


class NotStarted(Exception):
    """A program cannot be started: `ended` says why."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.detail)
        self.ended = ended


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
    bounds = _Bounds(time.monotonic(), timeout, cap, (stdout, stderr, *watch), (cancel,) if cancel else ())
    process = _spawn(argv, cwd=cwd, env=env, stdout=stdout, stderr=stderr)
    return process if isinstance(process, Ended) else _see_through(process, bounds)


@contextlib.contextmanager
def start(
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
) -> Iterator[Serving]:
    """A program that serves while the `with` block runs, within the bounds that `run` has, and is ended with it.

    It is ended, too, when this process is killed.

    Raises:
        NotStarted: the program is absent or cannot be started.
    """
    stop = threading.Event()
    bounds = _Bounds(time.monotonic(), timeout, cap, (stdout, stderr, *watch), (stop, cancel) if cancel else (stop,))
    process = _spawn(argv, cwd=cwd, env=env, stdout=stdout, stderr=stderr)
    if isinstance(process, Ended):
        raise NotStarted(process)
    serving = Serving(process, bounds, stop)
    try:
        yield serving
    finally:
        serving.stop()


class Serving:
    """A program that serves until it ends by itself, reaches a bound, or is stopped; `ended` says how, then."""

    def __init__(self, process: subprocess.Popen[bytes], bounds: _Bounds, stop: threading.Event) -> None:
        self.ended: Ended | None = None
        self._stop = stop
        self._watcher = threading.Thread(target=self._watch, args=(process, bounds), daemon=True)
        self._watcher.start()

    def _watch(self, process: subprocess.Popen[bytes], bounds: _Bounds) -> None:
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):  # unguarded, it is still ended by all but our being killed
                stack.enter_context(_guard(process.pid))
            self.ended = _see_through(process, bounds)

    def stop(self, patience: float = 0.0) -> None:
        """Let it end by itself for `patience` seconds, then end it; its whole group is gone afterwards."""
        self._watcher.join(patience)
        self._stop.set()
        self._watcher.join()


@dataclass(frozen=True)
class _Bounds:
    """What a program may take: as in `run`; any of `cancel` ends it."""

    begun: float
    timeout: float
    cap: int
    files: tuple[Path, ...]
    cancel: tuple[threading.Event, ...]


def _spawn(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdout: Path, stderr: Path
) -> subprocess.Popen[bytes] | Ended:
    """The program in a process group of its own, or why there is none."""
    begun = time.monotonic()
    with stdout.open("wb") as out, stderr.open("wb") as err:
        try:
            return subprocess.Popen(
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


def _see_through(process: subprocess.Popen[bytes], bounds: _Bounds) -> Ended:
    """Wait for the program's end, or bring it about; nothing of its group is left afterwards."""
    try:
        cause = _watch(process.pid, bounds)
        if cause != "exited":
            _terminate(process.pid)
    finally:
        _kill_group(process.pid)
        code = process.wait()
    seconds = time.monotonic() - bounds.begun
    if cause != "exited":
        return Ended(None, seconds, cause)
    return Ended(None, seconds, cause, signal=-code) if code < 0 else Ended(code, seconds, cause)


@contextlib.contextmanager
def _guard(group: int) -> Iterator[None]:
    """Should this process be killed meanwhile, the group is too, by a shell that waits for just that.

    The shell reads from a pipe of which we alone hold the other end.
    """
    script = 'read -r _; kill -s KILL -- "-$0"'
    with subprocess.Popen(
        ["/bin/sh", "-c", script, str(group)],
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as shell:
        try:
            yield
        finally:
            shell.kill()


def _watch(pid: int, bounds: _Bounds) -> Cause:
    pause = _SHORTEST_POLL
    while not _has_exited(pid):
        if any(event.is_set() for event in bounds.cancel):
            return "cancelled"
        if time.monotonic() > bounds.begun + bounds.timeout:
            return "timeout"
        if _bytes_in(bounds.files) > bounds.cap:
            return "cap"
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_POLL)
    return "cap" if _bytes_in(bounds.files) > bounds.cap else "exited"


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
