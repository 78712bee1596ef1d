"""Whole scans of applications that are well, with a real ZAP: what they find, what they leave alone, what they tell."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scangate.model import Finding, LedgerState, WebLocation
from scangate.scanners.interface import Job, Parsed, Target, WebLimits, WebLogin, WebOptions
from scangate.scanners.zap import Zap
from scangate.workbench import PrivateWorkbench
from tests.zap.apps import Asked, Reply, losing_sessions_after, many_pages, redirecting, serve, well
from tests.zap.daemon import RunningZap
from tests.zap.weak_web import CUSTOMER, FOLDER, PASSWORD, STAFF, STAFF_PASSWORD, weak_web

pytest_plugins = ("tests.zap.fixtures",)
pytestmark = pytest.mark.real

TRUTH = json.loads((FOLDER / "truth.json").read_text())
Place = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with weak_web() as address:
        yield address


@pytest.fixture
def scan(zap: RunningZap, tmp_path: Path) -> Callable[..., Parsed]:
    """Scans a URL with the running ZAP, in a new session; by name come the options, and `tell` for its progress."""

    def run(url: str, *, tell: Callable[[str], None] = lambda note: None, **options: Any) -> Parsed:
        zap.call("core/action/newSession", name="", overwrite="true")
        usual = WebOptions(profile="full", allowed=True, zap_url=zap.url, zap_key=zap.key)
        web = replace(usual, **options)
        job = Job("zap", Target(url, ("web-application",), (), url), tmp_path, tmp_path, web=web)
        return Zap().run(job, PrivateWorkbench(job, timeout=300, cancel=threading.Event(), tell=tell))

    return run


def user(name: str, password: str, role: str) -> WebLogin:
    return WebLogin(
        "form",
        url="/login",
        body="user={username}&password={password}",
        username=name,
        password=password,
        logged_in="Log out",
        check_url="/account",
        role=role,
    )


ALICE, CAROL = user(CUSTOMER, PASSWORD, "customer"), user(STAFF, STAFF_PASSWORD, "staff")


def places(findings: tuple[Finding, ...]) -> set[Place]:
    """Rule, method, route and parameter of what attacks found."""
    found = ((finding.rule.id, finding.location) for finding in findings)
    return {(rule, at.method, at.route, at.param) for rule, at in found if isinstance(at, WebLocation) and at.attack}


def wrong(*logins: str | None, linked: bool) -> set[Place]:
    """What a scan with these accounts should find by attacks; what no page links needs the API's description."""
    rows = (row for row in TRUTH["wrong"] if row["login"] in logins and (row["linked"] or not linked))
    attacks = ("6", "40012", "40018")
    return {(row["rule"], row["method"], row["route"], row["param"]) for row in rows if row["rule"] in attacks}


@pytest.mark.parametrize(
    ("users", "openapi", "truth"),
    [
        ((), None, wrong(None, linked=True)),
        ((), "openapi.yaml", wrong(None, linked=False)),
        ((ALICE,), None, wrong(None, "customer", linked=True)),
        ((ALICE, CAROL), "openapi.yaml", wrong(None, "customer", "staff", linked=False)),
    ],
)
def test_a_full_scan_finds_the_truth(
    scan: Callable[..., Parsed], shop: str, users: tuple[WebLogin, ...], openapi: str | None, truth: set[Place]
) -> None:
    parsed = scan(shop, users=users, openapi=FOLDER / openapi if openapi else None)
    assert (parsed.state, parsed.reason) == (LedgerState.RAN, "")
    assert places(parsed.findings) == truth
    assert parsed.web
    assert parsed.web.login == ("held" if users else "none")


def test_a_baseline_scan_attacks_nothing(scan: Callable[..., Parsed], shop: str) -> None:
    parsed = scan(shop, profile="baseline", allowed=False)
    assert parsed.state is LedgerState.RAN
    assert {finding.rule.id for finding in parsed.findings} == {"10010", "10021", "10038-1"}
    assert parsed.web
    assert (parsed.web.rules_ran, parsed.web.urls) == (0, 51)


def test_a_baseline_scan_of_a_foreign_host_sends_no_form(scan: Callable[..., Parsed]) -> None:
    form = '<form method="post" action="/order"><input name="item" value="3"></form><a href="/a">a</a>'
    with serve(lambda asked: Reply(form)) as app:
        scan(app.url, profile="baseline", allowed=False)
        assert "GET /a" in app.seen
        assert "POST /order" not in app.seen
        scan(app.url, profile="baseline")
        assert "POST /order" in app.seen


def test_an_api_scan_calls_the_operations_and_no_links(scan: Callable[..., Parsed], shop: str) -> None:
    parsed = scan(shop, profile="api", openapi=FOLDER / "openapi.yaml")
    assert places(parsed.findings) == {place for place in wrong(None, linked=False) if place[2].startswith("/api/")}
    assert parsed.web
    assert (parsed.web.operations, parsed.web.operations_known) == (6, 8)
    assert parsed.web.operations_missing == ("GET /api/orders", "GET /api/reports")


