"""Reading OpenAPI documents, good and hostile, and reaching their operations through a real ZAP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.scanners.interface import Job, ScannerError, Target, WebLimits, WebLogin, WebOptions
from scangate.scanners.openapi_document import load_description
from scangate.scanners.openapi_values import Values
from scangate.scanners.zap_client import ZapClient
from scangate.scanners.zap_login import Logins
from scangate.scanners.zap_nowhere import Nowhere
from scangate.scanners.zap_openapi import METHODS, Operation, read_openapi
from scangate.scanners.zap_operations import reached_by_name, skips_of, try_operations, why_not_reached
from scangate.scanners.zap_requests import WebAnswer, WebRequest, message_of
from scangate.scanners.zap_scope import scope_of
from scangate.scanners.zap_session import Session, opened_session
from scangate.workbench import PrivateWorkbench
from tests.zap.apps import serve, well
from tests.zap.daemon import RunningZap, free_port
from tests.zap.weak_web import CUSTOMER, FOLDER, PASSWORD, weak_web

pytest_plugins = ("tests.zap.fixtures",)

TARGET = "http://shop.example:8080"


def document(paths: object, **more: object) -> bytes:
    return json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": 1}, "paths": paths, **more}).encode()


def request_of(operation: dict[str, Any], path: str = "/a", **more: object) -> WebRequest:
    """The request of a document's only operation, a POST."""
    (found,) = read_openapi(document({path: {"post": operation}}, **more), TARGET).operations
    assert not found.trouble
    return found.request


def test_the_weak_shops_description_is_read() -> None:
    api = read_openapi((FOLDER / "openapi.yaml").read_bytes(), TARGET)
    assert [operation.name for operation in api.operations] == [
        "GET /api/items",
        "POST /api/items",
        "GET /api/items/{id}",
        "POST /api/search",
        "GET /api/labels",
        "POST /api/login",
        "GET /api/orders",
        "GET /api/reports",
    ]
    by_name = {operation.name: operation for operation in api.operations}
    assert by_name["GET /api/items/{id}"].request.url == f"{TARGET}/api/items/7"
    assert by_name["GET /api/reports"].request.url == f"{TARGET}/api/reports?owner=shop"
    assert json.loads(by_name["POST /api/items"].request.body) == {"name": "Rope 11", "price": 60}
    assert [name for name, operation in by_name.items() if operation.secured] == ["GET /api/orders", "GET /api/reports"]
    assert by_name["GET /api/labels"].types == {"text/html"}
    assert api.notes == ()


@pytest.mark.parametrize(
    ("target", "servers", "url"),
    [
        (TARGET, [], f"{TARGET}/a"),
        (f"{TARGET}/", [{"url": "https://elsewhere.example/v1/"}], f"{TARGET}/v1/a"),
        (f"{TARGET}/shop/", [{"url": "https://elsewhere.example/v1"}], f"{TARGET}/shop/a"),
        (TARGET, [{"url": "/{v}", "variables": {"v": {"default": "v2"}}}], f"{TARGET}/v2/a"),
        (TARGET, [{"url": "//[", "x": 1}], f"{TARGET}/a"),
        (TARGET, ["nonsense"], f"{TARGET}/a"),
    ],
)
def test_the_target_counts_before_the_documents_servers(target: str, servers: list[Any], url: str) -> None:
    (operation,) = read_openapi(document({"/a": {"get": {}}}, servers=servers), target).operations
    assert operation.request.url == url


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 5, "multipleOf": 3}, 6),
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 6),
        ({"type": "number", "maximum": -2.5}, -2.5),
        ({"type": ["null", "boolean"]}, True),
        ({"type": "string", "minLength": 6}, "texttt"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "string", "format": "date"}, "2024-01-31"),
        ({"type": "string", "enum": ["b", "a"]}, "b"),
        ({"const": 4}, 4),
        ({"type": "string", "examples": ["c"]}, "c"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"prefixItems": [{"type": "integer"}, {}]}, [1, "text"]),
        ({"properties": {"a": {"type": "integer"}, "b": {"readOnly": True}}}, {"a": 1}),
        ({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}, {"a": 1, "b": 2}),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"$ref": "#/components/schemas/Loop"}, {"name": "text", "next": {"name": "text", "next": {"name": "text"}}}),
        (True, "text"),
        ("nonsense", "text"),
    ],
)
def test_values_are_made_from_schemas(schema: object, value: object) -> None:
    loop = {"required": ["name"], "properties": {"name": {}, "next": {"$ref": "#/components/schemas/Loop"}}}
    components = {"schemas": {"Loop": loop}}
    body = {"content": {"application/json": {"schema": schema}}}
    made = json.loads(request_of({"requestBody": body}, components=components).body)
    if isinstance(made, dict) and "next" in made:
        made["next"]["next"] = {"name": "text"}
    assert made == value


