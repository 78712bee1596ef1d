"""Small web applications that misbehave, each in one way. Each serves on a free loopback port until its block ends:

with answering(HTTPStatus.FORBIDDEN) as app:
    ...                                            # app.url, and app.seen: ["GET /", ...]
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "shopkeeper", "made-up"
LINKS = '<a href="/one?text=a">one</a> <a href="/two?text=b">two</a> <a href="/three?text=c">three</a>'
FORM = '<form method="post" action="/login"><input name="user"><input name="password" type="password"></form>'


@dataclass(frozen=True)
class Asked:
    """A request. `number` counts the application's requests from 1."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What an application answers; its body is a page."""

    body: str = ""
    status: HTTPStatus = HTTPStatus.OK
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class App:
    """A running application, and the requests that it has seen, as `METHOD /path?query`."""

    url: str
    seen: list[str] = field(default_factory=list)


class Dies(Exception):
    """The application closes its port, and never answers again."""


Respond = Callable[[Asked], Reply]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, respond: Respond, seen: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond, self.seen = respond, seen
        self.counting = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients that go away, and handshakes that fail, are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode(errors="replace")
        with self.server.counting:
            self.server.seen.append(f"{self.command} {self.path}")
            number = len(self.server.seen)
        target = urlsplit(self.path)
        fields = parse_qs(body if self.command == "POST" else target.query, keep_blank_values=True)
        headers = {name.lower(): value for name, value in self.headers.items()}
        form = {name: values[0] for name, values in fields.items()}
        try:
            self._write(self.server.respond(Asked(number, self.command, target.path, headers, form)))
        except Dies:
            self.close_connection = True
            self.server.shutdown()
            self.server.server_close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _write(self, reply: Reply) -> None:
        body = f"<html><body>{reply.body}</body></html>".encode() if reply.body else b""
        self.send_response(reply.status)
        for name, value in (("Content-Type", "text/html"), ("Content-Length", str(len(body))), *reply.headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: `seen` tells more."""


@contextmanager
def serve(respond: Respond, context: ssl.SSLContext | None = None) -> Iterator[App]:
    """Serve what a function answers, with TLS where a context is given."""
    seen: list[str] = []
    server = _Server(respond, seen)
    scheme = "http"
    if context is not None:
        scheme = "https"
        # The handshake waits for the connection's own thread: a client that hangs must not stop the others.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield App(f"{scheme}://127.0.0.1:{server.server_port}", seen)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def well(asked: Asked) -> Reply:
    """What an application without trouble answers: three linked pages that reflect a parameter."""
    if asked.path in ("/", "/one", "/two", "/three"):
        return Reply(f"{LINKS} {asked.form.get('text', '')}")
    return Reply("There is no such page.", HTTPStatus.NOT_FOUND)


def answering(status: HTTPStatus) -> AbstractContextManager[App]:
    """The same status for every request: 401, 403, 500."""
    return serve(lambda asked: Reply(f"{status.value} {status.phrase}", status))


def empty_page() -> AbstractContextManager[App]:
    """A page without a link, whatever is asked for."""
    return serve(lambda asked: Reply("Nothing here."))


def login_page_only() -> AbstractContextManager[App]:
    """Everything leads to the login page, which lets nobody in."""
    return serve(lambda asked: Reply(FORM) if asked.path == "/login" else _to("/login"))


def redirecting(target: str) -> AbstractContextManager[App]:
    """A page with a link that leads elsewhere by a redirect, to an address out of scope."""
    return serve(lambda asked: Reply('<a href="/out">out</a>') if asked.path == "/" else _to(target))


def many_pages(count: int) -> AbstractContextManager[App]:
    """A page with links to that many others, all of which lack headers."""
    links = "".join(f'<a href="/page{number}">{number}</a>' for number in range(count))
    return serve(lambda asked: Reply(links if asked.path == "/" else "a page"))


def slow_after(count: int, seconds: float) -> AbstractContextManager[App]:
    """Answers at once for that many requests, then after so many seconds."""

    def respond(asked: Asked) -> Reply:
        if asked.number > count:
            time.sleep(seconds)
        return well(asked)

    return serve(respond)


def failing_after(count: int) -> AbstractContextManager[App]:
    """Answers 500 to everything after that many requests."""
    return serve(lambda asked: well(asked) if asked.number <= count else Reply("", HTTPStatus.INTERNAL_SERVER_ERROR))


def dying_after(count: int) -> AbstractContextManager[App]:
    """Closes its port, and every connection, after that many requests."""

    def respond(asked: Asked) -> Reply:
        if asked.number > count:
            raise Dies
        return well(asked)

    return serve(respond)


def losing_sessions_after(count: int, *, for_good: bool = False) -> AbstractContextManager[App]:
    """A form login for USER, whose sessions end at that many requests; `for_good` lets nobody in afterwards.

    Pages for users have a `Log out` link; others are led to /login, whose page says `Log in`.
    """
    sessions: set[str] = set()

    def respond(asked: Asked) -> Reply:
        lost = asked.number >= count
        if asked.number == count:
            sessions.clear()
        if asked.path == "/login":
            right = asked.form == {"user": USER, "password": PASSWORD} and not (for_good and lost)
            return _logged_in(sessions) if right else Reply(f"Log in {FORM}")
        if not sessions & set(re.findall(r"session=(\w+)", asked.headers.get("cookie", ""))):
            return _to("/login")
        return Reply(f'<a href="/logout">Log out</a> {well(asked).body}', well(asked).status)

    return serve(respond)


def digest_protected() -> AbstractContextManager[App]:
    """Pages for USER behind HTTP digest authentication (RFC 7616, with MD5 and `qop=auth`)."""
    realm, nonce = "shop", secrets.token_hex(8)
    asks = ("WWW-Authenticate", f'Digest realm="{realm}", qop="auth", algorithm=MD5, nonce="{nonce}"')

    def respond(asked: Asked) -> Reply:
        said = dict(re.findall(r'(\w+)="?([^",]+)', asked.headers.get("authorization", "")))
        secret = _md5(f"{USER}:{realm}:{PASSWORD}")
        what = _md5(f"{asked.method}:{said.get('uri', '')}")
        proof = ":".join([secret, nonce, said.get("nc", ""), said.get("cnonce", ""), "auth", what])
        right = said.get("response") == _md5(proof)
        return well(asked) if right else Reply("Log in", HTTPStatus.UNAUTHORIZED, (asks,))

    return serve(respond)


def self_signed(folder: Path) -> AbstractContextManager[App]:
    """HTTPS with a certificate that nobody vouches for; it is made in the folder, by openssl.

    Raises:
        RuntimeError: there is no openssl here.
    """
    if shutil.which("openssl") is None:
        raise RuntimeError("openssl is needed: apt-get install openssl")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-subj", "/CN=shop.example", "-days", "2", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *named], capture_output=True, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return serve(well, context)


def _to(place: str) -> Reply:
    return Reply("", HTTPStatus.FOUND, (("Location", place),))


def _logged_in(sessions: set[str]) -> Reply:
    token = secrets.token_hex(8)
    sessions.add(token)
    return Reply("", HTTPStatus.FOUND, (("Location", "/"), ("Set-Cookie", f"session={token}; Path=/; HttpOnly")))


def _md5(text: str) -> str:
    """Digest authentication's own hash."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
