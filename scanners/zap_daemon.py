"""Two ways to a ZAP: one that runs already, or one that is launched for a job and gone with it.

ZAP exits with 0 when it could not start, and some failures leave it alive without a port: only its answer to a question
tells that it is there, and only what it printed tells why it is not (seen with ZAP 2.17.0).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from scangate.model import LedgerState
from scangate.scanners.interface import Command, Job, ScannerError, Service, WebOptions, Workbench
from scangate.scanners.zap_address import check_address, check_version
from scangate.scanners.zap_client import TIMEOUT, ZapClient, ZapError, ZapGone
from scangate.scanners.zap_trouble import PortTaken, gave_up, why_ended, why_not_started

USUAL_PLACES = tuple(map(Path, ("/usr/share/zaproxy", "/opt/zaproxy", "/opt/zap", "/zap")))
"""Folders that packages, the official container image and manuals put ZAP in."""

_STARTS_WITHIN = 120.0
_ASKED = 5.0
_ENDS_WITHIN = 0.5
"""Seconds before a ZAP that was asked to end is made to: it would take three, to save what is deleted then."""
_LAST_WORDS = 2.0
_POLL = 0.1
_ATTEMPTS = 3
_LOG_READ = 200_000


def attached(url: str, key: str) -> ZapClient:
    """The ZAP that runs at `url`, whoever started it.

    Raises:
        ScannerError: the address must not be given the key, nothing answers there, it is no ZAP that we know how to
            drive, or the key is not its own.
    """
    check_address(url, key)
    client = ZapClient(url, key, origin=f"attached: {url}")
    try:
        check_version(client)
    except BaseException:
        client.close()
        raise
    return client


@contextmanager
def launched(
    workbench: Workbench, job: Job, *, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[ZapClient]:
    """A ZAP of our own while the `with` block runs, in a private home that is gone afterwards. `environment` is added
    to what it has anyhow.

    A `ZapGone` that leaves the block becomes the reason why ZAP ended.

    Raises:
        ScannerError: there is no ZAP, or it does not start, or it ended midway; with the reason.
    """
    options = job.web or WebOptions()
    program = find_zap(options.zap_path, forbidden=job.root)
    workbench.tell("starting ZAP")
    with ExitStack() as stack:
        for attempt in range(_ATTEMPTS):
            launch = _Launch(program, job.work / f"zap-{attempt}", options.memory_mb, free_port(), environment)
            try:
                client = stack.enter_context(_serving(workbench, launch))
                break
            except PortTaken:
                if attempt == _ATTEMPTS - 1:
                    raise
        yield client


def find_zap(named: Path | None, *, forbidden: Path) -> Path:
    """The `zap.sh` that settings name (itself, or its folder), or that lies on `PATH` or in a usual place.

    None is taken from the folder `forbidden` unless it is named.

    Raises:
        ScannerError: there is none.
    """
    if named is not None:
        program = named / "zap.sh" if named.is_dir() else named
        if not os.access(program, os.X_OK) or not program.is_file():
            raise _missing(f"{named} is neither a folder with zap.sh nor a program")
        return program.resolve()
    entries = map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))
    for folder in (*(entry for entry in entries if entry.is_absolute()), *USUAL_PLACES):
        program = (folder / "zap.sh").resolve()
        if program.is_file() and os.access(program, os.X_OK) and not program.is_relative_to(forbidden.resolve()):
            return program
    raise _missing("ZAP is not installed: no zap.sh on PATH or in a usual place")


def _missing(reason: str) -> ScannerError:
    mend = "install ZAP (https://www.zaproxy.org/download/) and name its folder, or name one that runs: --zap-url"
    return ScannerError(LedgerState.MISSING, reason, mend=mend)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(frozen=True)
class _Launch:
    """One attempt to start ZAP. Its key is in a file that only we can read, since everybody sees a command line."""

    program: Path
    home: Path
    memory_mb: int
    port: int
    environment: Mapping[str, str] = field(repr=False)
    key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @property
    def command(self) -> Command:
        configuration = f"{self.home.name}/scangate.properties"
        where = ("-host", "127.0.0.1", "-port", str(self.port), "-dir", str(self.home))
        heap = f"-Xmx{self.memory_mb}m"
        settings = ("-configfile", str(self.home.parent / configuration))
        return Command(
            (str(self.program), heap, "-daemon", "-silent", *where, *settings),
            # A ZAP without memory would go on answering, and find nothing.
            env={
                **self.environment,
                "JDK_JAVA_OPTIONS": f'-XX:+ExitOnOutOfMemoryError "-Djava.io.tmpdir={self.home}"',
            },
            files={configuration: f"api.key={self.key}\napi.reportpermerrors=true\n".encode()},
            report=f"{self.home.name}/zap.log",
        )

    def client(self, *, timeout: float = TIMEOUT) -> ZapClient:
        url = f"http://127.0.0.1:{self.port}"
        return ZapClient(url, self.key, timeout=timeout, origin=f"launched: {self.program}")

    def said(self, service: Service) -> str:
        """The end of what it printed and logged, without its key."""
        return f"{service.said()}\n{_read_end(self.home / 'zap.log')}".replace(self.key, "…")


@contextmanager
def _serving(workbench: Workbench, launch: _Launch) -> Iterator[ZapClient]:
    launch.home.mkdir(mode=0o700)
    try:
        with workbench.start(launch.command) as service, launch.client() as client:
            try:
                _await_answer(workbench, service, launch)
                check_version(client)
                yield client
            except ZapGone as gone:
                _await_end(service, _LAST_WORDS)
                workbench.check()
                raise why_ended(launch.said(service), service.ended, launch.memory_mb) or gone from None
            finally:
                _end(service, launch)
    finally:
        shutil.rmtree(launch.home, ignore_errors=True)


def _await_answer(workbench: Workbench, service: Service, launch: _Launch) -> None:
    """Wait until ZAP says its version. Raises `ScannerError` when it will not."""
    deadline = time.monotonic() + _STARTS_WITHIN
    with launch.client(timeout=_ASKED) as client:
        while not service.ended and time.monotonic() < deadline and not gave_up(service.said()):
            workbench.check()
            if _answers(client, launch.port):
                return
            time.sleep(_POLL)
    workbench.check()
    raise why_not_started(launch.said(service), service.ended, launch.memory_mb)


def _answers(client: ZapClient, port: int) -> bool:
    with contextlib.suppress(OSError, ZapError, ZapGone), socket.create_connection(("127.0.0.1", port), timeout=1):
        client.view("core", "version")
        return True
    return False


def _await_end(service: Service, patience: float) -> None:
    """A program that is gone is known to be so a little later."""
    deadline = time.monotonic() + patience
    while not service.ended and time.monotonic() < deadline:
        time.sleep(_POLL)


def _end(service: Service, launch: _Launch) -> None:
    """End ZAP by its API, then by signal."""
    patience = 0.0
    if not service.ended:
        with contextlib.suppress(ScannerError), launch.client(timeout=_ASKED) as client:
            client.action("core", "shutdown")
            patience = _ENDS_WITHIN
    service.stop(patience)


def _read_end(path: Path) -> str:
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _LOG_READ))
            return log.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
