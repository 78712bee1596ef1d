"""A stand-in for a registry of npm packages, on loopback: real ones cannot be made to say what a test needs.

It answers `POST /-/npm/v1/security/advisories/bulk` as npm's registry does, from the `ADVISORIES` of the tests, and
documents of packages for the versions that it is told of. `seen` is everything that it was asked.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from packaging.version import Version

from tests.vulnerabilities.advisories import ADVISORIES, Advisory

BULK = "/-/npm/v1/security/advisories/bulk"


def write_tree(root: Path, files: Mapping[str, Any]) -> Path:
    """Write files by their names: text as it is, anything else as JSON over several lines; returns `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
    return root


@dataclass
class Asked:
    """One request: its body as JSON and its headers, with lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any = None


@dataclass
class NpmStandIn:
    """What the registry does: `status` is that of every answer to the bulk question, `knows_nothing` empties it,
    `token` is what it demands, and `versions` of packages are what can be had.
    """

    url: str = ""
    status: int = 200
    knows_nothing: bool = False
    token: str = ""
    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seen: list[Asked] = field(default_factory=list)

    @property
    def asked_for(self) -> dict[str, list[str]]:
        """Names and versions of the one bulk question."""
        (question,) = [asked.body for asked in self.seen if asked.path == BULK]
        return dict(question)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        self.seen.append(asked)
        if self.token and asked.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"error": "who are you?"}
        if asked.path == BULK:
            return self.status, {} if self.knows_nothing or self.status != 200 else _advisories(asked.body)
        name = asked.path.strip("/").replace("%2f", "/")
        return (200, _document(name, self.versions[name])) if name in self.versions else (404, {"error": "not found"})


def _advisories(question: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for number, advisory in enumerate(ADVISORIES, 1000):
        versions = question.get(advisory.package, ()) if advisory.ecosystem == "npm" else ()
        if any(not advisory.fixed or Version(version) < Version(advisory.fixed) for version in versions):
            found.setdefault(advisory.package, []).append(_record(number, advisory))
    return found


def _record(number: int, advisory: Advisory) -> dict[str, Any]:
    word = advisory.severities["ghsa"]
    return {
        "id": number,
        "url": f"https://github.com/advisories/{advisory.ghsa}",
        "title": advisory.title,
        "severity": "moderate" if word == "medium" else word,
        "vulnerable_versions": f"<{advisory.fixed}" if advisory.fixed else "*",
        "cwe": list(advisory.cwes),
        "cvss": {"score": 0, "vectorString": advisory.vectors.get("ghsa")},
    }


def _document(name: str, versions: Sequence[str]) -> dict[str, Any]:
    every = {version: {"name": name, "version": version, "dist": {"tarball": "", "shasum": ""}} for version in versions}
    return {"name": name, "dist-tags": {"latest": versions[-1]}, "versions": every}


@contextmanager
def serve_npm_stand_in(registry: NpmStandIn) -> Iterator[NpmStandIn]:
    """Serve it on a free port of loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(registry))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    registry.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()


def _handler(registry: NpmStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            packed = self.headers.get("content-encoding") == "gzip"
            self._respond(json.loads(gzip.decompress(body) if packed else body))

        def do_GET(self) -> None:
            self._respond(None)

        def _respond(self, body: Any) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = registry.answer(Asked(self.command, self.path.lower(), headers, body))
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing: what was asked is kept."""

    return Handler
