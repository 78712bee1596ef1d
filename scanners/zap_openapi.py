"""The operations of an OpenAPI 3 document, each with one request that may reach it.

ZAP's add-on for OpenAPI is not used: it is not in every ZAP, and tells neither which operations it left out nor which
were reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from scangate.scanners.interface import failed
from scangate.scanners.openapi_document import Description, elements, items, load_description
from scangate.scanners.openapi_request import VARIABLE, request_of
from scangate.scanners.zap_requests import WebRequest

METHODS = ("get", "head", "options", "post", "put", "patch", "delete", "trace", "query")
_MAX_OPERATIONS = 5_000


@dataclass(frozen=True)
class Operation:
    """An operation with a request for it. `trouble` says why there can be none.

    `secured` says that its callers must be known, `statuses` what it may answer (`404`, `4XX`, `default`), and `types`
    the media types of its good answers.
    """

    method: str
    path: str
    request: WebRequest
    secured: bool = False
    statuses: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    trouble: str = ""

    @property
    def name(self) -> str:
        """As reports show it: `GET /orders/{id}`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Api:
    """What a document describes. `notes` say what of it could not be followed."""

    operations: tuple[Operation, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Place:
    """Where an operation stands: `around` is the item of its path."""

    path: str
    method: str
    around: Mapping[str, Any]
    operation: Mapping[str, Any]


def read_openapi(data: bytes, target: str) -> Api:
    """The operations that a document describes, at the target's URL.

    The host is always the target's, and so is the path, where it has one; else that of the document's first server.

    Raises:
        ScannerError: it is no OpenAPI 3 document, or does not describe between 1 and 5,000 operations.
    """
    description = load_description(data)
    base = _base(description, target)
    places = list(islice(_places(description), _MAX_OPERATIONS + 1))
    if not places or len(places) > _MAX_OPERATIONS:
        amount = f"more than {_MAX_OPERATIONS:,} operations" if places else "no operation"
        raise failed(f"the OpenAPI document describes {amount}")
    operations = tuple(_operation(description, base, place) for place in places)
    foreign = (f"the OpenAPI document refers to {name}, which is not in it" for name in description.foreign)
    return Api(operations, tuple(foreign))


def _base(description: Description, target: str) -> str:
    """The URL that paths are appended to, without a slash at its end."""
    parts = urlsplit(target)
    path = parts.path.rstrip("/")
    if not path:
        servers = elements(description.document.get("servers"))
        path = _server_path(description.resolve(servers[0])) if servers else ""
    return f"{parts.scheme}://{parts.netloc}{path}"


def _server_path(server: Mapping[str, Any]) -> str:
    """The path of a server's URL, with the defaults of its variables: `/v1`, or nothing."""
    url = str(server.get("url", ""))
    for name, variable in items(server.get("variables")):
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")) if isinstance(variable, Mapping) else "")
    try:
        path = urlsplit(VARIABLE.sub("", url)).path.strip("/")
    except ValueError:
        return ""
    return f"/{path}" if path else ""


def _places(description: Description) -> Iterator[_Place]:
    for path, value in items(description.document.get("paths")):
        around = description.resolve(value)
        for method in METHODS:
            if path.startswith("/") and isinstance(around.get(method), Mapping):
                yield _Place(path, method.upper(), around, around[method])


def _operation(description: Description, base: str, place: _Place) -> Operation:
    url, trouble = f"{base}{place.path}", ""
    try:
        request = request_of(description, url, place.method, around=place.around, operation=place.operation)
    except (ValueError, RecursionError) as error:
        request = WebRequest(url, place.method)
        trouble = "its values nest too deep" if isinstance(error, RecursionError) else str(error)[:200]
    responses = dict(items(place.operation.get("responses")))
    return Operation(
        place.method,
        place.path,
        request,
        secured=_is_secured(description, place.operation),
        statuses=frozenset(responses),
        types=frozenset(_good_types(description, responses)),
        trouble=trouble,
    )


def _is_secured(description: Description, operation: Mapping[str, Any]) -> bool:
    """Whether each of the ways to call it needs credentials."""
    ways = elements(operation.get("security", description.document.get("security")))
    return bool(ways) and all(isinstance(way, Mapping) and way for way in ways)


def _good_types(description: Description, responses: Mapping[str, Any]) -> Iterator[str]:
    for status, response in responses.items():
        if status.startswith("2"):
            for name, _ in items(description.resolve(response).get("content")):
                yield name.partition(";")[0].strip().lower()