@pytest.mark.parametrize(
    ("parameter", "query"),
    [
        ({"example": "a b&c"}, [("p", "a b&c")]),
        ({"examples": {"one": {"value": 5}}, "schema": {"type": "integer"}}, [("p", "5")]),
        ({"schema": {"type": "boolean"}}, [("p", "true")]),
        ({"example": ["a", "b"]}, [("p", "a"), ("p", "b")]),
        ({"example": ["a", "b"], "explode": False}, [("p", "a,b")]),
        ({"example": ["a", "b"], "style": "pipeDelimited"}, [("p", "a|b")]),
        ({"example": {"k": 1}, "style": "deepObject"}, [("p[k]", "1")]),
        ({"example": {"k": 1, "l": None}}, [("k", "1"), ("l", "")]),
        ({"content": {"application/json": {"example": {"k": 1}}}}, [("p", '{"k": 1}')]),
        ({"$ref": "#/components/parameters/Page"}, [("page", "3")]),
    ],
)
def test_query_parameters_are_written_in_their_style(parameter: dict[str, Any], query: list[tuple[str, str]]) -> None:
    components = {"parameters": {"Page": {"in": "query", "name": "page", "example": 3}}}
    request = request_of({"parameters": [{"in": "query", "name": "p", **parameter}]}, components=components)
    assert parse_qsl(urlsplit(request.url).query, keep_blank_values=True) == query


def test_paths_and_headers_take_their_parameters() -> None:
    parameters = [
        {"in": "path", "name": "id", "example": "a/b c"},
        {"in": "header", "name": "X-Kind", "example": "tent"},
        {"in": "header", "name": "Authorization", "example": "made-up"},
        {"in": "cookie", "name": "session", "example": "made-up"},
    ]
    request = request_of({"parameters": parameters}, "/items/{id}/{undeclared}")
    assert request.url == f"{TARGET}/items/a%2Fb%20c/1"
    assert request.headers == (("Accept", "*/*"), ("X-Kind", "tent"))


@pytest.mark.parametrize(
    ("kind", "value", "header", "body"),
    [
        ("application/json; charset=utf-8", {"a": "ä"}, "application/json", '{"a": "\\u00e4"}'),
        ("application/problem+json", [1], "application/problem+json", "[1]"),
        ("application/x-www-form-urlencoded", {"a": "b c", "d": [1, 2]}, None, "a=b+c&d=1%2C2"),
        ("text/plain", "words", None, "words"),
        ("application/xml", "<a/>", None, "<a/>"),
        ("*/*", {"a": 1}, "application/json", '{"a": 1}'),
    ],
)
def test_bodies_are_written_in_their_type(kind: str, value: object, header: str | None, body: str) -> None:
    request = request_of({"requestBody": {"content": {kind: {"example": value}}}})
    assert dict(request.headers)["Content-Type"] == (header or kind)
    assert request.body == body


def test_forms_of_parts_are_written() -> None:
    request = request_of({"requestBody": {"content": {"multipart/form-data": {"example": {"file": "text"}}}}})
    boundary = dict(request.headers)["Content-Type"].partition("boundary=")[2]
    assert request.body == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--{boundary}--\r\n'
    )


