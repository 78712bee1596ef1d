"""Every way in which a scan of a running application can go wrong: each has its own reason, and none is green.

All with a real ZAP, and with real applications that misbehave. How many seconds the target is left alone when it is not
well is the only thing that is changed for it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from scangate.__main__ import main
from scangate.scanners import zap_health
from tests.zap.apps import (
    LINKS,
    App,
    Asked,
    Dies,
    Reply,
    answering,
    dying_after,
    empty_page,
    failing_after,
    login_page_only,
    serve,
    slow_after,
    well,
)
from tests.zap.daemon import RunningZap, free_port

pytest_plugins = ("tests.zap.fixtures",)
pytestmark = pytest.mark.real

CONVENTIONS = ("/robots.txt", "/sitemap.xml")


@pytest.fixture(autouse=True)
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zap_health, "_RESTS", (0.1, 0.1))


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Scans a URL by the command, with a running ZAP or with one of its own; its exit code and its ledger entry."""

    def run(url: str, zap: RunningZap | None = None, *words: str, settings: str = "") -> tuple[int, dict[str, Any]]:
        config, document = tmp_path / "trusted.toml", tmp_path / "results.json"
        config.write_text(settings)
        where = ["--zap-url", zap.url] if zap else []
        monkeypatch.setenv("ZAP_API_KEY", os.environ.get("ZAP_API_KEY") or (zap.key if zap else ""))
        monkeypatch.chdir(tmp_path)
        asked = ["scan", "--url", url, "--config", str(config), "--quiet", "--fail-on", "critical"]
        code = main([*asked, *where, "--format", f"json={document}", *words])
        results = json.loads(document.read_text())
        (entry,) = (entry for entry in results["ledger"] if entry["scanner"] == "zap")
        return code, entry

    return run


def assert_told(told: tuple[int, dict[str, Any]], state: str, reason: str) -> None:
    code, entry = told
    assert reason in entry["reason"]
    assert entry["state"] == state
    assert code == 3


REACHED_TOO_LITTLE: dict[str, tuple[Callable[[], AbstractContextManager[App]], str, str]] = {
    "all answers 401": (lambda: answering(HTTPStatus.UNAUTHORIZED), "failed", "every answer was 401"),
    "all answers 403": (lambda: answering(HTTPStatus.FORBIDDEN), "failed", "every answer was 403"),
    "all answers 404": (lambda: answering(HTTPStatus.NOT_FOUND), "failed", "every answer was 404"),
    "all answers 500": (lambda: answering(HTTPStatus.INTERNAL_SERVER_ERROR), "failed", "every answer was 500"),
    "login page only": (login_page_only, "partial", "only a login page was reached"),
    "spider found nothing": (empty_page, "partial", "nothing was found beyond http"),
    "only redirects": (
        lambda: serve(lambda asked: Reply("", HTTPStatus.FOUND, (("Location", "/b" if asked.path == "/" else "/"),))),
        "failed",
        "every answer was 302",
    ),
    "the same page anywhere": (
        lambda: serve(lambda asked: Reply(f"There is no {asked.path}. Number {asked.number}. {LINKS}")),
        "partial",
        "nothing was found beyond http",
    ),
    "a page that scripts fill": (
        lambda: serve(
            lambda asked: (
                Reply('<script src="/app.js"></script>')
                if asked.path == "/"
                else Reply("1", HTTPStatus.OK if asked.path == "/app.js" else HTTPStatus.NOT_FOUND)
            )
        ),
        "partial",
        "nothing was found beyond http",
    ),
    "blocks who asks much": (
        lambda: serve(lambda asked: well(asked) if asked.number < 12 else Reply("Blocked.")),
        "partial",
        "at the end the first page had none of its links any more",
    ),
    "refuses who asks much": (
        lambda: serve(lambda asked: well(asked) if asked.number < 12 else Reply("", HTTPStatus.TOO_MANY_REQUESTS)),
        "partial",
        "the target answered with 429, as it did not at first",
    ),
    "starts answering 500": (
        lambda: failing_after(12),
        "partial",
        "the target answered with 500, as it did not at first",
    ),
    "dies midway": (lambda: dying_after(12), "partial", "the target no longer answered"),
}


