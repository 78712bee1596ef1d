"""The weak web shop holds what `truth.json` and `openapi.yaml` say of it: asked directly, without a scanner."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from ruamel.yaml import YAML

from tests.zap.weak_web import CUSTOMER, FOLDER, PASSWORD, login_headers, weak_web

TRUTH: dict[str, list[Any]] = json.loads((FOLDER / "truth.json").read_text())
DESCRIPTION = YAML(typ="safe").load(FOLDER / "openapi.yaml")
OPERATIONS = [(method, path) for path, item in DESCRIPTION["paths"].items() for method in item]
MARKUP = "sc\"'><scangate>"
TRAVERSAL = "../../../../etc/passwd"
SHOWS = {"40012": (MARKUP, MARKUP), "40018": ("x'", "sqlite3.OperationalError"), "6": (TRAVERSAL, "root:x:0:0")}
"""By active rule: what to send, and what then shows the weakness."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with weak_web() as address:
        yield address


def place(entry: dict[str, Any]) -> str:
    return f"{entry['rule']}-{entry['method']}-{entry['route']}-{entry['param']}"


def client(shop: str, login: str | None) -> httpx.Client:
    """Someone who is logged in as the truth names it."""
    return httpx.Client(base_url=shop, headers=login_headers(shop, login))


def ask(asker: httpx.Client, entry: dict[str, Any], value: str) -> httpx.Response:
    """A request to the entry's route, with the value for its parameter."""
    path = entry["route"].replace("{}", "7").replace("*", "/")
    if entry["method"] == "POST":
        return asker.post(path, json={entry["param"]: value})
    return asker.get(path, params={entry["param"]: value})


def is_weak(asker: httpx.Client, entry: dict[str, Any]) -> bool:
    """Whether the entry's rule is right about the entry's place."""
    rule = entry["rule"]
    if rule in SHOWS:
        attack, sign = SHOWS[rule]
        return sign in ask(asker, entry, attack).text
    if rule == "10010":
        return "httponly" not in cookie(asker, entry).lower()
    answer = ask(asker, entry, "x")
    assert answer.status_code == HTTPStatus.OK
    return {"10021": "x-content-type-options", "10038-1": "content-security-policy"}[rule] not in answer.headers


def cookie(asker: httpx.Client, entry: dict[str, Any]) -> str:
    """The header that sets the entry's cookie."""
    form = {"user": CUSTOMER, "password": PASSWORD}
    answer = asker.post(entry["route"], data=form) if entry["method"] == "POST" else asker.get(entry["route"])
    header = answer.headers["Set-Cookie"]
    assert header.startswith(f"{entry['param']}=")
    return str(header)


@pytest.mark.parametrize("entry", TRUTH["wrong"], ids=place)
def test_what_is_wrong_is_there(shop: str, entry: dict[str, Any]) -> None:
    with client(shop, entry["login"]) as asker:
        assert is_weak(asker, entry)


@pytest.mark.parametrize("entry", TRUTH["right"], ids=place)
def test_what_is_right_is_so(shop: str, entry: dict[str, Any]) -> None:
    with client(shop, "customer" if entry["route"].startswith("/account") else None) as asker:
        assert not is_weak(asker, entry)


@pytest.mark.parametrize("entry", [one for one in TRUTH["wrong"] if one["login"]], ids=place)
def test_what_takes_a_login_is_closed_without_one(shop: str, entry: dict[str, Any]) -> None:
    with client(shop, None) as asker:
        refused = {HTTPStatus.FOUND, HTTPStatus.UNAUTHORIZED}
        assert ask(asker, entry, "x").status_code in refused


def test_staff_pages_are_closed_to_customers(shop: str) -> None:
    with client(shop, "customer") as customer:
        assert customer.get("/staff/report").status_code == HTTPStatus.FORBIDDEN


def test_reports_take_a_bearer_token_not_a_cookie(shop: str) -> None:
    with client(shop, "customer") as customer:
        assert customer.get("/api/orders").status_code == HTTPStatus.OK
        assert customer.get("/api/reports?owner=shop").status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_operations_answer_as_described(shop: str, method: str, path: str) -> None:
    operation = DESCRIPTION["paths"][path][method]
    with client(shop, "bearer" if "security" in operation else None) as asker:
        answer = request_of(asker, method, path)
    assert str(answer.status_code) in operation["responses"]
    expected = HTTPStatus.UNAUTHORIZED if path == "/api/login" else HTTPStatus.OK  # the account in the example is none
    assert answer.status_code == (HTTPStatus.CREATED if (method, path) == ("post", "/api/items") else expected)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_operations_take_a_login_where_they_say_so(shop: str, method: str, path: str) -> None:
    with client(shop, None) as asker:
        closed = request_of(asker, method, path).status_code == HTTPStatus.UNAUTHORIZED
    assert closed == ("security" in DESCRIPTION["paths"][path][method] or path == "/api/login")