def test_what_no_scan_should_call_is_listed_and_not_called(scan: Callable[..., Parsed]) -> None:
    links = "".join(f'<a href="{path}">x</a>' for path in ("/logout", "/item?do=delete", "/secret?x=1", "/fine?x=1"))
    with serve(lambda asked: Reply(links)) as app:
        parsed = scan(app.url, exclude=(r".*/secret\b.*",))
    assert "GET /fine?x=1" in app.seen
    assert not [line for line in app.seen if any(word in line for word in ("logout", "do=delete", "secret"))]
    assert {(skip.path.removeprefix(app.url), skip.reason) for skip in parsed.skipped} == {
        ("/logout", "it ends the login"),
        ("/item", "it may destroy data"),
        ("/secret", "settings exclude it"),
    }


def test_no_redirect_leads_out_of_the_scope(scan: Callable[..., Parsed]) -> None:
    with serve(well) as other, redirecting(f"{other.url}/one?text=a") as app:
        scan(app.url)
        assert "GET /out" in app.seen
        assert other.seen == []


def test_a_scan_keeps_to_its_folder(scan: Callable[..., Parsed]) -> None:
    links = '<a href="/shop/a?x=1">a</a> <a href="/other?x=1">b</a>'
    with serve(lambda asked: Reply(links)) as app:
        scan(f"{app.url}/shop/")
    paths = {line.partition(" ")[2] for line in app.seen}
    assert "/shop/a?x=1" in paths
    assert all(path.startswith("/shop") for path in paths)


def test_requests_per_second_are_kept(scan: Callable[..., Parsed]) -> None:
    """ZAP counts them itself; what is tried is that it was told: the requests are spread as they must be at least."""
    times: list[float] = []

    def respond(asked: Asked) -> Reply:
        times.append(time.monotonic())
        return well(asked)

    with serve(respond) as app:
        scan(app.url, profile="baseline", limits=WebLimits(requests_per_second=4))
    assert len(times) > 6
    assert times[-1] - times[0] > (len(times) - 4) / 4 * 0.5


def test_a_session_that_ends_midway_is_made_anew(scan: Callable[..., Parsed]) -> None:
    with losing_sessions_after(14) as app:
        parsed = scan(app.url, users=(_shopkeeper(),))
    assert parsed.web
    assert (parsed.web.login, parsed.state) == ("held", LedgerState.RAN)


def test_a_session_that_is_lost_for_good_is_partial(scan: Callable[..., Parsed]) -> None:
    with losing_sessions_after(14, for_good=True) as app:
        parsed = scan(app.url, users=(_shopkeeper(),))
    assert parsed.web
    assert (parsed.web.login, parsed.state) == ("lost", LedgerState.PARTIAL)
    assert "login of user: it was lost during the scan" in parsed.reason


def _shopkeeper() -> WebLogin:
    return WebLogin(
        "form",
        url="/login",
        body="user={username}&password={password}",
        username="shopkeeper",
        password="made-up",
        logged_in="Log out",
        check_url="/one",
    )


def test_urls_and_archives_are_replayed(scan: Callable[..., Parsed], tmp_path: Path) -> None:
    urls, har = tmp_path / "urls.txt", tmp_path / "traffic.har"
    urls.write_text("# hidden\n/hidden?x=1\nhttp://127.0.0.1:9/elsewhere\n/logout\n")
    with serve(lambda asked: Reply({"/hidden": "hidden", "/recorded": "recorded"}.get(asked.path, "a page"))) as app:
        request = {"method": "GET", "url": f"{app.url}/recorded?y=2", "headers": []}
        har.write_text(json.dumps({"log": {"entries": [{"request": request}]}}))
        parsed = scan(app.url, profile="api", urls=urls, har=har)
    assert {"GET /hidden?x=1", "GET /recorded?y=2"} <= set(app.seen)
    assert "GET /logout" not in app.seen
    assert [skip.reason for skip in parsed.skipped] == [
        "left alone: it is not of the target",
        "left alone: it ends the login",
    ]
    assert parsed.state is LedgerState.RAN


def test_progress_is_told(scan: Callable[..., Parsed]) -> None:
    told: list[str] = []
    with many_pages(30) as app:
        scan(app.url, tell=told.append)
    assert any(note.startswith("scope: http://127.0.0.1") for note in told)
    assert any(note.startswith("spider 100 %, ") and note.endswith(" requests") for note in told)
    assert any(note.startswith("active scan 100 %, ") for note in told)


def test_traffic_is_kept_without_credentials(scan: Callable[..., Parsed], shop: str, tmp_path: Path) -> None:
    folder = tmp_path / "traffic"
    parsed = scan(shop, users=(ALICE,), keep_traffic=folder)
    (file,) = folder.iterdir()
    text = file.read_text()
    assert parsed.web
    assert len(json.loads(text)["log"]["entries"]) == parsed.web.requests
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in text
    assert "session=****" in text


def test_traffic_that_cannot_be_kept_is_told(scan: Callable[..., Parsed], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with serve(well) as app:
        parsed = scan(app.url, profile="baseline", keep_traffic=tmp_path / "file")
    assert parsed.state is LedgerState.PARTIAL
    assert "the traffic could not be kept" in parsed.reason
    assert parsed.findings
