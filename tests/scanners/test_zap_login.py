"""Logging in through a real ZAP, in every way and into every trouble."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urljoin

import pytest

from scangate.scanners.interface import Command, Job, Output, ScannerError, Target, WebLimits, WebLogin, WebOptions
from scangate.scanners.zap_client import ZapClient
from scangate.scanners.zap_header import replaced
from scangate.scanners.zap_login import Logins, secrets_of
from scangate.scanners.zap_requests import WebRequest, send
from scangate.scanners.zap_scope import scope_of
from scangate.scanners.zap_session import Session, opened_session
from scangate.scanners.zap_token import token_of
from scangate.workbench import PrivateWorkbench
from tests.zap.apps import FORM, App, Asked, Reply, digest_protected, losing_sessions_after, serve
from tests.zap.apps import PASSWORD as APP_PASSWORD
from tests.zap.apps import USER as APP_USER
from tests.zap.daemon import RunningZap, free_port, running_zap
from tests.zap.weak_web import CUSTOMER, PASSWORD, STAFF, STAFF_PASSWORD, weak_web

pytest_plugins = ("tests.zap.fixtures",)

FORM_LOGIN = WebLogin(
    kind="form",
    url="/login",
    body="user={username}&password={password}",
    username=CUSTOMER,
    password=PASSWORD,
    logged_in="Log out",
    logged_out="Log in",
    check_url="/account",
    role="customer",
)
JSON_LOGIN = replace(
    FORM_LOGIN,
    kind="json",
    url="/api/login",
    body='{"user": "{username}", "password": "{password}"}',
    logged_in='"orders"',
    logged_out="log in first",
    check_url="/api/orders",
)
BASIC_LOGIN = replace(FORM_LOGIN, kind="basic", url="", logged_in="Welcome", logged_out="", check_url="/partner")
OAUTH_LOGIN = replace(
    FORM_LOGIN, kind="oauth2", url="", logged_in="", logged_out="log in first", check_url="/api/reports?owner=shop"
)

Open = Callable[..., tuple[Session, Logins]]


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with weak_web() as address:
        yield address


@pytest.fixture
def client(zap: RunningZap) -> Iterator[ZapClient]:
    with ZapClient(zap.url, zap.key) as client:
        client.action("core", "newSession", name="", overwrite=True)
        yield client


@pytest.fixture
def workbench(tmp_path: Path) -> PrivateWorkbench:
    work = tmp_path / "work"
    work.mkdir()
    job = Job("zap", Target("web", ("web-application",)), tmp_path, work)
    return PrivateWorkbench(job, timeout=60, cancel=threading.Event(), tell=lambda note: None)


@pytest.fixture
def opened(client: ZapClient, workbench: PrivateWorkbench) -> Iterator[Open]:
    """A session in which users of an application have logged in."""
    with ExitStack() as stack:

        def open_(url: str, *users: WebLogin) -> tuple[Session, Logins]:
            options = WebOptions(users=users)
            work = opened_session(client, workbench, scope=scope_of(url, options), limits=WebLimits(), own=False)
            session, logins = stack.enter_context(work), Logins(options, url, workbench)
            logins.establish(session)
            return session, logins

        yield open_


@pytest.mark.real
@pytest.mark.parametrize("login", [FORM_LOGIN, JSON_LOGIN, BASIC_LOGIN], ids=lambda login: login.kind)
def test_users_log_in_and_are_held(opened: Open, shop: str, login: WebLogin) -> None:
    session, logins = opened(shop, login)
    assert (logins.state, logins.reasons) == ("held", ())
    logins.check(session)
    logins.finish(session)
    assert (logins.state, logins.reasons) == ("held", ())


@pytest.mark.real
@pytest.mark.parametrize(
    ("password", "reasons"), [(APP_PASSWORD, ()), ("wrong", ("login of user: the check page answers 401",))]
)
def test_digest_authentication_is_answered(opened: Open, password: str, reasons: tuple[str, ...]) -> None:
    with digest_protected() as app:
        assert opened(app.url, WebLogin(kind="digest", username=APP_USER, password=password))[1].reasons == reasons


@pytest.mark.real
def test_zap_acts_as_a_user_only_where_it_is_told_to(opened: Open, shop: str) -> None:
    session, logins = opened(
        shop, FORM_LOGIN, replace(FORM_LOGIN, username=STAFF, password=STAFF_PASSWORD, role="staff")
    )
    assert logins.state == "held"
    report, answers = WebRequest(f"{shop}/staff/report?title=today"), {}
    for member in logins.members:
        with member.acting(session):
            answers[member.name] = send(session.client, report).status
    assert answers == {"customer": HTTPStatus.FORBIDDEN, "staff": HTTPStatus.OK}
    assert send(session.client, report).status == HTTPStatus.FOUND


@pytest.mark.real
def test_sessions_cookies_are_secrets(opened: Open, shop: str) -> None:
    _, logins = opened(shop, FORM_LOGIN)
    assert secrets_of(WebOptions(users=(FORM_LOGIN,))) == (PASSWORD,)
    given, *obtained = logins.secrets
    assert given == PASSWORD
    assert [re.fullmatch(r"[0-9a-f]{32}", secret) is not None for secret in obtained] == [True]


@pytest.mark.real
def test_nothing_of_users_stays_in_zap(client: ZapClient, workbench: PrivateWorkbench, shop: str) -> None:
    options = WebOptions(users=(FORM_LOGIN,))
    scope = scope_of(shop, options)
    with opened_session(client, workbench, scope=scope, limits=WebLimits(), own=False) as session:
        Logins(options, shop, workbench).establish(session)
        assert PASSWORD in str(client.view("users", "usersList"))
    assert PASSWORD not in str(client.view("users", "usersList"))
    assert client.view("forcedUser", "isForcedUserModeEnabled") == {"forcedModeEnabled": "false"}


@pytest.mark.real
@pytest.mark.parametrize(
    ("login", "reason"),
    [
        (replace(FORM_LOGIN, password="wrong"), "username and password were refused (401)"),
        (replace(JSON_LOGIN, password="wrong"), "username and password were refused (401)"),
        (replace(BASIC_LOGIN, password="wrong"), "the check page answers 401"),
        (replace(FORM_LOGIN, url="/log-me-in"), "the login URL answers 404: is it the right one?"),
        (replace(FORM_LOGIN, url="/about"), "the login URL answers 405: is it the right one?"),
        (
            replace(FORM_LOGIN, url=f"http://127.0.0.1:{free_port()}/"),
            "the login URL gives no answer: Unable to prepare authentication message: Connect to",
        ),
        (
            replace(FORM_LOGIN, logged_in="Willkommen"),
            "the check page does not show what `logged_in` looks for, although it differs",
        ),
        (replace(FORM_LOGIN, logged_out="Home"), "the check page shows what `logged_out` looks for"),
        (
            replace(FORM_LOGIN, check_url="/about", logged_in="Home"),
            "the check page shows what `logged_in` looks for wit",
        ),
        (
            replace(FORM_LOGIN, check_url="/api/items", logged_in="Log out"),
            "the check page looks as it does without log",
        ),
        (
            replace(FORM_LOGIN, check_url="/about", logged_in="", logged_out=""),
            "nothing tells whether the login worked",
        ),
        (replace(FORM_LOGIN, check_url="/nowhere"), "the check page answers 404"),
        (replace(FORM_LOGIN, check_url="/logout"), "its check_url is not of what is scanned, or is excluded"),
        (replace(FORM_LOGIN, logged_in="(?<name"), "ZAP does not take it as settings say: ZAP refused"),
        (replace(FORM_LOGIN, url=""), "settings name no url that takes the credentials"),
        (replace(FORM_LOGIN, username=""), "settings name no username"),
        (replace(OAUTH_LOGIN, url="/oauth/token"), "no endpoint is named that gives tokens"),
    ],
)
def test_each_trouble_has_its_own_reason(opened: Open, shop: str, login: WebLogin, reason: str) -> None:
    _, logins = opened(shop, login)
    assert logins.state == "failed"
    assert logins.reasons[0].startswith(f"login of customer: {reason}")
    assert PASSWORD not in logins.reasons[0]


@pytest.mark.real
def test_a_form_that_changed_is_told(opened: Open) -> None:
    def respond(asked: Asked) -> Reply:
        if asked.path == "/login":
            return Reply(FORM.replace('name="user"', 'name="mail"'))
        return Reply("", HTTPStatus.FOUND, (("Location", "/login"),))

    with serve(respond) as app:
        _, logins = opened(app.url, replace(FORM_LOGIN, logged_out="Log in"))
    assert logins.reasons == ("login of customer: the login page has no field 'user': has it changed?",)


@pytest.mark.real
def test_an_error_page_with_200_is_no_login(opened: Open) -> None:
    with serve(lambda asked: Reply(f"An error happened. {FORM}")) as app:
        _, logins = opened(app.url, replace(FORM_LOGIN, logged_out=""))
    assert logins.reasons == ("login of customer: the check page looks as it does without login",)


@pytest.mark.real
def test_users_of_one_site_log_in_in_one_way(opened: Open, shop: str) -> None:
    _, logins = opened(shop, FORM_LOGIN, replace(JSON_LOGIN, role="client"))
    assert [member.state for member in logins.members] == ["held", "failed"]
    assert logins.reasons == (
        "login of client: it is done in another way than that of customer, and ZAP knows one for a site",
    )


LOSING = WebLogin(
    kind="form",
    url="/login",
    body="user={username}&password={password}",
    username=APP_USER,
    password=APP_PASSWORD,
    logged_in="Log out",
)


def _lose(session: Session, app: App) -> None:
    """Ask until the application has forgotten its sessions."""
    while len(app.seen) < 30:
        send(session.client, WebRequest(f"{app.url}/login"))


@pytest.mark.real
@pytest.mark.parametrize("logged_out", ["Log in", ""], ids=["by ZAP", "by us"])
def test_a_lost_session_is_made_anew(opened: Open, logged_out: str) -> None:
    with losing_sessions_after(30) as app:
        session, logins = opened(app.url, replace(LOSING, logged_out=logged_out))
        assert logins.state == "held"
        _lose(session, app)
        logins.check(session)
        logins.finish(session)
        assert (logins.state, logins.reasons) == ("held", ())


@pytest.mark.real
def test_a_session_that_is_lost_for_good_is_told(opened: Open) -> None:
    with losing_sessions_after(30, for_good=True) as app:
        session, logins = opened(app.url, LOSING)
        _lose(session, app)
        logins.check(session)
    assert logins.state == "lost"
    assert logins.held == ()
    (reason,) = logins.reasons
    assert reason.startswith("login of user: it was lost during the scan (the check page answers 302 to /login), and ")


@pytest.mark.real
def test_an_account_that_is_locked_by_the_end_is_told(opened: Open) -> None:
    locked: set[bool] = set()

    def respond(asked: Asked) -> Reply:
        if asked.path == "/login" and asked.method == "POST":
            cookie = ("Set-Cookie", "session=made-up; Path=/")
            return Reply("", HTTPStatus.FORBIDDEN) if locked else Reply("in", HTTPStatus.OK, (cookie,))
        return Reply("Log out" if "session=made-up" in asked.headers.get("cookie", "") else "Log in")

    with serve(respond) as app:
        session, logins = opened(app.url, replace(LOSING, logged_out="Log in"))
        assert logins.state == "held"
        locked.add(True)
        logins.finish(session)
    assert logins.reasons == (
        "login of user: it is refused at the end of the scan: username and password were refused (403)",
    )


@pytest.mark.real
def test_a_zap_that_runs_already_needs_an_add_on_for_tokens(opened: Open, shop: str) -> None:
    _, logins = opened(shop, replace(OAUTH_LOGIN, url=f"{shop}/oauth/token"))
    assert logins.reasons == ("login of customer: this ZAP can send a token only with its add-on replacer",)


@pytest.fixture
def launched(
    zap_home: Path, tmp_path: Path, workbench: PrivateWorkbench, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    """A session in a ZAP of its own, which was launched for these users."""
    with ExitStack() as stack:

        def launch(url: str, *users: WebLogin) -> tuple[Session, Logins]:
            options = WebOptions(users=users)
            logins = Logins(options, url, workbench)
            for name, value in logins.environment().items():
                monkeypatch.setenv(name, value)
            zap = stack.enter_context(running_zap(zap_home, tmp_path / "home"))
            client = stack.enter_context(ZapClient(zap.url, zap.key))
            work = opened_session(client, workbench, scope=scope_of(url, options), limits=WebLimits(), own=True)
            session = stack.enter_context(work)
            logins.establish(session)
            return session, logins

        yield launch


@pytest.mark.real
@pytest.mark.parametrize("kind", ["bearer", "oauth2", "command"])
def test_a_launched_zap_sends_a_token(launched: Open, tmp_path: Path, shop: str, kind: str) -> None:
    session, logins = launched(shop, _by_token(kind, shop))
    assert (logins.state, logins.reasons) == ("held", ())
    logins.finish(session)
    assert logins.state == "held"
    (member,) = logins.members
    assert member.token in logins.secrets
    assert member.token not in (tmp_path / "home" / "output.log").read_text()


def _by_token(kind: str, shop: str) -> WebLogin:
    """One who may see reports by a token of that origin."""
    by_client = replace(OAUTH_LOGIN, url=f"{shop}/oauth/token")
    match kind:
        case "bearer":
            return replace(by_client, kind="bearer", token=token_of(by_client, _no_command))
        case "command":
            environment = {"SHOP_TOKEN": token_of(by_client, _no_command)}
            prints = ("/bin/sh", "-c", 'printf "Bearer %s\\n" "$SHOP_TOKEN"; echo noise >&2')
            return replace(by_client, kind="command", command=prints, environment=environment)
        case _:
            return by_client


def _no_command(command: Command) -> Output:
    raise AssertionError(command)


@contextmanager
def stand_in_for_replacer(*, urls: bool = True) -> Iterator[tuple[ZapClient, list[str]]]:
    """Something that answers as ZAP's add-on `replacer` does, which Maven Central lacks; older ones forget `url`."""
    rules: dict[str, dict[str, str]] = {}
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given, name = dict(parse_qsl(body)), self.path.split("/")[-2]
            calls.append(f"{name} {given.get('enabled', '')}{given.get('bool', '')}".strip())
            if name == "addRule":
                rules[given["description"]] = given if urls else {**given, "url": ""}
            elif name == "removeRule":
                del rules[given["description"]]
            answer = json.dumps({"rules": [*rules.values()]} if name == "rules" else {"Result": "OK"}).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with ZapClient(f"http://127.0.0.1:{server.server_port}", "") as client:
            yield client, calls
        server.shutdown()
    assert not rules