def request_of(asker: httpx.Client, method: str, path: str) -> httpx.Response:
    """The operation's request, made from the examples in the description."""
    operation = DESCRIPTION["paths"][path][method]
    given = operation.get("parameters", [])
    query = {one["name"]: one["example"] for one in given if one["in"] == "query"}
    for one in given:
        path = path.replace(f"{{{one['name']}}}", str(one["example"]))
    if "requestBody" not in operation:
        return asker.request(method, path, params=query)
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return asker.request(method, path, json={name: one["example"] for name, one in schema["properties"].items()})


def test_the_description_is_served(shop: str) -> None:
    assert httpx.get(f"{shop}/openapi.yaml").text == (FOLDER / "openapi.yaml").read_text()


def test_a_form_logs_in_and_a_link_logs_out(shop: str) -> None:
    with httpx.Client(base_url=shop, follow_redirects=True) as visitor:
        assert "Log in" in visitor.get("/account").text
        assert "Log out" in visitor.post("/login", data={"user": CUSTOMER, "password": PASSWORD}).text
        assert "Log out" in visitor.get("/").text
        assert "Log in" in visitor.get("/logout").text
        assert "Log in" in visitor.get("/account").text


@pytest.mark.parametrize("path", ["/login", "/api/login"])
def test_a_wrong_password_is_refused(shop: str, path: str) -> None:
    wrong = {"user": CUSTOMER, "password": "wrong"}
    sent = {"json": wrong} if path.startswith("/api") else {"data": wrong}
    assert httpx.post(f"{shop}{path}", **sent).status_code == HTTPStatus.UNAUTHORIZED  # type: ignore[arg-type]


@pytest.mark.parametrize("by_header", [True, False])
def test_client_credentials_bring_a_token(shop: str, by_header: bool) -> None:
    form = {"grant_type": "client_credentials"}
    named = {} if by_header else {"client_id": CUSTOMER, "client_secret": PASSWORD}
    auth = (CUSTOMER, PASSWORD) if by_header else None
    token = httpx.post(f"{shop}/oauth/token", data=form | named, auth=auth).json()["access_token"]
    answer = httpx.get(f"{shop}/api/orders", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == {"user": CUSTOMER, "orders": []}


def test_accounts_come_from_the_environment() -> None:
    own = {"WEAK_WEB_USER": "dora", "WEAK_WEB_PASSWORD": "made-up, own"}
    with weak_web(own) as address:
        said = {
            user: httpx.post(f"{address}/api/login", json={"user": user, "password": "made-up, own"})
            for user in ("dora", CUSTOMER)
        }
    assert said["dora"].status_code == HTTPStatus.OK
    assert said[CUSTOMER].status_code == HTTPStatus.UNAUTHORIZED


def test_what_no_scan_should_call_is_counted_and_does_as_it_says() -> None:
    with weak_web() as address, httpx.Client(base_url=address) as visitor:
        assert visitor.get("/health").json() == {"status": "ok", "example": True, "calls": {}}
        visitor.get("/logout")
        visitor.get("/admin/delete-everything")
        assert visitor.get("/items/1").status_code == HTTPStatus.OK
        visitor.get("/admin/delete-everything?confirm=yes")
        assert visitor.get("/items/1").status_code == HTTPStatus.NOT_FOUND
        assert visitor.get("/health").json()["calls"] == {"logout": 1, "delete-everything": 1}


HOSTILE = [
    b"GET /items/99999999999999999999 HTTP/1.1\r\n\r\n",
    "GET /items/\u00b2 HTTP/1.1\r\n\r\n".encode("latin-1"),
    b"GET /stock?name=%00%ff HTTP/1.1\r\n\r\n",
    b"GET /api/items HTTP/1.1\r\nContent-Type: application/json\r\nCookie: a=b; =;;\r\n\r\n",
    b"POST /api/search HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
    b'POST /api/search HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"name":"\\ud800"}',
    b"POST /api/search HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n" + b"[" * 9999,
    b"POST /api/items HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]",
    b"POST /login HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /login HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    b"GET /partner HTTP/1.1\r\nAuthorization: Basic \xe9\r\n\r\n",
    b"DELETE /items/1 HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", HOSTILE, ids=range(len(HOSTILE)))
def test_it_answers_whatever_is_sent(shop: str, request_bytes: bytes) -> None:
    address = urlsplit(shop)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(request_bytes)
        assert connection.recv(9) == b"HTTP/1.1 "


def test_it_answers_many_at_once(shop: str) -> None:
    with ThreadPoolExecutor(20) as pool, httpx.Client(base_url=shop) as visitor:
        answers = list(pool.map(lambda number: visitor.get(f"/items/{number % 40 + 1}"), range(400)))
    assert {answer.status_code for answer in answers} == {HTTPStatus.OK}