def test_a_body_that_cannot_be_written_is_told() -> None:
    body = {"required": True, "content": {"application/x-protobuf": {}}}
    (operation,) = read_openapi(document({"/a": {"post": {"requestBody": body}}}), TARGET).operations
    assert operation.trouble == "nothing here can write a body of type application/x-protobuf"


@pytest.mark.parametrize(
    ("security", "whole", "secured"),
    [
        (None, [], False),
        (None, [{"bearer": []}], True),
        ([], [{"bearer": []}], False),
        ([{}, {"bearer": []}], [], False),
        ([{"a": []}, {"b": []}], [], True),
    ],
)
def test_operations_tell_whether_they_need_a_login(security: Any, whole: list[Any], secured: bool) -> None:
    operation = {} if security is None else {"security": security}
    (found,) = read_openapi(document({"/a": {"get": operation}}, security=whole), TARGET).operations
    assert found.secured is secured


def test_references_out_of_the_document_are_told_and_not_followed() -> None:
    parameters = [{"$ref": "https://elsewhere.example/p.yaml#/P"}, {"$ref": "#/components/parameters/Absent"}]
    api = read_openapi(document({"/a": {"get": {"parameters": parameters}}, "/b": {"$ref": "b.yaml"}}), TARGET)
    assert [operation.name for operation in api.operations] == ["GET /a"]
    assert api.notes == (
        "the OpenAPI document refers to b.yaml, which is not in it",
        "the OpenAPI document refers to https://elsewhere.example/p.yaml#/P, which is not in it",
        "the OpenAPI document refers to #/components/parameters/Absent, which is not in it",
    )


BOMB = "openapi: 3.0.0\npaths: {/a: {get: {}}}\nx0: &x0 [a, a]\n" + "".join(
    f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]\n" for n in range(1, 40)
)
MERGES = "openapi: 3.0.0\npaths: {/a: {get: {}}}\nx0: &x0 {a: 1}\n" + "".join(
    f"x{n}: &x{n} {{<<: [*x{n - 1}, *x{n - 1}]}}\n" for n in range(1, 40)
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not an object"),
        (b"[]", "is not an object"),
        (b"{", "is neither JSON nor YAML"),
        (b"\xff\xfe", "is not an object"),
        (b'{"swagger": "2.0"}', "is of version 2 (Swagger)"),
        (b"info: {}", "does not say `openapi: 3.…`"),
        (b"openapi: 3.0.0\npaths: 7", "describes no operation"),
        (b"openapi: 3.0.0\npaths: {a: {get: {}}}", "describes no operation"),
        (b'{"a":' * 200_000, "nests too deep"),
        (b"{a: " * 5_000, "is neither JSON nor YAML"),
        (b"a: " + b"[" * 150 + b"]" * 150, "is too large or nests too deep"),
        (b"a: &a [*a]", "is too large or nests too deep"),
        (BOMB.encode(), "is too large or nests too deep"),
        (MERGES.encode(), "is too large or nests too deep"),
        (b"#" * 20_000_001, "is larger than 20 MB"),
        (b"#" * 2_000_001, "is YAML larger than 2 MB"),
        (document({f"/{n}": {"get": {}} for n in range(5_001)}), "describes more than 5,000 operations"),
    ],
)
def test_what_is_no_description_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ScannerError, match="the OpenAPI document") as caught:
        read_openapi(data, TARGET)
    assert caught.value.reason.startswith(f"the OpenAPI document {reason}")


def test_scalars_of_yaml_keep_their_types() -> None:
    text = b"openapi: 3.0.3\nx: [1, 1.5, true, null, 2024-01-31, '7', 0x1f, .nan, 1_000]\n200: {}\n"
    found = load_description(text).document
    assert found["x"][:6] == [1, 1.5, True, None, "2024-01-31", "7"]
    assert "200" in found


