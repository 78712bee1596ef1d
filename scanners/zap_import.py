"""Requests that settings bring along: a list of URLs, or an HTTP archive (HAR 1.2), sent again through ZAP.

Of an archive, methods, URLs, headers and bodies count. Credentials that were recorded are not sent again: they are old,
may be another's, and would stand in the way of the scan's own login.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

from scangate.model import Skip
from scangate.scanners.interface import Output, unreadable
from scangate.scanners.json_report import load_json
from scangate.scanners.web_routes import split_url
from scangate.scanners.zap_requests import WebRequest, send, why_left_alone
from scangate.scanners.zap_session import Session

_NOT_REPLAYED = frozenset(
    {"cookie", "authorization", "proxy-authorization", "if-none-match", "if-modified-since", "accept-encoding", "range"}
)


@dataclass(frozen=True)
class Replay:
    """How many requests were answered, and which were not sent or not answered."""

    answered: int
    skipped: tuple[Skip, ...] = ()


def requests_of_urls(data: bytes, target: str) -> tuple[WebRequest, ...]:
    """A request for each line, relative to the target's URL; empty lines and those that begin with `#` are none."""
    lines = (line.strip() for line in data.decode("utf-8-sig", errors="replace").splitlines())
    return _once(WebRequest(_joined(target, line)) for line in lines if line and not line.startswith("#"))


def requests_of_har(data: bytes) -> tuple[WebRequest, ...]:
    """The requests of an archive, each once, in its order.

    Raises:
        ScannerError: it is none.
    """
    match load_json(Output(data), "the HAR file"):
        case {"log": {"entries": [*entries]}}:
            return _once(_requests(entries))
        case _:
            raise unreadable("the HAR file has no log with entries")


def replay(session: Session, requests: Iterable[WebRequest], *, destroys: bool) -> Replay:
    """Send requests through ZAP, as whoever acts, but for those that the scope or the profile leaves alone.

    Raises:
        ScannerError: ZAP is gone, or the job's time is over.
    """
    answered, skipped = 0, list[Skip]()
    for request in requests:
        why = why_left_alone(session.scope, request, destroys=destroys)
        if not why:
            session.workbench.check()
            why = send(session.client, request).trouble
        if why:
            skipped.append(Skip(path=_shown(request), reason=why))
        else:
            answered += 1
    return Replay(answered, tuple(skipped))


def _shown(request: WebRequest) -> str:
    """Method and URL without its query, which may hold tokens, and without what may stand before its host."""
    parts = split_url(request.url)
    return f"{request.method} {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:300]


def _joined(target: str, line: str) -> str:
    try:
        return urljoin(f"{target.rstrip('/')}/", line)
    except ValueError:
        return line


def _requests(entries: Iterable[Any]) -> Iterator[WebRequest]:
    for entry in entries:
        match entry:
            case {"request": {"url": str(url), "method": str(method)} as request}:
                body, kind = _body(request.get("postData"))
                headers = tuple(_headers(request.get("headers")))
                if kind and not any(name.lower() == "content-type" for name, _ in headers):
                    headers = (*headers, ("Content-Type", kind))
                yield WebRequest(url, method.upper(), headers, body)


def _headers(listed: object) -> Iterator[tuple[str, str]]:
    for header in listed if isinstance(listed, list) else ():
        match header:
            case {"name": str(name), "value": str(value)} if name.lower() not in _NOT_REPLAYED:
                yield name, value


def _body(posted: object) -> tuple[str, str]:
    """The body and its type: as text, or as the fields of a form."""
    if not isinstance(posted, Mapping):
        return "", ""
    kind = str(posted.get("mimeType") or "")
    if isinstance(text := posted.get("text"), str) and text:
        return text, kind
    listed = posted.get("params")
    fields = [
        (str(field["name"]), str(field.get("value") or ""))
        for field in (listed if isinstance(listed, list) else ())
        if isinstance(field, Mapping) and "name" in field
    ]
    return urlencode(fields, errors="replace"), kind


def _once(requests: Iterable[WebRequest]) -> tuple[WebRequest, ...]:
    return tuple(dict.fromkeys(requests))
