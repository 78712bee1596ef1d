"""What one job works with: its commands and services run in its private folder, within its time."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scangate.model import LedgerState
from scangate.process import Ended, NotStarted, Serving, minimal_environment, run, start
from scangate.scanners.interface import Command, Job, Output, ScannerError, Service, failed
from scangate.scanners.locks import locked_tools
from scangate.toolerrors import install_step

OUTPUT_CAP = 512_000_000
"""Bytes that one process may write before it is ended."""
_OUTPUT_SHOWN = 20_000


class PrivateWorkbench:
    """The `Workbench` of a job. `timeout` is in seconds, for each command and for the job's services together;
    `tell` takes its progress.
    """

    def __init__(self, job: Job, *, timeout: float, cancel: threading.Event, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self._job = job
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._cancel = cancel
        self._services = 0

    def __call__(self, command: Command, /) -> Output:
        """Run a command to its end.

        Raises:
            ScannerError: it could not be started, was killed, took too long or wrote too much.
        """
        work = self._job.work
        stdout, stderr = work / ".stdout", work / ".stderr"
        ended = run(command.argv, stdout=stdout, stderr=stderr, timeout=self._timeout, **self._prepare(command))
        if stopped := self._why_stopped(ended):
            raise stopped
        report = work / command.report if command.report else stdout
        return Output(report.read_bytes() if report.exists() else b"", ended.exit_code, _read_end(stderr))

    @contextmanager
    def start(self, command: Command) -> Iterator[Service]:
        """A program that serves while the `with` block runs.

        Raises:
            ScannerError: it could not be started.
        """
        self.check()
        self._services += 1
        outputs = [self._job.work / f".service-{self._services}-{name}" for name in ("stdout", "stderr")]
        timeout = max(0.0, self._deadline - time.monotonic())
        prepared = self._prepare(command)
        try:
            serving = start(command.argv, stdout=outputs[0], stderr=outputs[1], timeout=timeout, **prepared)
            with serving as started:
                yield _RunningService(started, outputs)
        except NotStarted as error:
            raise self._not_started(error.ended) from None

    def check(self) -> None:
        """Raises `ScannerError` when the user has interrupted, or when the job's time is over."""
        if self._cancel.is_set():
            raise _interrupted()
        if time.monotonic() > self._deadline:
            raise self._took_too_long()

    def _prepare(self, command: Command) -> dict[str, Any]:
        """Put the command's files in place; what every process of the job is started with."""
        work = self._job.work
        _lay_out(command, work)
        home = work / ".home"
        home.mkdir(exist_ok=True)
        return {
            "cwd": work,
            "env": minimal_environment(home, command.env, network=command.network, forbidden=self._job.root),
            "cap": OUTPUT_CAP,
            "watch": (work / command.report,) if command.report else (),
            "cancel": self._cancel,
        }

    def _why_stopped(self, ended: Ended) -> ScannerError | None:
        match ended.cause:
            case "exited" if ended.signal is None:
                return None
            case "exited":
                return failed(f"{_in_words(ended)} after {ended.seconds:.1f} s", mend="is there enough memory?")
            case "timeout":
                return self._took_too_long()
            case "cap":
                return failed(_in_words(ended))
            case "cancelled":
                return _interrupted()
            case _:
                return self._not_started(ended)

    def _took_too_long(self) -> ScannerError:
        mend = f"give it longer: [scanners.{self._job.scanner}] timeout = {int(self._timeout * 2)}"
        return ScannerError(LedgerState.TIMED_OUT, f"took longer than {self._timeout:.0f} s and was ended", mend=mend)

    def _not_started(self, ended: Ended) -> ScannerError:
        mend = "install it, or name the program that settings give it rightly"
        if self._job.scanner in locked_tools():
            mend = f"{install_step(self._job.scanner)}, or name the program that settings give it rightly"
        return ScannerError(LedgerState.MISSING, f"cannot be started: {ended.detail}", mend=mend)


class _RunningService:
    """A `Service` that was started."""

    def __init__(self, serving: Serving, outputs: list[Path]) -> None:
        self._serving = serving
        self._outputs = outputs

    @property
    def ended(self) -> str:
        return "" if self._serving.ended is None else _in_words(self._serving.ended)

    def said(self) -> str:
        return "\n".join(filter(None, map(_read_end, self._outputs)))

    def stop(self, patience: float) -> None:
        self._serving.stop(patience)


def _interrupted() -> ScannerError:
    return failed("interrupted by the user")


def _in_words(ended: Ended) -> str:
    match ended.cause:
        case "exited" if ended.signal is None:
            return f"exit code {ended.exit_code}"
        case "exited":
            return f"killed by {signal.Signals(ended.signal or 0).name}"
        case "cap":
            return f"wrote more than {OUTPUT_CAP // 1_000_000} MB and was ended"
        case _:
            return "ended by us"


def _lay_out(command: Command, work: Path) -> None:
    """Put the command's files and links in place. A hard link costs nothing; where it is refused, a copy does."""
    for folder in {(work / name).parent for name in (*command.files, *command.links)}:
        folder.mkdir(parents=True, exist_ok=True)
    for name, data in command.files.items():
        (work / name).touch(mode=0o600)
        (work / name).write_bytes(data)
    for name, source in command.links.items():
        try:
            os.link(source, work / name, follow_symlinks=False)
        except OSError:
            shutil.copyfile(source, work / name, follow_symlinks=False)


def _read_end(path: Path) -> str:
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - _OUTPUT_SHOWN))
        return handle.read().decode("utf-8", errors="replace")
