"""Requests sent through ZAP: what the message looks like, and what a real ZAP does with it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.scanners.zap_client import ZapClient
from scangate.scanners.zap_requests import WebRequest, answer_of_message, message_of, send
from tests.zap.apps import App, Asked, Reply, self_signed, serve
from tests.zap.daemon import RunningZap, free_port

pytest_plugins = ("tests.zap.fixtures",)


@pytest.mark.parametrize(
    ("request_", "lines"),
    [
        (WebRequest("http://shop/"), ["GET http://shop/ HTTP/1.1", "Host: shop", "", ""]),
        (WebRequest("HTTP://Shop:80?q=a b#top"), ["GET http://shop:80/?q=a%20b HTTP/1.1", "Host: shop:80", "", ""]),
        (WebRequest("http://[::1]:8080/ä"), ["GET http://[::1]:8080/%C3%A4 HTTP/1.1", "Host: [::1]:8080", "", ""]),
        (WebRequest("http://shop/a[0]|{}?b[]=%41"), ["GET http://shop/a%5B0%5D%7C%7B%7D?b%5B%5D=%41 HTTP/1.1"]),
        (WebRequest("http://shop/", "POST"), ["POST http://shop/ HTTP/1.1", "Host: shop", "Content-Length: 0", "", ""]),
        (
            WebRequest("http://shop/", "PUT", (("Content-Type", "text/plain"), ("Host", "elsewhere")), "ä"),
            [
                "PUT http://shop/ HTTP/1.1",
                *("Host: shop", "Content-Type: text/plain; charset=utf-8", "Content-Length: 2", "", "ä"),
            ],
        ),
        (
            WebRequest("http://shop/", headers=(("X-Ä", "1"), ("X-B", "ä\r\nX-C: 2"))),
            ["X-B: %C3%A4%0D%0AX-C: 2", "", ""],
        ),
    ],
)
def test_requests_become_messages(request_: WebRequest, lines: list[str]) -> None:
    said = message_of(request_).split("\r\n")
    assert [line for line in said if line in lines] == lines


@pytest.mark.parametrize(
    "request_",
    [
        WebRequest("http://shop/", "GET http://elsewhere/"),
        WebRequest("http://shop/", ""),
        *map(
            WebRequest, ("", "/", "shop", "file:///etc/passwd", "http://", "http://a b/", "http://[x/", "http://a:x/")
        ),
        WebRequest("http://shop:80\r\nX: 1/"),
    ],
)
def test_what_is_no_request_is_refused(request_: WebRequest) -> None:
    with pytest.raises(ValueError, match=r"method|URL"):
        message_of(request_)


texts = st.text(max_size=30)


@given(texts, texts, st.lists(st.tuples(texts, texts), max_size=3), texts)
def test_no_part_of_a_request_becomes_another(
    path: str, method: str, headers: list[tuple[str, str]], body: str
) -> None:
    request = WebRequest(f"http://shop/{path}", method or "GET", tuple(headers), body)
    try:
        message = message_of(request)
    except ValueError:
        return
    head, _, rest = message.partition("\r\n\r\n")
    assert rest == body
    assert re.fullmatch(r"[!-~]+ http://shop/[!-~]* HTTP/1\.1\r\nHost: shop(\r\n[!-9;-~]+: ?[\t -~]*)*", head)
    assert head.isascii()


@pytest.mark.parametrize(
    ("head", "status"),
    [("HTTP/1.1 200 OK\r\n\r\n", 200), ("HTTP/2 404\r\n", 404), ("", 0), ("HTTP/1.0 0\r\n\r\n", 0), ("nonsense", 0)],
)
def test_answers_without_a_status_are_none(head: str, status: int) -> None:
    assert answer_of_message(head, "").status == status


def test_headers_of_answers_are_found_by_name() -> None:
    answer = answer_of_message("HTTP/1.1 302 Found\r\nX-Location: /no\r\nlocation:  /login \r\n\r\n", "Location: /body")
    assert answer.header("Location") == "/login"
    assert not answer.header("Server")


@pytest.fixture
def client(zap: RunningZap) -> Iterator[ZapClient]:
    with ZapClient(zap.url, zap.key) as client:
        client.action("core", "newSession", name="", overwrite=True)
        yield client


@pytest.fixture
def echo() -> Iterator[App]:
    """An application that tells what it was asked."""

    def respond(asked: Asked) -> Reply:
        if asked.path == "/gone":
            return Reply("", HTTPStatus.FOUND, (("Location", "/elsewhere"),))
        told = f"{asked.method} {asked.form} {asked.headers.get('x-kind', '')} {asked.headers.get('content-type', '')}"
        return Reply(told)

    with serve(respond) as app:
        yield app


@pytest.mark.real
def test_what_is_sent_enters_the_tree_of_sites(client: ZapClient, echo: App) -> None:
    form = (("Content-Type", "application/x-www-form-urlencoded"), ("X-Kind", "tent & rope"))
    answer = send(client, WebRequest(f"{echo.url}/api/items", "POST", form, "name=h%C3%A4&x=1"))
    assert answer.status == HTTPStatus.OK
    assert "POST {'name': 'hä', 'x': '1'} tent & rope" in answer.body
    assert f"{echo.url}/api/items" in _urls(client, echo.url)


def _urls(client: ZapClient, site: str) -> list[str]:
    """What ZAP's tree of sites holds; it is filled soon after an answer came."""
    found: list[str] = []
    for _ in range(100):
        found = client.view("core", "urls", baseurl=site)["urls"]
        if len(found) > 1:
            break
        time.sleep(0.05)
    return found


@pytest.mark.real
def test_bodies_are_sent_in_utf_8(client: ZapClient, echo: App) -> None:
    request = WebRequest(f"{echo.url}/", "POST", (("Content-Type", "text/plain"),), "name=hä€")
    assert "{'name': 'hä€'}" in send(client, request).body


@pytest.mark.real
def test_redirects_are_told_and_not_followed(client: ZapClient, echo: App) -> None:
    answer = send(client, WebRequest(f"{echo.url}/gone"))
    assert (answer.status, answer.header("location")) == (HTTPStatus.FOUND, "/elsewhere")
    assert echo.seen == ["GET /gone"]


@pytest.mark.real
def test_a_dead_target_is_told(client: ZapClient) -> None:
    answer = send(client, WebRequest(f"http://127.0.0.1:{free_port()}/"))
    assert (answer.status, answer.trouble) == (0, "no answer")


@pytest.mark.real
def test_a_certificate_that_nobody_vouches_for_is_taken(client: ZapClient, tmp_path: Path) -> None:
    with self_signed(tmp_path) as app:
        assert send(client, WebRequest(app.url)).status == HTTPStatus.OK


@pytest.mark.real
def test_what_cannot_be_sent_is_told(client: ZapClient) -> None:
    assert send(client, WebRequest("gopher://shop/")).trouble.startswith("the URL is not an http(s) one")
