"""The little that the shop needs of a web framework: requests, answers, and routes with one `{}` for an id."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

MAX_BODY = 1_000_000


@dataclass(frozen=True)
class Request:
    """What a client asked for. `form` holds the fields of the query or, of a form that was sent, those of the body."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]
    document: object
    item: str = ""

    @property
    def cookies(self) -> dict[str, str]:
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("cookie", "")).items()}
        except CookieError:
            return {}


@dataclass(frozen=True)
class Answer:
    """What a client gets. HTML by default, without the headers that a careful site sends."""

    body: str
    status: HTTPStatus = HTTPStatus.OK
    type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def as_json(value: object, status: HTTPStatus = HTTPStatus.OK, *headers: tuple[str, str]) -> Answer:
    return Answer(json.dumps(value), status, "application/json", (("X-Content-Type-Options", "nosniff"), *headers))


def redirect(place: str, *headers: tuple[str, str]) -> Answer:
    return Answer("", HTTPStatus.FOUND, headers=(("Location", place), *headers))


Route = Callable[[Request], Answer]
ROUTES: dict[tuple[str, str], Route] = {}


def route(method: str, path: str) -> Callable[[Route], Route]:
    """Register a function for a path. A last part `{}` stands for anything, which the request then has as `item`."""

    def register(function: Route) -> Route:
        ROUTES[method, path] = function
        return function

    return register


def answer(request: Request) -> Answer:
    folder, _, last = request.path.rpartition("/")
    if function := ROUTES.get((request.method, request.path)):
        return function(request)
    if last and (function := ROUTES.get((request.method, f"{folder}/{{}}"))):
        return function(replace(request, item=last))
    if any(path in (request.path, f"{folder}/{{}}") for _, path in ROUTES):
        return Answer("<h1>Not like this</h1>", HTTPStatus.METHOD_NOT_ALLOWED)
    return Answer("<h1>There is no such page</h1>", HTTPStatus.NOT_FOUND)


class Handler(BaseHTTPRequestHandler):
    """Reads a request from its connection, and writes the answer of its route."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "weak-web", ""
    timeout = 30

    def _serve(self) -> None:
        size = self.headers.get("Content-Length", "0")
        if not size.isdecimal() or int(size) > MAX_BODY:
            self.close_connection = True  # what follows would be read as the next request
            return self._write(Answer("", HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
        body = self.rfile.read(int(size)).decode(errors="replace")
        try:
            request = self._request(body)
        except (ValueError, RecursionError):
            return self._write(as_json({"error": "this cannot be read"}, HTTPStatus.BAD_REQUEST))
        self._write(answer(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _request(self, body: str) -> Request:
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        kind = headers.get("content-type", "")
        text = body if kind.startswith("application/x-www-form-urlencoded") else target.query
        fields = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
        document = json.loads(body) if body and kind.startswith("application/json") else None
        return Request("GET" if self.command == "HEAD" else self.command, target.path, headers, fields, document)

    def _write(self, given: Answer) -> None:
        body = given.body.encode(errors="replace")
        self.send_response(given.status)
        self.send_header("Content-Type", given.type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in given.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing for each request: a scan sends thousands."""