MIDWAY = {"starts answering 500", "dies midway", "blocks who asks much", "refuses who asks much"}
"""What a scan without attacks does not live to see."""


@pytest.mark.parametrize("case", REACHED_TOO_LITTLE)
def test_too_little_is_not_clean(scan: Callable[..., Any], zap: RunningZap, case: str) -> None:
    serving, state, reason = REACHED_TOO_LITTLE[case]
    with serving() as app:
        assert_told(scan(app.url, zap, "--profile", "full"), state, reason)


@pytest.mark.parametrize("case", sorted(REACHED_TOO_LITTLE.keys() - MIDWAY))
def test_too_little_is_not_clean_without_attacks(scan: Callable[..., Any], zap: RunningZap, case: str) -> None:
    serving, state, reason = REACHED_TOO_LITTLE[case]
    with serving() as app:
        assert_told(scan(app.url, zap, "--profile", "baseline"), state, reason)


def test_an_application_that_is_well_is_scanned(scan: Callable[..., Any], zap: RunningZap) -> None:
    """The control: the same scan of an application without trouble is whole."""
    with serve(well) as app:
        code, entry = scan(app.url, zap, "--profile", "full")
    assert (code, entry["state"], entry["reason"]) == (0, "ran", "")
    assert entry["web"]["urls"] == 4


def test_a_target_that_gets_slow_is_left_alone(
    scan: Callable[..., Any], zap: RunningZap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zap_health, "_EVERY", 0.1)
    with slow_after(14, 2.5) as app:
        assert_told(
            scan(app.url, zap, "--profile", "full"), "partial", "the active scan was stopped: the target was slow"
        )


def test_an_active_scan_without_a_request_is_not_clean(scan: Callable[..., Any], zap: RunningZap) -> None:
    """It dies at the first request that no crawl would make."""

    def respond(asked: Asked) -> Reply:
        if asked.path not in ("/", "/one", "/two", "/three", *CONVENTIONS):
            raise Dies
        return well(asked)

    with serve(respond) as app:
        assert_told(scan(app.url, zap, "--profile", "full"), "partial", "the active scan sent no request")


def test_a_dead_target_is_not_clean(scan: Callable[..., Any], zap: RunningZap) -> None:
    assert_told(scan(f"http://127.0.0.1:{free_port()}", zap), "failed", "nothing listens at 127.0.0.1")


def test_an_unknown_host_is_not_clean(scan: Callable[..., Any], zap: RunningZap) -> None:
    assert_told(scan("http://shop.invalid/", zap), "failed", "host is not known: shop.invalid")


def test_a_tls_failure_is_not_clean(scan: Callable[..., Any], zap: RunningZap) -> None:
    with serve(well) as app:
        assert_told(scan(app.url.replace("http:", "https:"), zap), "failed", "no TLS connection to 127.0.0.1")


@contextmanager
def listening(answer: bytes | None) -> Iterator[str]:
    """A port that takes connections, and says what is no HTTP, or nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def serve_all() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                kept.append(connection)
                if answer is not None:
                    connection.sendall(answer)
                    connection.close()

        thread = threading.Thread(target=serve_all, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in kept:
            connection.close()


def test_a_target_that_says_nothing_is_not_clean(scan: Callable[..., Any], zap: RunningZap) -> None:
    zap.call("network/action/setConnectionTimeout", timeout="1")
    try:
        with listening(None) as url:
            assert_told(scan(url, zap), "failed", "said nothing in time")
    finally:
        zap.call("network/action/setConnectionTimeout", timeout="20")


def test_a_port_of_something_else_is_not_clean(scan: Callable[..., Any], zap: RunningZap) -> None:
    with listening(b"220 mail.example ESMTP\r\n") as url:
        assert_told(scan(url, zap), "failed", "does not speak HTTP")


def test_a_target_that_leads_elsewhere_is_not_clean(scan: Callable[..., Any], zap: RunningZap) -> None:
    elsewhere = Reply("", HTTPStatus.FOUND, (("Location", "http://127.0.0.1:9/shop"),))
    with serve(lambda asked: elsewhere) as app:
        assert_told(scan(app.url, zap), "failed", "redirects to http://127.0.0.1:9/shop, which is out of its scope")


@pytest.mark.parametrize("phase", ["spider", "ascan"])
def test_a_scan_that_somebody_else_stops_is_not_clean(scan: Callable[..., Any], zap: RunningZap, phase: str) -> None:
    """Also in an active scan's last rule, when all that ZAP tells of it looks finished."""

    def respond(asked: Asked) -> Reply:
        in_crawl = asked.path == "/two" and phase == "spider"
        if in_crawl or asked.form.get("text", "").endswith("'"):
            zap.call(f"{phase}/action/stopAllScans")
        return well(asked)

    with serve(respond) as app:
        assert_told(scan(app.url, zap, "--profile", "full"), "partial", "somebody else stopped it")


