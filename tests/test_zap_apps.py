"""The applications that misbehave do so: each in its own way, from the request on that it was made for."""

from __future__ import annotations

import ssl
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from tests.zap.apps import (
    PASSWORD,
    USER,
    answering,
    digest_protected,
    dying_after,
    empty_page,
    failing_after,
    login_page_only,
    losing_sessions_after,
    many_pages,
    redirecting,
    self_signed,
    slow_after,
)

ACCOUNT = {"user": USER, "password": PASSWORD}


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.INTERNAL_SERVER_ERROR])
def test_one_answer_for_everything(status: HTTPStatus) -> None:
    with answering(status) as app:
        assert {httpx.get(f"{app.url}{path}").status_code for path in ("/", "/one?text=a")} == {status}
        assert app.seen == ["GET /", "GET /one?text=a"]


def test_an_empty_page_has_no_link() -> None:
    with empty_page() as app:
        assert "href" not in httpx.get(app.url).text


def test_a_login_page_lets_nobody_in() -> None:
    with login_page_only() as app, httpx.Client(base_url=app.url, follow_redirects=True) as visitor:
        assert "<form" in visitor.get("/one").text
        assert "<form" in visitor.post("/login", data=ACCOUNT).text


def test_a_redirect_leads_out() -> None:
    with empty_page() as other, redirecting(f"{other.url}/away") as app:
        assert httpx.get(f"{app.url}/out", follow_redirects=True).url == f"{other.url}/away"
        assert other.seen == ["GET /away"]


def test_many_pages_are_linked() -> None:
    with many_pages(30) as app:
        assert httpx.get(app.url).text.count("href") == 30


def test_slow_answers_come_after_quick_ones() -> None:
    with slow_after(1, seconds=30) as app:
        assert httpx.get(app.url).status_code == HTTPStatus.OK
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(app.url, timeout=0.2)


def test_failures_come_after_answers() -> None:
    with failing_after(2) as app:
        statuses = [httpx.get(app.url).status_code for _ in range(4)]
    assert statuses == [200, 200, 500, 500]


def test_a_dead_application_answers_nobody() -> None:
    with dying_after(1) as app, httpx.Client(base_url=app.url) as visitor:
        assert visitor.get("/").status_code == HTTPStatus.OK
        with pytest.raises(httpx.TransportError):
            visitor.get("/")
        with pytest.raises(httpx.ConnectError):
            httpx.get(app.url)


@pytest.mark.parametrize(("for_good", "after"), [(False, "Log out"), (True, "Log in")])
def test_sessions_are_lost_once_or_for_good(for_good: bool, after: str) -> None:
    with (
        losing_sessions_after(5, for_good=for_good) as app,
        httpx.Client(base_url=app.url, follow_redirects=True) as visitor,
    ):
        assert "Log in" in visitor.get("/login").text
        assert "Log out" in visitor.post("/login", data=ACCOUNT).text
        assert "Log out" in visitor.get("/one").text
        assert "Log in" in visitor.get("/two").text
        assert after in visitor.post("/login", data=ACCOUNT).text


def test_digest_authentication_is_asked_for_and_taken() -> None:
    with digest_protected() as app:
        assert httpx.get(app.url).status_code == HTTPStatus.UNAUTHORIZED
        assert httpx.get(app.url, auth=httpx.DigestAuth(USER, PASSWORD)).status_code == HTTPStatus.OK
        assert httpx.get(app.url, auth=httpx.DigestAuth(USER, "wrong")).status_code == HTTPStatus.UNAUTHORIZED


def test_a_self_signed_certificate_is_trusted_by_nobody(tmp_path: Path) -> None:
    with self_signed(tmp_path) as app:
        with pytest.raises(httpx.ConnectError, match="self-signed"):
            httpx.get(app.url)
        context = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
        context.check_hostname = False
        assert httpx.get(app.url, verify=context).status_code == HTTPStatus.OK
