"""The OSV service that pip-audit asks, on loopback: between the tool and the data, whichever data that is.

It answers `POST …/v1/query` (https://google.github.io/osv.dev/post-v1-query/) for a name and a version, keeps the
records that it answered, and passes on only what it has checked. A source that fails ends in an error status, and as
`failure` here: never in an empty answer.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, Self

from packaging.utils import canonicalize_name

from scangate.model import Skip
from scangate.scanners.osv import ECOSYSTEM, Record

_LARGEST_QUESTION = 10_000


class AdvisorySource(Protocol):
    """Where advisories come from. `date` is how old the data is, RFC 3339; `damaged` what of it cannot be read."""

    @property
    def date(self) -> str: ...
    @property
    def damaged(self) -> tuple[Skip, ...]: ...

    def ask(self, name: str, version: str) -> tuple[Record, ...]:
        """The records, none withdrawn, that affect a version. Raises `ScannerError` when it cannot tell."""
        ...


class OsvService:
    """The service while its `with` block runs; `url` is what `--osv-url` takes.

    `answers` are the records by normalised name and version; `failure` is why the source could not answer.
    """

    def __init__(self, source: AdvisorySource) -> None:
        self.answers: dict[tuple[str, str], tuple[Record, ...]] = {}
        self.failure: Exception | None = None
        self._source = source
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), _handler(self, path := f"/{secrets.token_hex(16)}/v1/query")
        )
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, name: str, version: str) -> dict[str, Any]:
        """The answer to one question; remembers it, or why there is none.

        Raises:
            Exception: whatever the source raised, now or before.
        """
        if self.failure is not None:
            raise self.failure
        try:
            records = self._source.ask(name, version)
        except Exception as error:
            self.failure = error
            raise
        self.answers[name, version] = records
        return {"vulns": _on_the_wire(name, records)} if records else {}


def _on_the_wire(name: str, records: Iterable[Record]) -> list[dict[str, Any]]:
    """Records with just what pip-audit reads, in a form that it cannot stumble over."""
    return [
        {
            "id": record.id,
            "aliases": list(record.aliases),
            "summary": (record.summary or record.details)[:2_000],
            "affected": [
                {
                    "package": {"name": name, "ecosystem": ECOSYSTEM},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": fixed} for fixed in record.fixed_in(name)]}],
                }
            ],
        }
        for record in records
    ]


def _handler(service: OsvService, path: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            if not secrets.compare_digest(self.path.encode(), path.encode()):
                return self._reply(404, {})
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > _LARGEST_QUESTION:
                return self._reply(413, {})
            try:
                name, version = _read_question(self.rfile.read(int(length)))
            except (ValueError, KeyError, TypeError, RecursionError):
                return self._reply(400, {})
            try:
                answer = service.answer(name, version)
            except Exception:  # kept as the service's failure, for the job to raise
                return self._reply(503, {})
            return self._reply(200, answer)

        def _reply(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.close_connection = status != 200
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the standard library would write to standard error."""

    return Handler


def _read_question(body: bytes) -> tuple[str, str]:
    question = json.loads(body)
    name, ecosystem, version = question["package"]["name"], question["package"]["ecosystem"], question["version"]
    if ecosystem != ECOSYSTEM or not isinstance(name, str) or not isinstance(version, str):
        raise ValueError("not a question about a Python package")
    return canonicalize_name(name), version
