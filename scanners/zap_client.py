"""A small client for ZAP's API (https://www.zaproxy.org/docs/api/, ZAP 2.14 and later) that believes no status alone.

Everything is sent as POST with the parameters in the body and the key in a header, so that neither passwords nor the
key come to stand in an address. ZAP answers some errors with 200, and with a body that says so, or with none.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlencode

import httpx

from scangate.model import LedgerState
from scangate.scanners.interface import ScannerError, unreadable

KEY_HEADER = "X-ZAP-API-Key"
ANSWER_CAP = 64_000_000
"""Bytes that one answer may have."""

TIMEOUT = 60.0
"""Seconds that one answer may take: opening a page that does not answer takes ZAP longer than its own 20."""
_CONNECT_TIMEOUT = 5.0
_PAUSES = (0.1, 0.5)
"""Seconds before a view is asked again whose answer was lost."""
_SHOWN = 200
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_PARAMETER_NAME = re.compile(r"[\w.]{1,60}")

Parameter = str | int | bool


class ZapError(ScannerError):
    """ZAP refused, or answered what no ZAP should: `code` is ZAP's own (`does_not_exist`), or one of `empty_answer`,
    `not_json` and `http_NNN`.
    """

    def __init__(self, call: str, code: str, message: str, *, mend: str = "") -> None:
        super().__init__(LedgerState.FAILED, f"ZAP refused {call}: {message} ({code})", mend=mend)
        self.code = code
        self.message = message


class ZapGone(ScannerError):
    """ZAP does not answer: it cannot be reached, is too slow, or closed the connection before the end of its answer.

    With a wrong key it does the last, too, unless it is set to report errors.
    """

    def __init__(self, call: str, how: Literal["unreachable", "slow", "closed"], why: str) -> None:
        super().__init__(LedgerState.FAILED, f"ZAP does not answer {call}: {why}")
        self.how = how


class ZapClient:
    """ZAP's API at `url`. `timeout` is how many seconds one answer may take, from the question to its last byte, and
    `origin` how this ZAP was come by, as the ledger shows it (`attached: URL`, `launched: PATH`).

    Every call raises `ZapError` or `ZapGone`, and may be made from any thread.
    """

    def __init__(
        self, url: str, key: str, *, timeout: float = TIMEOUT, cap: int = ANSWER_CAP, origin: str = ""
    ) -> None:
        self.url = url.rstrip("/")
        self.origin = origin
        self._timeout = timeout
        self._cap = cap
        self._http = httpx.Client(
            headers={KEY_HEADER: key, "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_TIMEOUT)),
            # A connection of its own for each call: one kept may be closed just when an action is sent over it.
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=ssl.create_default_context() if url.startswith("https:") else False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def view(self, component: str, name: str, /, **parameters: Parameter) -> dict[str, Any]:
        """Ask for something: `view("core", "alerts", start=0)`. This changes nothing, so it may be asked twice."""
        for pause in _PAUSES:
            try:
                return self._json(component, "view", name, parameters)
            except ZapGone as gone:
                if gone.how == "slow":
                    raise
                time.sleep(pause)
        return self._json(component, "view", name, parameters)

    def action(self, component: str, name: str, /, **parameters: Parameter) -> dict[str, Any]:
        """Let something be done, once: after a `ZapGone` nobody knows whether it was."""
        return self._json(component, "action", name, parameters)

    def other(self, component: str, name: str, /, **parameters: Parameter) -> bytes:
        """Ask for a document that is not the API's own JSON, such as `other("core", "messagesHar")`."""
        call = f"{component}/other/{name}"
        body = self._ask(f"OTHER/{call}", call, parameters)
        if len(body) < 10_000 and (document := _object(body)) is not None:
            _raise_refusal(document, call)
        return body

    def _json(self, component: str, kind: str, name: str, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
        call = f"{component}/{kind}/{name}"
        document = _object(self._ask(f"JSON/{call}", call, parameters))
        if document is None:
            raise ZapError(call, "not_json", "the answer is not a JSON object: is this ZAP?")
        _raise_refusal(document, call)
        return document

    def _ask(self, path: str, call: str, parameters: Mapping[str, Parameter]) -> bytes:
        """The body of a good answer, not empty."""
        content = urlencode({name: _text(value) for name, value in parameters.items()}, errors="replace")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            with self._http.stream("POST", f"{self.url}/{path}/", content=content, headers=headers) as response:
                body = self._read(response, call)
        except httpx.RemoteProtocolError:
            raise ZapGone(call, "closed", "it closed the connection") from None
        except httpx.TimeoutException:
            raise ZapGone(call, "slow", f"nothing within {self._timeout:.0f} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ZapGone(call, "unreachable", _ERRNO.sub("", _cut(str(error))) or type(error).__name__) from None
        if response.status_code != httpx.codes.OK:
            _raise_status(response.status_code, body, call)
        if not body:
            raise ZapError(call, "empty_answer", "the answer is empty, as when an add-on is absent")
        return body

    def _read(self, response: httpx.Response, call: str) -> bytes:
        deadline, body = time.monotonic() + self._timeout, bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > self._cap:
                raise unreadable(f"ZAP's answer to {call} is larger than {self._cap // 1_000_000} MB")
            if time.monotonic() > deadline:
                raise ZapGone(call, "slow", f"not all of it within {self._timeout:.0f} s")
        return bytes(body)


def text_of(answer: Mapping[str, Any]) -> str:
    """The one value of an answer such as `{"status": "45"}` or `{"contextId": "1"}`. Raises `ScannerError`."""
    match list(answer.values()):
        case [str(value)]:
            return value
        case [int(value)]:
            return str(value)
        case _:
            raise _other_shape(answer, "one value")


def number_of(answer: Mapping[str, Any]) -> int:
    """The one value of an answer, as a whole number. Raises `ScannerError`."""
    value = text_of(answer)
    if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        raise _other_shape(answer, "a number")
    return int(value)


def rows_of(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The one list of an answer such as `{"alerts": [{…}, {…}]}`. Raises `ScannerError`."""
    match list(answer.values()):
        case [list(rows)] if all(isinstance(row, dict) for row in rows):
            return rows
        case _:
            raise _other_shape(answer, "a list of objects")


def _other_shape(answer: Mapping[str, Any], wanted: str) -> ScannerError:
    return unreadable(f"ZAP's answer with {_cut(', '.join(answer)) or 'nothing'} is not {wanted}")


def _text(value: Parameter) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _raise_refusal(document: Mapping[str, Any], call: str) -> None:
    """ZAP's errors are `{"code", "message"}`, with `detail` now and then, whatever the status."""
    if not {"code", "message"} <= document.keys() <= {"code", "message", "detail"}:
        return
    code, message, detail = (_cut(str(document.get(key) or "")) for key in ("code", "message", "detail"))
    if _PARAMETER_NAME.fullmatch(detail):  # anything else may quote what was sent
        message += f": {detail}"
    raise ZapError(call, code, message, mend=_mend(code, call))


def _raise_status(status: int, body: bytes, call: str) -> None:
    if (document := _object(body)) is not None:
        _raise_refusal(document, call)
    if 300 <= status < 400:
        raise ZapError(call, f"http_{status}", "it redirects, which ZAP's API never does: is this ZAP?")
    raise ZapError(
        call, f"http_{status}", "no answer of ZAP's API: is this ZAP, under a name that it knows as its own?"
    )


def _mend(code: str, call: str) -> str:
    match code:
        case "bad_api_key":
            return "set ZAP_API_KEY to the key that ZAP was started with (-config api.key=…)"
        case "no_implementor":
            return f"install ZAP's add-on for {call.partition('/')[0]} (zap.sh -cmd -addoninstall NAME)"
        case _:
            return ""


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