def test_schemas_that_never_end_are_bounded() -> None:
    schemas = {
        "Wide": {"properties": {f"p{n}": {"$ref": "#/components/schemas/Wide"} for n in range(40)}},
        "All": {"allOf": [{"$ref": "#/components/schemas/All"}] * 40},
        "Self": {"$ref": "#/components/schemas/Self"},
    }
    content = {"schema": {"properties": {name: {"$ref": f"#/components/schemas/{name}"} for name in schemas}}}
    body = request_of({"requestBody": {"content": {"application/json": content}}}, components={"schemas": schemas}).body
    assert len(body) < 100_000


keys = st.sampled_from(
    [
        *("$ref", "type", "properties", "items", "allOf", "oneOf", "required", "enum", "example", "examples", "value"),
        *("parameters", "in", "name", "schema", "content", "application/json", "multipart/form-data", "requestBody"),
        *("minimum", "exclusiveMinimum", "multipleOf", "minLength", "maxLength", "minItems", "style", "explode"),
        *("responses", "200", "security", "url", "variables", "default", "prefixItems", "format", *METHODS),
    ]
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["#/paths/~1a", "#/x", "#", "query", "path", "header", "object", "array", "integer", "deepObject"]),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6), max_leaves=40
)


@given(values, values, values)
def test_hostile_documents_are_read_or_refused(item: Any, operation: Any, x: Any) -> None:
    paths = {"/a/{b}": item, "/c": {"post": operation, "parameters": x}}
    try:
        api = read_openapi(document(paths, x=x, servers=x, security=x), TARGET)
    except ScannerError:
        return
    for found in api.operations:
        assert found.trouble or message_of(found.request).startswith(f"{found.method} {TARGET}")


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: b"openapi: 3.0.0\n" + text.encode(errors="replace"))
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(ScannerError):
        read_openapi(data, TARGET)


@given(values)
def test_values_of_any_schema_are_bounded(schema: Any) -> None:
    description = load_description(json.dumps({"openapi": "3.1.0", "x": schema}).encode())
    assert len(json.dumps(Values(description).of_schema(schema, 0))) < 1_000_000


NOWHERE = Nowhere(f"{TARGET}/x", WebAnswer(404))
OPERATION = Operation(
    "GET", "/a", WebRequest(f"{TARGET}/a"), statuses=frozenset({"200"}), types=frozenset({"application/json"})
)
LOGIN = Operation("POST", "/login", WebRequest(TARGET), statuses=frozenset({"200", "401"}))
JSON_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


@pytest.mark.parametrize(
    ("operation", "answer", "why"),
    [
        (OPERATION, WebAnswer(200, JSON_HEAD), ""),
        (OPERATION, WebAnswer(400, JSON_HEAD), ""),
        (OPERATION, WebAnswer(500), ""),
        (OPERATION, WebAnswer(304), ""),
        (OPERATION, WebAnswer(0, trouble="no answer"), "no answer"),
        (OPERATION, WebAnswer(404), "it answers 404"),
        (OPERATION, WebAnswer(405), "it answers 405"),
        (OPERATION, WebAnswer(503), "it answers 503"),
        (OPERATION, WebAnswer(401), "it lets nobody in: it answers 401"),
        (OPERATION, WebAnswer(302), "it leads elsewhere: it answers 302"),
        (Operation("GET", "/", WebRequest(TARGET), statuses=frozenset({"3XX"})), WebAnswer(302), ""),
        (OPERATION, WebAnswer(200, "HTTP/1.1 200 OK\r\ncontent-type: text/html;x=y"), "it answers with a page"),
        (LOGIN, WebAnswer(401), ""),
        (Operation("GET", "/", WebRequest(TARGET), True, frozenset({"401"})), WebAnswer(401), "it lets nobody in"),
    ],
)  # fmt: skip
def test_answers_tell_whether_an_operation_was_reached(operation: Operation, answer: WebAnswer, why: str) -> None:
    said = why_not_reached(operation, answer, NOWHERE)
    assert said.startswith(why)
    assert bool(said) is bool(why)


