"""Recorded traffic without its credentials: HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/) in and out."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any

from scangate.scanners.interface import Output, unreadable
from scangate.scanners.json_report import load_json
from scangate.scanners.redact import MASK
from scangate.scanners.zap_redact import Redactor


def redacted_har(traffic: bytes, secrets: Iterable[str] = ()) -> bytes:
    """The traffic with values of cookies, credentials in headers, URLs and forms, and `secrets` in all else masked.

    Bodies that are no text (images, archives) are left out: what is in them cannot be told.

    Raises:
        ScannerError: it is no HAR.
    """
    document = load_json(Output(traffic), "ZAP's traffic record")
    if not isinstance(document, dict) or not isinstance(document.get("log"), dict):
        raise unreadable("ZAP's traffic record is no HAR")
    redactor = Redactor(secrets)
    try:
        return json.dumps(_masked(document, redactor), ensure_ascii=True).encode()
    except RecursionError as error:
        raise unreadable("ZAP's traffic record nests too deep") from error


def _masked(value: Any, redactor: Redactor, key: str = "") -> Any:
    """A value of the record, masked as what it is: `key` is its name in the object around it."""
    match value:
        case str():
            return redactor.url(value) if key in ("url", "redirectURL") else redactor.text(value)
        case list():
            return [_masked_cookie(item, redactor) if key == "cookies" else _masked(item, redactor) for item in value]
        case {"encoding": "base64", "text": str(text)}:
            return _masked_content(value, text, redactor)
        case {"name": str(name), "value": str(content)}:
            rest = {k: _masked(v, redactor, k) for k, v in value.items() if k not in ("name", "value")}
            return rest | {"name": redactor.text(name), "value": redactor.value(name, content)}
        case dict():
            return {redactor.known(name): _masked(item, redactor, name) for name, item in value.items()}
        case _:
            return value


def _masked_cookie(cookie: Any, redactor: Redactor) -> Any:
    masked = _masked(cookie, redactor)
    return masked | {"value": MASK} if isinstance(masked, dict) and masked.get("value") else masked


def _masked_content(content: Mapping[str, Any], text: str, redactor: Redactor) -> dict[str, Any]:
    """An encoded body as text; empty where it is none."""
    rest = {key: _masked(item, redactor, key) for key, item in content.items() if key not in ("encoding", "text")}
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return rest | {"text": "", "comment": "left out: it is no text"}
    return rest | {"text": redactor.text(decoded)}