def test_a_token_is_sent_by_an_add_on_while_it_is_needed() -> None:
    with stand_in_for_replacer() as (client, calls):
        with replaced(client, "made-up", "http://shop:8080/a"):
            assert calls == ["addRule false", "rules", "setEnabled true"]
        assert calls[3:] == ["removeRule"]


def test_a_token_is_kept_from_an_add_on_that_sends_it_anywhere() -> None:
    with stand_in_for_replacer(urls=False) as (client, calls):
        with pytest.raises(ScannerError, match="to other sites"), replaced(client, "made-up", "http://shop:8080/a"):
            pass
        assert calls == ["addRule false", "rules", "removeRule"]


@pytest.mark.real
def test_a_token_that_is_refused_is_told(launched: Open, shop: str) -> None:
    _, logins = launched(shop, replace(OAUTH_LOGIN, kind="bearer", token="stale"))
    assert logins.reasons == ("login of customer: the check page answers 401",)


@pytest.mark.real
def test_a_token_that_expires_is_told(launched: Open) -> None:
    expired: set[bool] = set()

    def respond(asked: Asked) -> Reply:
        right = asked.headers.get("authorization") == "Bearer made-up" and not expired
        return Reply("reports") if right else Reply("log in first", HTTPStatus.UNAUTHORIZED)

    with serve(respond) as app:
        session, logins = launched(app.url, WebLogin(kind="bearer", token="made-up"))
        assert logins.state == "held"
        expired.add(True)
        logins.check(session)
    assert logins.reasons == (
        "login of user: it was lost during the scan (the check page answers 401), "
        "and a ZAP that was launched with a token cannot be given another",
    )


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        (replace(OAUTH_LOGIN, password="wrong"), "the token endpoint refused the client (401 invalid_client)"),
        (replace(OAUTH_LOGIN, url="/about"), "the token endpoint answers 405"),
        (replace(OAUTH_LOGIN, url=f"http://127.0.0.1:{free_port()}/"), "the token endpoint does not answer: "),
        (WebLogin(kind="bearer"), "the token that settings name is empty"),
        (WebLogin(kind="bearer", token="two words"), "the token that settings name is no token"),
        (WebLogin(kind="command"), "no command is named that prints the token"),
        (
            WebLogin(kind="command", command=("/bin/sh", "-c", "echo made-up; exit 3")),
            "the command that prints the tok",
        ),
        (WebLogin(kind="command", command=("/bin/true",)), "what the command for the token printed is empty"),
        (WebLogin(kind="command", command=("/bin/nowhere",)), ""),
    ],
)
def test_tokens_that_cannot_be_had_are_told(
    workbench: PrivateWorkbench, shop: str, login: WebLogin, reason: str
) -> None:
    if login.kind == "oauth2":
        login = replace(login, url=urljoin(shop, login.url or "/oauth/token"))
    logins = Logins(WebOptions(users=(login,)), shop, workbench)
    assert logins.environment() == {}
    assert logins.state == "failed"
    assert logins.reasons[0].startswith(f"login of {login.role}: {reason}")
    assert "made-up" not in logins.reasons[0]