@pytest.mark.parametrize(
    ("answer", "alike"),
    [
        (WebAnswer(200, JSON_HEAD, '{"error": "no /a here", "at": 1712345678}'), True),
        (WebAnswer(200, JSON_HEAD, '{"orders": []}'), False),
        (WebAnswer(400, JSON_HEAD, '{"error": "no /a here", "at": 1712345678}'), False),
    ],
)
def test_an_answer_that_stands_for_nothing_reaches_no_operation(answer: WebAnswer, alike: bool) -> None:
    nowhere = Nowhere(f"{TARGET}/3f2a", WebAnswer(200, JSON_HEAD, '{"error": "no /3f2a here", "at": 17}'))
    assert why_not_reached(OPERATION, answer, nowhere) == ("it answers as if it was not there" if alike else "")


@pytest.fixture
def workbench(tmp_path: Path) -> PrivateWorkbench:
    work = tmp_path / "work"
    work.mkdir()
    job = Job("zap", Target("web", ("web-application",)), tmp_path, work)
    return PrivateWorkbench(job, timeout=60, cancel=threading.Event(), tell=lambda note: None)


@pytest.fixture
def client(zap: RunningZap) -> Iterator[ZapClient]:
    with ZapClient(zap.url, zap.key) as client:
        client.action("core", "newSession", name="", overwrite=True)
        yield client


def _opened(stack: ExitStack, client: ZapClient, workbench: PrivateWorkbench, url: str) -> Session:
    scope = scope_of(url, WebOptions())
    return stack.enter_context(opened_session(client, workbench, scope=scope, limits=WebLimits(), own=False))


@pytest.mark.real
def test_operations_are_reached_with_and_without_login(client: ZapClient, workbench: PrivateWorkbench) -> None:
    login = WebLogin(
        kind="form",
        url="/login",
        body="user={username}&password={password}",
        username=CUSTOMER,
        password=PASSWORD,
        logged_in="Log out",
        check_url="/account",
    )
    with ExitStack() as stack:
        url = stack.enter_context(weak_web())
        session = _opened(stack, client, workbench, url)
        operations = read_openapi((FOLDER / "openapi.yaml").read_bytes(), url).operations
        outside = try_operations(session, operations, (), destroys=False, nowhere=NOWHERE)
        logins = Logins(WebOptions(users=(login,)), url, workbench)
        logins.establish(session)
        inside = try_operations(session, operations, logins.held, destroys=False, nowhere=NOWHERE)
    assert [skip.path for skip in skips_of(outside)] == ["GET /api/orders", "GET /api/reports"]
    assert {skip.path: skip.reason for skip in skips_of(inside)} == {
        "GET /api/reports": "it lets nobody in: it answers 401"
    }
    assert sum(reached_by_name(inside).values()) == 7


@pytest.mark.real
def test_what_destroys_is_left_alone(client: ZapClient, workbench: PrivateWorkbench) -> None:
    paths: dict[str, Any] = {"/one": {"get": {}, "delete": {}}, "/logout": {"get": {}}, "/two": {"delete": {}}}
    with ExitStack() as stack:
        app = stack.enter_context(serve(well))
        session = _opened(stack, client, workbench, app.url)
        operations = read_openapi(document(paths), app.url).operations
        careful = try_operations(session, operations, (), destroys=False, nowhere=NOWHERE)
        assert app.seen == ["GET /one"]
        try_operations(session, operations, (), destroys=True, nowhere=NOWHERE)
        assert app.seen == ["GET /one", "GET /one", "DELETE /one", "DELETE /two"]
    assert {skip.path: skip.reason for skip in skips_of(careful)} == {
        "DELETE /one": "left alone: this profile deletes nothing",
        "GET /logout": "left alone: it ends the login",
        "DELETE /two": "left alone: this profile deletes nothing",
    }


@pytest.mark.real
def test_nothing_of_a_dead_target_is_reached(client: ZapClient, workbench: PrivateWorkbench) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        session = _opened(stack, client, workbench, url)
        operations = read_openapi(document({"/a": {"get": {}}}), url).operations
        (outcome,) = try_operations(session, operations, (), destroys=False, nowhere=NOWHERE)
    assert outcome.why == "no answer"
    assert reached_by_name([outcome]) == {"GET /a": False}
