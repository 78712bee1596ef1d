"""The application under test: started for the scan, waited for, and ended with its whole process group."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from scangate.errors import ExitCode, ScangateError, UsageError
from scangate.process import NotStarted, Serving, run, start
from scangate.results import cache_folder
from scangate.settings import Settings

KEY_VARIABLE = "ZAP_API_KEY"
PORT = "{port}"
"""What stands in the command and in the URL for a free port."""

_START_SECONDS = 60.0
_LONGEST_RUN = 24 * 3600.0
_LOG_CAP = 1_000_000_000
_ANSWER_SECONDS = 5.0
_PAUSE = 0.1
_SHOWN = 2_000


class ApplicationError(ScangateError):
    """The application did not come up, so that nobody could look at it."""

    exit_code = ExitCode.INCOMPLETE


@dataclass(frozen=True)
class Application:
    """How the application is started: `command` as a shell would split it, and the path that answers once it is up."""

    command: str
    wait_for: str


@contextlib.contextmanager
def running(application: Application, url: str, say: Callable[[str], None]) -> Iterator[str]:
    """The URL of the application, which runs while the `with` block does; `say` is told if it ends before that.

    It runs with our own environment and in our working folder, as it does when its developers start it. Only ZAP's key
    is kept from it: with that it could change what ZAP says. What it prints is kept as `application.log` in the cache
    folder where it did not come up or ended by itself.

    Raises:
        UsageError: the command cannot be split or started.
        ApplicationError: the application ended, or did not answer in time.
    """
    port = str(_free_port())
    address = url.replace(PORT, port)
    argv = _words(application.command.replace(PORT, port), "--app")
    with tempfile.TemporaryDirectory(prefix="scangate-app-") as folder:
        logs = Path(folder) / "out", Path(folder) / "errors"
        try:
            with start(
                argv,
                cwd=Path.cwd(),
                env={name: value for name, value in os.environ.items() if name != KEY_VARIABLE},
                stdout=logs[0],
                stderr=logs[1],
                timeout=_LONGEST_RUN,
                cap=_LOG_CAP,
            ) as serving:
                _wait(serving, address, application.wait_for, logs)
                yield address
                if serving.ended:
                    say(f"the application ended during the scan; its log: {_keep(*logs)}")
        except NotStarted as error:
            why, hint = f"--app: {argv[0]} cannot be started: {error.ended.detail}", "no shell is used: name a program"
            raise UsageError(why, hint=hint) from error


def with_url(settings: Settings) -> Settings:
    """The settings with the URL that their command prints, if they name one.

    Raises:
        UsageError: parts of the settings that only go together are not together, or the command fails.
    """
    if settings.url and settings.url_from_command:
        raise UsageError("--url and --url-from-command are both given", hint="choose one")
    if settings.url_from_command:
        settings = settings.model_copy(update={"url": _printed_by(settings.url_from_command)})
    if settings.app and not settings.url:
        raise UsageError("--app starts an application, and no --url says where it is", hint="add --url")
    if settings.url and PORT in settings.url and not settings.app:
        raise UsageError(f"--url has {PORT} in it, and no --app is started there", hint="add --app, or name the port")
    if settings.wait_for and not settings.app:
        raise UsageError("--wait-for waits for an application that --app starts", hint="add --app")
    return settings


def _printed_by(command: str) -> str:
    """The URL that a command prints as its first line.

    Raises:
        UsageError: it cannot be started, fails, or prints nothing.
    """
    argv = _words(command, "--url-from-command")
    with tempfile.TemporaryDirectory(prefix="scangate-url-") as folder:
        out, errors = Path(folder) / "out", Path(folder) / "errors"
        ended = run(
            argv, cwd=Path.cwd(), env=os.environ, stdout=out, stderr=errors, timeout=_START_SECONDS, cap=1_000_000
        )
        lines = out.read_text(encoding="utf-8", errors="replace").split()
        if ended.exit_code != 0 or not lines:
            said = errors.read_text(encoding="utf-8", errors="replace").strip()[-300:]
            why = ended.detail or said or (ended.cause if ended.exit_code is None else f"exit code {ended.exit_code}")
            hint = "it shall print the address, end with 0 and take no longer than a minute"
            raise UsageError(f"--url-from-command: {argv[0]} printed no URL: {why}", hint=hint)
    return lines[0]


def _words(command: str, option: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"{option} {command!r}: {error}", hint="quote it as for a shell") from None
    if not words:
        raise UsageError(f"{option} is empty", hint="name a program and its arguments")
    return words


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait(serving: Serving, url: str, path: str, logs: tuple[Path, Path]) -> None:
    """Until the application answers with a status below 400 at `path`, or with any status where there is no path."""
    address = urljoin(url, path) if path else url
    deadline = time.monotonic() + _START_SECONDS
    while True:
        if serving.ended:
            why = f"the application ended before it answered; its log: {_keep(*logs)}"
            raise ApplicationError(why, hint="start it by hand with the same command, and mend what it says")
        if _answers(address, any_status=not path):
            return
        if time.monotonic() > deadline:
            what = f"did not answer at {address} within {_START_SECONDS:.0f} s"
            why = f"the application {what}; its log: {_keep(*logs)}"
            raise ApplicationError(why, hint=f"does it listen at the port of --url? {PORT} in both is a free one")
        time.sleep(_PAUSE)


def _answers(address: str, *, any_status: bool) -> bool:
    import httpx  # noqa: PLC0415 (every scan would wait for it)

    try:
        # A test deployment's certificate is its own business; nothing secret is sent here.
        client = httpx.Client(timeout=_ANSWER_SECONDS, verify=False, trust_env=False)  # noqa: S501
        with client, client.stream("GET", address) as answer:  # not its body, which may have no end
            return any_status or answer.status_code < httpx.codes.BAD_REQUEST
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _keep(log: Path, errors: Path) -> Path:
    """The log in the cache folder, what went to standard error at its end."""
    kept = cache_folder() / "application.log"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("wb") as file:
        os.chmod(kept, 0o600)  # noqa: PTH101 (a Path would need the name again)
        for part in (log, errors):
            with part.open("rb") as source:
                shutil.copyfileobj(source, file)
    return kept
