"""URL lists and HTTP archives: what is read of them, and what of it is sent through a real ZAP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.scanners.interface import Job, ScannerError, Target, WebLimits, WebOptions
from scangate.scanners.zap_client import ZapClient
from scangate.scanners.zap_import import replay, requests_of_har, requests_of_urls
from scangate.scanners.zap_requests import WebRequest
from scangate.scanners.zap_scope import scope_of
from scangate.scanners.zap_session import Session, opened_session
from scangate.workbench import PrivateWorkbench
from tests.zap.apps import App, serve, well
from tests.zap.daemon import RunningZap

pytest_plugins = ("tests.zap.fixtures",)


def har(*requests: object) -> bytes:
    return json.dumps({"log": {"entries": [{"request": request} for request in requests]}}).encode()


def test_lists_of_urls_are_read() -> None:
    data = b"\xef\xbb\xbf# pages\n\n/one\r\n two?x=1\nhttp://other.example/\n//[\n/one\n"
    urls = [request.url for request in requests_of_urls(data, "http://shop/base")]
    assert urls == ["http://shop/one", "http://shop/base/two?x=1", "http://other.example/", "//["]


def test_archives_are_read_without_credentials() -> None:
    headers = [{"name": name, "value": "v"} for name in ("X-Kind", "cookie", "Authorization", "If-None-Match")]
    posted = {"mimeType": "application/json", "text": '{"a": 1}'}
    form = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "b c"}, {"x": 1}]}
    read = requests_of_har(
        har(
            {"method": "get", "url": "http://shop/?q=1", "headers": headers},
            {"method": "POST", "url": "http://shop/a", "postData": posted, "headers": [{"name": "x"}, 7]},
            {"method": "PUT", "url": "http://shop/b", "postData": form},
            {"method": "get", "url": "http://shop/?q=1", "headers": headers},
            {"url": 7},
        )
    )
    assert read == (
        WebRequest("http://shop/?q=1", "GET", (("X-Kind", "v"),)),
        WebRequest("http://shop/a", "POST", (("Content-Type", "application/json"),), '{"a": 1}'),
        WebRequest("http://shop/b", "PUT", (("Content-Type", "application/x-www-form-urlencoded"),), "a=b+c"),
    )


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"log": {"entries": 7}}', b"\xff", b"[" * 100_000])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(ScannerError, match=r"the HAR file"):
        requests_of_har(data)


keys = st.sampled_from(["log", "entries", "request", "url", "method", "headers", "name", "value", "postData", "params"])
values = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=20,
)


@given(values, st.binary(max_size=50))
def test_hostile_archives_are_read_or_refused(request_: Any, data: bytes) -> None:
    requests_of_har(har(request_, {"url": "http://a/", "method": "GET", "postData": request_, "headers": request_}))
    requests_of_urls(data, "http://shop/")
    with suppress(ScannerError):
        requests_of_har(data)


@pytest.fixture
def app() -> Iterator[App]:
    with serve(well) as app:
        yield app


@pytest.fixture
def session(zap: RunningZap, tmp_path: Path, app: App) -> Iterator[Session]:
    work = tmp_path / "work"
    work.mkdir()
    job = Job("zap", Target("web", ("web-application",)), tmp_path, work)
    bench = PrivateWorkbench(job, timeout=60, cancel=threading.Event(), tell=lambda note: None)
    with ZapClient(zap.url, zap.key) as client:
        client.action("core", "newSession", name="", overwrite=True)
        scope = scope_of(app.url, WebOptions(exclude=(".*secret.*",)))
        with opened_session(client, bench, scope=scope, limits=WebLimits(), own=False) as session:
            yield session


@pytest.mark.real
def test_only_what_is_in_scope_is_sent(session: Session, app: App) -> None:
    requests = (
        *requests_of_urls(
            b"/one?text=a\n/secret\n/logout?token=made-up\nhttp://user:made-up@other.example/x?y", app.url
        ),
        *requests_of_har(
            har(
                {"method": "POST", "url": f"{app.url}/two", "postData": {"mimeType": "text/plain", "text": "text=b"}},
                {"method": "DELETE", "url": f"{app.url}/three"},
                {"method": "G T", "url": f"{app.url}/three"},
            )
        ),
    )
    done = replay(session, requests, destroys=False)
    assert app.seen == ["GET /one?text=a", "POST /two"]
    assert done.answered == 2
    assert {skip.path: skip.reason for skip in done.skipped} == {
        f"GET {app.url}/secret": "left alone: settings exclude it",
        f"GET {app.url}/logout": "left alone: it ends the login",
        "GET http://other.example/x": "left alone: it is not of the target",
        f"DELETE {app.url}/three": "left alone: this profile deletes nothing",
        f"G T {app.url}/three": "the method is not one of HTTP",
    }
    replay(session, requests, destroys=True)
    assert app.seen[2:] == ["GET /one?text=a", "POST /two", "DELETE /three"]
