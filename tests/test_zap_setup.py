"""The ZAP that tests set up is a real one: it starts, crawls, and finds what is planted, by plain calls of its API.

What it finds in the weak web shop is what that shop's truth says, no more and no less: the truth holds for ZAP, and
tests of scangate's own scanner may be held to it.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.zap.apps import answering
from tests.zap.daemon import RunningZap, running_zap
from tests.zap.installation import NO_JAVA, VERSION, check_jars, zap_folder
from tests.zap.weak_web import FOLDER, login_headers, weak_web

pytest_plugins = ["tests.zap.fixtures"]

TRUTH: dict[str, list[Any]] = json.loads((FOLDER / "truth.json").read_text())
SITE_WIDE = "10038-1"
_GIVES_UP_AFTER = 300.0
Alert = tuple[str, str | None, str, str]


def wrong(*, login: str | None, linked: bool) -> set[Alert]:
    """What the truth says is to be found so: rule, method, route, parameter."""
    entries = [one for one in TRUTH["wrong"] if one["login"] == login and one["linked"] == linked]
    return {(one["rule"], one["method"], one["route"], one["param"]) for one in entries}


def alerts(zap: RunningZap) -> set[Alert]:
    found = zap.call("alert/view/alerts")["alerts"]
    return {(one["alertRef"], *place(one), one["param"]) for one in found}


def place(alert: dict[str, str]) -> tuple[str | None, str]:
    """Method and route, as the truth names them: none and `*` for what is about the site."""
    if alert["alertRef"] == SITE_WIDE:
        return None, "*"
    return alert["method"], re.sub(r"/\d+$", "/{}", urlsplit(alert["url"]).path or "/")


def crawl(zap: RunningZap, address: str) -> list[str]:
    """Crawl the shop but for what no scan should call; returns the URLs reached."""
    zap.call("context/action/newContext", contextName="shop")
    zap.call("context/action/includeInContext", contextName="shop", regex=f"{re.escape(address)}.*")
    for path in TRUTH["never_called"]:
        zap.call("context/action/excludeFromContext", contextName="shop", regex=f".*{re.escape(path)}.*")
    scan = zap.call("spider/action/scan", url=address, contextName="shop")["scan"]
    await_value(zap, "spider/view/status", "100", scanId=scan)
    reached: list[str] = zap.call("spider/view/results", scanId=scan)["results"]
    return reached


def attack(zap: RunningZap, address: str) -> None:
    scan = zap.call("ascan/action/scan", url=address, recurse="true")["scan"]
    await_value(zap, "ascan/view/status", "100", scanId=scan)
    await_value(zap, "pscan/view/recordsToScan", "0")


def await_value(zap: RunningZap, view: str, value: str, **parameters: str) -> None:
    deadline = time.monotonic() + _GIVES_UP_AFTER
    while list(zap.call(view, **parameters).values()) != [value]:
        if time.monotonic() > deadline:
            pytest.fail(f"ZAP does not get on: {zap.log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


@pytest.fixture
def shop(zap: RunningZap) -> Iterator[str]:
    """The address of a fresh shop, for a ZAP that remembers nothing."""
    zap.call("core/action/newSession", name="", overwrite="true")
    with weak_web() as address:
        yield address


@pytest.mark.real
def test_it_answers_its_version(zap: RunningZap) -> None:
    assert zap.call("core/view/version") == {"version": VERSION}


@pytest.mark.real
def test_it_finds_what_is_wrong_without_a_login(zap: RunningZap, shop: str) -> None:
    reached = crawl(zap, shop)
    attack(zap, shop)
    assert {urlsplit(url).path for url in reached} >= {f"/items/{number}" for number in range(1, 41)}
    assert alerts(zap) == wrong(login=None, linked=True)
    assert httpx.get(f"{shop}/health").json()["calls"] == {}


@pytest.mark.real
def test_it_finds_what_is_wrong_in_an_api_that_nobody_links(zap: RunningZap, shop: str) -> None:
    with httpx.Client(base_url=shop, proxy=zap.url) as through_zap:
        through_zap.get("/api/items", params={"name": "Rope"})
        through_zap.get("/api/labels", params={"text": "fragile"})
        through_zap.post("/api/search", json={"name": "Rope"})
    attack(zap, shop)
    assert alerts(zap) == wrong(login=None, linked=False) | site_wide()


@pytest.mark.real
@pytest.mark.parametrize(("login", "linked"), [("customer", True), ("staff", True), ("basic", True), ("bearer", False)])
def test_it_finds_what_is_wrong_behind_a_login(zap: RunningZap, shop: str, login: str, linked: bool) -> None:
    expected = wrong(login=login, linked=linked)
    with httpx.Client(base_url=shop, proxy=zap.url, headers=login_headers(shop, login)) as through_zap:
        for _, _, path, param in expected:
            asked = {} if param.startswith("x-") else {param: "x"}  # a header's name is none of a parameter
            assert through_zap.get(path, params=asked).status_code == HTTPStatus.OK
    attack(zap, shop)
    assert alerts(zap) - site_wide() == expected


def site_wide() -> set[Alert]:
    return {alert for alert in wrong(login=None, linked=True) if alert[0] == SITE_WIDE}


@pytest.mark.real
def test_memory_is_bound_by_an_argument_that_zap_does_not_see(zap_home: Path, tmp_path: Path) -> None:
    with running_zap(zap_home, tmp_path, "-Xmx200m") as small:
        arguments = Path(f"/proc/{small.process.pid}/cmdline").read_text().split("\0")
    assert arguments.index("-Xmx200m") < arguments.index("org.zaproxy.zap.ZAP")
    assert "-Xmx512m" not in arguments


@pytest.mark.real
def test_a_start_that_fails_says_why(zap_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(HTTPStatus.NOT_FOUND) as other:
        monkeypatch.setattr("tests.zap.daemon.free_port", lambda: urlsplit(other.url).port)
        with pytest.raises(RuntimeError, match="unable to start the main proxy"), running_zap(zap_home, tmp_path):
            pass


def test_without_java_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCANGATE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=re.escape(NO_JAVA)):
        zap_folder()


@pytest.mark.parametrize(
    ("files", "named"),
    [
        pytest.param({"a.jar": b"changed", "b.jar": b"b"}, "a.jar", id="changed"),
        pytest.param({"a.jar": b"a"}, "b.jar", id="missing"),
        pytest.param({"a.jar": b"a", "b.jar": b"b", "c.jar": b"c"}, "c.jar", id="not pinned"),
    ],
)
def test_jars_that_are_not_the_pinned_ones_are_refused(tmp_path: Path, files: dict[str, bytes], named: str) -> None:
    pins = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}.jar\n" for name in ("a", "b"))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RuntimeError, match=f"pins them: {named}$"):
        check_jars(tmp_path, pins)


def test_the_pinned_jars_pass(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"a")
    check_jars(tmp_path, f"{hashlib.sha256(b'a').hexdigest()}  a.jar\n")
