"""Requests that ZAP sends for us (`core/action/sendRequest`), so that what they reach enters its tree of sites.

ZAP treats them as if a browser had sent them through its proxy: they are scanned passively, and sent as the forced user
(seen with ZAP 2.17.0). So the scan needs no second client, and nobody has to trust ZAP's certificate authority.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from scangate.model import LedgerState
from scangate.scanners.interface import ScannerError, unreadable
from scangate.scanners.zap_client import ZapClient, ZapError
from scangate.scanners.zap_scope import Scope

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_STATUS_LINE = re.compile(r"HTTP/\S{1,8} ([1-5]\d\d)(?!\d)")
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect", "te", "upgrade"})
_HEADER_TEXT = "".join(map(chr, range(0x21, 0x7F)))
_IN_PATH = "%/:@!$&'()*+,;=~"
_IN_QUERY = f"{_IN_PATH}?"
_TIMEOUT = 20.0
_ASKED_BYTES = 1_000_000


@dataclass(frozen=True)
class WebRequest:
    """An HTTP request to an absolute URL. `body` is text; no request here needs more."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""


@dataclass(frozen=True)
class WebAnswer:
    """What came back. `head` is the status line with the headers; `status` is 0 where `trouble` says why none came."""

    status: int
    head: str = ""
    body: str = ""
    trouble: str = ""

    def header(self, name: str) -> str:
        """The value of the first header of that name; empty without."""
        found = re.search(rf"^{re.escape(name)}:[ \t]*([^\r\n]*)", self.head, re.IGNORECASE | re.MULTILINE)
        return found[1].strip() if found else ""


def send(client: ZapClient, request: WebRequest) -> WebAnswer:
    """Let ZAP send a request; redirects are not followed.

    Raises:
        ScannerError: ZAP does not answer, or is set to send nothing. That the target does not answer raises nothing.
    """
    try:
        raw = message_of(request)
    except ValueError as error:
        return WebAnswer(0, trouble=str(error))
    try:
        answer = client.action("core", "sendRequest", request=raw, followRedirects=False)
    except ZapError as error:
        match error.code:
            case "internal_error":
                return WebAnswer(0, trouble="no answer")
            case "illegal_parameter":
                return WebAnswer(0, trouble="ZAP cannot send such a request")
            case _:
                raise
    except ScannerError as error:
        if error.state is LedgerState.UNREADABLE:
            return WebAnswer(0, trouble="the answer is too large")
        raise
    return _answer_of(answer)


def why_left_alone(scope: Scope, request: WebRequest, *, destroys: bool) -> str:
    """Why a request is not to be sent: the scope leaves its URL alone, or it deletes and the scan must not."""
    if why := scope.why_excluded(request.url):
        return f"left alone: {why}"
    if not scope.covers(request.url):
        return "left alone: it is not of the target"
    return "" if destroys or request.method != "DELETE" else "left alone: this profile deletes nothing"


def message_of(request: WebRequest) -> str:
    """The request as an HTTP/1.1 message with an absolute URL. Nothing in its parts can become a part of another kind.

    Raises:
        ValueError: the method or the URL is none.
    """
    if not _TOKEN.fullmatch(request.method):
        raise ValueError("the method is not one of HTTP")
    url, host = _sendable(request.url)
    headers = [(name, _value(text)) for name, text in request.headers if _is_ours_to_set(name)]
    if request.body and not request.body.isascii():
        headers = [(name, _with_charset(text) if name.lower() == "content-type" else text) for name, text in headers]
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(request.body.encode(errors="replace")))))
    lines = [f"{request.method} {url} HTTP/1.1", f"Host: {host}", *(f"{name}: {text}" for name, text in headers)]
    return "\r\n".join([*lines, "", request.body])


def _sendable(url: str) -> tuple[str, str]:
    """The URL with everything escaped that has to be, and its host with the port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the URL cannot be read") from None
    name = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[\w.:-]{1,255}", name, re.ASCII):
        raise ValueError("the URL is not an http(s) one with a plain host name")
    host = f"[{name}]" if ":" in name else name
    host = host if port is None else f"{host}:{port}"
    path = quote(parts.path or "/", safe=_IN_PATH, errors="replace")
    return urlunsplit((parts.scheme, host, path, quote(parts.query, safe=_IN_QUERY, errors="replace"), "")), host


def _is_ours_to_set(name: str) -> bool:
    return name.lower() not in _OWN_HEADERS and _TOKEN.fullmatch(name) is not None


def _value(text: str) -> str:
    return quote(text.strip(), safe=f"{_HEADER_TEXT} \t", errors="replace")


def _with_charset(content_type: str) -> str:
    """ZAP writes bodies in the character set that their type names, and in Latin-1 where it names none."""
    return content_type if "charset=" in content_type.lower() else f"{content_type}; charset=utf-8"


def _answer_of(answer: dict[str, Any]) -> WebAnswer:
    match answer:
        case {"sendRequest": [{"responseHeader": str(head), "responseBody": str(body)}, *_]}:
            return answer_of_message(head, body)
        case _:
            raise unreadable("ZAP's answer to core/action/sendRequest holds no message")


def answer_of_message(head: str, body: str) -> WebAnswer:
    """The answer in a message as ZAP tells it: a head without a status line says that none came."""
    status = _STATUS_LINE.match(head)
    return WebAnswer(int(status[1]), head, body) if status else WebAnswer(0, trouble="no answer")


def ask_directly(url: str) -> WebAnswer:
    """What a page answers to us instead of ZAP: for a ZAP that adds a header to all that it sends.

    The certificate is believed as ZAP believes it, whoever vouches for it; nothing secret is sent.
    """
    deadline, body = time.monotonic() + _TIMEOUT, bytearray()
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, verify=False, trust_env=False) as client,  # noqa: S501
            client.stream("GET", _sendable(url)[0]) as response,
        ):
            for part in response.iter_bytes():
                body += part
                if len(body) > _ASKED_BYTES or time.monotonic() > deadline:
                    break
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return WebAnswer(0, trouble="no answer")
    headers = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    head = f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n{headers}\r\n"
    return answer_of_message(head, body[:_ASKED_BYTES].decode(errors="replace"))
