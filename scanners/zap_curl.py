"""A `curl` command that sends an alert's request again, without credentials."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from scangate.scanners.redact import MASK
from scangate.scanners.web_routes import split_url
from scangate.scanners.zap_record import AlertRecord
from scangate.scanners.zap_redact import Redactor, is_secret_name

_PLACEHOLDER = '"$TOKEN"'
_LONGEST = 4_000
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_METHOD = re.compile(r"[A-Z]{1,20}")
_SCHEMES = ("basic", "bearer", "digest", "negotiate", "token")
_FORM_VECTORS = ("form", "postform")
_SENT_HEADERS = ("content-type", "accept", "x-requested-with", "origin", "referer")
"""Headers besides credentials that an application may answer differently to."""


def curl_of(record: AlertRecord, redactor: Redactor) -> str:
    """The command for a POSIX shell; `$TOKEN` and `$COOKIE` stand for what was masked. Empty where none can be given.

    Every word is quoted, so that nothing of a URL or a body is obeyed by the shell or by curl itself.
    """
    parts = split_url(record.url)
    method = record.method.strip().upper()
    if parts.scheme not in ("http", "https") or not parts.netloc or (method and not _METHOD.fullmatch(method)):
        return ""
    body = () if method == "HEAD" else _body(record, redactor, method)
    address = _word(_CONTROL.sub(_percent, redactor.url(record.url)))
    options = (*_method(method, with_body=bool(body)), *_headers(record, redactor), *body)
    command = " ".join(["curl", "--globoff", "--path-as-is", *options, address])
    return "" if len(command) > _LONGEST or "\0" in command else command


def _method(method: str, *, with_body: bool) -> tuple[str, ...]:
    """Only what curl would not do by itself: a body makes it POST."""
    if method == "HEAD":
        return ("--head",)
    return () if method in ("", "POST" if with_body else "GET") else ("--request", method)


def _headers(record: AlertRecord, redactor: Redactor) -> Iterator[str]:
    for line in record.request_header.splitlines()[1:]:
        name, colon, value = line.partition(":")
        known = name.strip().lower()
        if known == "authorization":
            yield f"--header {_word(f'Authorization: {_scheme(value.strip())}{MASK}')}"
        elif known == "cookie":
            yield '--header "Cookie: $COOKIE"'
        elif colon and (known in _SENT_HEADERS or is_secret_name(known)):
            yield f"--header {_word(f'{name.strip()}: {redactor.value(known, value.strip())}')}"


def _scheme(value: str) -> str:
    """The first word of an authorization with several, which is no credential if it is one that HTTP knows."""
    word, space, _ = value.partition(" ")
    return word + space if space and word.lower() in _SCHEMES else ""


def _body(record: AlertRecord, redactor: Redactor, method: str) -> tuple[str, ...]:
    """The body where it is known; else the attacked field of a form, which ZAP tells."""
    if record.request_body:
        return ("--data-raw", _word(redactor.text(record.request_body)))
    if method == "POST" and record.vector.lower() in _FORM_VECTORS and record.param and "=" not in record.param:
        field = f"{redactor.text(record.param)}={redactor.text(record.attack)}"
        return ("--data-urlencode", _word(field))
    return ()


def _word(text: str) -> str:
    """A shell word; what was masked becomes a variable outside the quotes."""
    parts = text.split(MASK)
    return _PLACEHOLDER.join(shlex.quote(part) if part or len(parts) == 1 else "" for part in parts)


def _percent(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"
