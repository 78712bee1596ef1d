"""Users in a context of ZAP (https://www.zaproxy.org/docs/api/, `authentication`, `users` and `forcedUser`).

A context knows one way to log in. ZAP lists its users with their credentials in clear: they go with the context.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from scangate.scanners.interface import ScannerError, WebLogin, unreadable
from scangate.scanners.web_routes import split_url
from scangate.scanners.zap_client import ZapClient, text_of
from scangate.scanners.zap_crawl import User
from scangate.scanners.zap_requests import WebAnswer, answer_of_message

_PORTS = {"http": 80, "https": 443}
_DEFAULT_BODIES = {
    "form": "username={username}&password={password}",
    "json": '{"username": "{username}", "password": "{password}"}',
}


@dataclass(frozen=True)
class Way:
    """How a context's users log in, in ZAP's words. Its patterns tell ZAP when to log in again."""

    method: str
    parameters: Mapping[str, str]
    logged_in: str = ""
    logged_out: str = ""


def way_of(login: WebLogin, target: str) -> Way:
    """How ZAP logs in to the target at a URL, for the kinds `form`, `json`, `basic` and `digest`.

    HTTP authentication needs no session, and so no patterns. The realm is whichever the target names.
    """
    if login.kind in ("basic", "digest"):
        parts = urlsplit(target)
        port = parts.port or _PORTS.get(parts.scheme, 80)
        return Way("httpAuthentication", {"hostname": parts.hostname or "", "port": str(port), "realm": ""})
    url = urljoin(target, login.url)
    page = urljoin(target, login.page) if login.page else url
    body = body_of(login)
    for name in ("username", "password"):
        body = body.replace(f"{{{name}}}", f"{{%{name}%}}")
    parameters = {"loginUrl": url, "loginPageUrl": page, "loginRequestData": body}
    return Way(
        f"{login.kind}BasedAuthentication", parameters, login.logged_in, login.logged_out or _led_to_login(login, page)
    )


def body_of(login: WebLogin) -> str:
    """What a login sends, with `{username}` and `{password}` in it."""
    return login.body or _DEFAULT_BODIES.get(login.kind, "")


def _led_to_login(login: WebLogin, page: str) -> str:
    """What tells that a session is over where settings do not: being sent to the login page, or for JSON a 401.

    ZAP takes every answer without `logged_in` for logged out unless there is such a pattern, and would log in for each.
    """
    if login.kind == "json":
        return r"\AHTTP/\S+ 401"
    path = re.escape(split_url(page).path or "/")
    return rf"\n[Ll]ocation: (?:https?://[^/\s]+)?{path}(?:[?#;]|\s|$)"


def set_way(client: ZapClient, context: str, way: Way) -> None:
    """Tell a context how its users log in. Raises `ScannerError` where ZAP cannot read a pattern."""
    client.action(
        "authentication",
        "setAuthenticationMethod",
        contextId=context,
        authMethodName=way.method,
        authMethodConfigParams=urlencode(way.parameters),
    )
    if way.logged_in:
        client.action("authentication", "setLoggedInIndicator", contextId=context, loggedInIndicatorRegex=way.logged_in)
    if way.logged_out:
        client.action(
            "authentication", "setLoggedOutIndicator", contextId=context, loggedOutIndicatorRegex=way.logged_out
        )


def add_user(client: ZapClient, context: str, name: str, login: WebLogin) -> User:
    """A new user of the context, who is enabled."""
    user = text_of(client.action("users", "newUser", contextId=context, name=name))
    credentials = urlencode({"username": login.username, "password": login.password})
    client.action(
        "users",
        "setAuthenticationCredentials",
        contextId=context,
        userId=user,
        authCredentialsConfigParams=credentials,
    )
    client.action("users", "setUserEnabled", contextId=context, userId=user, enabled=True)
    return User(user, name)


def authenticate(client: ZapClient, context: str, user: User) -> tuple[WebAnswer, bool]:
    """Let ZAP log a user in: what the login URL answered, and ZAP's word on it (which a 404 does not trouble).

    HTTP authentication sends nothing before it is asked: status 0 without trouble.
    """
    answer = client.action("users", "authenticateAsUser", contextId=context, userId=user.id)
    match answer:
        case {"responseHeader": str(head), "responseBody": str(body), "authSuccessful": str(successful)}:
            return answer_of_message(head, body), successful == "true"
        case {"Result": str()}:
            return WebAnswer(0, trouble=_last_failure(client, context, user)), False
        case _:
            raise unreadable("ZAP's answer to users/action/authenticateAsUser is no message")


def _last_failure(client: ZapClient, context: str, user: User) -> str:
    state = client.view("users", "getAuthenticationState", contextId=context, userId=user.id)
    return str(_only(state).get("lastAuthFailure") or "")[:200] if state else ""


def _only(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """ZAP wraps some answers in their name, others not."""
    inner = next(iter(answer.values()), None)
    return inner if len(answer) == 1 and isinstance(inner, Mapping) else answer


def session_secrets(client: ZapClient, context: str, user: User) -> Iterator[str]:
    """The values of the cookies that ZAP holds for a user."""
    answer = client.view("users", "getAuthenticationSession", contextId=context, userId=user.id)
    for part in _list(answer.get("authenticationSession")):
        for cookie in _list(part.get("cookies")) if isinstance(part, Mapping) else ():
            if isinstance(cookie, Mapping) and isinstance(cookie.get("value"), str):
                yield cookie["value"]


def _list(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


@contextmanager
def forced(client: ZapClient, context: str, user: User) -> Iterator[None]:
    """Whatever ZAP sends into the context is sent as that user, while the `with` block runs.

    The switch is one for all of ZAP: it is put back as it was found.
    """
    before = client.view("forcedUser", "isForcedUserModeEnabled").get("forcedModeEnabled") == "true"
    client.action("forcedUser", "setForcedUser", contextId=context, userId=user.id)
    client.action("forcedUser", "setForcedUserModeEnabled", boolean=True)
    try:
        yield
    finally:
        with suppress(ScannerError):  # what ended the block matters more
            client.action("forcedUser", "setForcedUserModeEnabled", boolean=before)
