"""One concrete request for an operation of an OpenAPI document: parameters and body with values that may do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from scangate.scanners.openapi_document import Description, elements, items
from scangate.scanners.openapi_values import Values
from scangate.scanners.zap_requests import WebRequest

VARIABLE = re.compile(r"\{([^{}]*)\}")
_MAX_PARAMETERS = 100
_MAX_BODY = 500_000
_JOINED_BY = {"spaceDelimited": " ", "pipeDelimited": "|"}
_OWN_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""Headers that a document does not describe as parameters (OpenAPI 3, Parameter Object)."""
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_BOUNDARY = "scangate-7c9e66797425"

Pairs = list[tuple[str, str]]


def request_of(
    description: Description, url: str, method: str, *, around: Mapping[str, Any], operation: Mapping[str, Any]
) -> WebRequest:
    """A request for the operation at a URL with `{variables}` in it; `around` is the item of its path.

    Parameters that are not required are sent, too: they are what there is to try. Cookies are not, since sessions are
    in them.

    Raises:
        ValueError: there can be none, with the reason.
        RecursionError: a value of the document nests too deep.
    """
    values = Values(description)
    query: Pairs = []
    headers: Pairs = []
    for (where, name), parameter in _parameters(description, around, operation).items():
        value = _value_of(values, parameter)
        if where == "path":
            url = url.replace(f"{{{name}}}", quote(_simple(value) or "1", safe="", errors="replace"))
        elif where == "query":
            query += _query_pairs(name, parameter, value)
        elif where == "header" and name.lower() not in _OWN_HEADERS:
            headers.append((name, _simple(value)))
    types, body = _body(description, values, operation)
    asked = f"{VARIABLE.sub('1', url)}{'?' if query else ''}{urlencode(query, errors='replace')}"
    return WebRequest(asked, method, (("Accept", "*/*"), *types, *headers), body)


def _parameters(
    description: Description, around: Mapping[str, Any], operation: Mapping[str, Any]
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Parameters by where they stand and their name; those of the operation count before those of its path."""
    listed = [*elements(around.get("parameters")), *elements(operation.get("parameters"))]
    resolved = [description.resolve(parameter) for parameter in listed[:_MAX_PARAMETERS]]
    return {(str(one.get("in")), str(one.get("name"))): one for one in resolved if one.get("name")}


def _value_of(values: Values, parameter: Mapping[str, Any]) -> Any:
    """The parameter's value; one that is described as a document is written as such."""
    for _, media in items(parameter.get("content"))[:1]:
        return json.dumps(values.of_holder(media if isinstance(media, Mapping) else {}))
    return values.of_holder(parameter)


def _query_pairs(name: str, parameter: Mapping[str, Any], value: Any) -> Pairs:
    """A query parameter as its `style` has it (OpenAPI 3, Style Values)."""
    style = str(parameter.get("style", "form"))
    exploded = parameter.get("explode", style == "form") is True
    match value:
        case dict() if style == "deepObject":
            return [(f"{name}[{key}]", _plain(member)) for key, member in items(value)]
        case dict() if exploded:
            return [(key, _plain(member)) for key, member in items(value)]
        case list() if exploded:
            return [(name, _plain(member)) for member in value]
        case list():
            return [(name, _JOINED_BY.get(style, ",").join(map(_plain, value)))]
        case _:
            return [(name, _simple(value))]


def _simple(value: Any) -> str:
    """A value in one piece (`style: simple`)."""
    match value:
        case dict():
            return ",".join(part for key, member in items(value) for part in (key, _plain(member)))
        case list():
            return ",".join(map(_plain, value))
        case _:
            return _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _body(description: Description, values: Values, operation: Mapping[str, Any]) -> tuple[Pairs, str]:
    """The header with the body's type, and the body; nothing where the operation takes none."""
    described = description.resolve(operation.get("requestBody"))
    contents = {name.partition(";")[0].strip().lower(): media for name, media in items(described.get("content"))}
    kind = min(contents, key=_rank, default="")
    if not contents or _rank(kind) == _UNWRITABLE:
        if described.get("required") is True:
            raise ValueError(f"nothing here can write a body of type {kind[:50] or 'unknown'}")
        return [], ""
    kind, body = _written(kind, values.of_holder(description.resolve(contents[kind])))
    if len(body) > _MAX_BODY:
        raise ValueError("its example of a body is too large")
    return [("Content-Type", kind)], body


_UNWRITABLE = 9


def _rank(kind: str) -> int:
    """Which of an operation's media types is taken: the lowest."""
    if kind == "application/json" or kind.endswith("+json"):
        return 0
    if kind in (_FORM, _MULTIPART):
        return 1 if kind == _FORM else 2
    if kind == "*/*":
        return 3
    return 4 if kind.startswith("text/") or kind.endswith("xml") else _UNWRITABLE


def _written(kind: str, value: Any) -> tuple[str, str]:
    """The type as a header has it, and the value so written."""
    match _rank(kind), value:
        case 1, dict():
            return kind, urlencode([(name, _simple(member)) for name, member in items(value)], errors="replace")
        case 2, dict():
            return f"{kind}; boundary={_BOUNDARY}", _multipart(value)
        case ((0 | 3), _):
            return "application/json" if kind == "*/*" else kind, json.dumps(value)
        case _:
            return kind, _plain(value)


def _multipart(value: Mapping[str, Any]) -> str:
    """A form of several parts (RFC 7578)."""
    parts = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{quote(name)}"\r\n\r\n{_plain(member)}\r\n'
        for name, member in items(value)
    )
    return f"{''.join(parts)}--{_BOUNDARY}--\r\n"
