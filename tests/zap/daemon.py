"""A running ZAP on a free loopback port, and plain calls of its API: what tests compare the scanner's own client with.

    with running_zap(folder, tmp_path) as zap:
        zap.call("core/view/version")                  # {"version": "2.17.0"}
        zap.call("spider/action/scan", url=address)

A test may end `zap.process` itself, or pass ZAP's own options.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STARTS_WITHIN = 120.0
_ENDS_WITHIN = 20.0
# Whatever the environment says, ZAP here is asked directly.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class RunningZap:
    """A ZAP that answers at `url`, which takes `key`; `log` is what it printed, `home` where it keeps its files."""

    url: str
    key: str
    home: Path
    log: Path
    process: subprocess.Popen[bytes]

    def call(self, name: str, /, **parameters: str) -> Any:
        """Call `component/view/name` or `component/action/name`, and return the answer's JSON.

        Raises:
            urllib.error.HTTPError: ZAP refused; the body says why.
            OSError: ZAP does not answer.
        """
        query = urllib.parse.urlencode(parameters)
        request = urllib.request.Request(f"{self.url}/JSON/{name}/?{query}", headers={"X-ZAP-API-Key": self.key})  # noqa: S310
        with _OPENER.open(request, timeout=60) as response:
            return json.load(response)


@contextmanager
def running_zap(folder: Path, home: Path, *options: str) -> Iterator[RunningZap]:
    """Start the ZAP of that folder with its files below `home`, and end it with the block.

    Raises:
        RuntimeError: it does not start; with what it printed.
    """
    home.mkdir(parents=True, exist_ok=True)
    port, key, log = free_port(), secrets.token_hex(16), home / "output.log"
    keyed = home / "key.properties"
    keyed.write_text(f"api.key={key}\napi.reportpermerrors=true\n")
    where = ["-host", "127.0.0.1", "-port", str(port), "-dir", str(home / "zap"), "-configfile", str(keyed)]
    command = [str(folder / "zap.sh"), "-daemon", "-silent", *where, *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    zap = RunningZap(f"http://127.0.0.1:{port}", key, home / "zap", log, process)
    try:
        _await_answer(zap)
        yield zap
    finally:
        _end(process)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _await_answer(zap: RunningZap) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline and zap.process.poll() is None:
        try:
            zap.call("core/view/version")
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"ZAP does not start: {zap.log.read_text(errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
