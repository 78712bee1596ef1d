"""Tokens for the header `Authorization`: named by settings, given to a client, or printed by a command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from scangate.scanners.interface import Command, Output, ScannerError, WebLogin, failed

BEARER = "Bearer"
_LONGEST = 16_000
_ANSWER_CAP = 1_000_000
_TIMEOUT = 30.0
_TOKEN = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

Execute = Callable[[Command], Output]


def token_of(login: WebLogin, execute: Execute) -> str:
    """The token of a user who logs in with kind `bearer`, `oauth2` or `command`.

    Raises:
        ScannerError: there is none, with a reason that quotes nothing of it.
    """
    match login.kind:
        case "bearer":
            return _checked(login.token, "the token that settings name")
        case "oauth2":
            return _granted(login)
        case "command":
            return _printed(login, execute)
        case _:
            raise ValueError(f"a login of kind {login.kind} has no token")


def _printed(login: WebLogin, execute: Execute) -> str:
    """What the command prints. Its error output may hold anything, and is not told."""
    if not login.command:
        raise failed("no command is named that prints the token", mend="name one: command = [PROGRAM, …]")
    output = execute(Command(login.command, env=login.environment, network=True))
    if output.exit_code != 0:
        raise failed(f"the command that prints the token ended with exit code {output.exit_code}")
    return _checked(output.report[: _LONGEST + 1].decode(errors="replace"), "what the command for the token printed")


def _granted(login: WebLogin) -> str:
    """A token by the client credentials grant (RFC 6749, 4.4), with the client's name and secret as it is said there.

    Some servers read them from the body only (2.3.1), which is tried where the header is refused.
    """
    if urlsplit(login.url).scheme not in ("http", "https"):
        raise failed("no endpoint is named that gives tokens", mend="name it: url = https://…")
    asked = {"grant_type": "client_credentials", **({"scope": login.scope} if login.scope else {})}
    answer = _post(login.url, asked, auth=(login.username, login.password))
    if answer.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED):
        credentials = {"client_id": login.username, "client_secret": login.password}
        answer = _post(login.url, asked | credentials, auth=None)
    return _token_in(answer)


def _post(url: str, data: dict[str, str], *, auth: tuple[str, str] | None) -> httpx.Response:
    """The answer, no redirect followed: it would take the secret elsewhere. No proxy stands before this machine."""
    trust = urlsplit(url).hostname not in _LOOPBACK
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, trust_env=trust) as client,
            client.stream("POST", url, data=data, auth=auth, headers={"Accept": "application/json"}) as response,
        ):
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > _ANSWER_CAP:
                    raise failed("the token endpoint's answer is too large")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise failed(f"the token endpoint does not answer: {str(error)[:200] or type(error).__name__}") from None
    return httpx.Response(response.status_code, content=bytes(body))


def _token_in(answer: httpx.Response) -> str:
    document = _object(answer.content)
    if answer.status_code != httpx.codes.OK:
        raise _refused(answer.status_code, document)
    if str(document.get("token_type") or BEARER).lower() != BEARER.lower():
        raise failed("the token endpoint gives tokens of another type than bearer")
    return _checked(document.get("access_token"), "the token endpoint's access_token")


def _refused(status: int, document: dict[str, Any]) -> ScannerError:
    """Its error code is one of a few words (RFC 6749, 5.2); anything else could quote what was sent."""
    code = document.get("error")
    known = code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code) else ""
    if status in (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED):
        return failed(f"the token endpoint refused the client ({status} {known})".replace(" )", ")"))
    return failed(f"the token endpoint answers {status}", mend="is its url right?")


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _checked(text: object, what: str) -> str:
    """The token: printable ASCII in one word, so that it is one header's value and nothing else."""
    token = text.strip() if isinstance(text, str) else ""
    if token.lower().startswith("bearer "):
        token = token[len(BEARER) :].strip()
    if not token:
        raise failed(f"{what} is empty")
    if len(token) > _LONGEST or not _TOKEN.fullmatch(token):
        raise failed(f"{what} is no token: it is not one word of printable ASCII, or too long")
    return token