@pytest.mark.parametrize("phase", ["spider", "ascan"])
def test_a_scan_that_somebody_else_removes_is_not_clean(scan: Callable[..., Any], zap: RunningZap, phase: str) -> None:
    def respond(asked: Asked) -> Reply:
        in_crawl = asked.path == "/two" and phase == "spider"
        if in_crawl or asked.form.get("text", "").endswith("'"):
            zap.call(f"{phase}/action/removeAllScans")
        return well(asked)

    with serve(respond) as app:
        assert_told(scan(app.url, zap, "--profile", "full"), "partial", "somebody else stopped it")


def test_a_wrong_key_is_told(scan: Callable[..., Any], zap: RunningZap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAP_API_KEY", "wrong")
    with serve(well) as app:
        code, entry = scan(app.url, zap)
    assert_told((code, entry), "failed", "Invalid or missing API key")
    assert "ZAP_API_KEY" in entry["mend"]
    assert not app.seen


def test_a_zap_in_safe_mode_is_told(scan: Callable[..., Any], zap: RunningZap) -> None:
    zap.call("core/action/setMode", mode="safe")
    try:
        with serve(well) as app:
            assert_told(scan(app.url, zap), "failed", "safe mode")
    finally:
        zap.call("core/action/setMode", mode="standard")


def test_a_zap_without_passive_rules_is_told(scan: Callable[..., Any], zap: RunningZap) -> None:
    zap.call("pscan/action/disableAllScanners")
    try:
        with serve(well) as app:
            assert_told(scan(app.url, zap), "failed", "no passive rule that is on")
    finally:
        zap.call("pscan/action/enableAllScanners")


def test_a_passive_scanner_that_somebody_turned_off_looks_again(scan: Callable[..., Any], zap: RunningZap) -> None:
    zap.call("pscan/action/setEnabled", enabled="false")
    with serve(well) as app:
        code, entry = scan(app.url, zap, "--profile", "baseline")
    assert (code, entry["state"]) == (0, "ran")
    assert entry["findings"] > 0


def test_a_zap_that_attacks_no_parameter_is_told(scan: Callable[..., Any], zap: RunningZap) -> None:
    before = zap.call("ascan/view/optionTargetParamsInjectable")["TargetParamsInjectable"]
    zap.call("ascan/action/setOptionTargetParamsInjectable", Integer="0")
    try:
        with serve(well) as app:
            told = scan(app.url, zap, "--profile", "full")
    finally:
        zap.call("ascan/action/setOptionTargetParamsInjectable", Integer=before)
    assert_told(told, "partial", "no active rule found anything to attack")


def test_a_rule_that_zap_lacks_is_told(scan: Callable[..., Any], zap: RunningZap) -> None:
    settings = "[dast.limits.thresholds]\n99999 = 'high'\n"
    with serve(well) as app:
        told = scan(app.url, zap, "--profile", "full", settings=settings)
    assert_told(told, "failed", "ZAP has no active rule 99999")


def test_no_rule_at_all_is_told(scan: Callable[..., Any], zap: RunningZap) -> None:
    settings = "[dast.limits.thresholds]\n6 = 'off'\n40012 = 'off'\n40018 = 'off'\n"
    with serve(well) as app:
        told = scan(app.url, zap, "--profile", "full", settings=settings)
    assert_told(told, "failed", "ZAP has no active rule that is on")


def test_a_scan_whose_time_is_over_is_partial(scan: Callable[..., Any], zap: RunningZap) -> None:
    with slow_after(9, 1.0) as app:
        told = scan(app.url, zap, "--profile", "full", settings="[dast.limits]\nminutes = 0.03\n")
    assert_told(told, "partial", "minutes was over")


def test_a_rule_whose_time_is_over_is_cut(scan: Callable[..., Any], zap: RunningZap) -> None:
    with slow_after(9, 1.0) as app:
        code, entry = scan(app.url, zap, "--profile", "full", settings="[dast.limits]\nrule_minutes = 0.005\n")
    assert_told((code, entry), "partial", "active rules did not come to their end")
    assert entry["web"]["rules_cut"]


@pytest.mark.parametrize(("add_on", "reason"), [("spider-*", "lacks its spider"), ("testrules-*", "lacks its passive")])
def test_an_absent_add_on_is_told(
    scan: Callable[..., Any], zap_home: Path, tmp_path: Path, add_on: str, reason: str
) -> None:
    folder = tmp_path / "zap"
    shutil.copytree(zap_home, folder, copy_function=os.link)
    for path in (folder / "plugin").glob(add_on):
        path.unlink()
    with serve(well) as app:
        code, entry = scan(app.url, settings=f"[zap]\npath = '{folder}'\n")
    assert_told((code, entry), "failed", reason)
    assert "-addoninstall" in entry["mend"]


def test_a_zap_that_is_absent_is_told(scan: Callable[..., Any], tmp_path: Path) -> None:
    with serve(well) as app:
        code, entry = scan(app.url, settings=f"[zap]\npath = '{tmp_path / 'nowhere'}'\n")
    assert_told((code, entry), "missing", "nowhere")
    assert entry["mend"]


def test_a_zap_that_is_killed_midway_is_told(scan: Callable[..., Any], zap_home: Path) -> None:
    before = set(_zaps())

    def respond(asked: Asked) -> Reply:
        if asked.path == "/two":
            for process in set(_zaps()) - before:
                os.kill(process, signal.SIGKILL)
        return well(asked)

    with serve(respond) as app:
        assert_told(scan(app.url, settings=f"[zap]\npath = '{zap_home}'\n"), "failed", "killed by SIGKILL")


def _zaps() -> Iterator[int]:
    """The processes that we started, and that are ZAP."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"org.zaproxy.zap.ZAP" in (folder / "cmdline").read_bytes():
                yield int(folder.name)
        except OSError:
            continue


def test_nothing_is_left_in_a_zap_of_others(scan: Callable[..., Any], zap: RunningZap) -> None:
    """Nor is anything of theirs touched: their context, their exclusions, their options."""
    zap.call("core/action/newSession", name="", overwrite="true")
    zap.call("context/action/newContext", contextName="theirs")
    for phase in ("spider", "ascan"):
        zap.call(f"{phase}/action/excludeFromScan", regex="theirs.*")
    before = _state(zap)
    with serve(well) as app:
        code, _ = scan(
            app.url, zap, "--profile", "full", settings="[dast.limits]\nrequests_per_second = 50\ndepth = 3\n"
        )
    assert code == 0
    assert _state(zap) == before
    for phase in ("spider", "ascan"):
        zap.call(f"{phase}/action/clearExcludedFromScan")


def _state(zap: RunningZap) -> dict[str, Any]:
    views = (
        *("context/view/contextList", "users/view/usersList", "forcedUser/view/isForcedUserModeEnabled"),
        *("spider/view/scans", "ascan/view/scans", "ascan/view/scanPolicyNames"),
        *("spider/view/excludedFromScan", "ascan/view/excludedFromScan"),
        *("spider/view/optionMaxDepth", "spider/view/optionPostForm", "network/view/getRateLimitRules"),
    )
    return {view: zap.call(view) for view in views}