def test_only_one_user_is_known_by_the_environment(workbench: PrivateWorkbench) -> None:
    bearer = WebLogin(kind="bearer", token="made-up")
    alone = Logins(WebOptions(users=(bearer,)), "https://shop.example:8443/a", workbench)
    assert alone.environment() == {"ZAP_AUTH_HEADER_VALUE": "Bearer made-up", "ZAP_AUTH_HEADER_SITE": "shop.example"}
    assert Logins(WebOptions(users=(bearer, bearer)), "http://shop/", workbench).environment() == {}
    assert Logins(WebOptions(users=(FORM_LOGIN,)), "http://shop/", workbench).environment() == {}


def test_users_of_one_name_are_told_apart(workbench: PrivateWorkbench) -> None:
    logins = Logins(WebOptions(users=(FORM_LOGIN, FORM_LOGIN)), "http://shop/", workbench)
    assert [member.name for member in logins.members] == ["customer", "customer-2"]
    assert logins.state == "none"


def test_no_credential_stands_in_what_is_shown_of_users(workbench: PrivateWorkbench) -> None:
    logins = Logins(
        WebOptions(users=(replace(FORM_LOGIN, kind="bearer", token="made-up-token"),)), "http://a/", workbench
    )
    logins.environment()
    assert "made-up" not in repr(logins.members)
