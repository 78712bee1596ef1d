"""Where findings in a running application are shown in the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.scanners.interface import Job, Target, WebOptions
from scangate.scanners.web_anchor import OpenApiAnchor, anchor_of

OPENAPI = """\
openapi: 3.0.3
servers:
  - url: https://shop.example/api/v1
  - url: /
paths:
  /orders:
    get: {}
    post: {}
  "/orders/{id}":
    parameters: []
    get: {}
  /orders/{id}/bill-{number}.pdf:
    get: {}
  /orders/mine:
    get: {}
  /{any}/{thing}:
    get: {}
  /parcels/p-{id}:
    get: {}
"""


@pytest.mark.parametrize(
    ("method", "route", "place"),
    [
        ("GET", "/orders", ("openapi.yaml", 7)),
        ("POST", "/orders/", ("openapi.yaml", 8)),
        ("GET", "/api/v1/orders", ("openapi.yaml", 7)),
        ("get", "/orders/{}", ("openapi.yaml", 11)),
        ("DELETE", "/orders/{}", ("openapi.yaml", 9)),
        ("GET", "/orders/abc", ("openapi.yaml", 11)),
        ("GET", "/orders/mine", ("openapi.yaml", 15)),
        ("GET", "/orders/{}/bill-7.pdf", ("openapi.yaml", 13)),
        ("GET", "/orders/{}/bill-.pdf", ("app.py", None)),
        ("GET", "/orders/{}/letter.pdf", ("app.py", None)),
        ("GET", "/carts/{}", ("openapi.yaml", 17)),
        ("GET", "/carts", ("app.py", None)),
        ("GET", "/parcels/{}", ("openapi.yaml", 19)),
        ("GET", "/api/v2/orders", ("app.py", None)),
        ("", "*", ("app.py", None)),
    ],
)
def test_the_operation_is_found(method: str, route: str, place: tuple[str, int | None]) -> None:
    assert OpenApiAnchor(OPENAPI.encode(), "openapi.yaml", fallback="app.py")(method, route) == place


def test_lines_of_json_are_found_too() -> None:
    document = json.dumps({"basePath": "/v1", "paths": {"/orders/{id}": {"get": {}}}}, indent="\t")
    anchor = OpenApiAnchor(document.encode("utf-8-sig"), "api.json")
    assert anchor("GET", "/v1/orders/{}") == ("api.json", 5)
    assert anchor("PUT", "/v1/orders/{}") == ("api.json", 4)
    assert anchor("PUT", "/other") == ("api.json", None)


@pytest.mark.parametrize(
    "text", ["", "a: [", "[]", "paths: 3", "paths: [a]", "paths: {[a]: b, /x: 3}", "[" * 5000, "\0"]
)
def test_a_document_that_cannot_be_read_leaves_the_file(text: str) -> None:
    assert OpenApiAnchor(text.encode(), "openapi.yaml", fallback="app.py")("GET", "/orders") == ("app.py", None)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_gives_a_place(text: str, route: str) -> None:
    path, _ = OpenApiAnchor(f"paths:\n  /a: {{}}\n{text}".encode(errors="replace"), "openapi.yaml")("GET", f"/{route}")
    assert path == "openapi.yaml"


def job(root: Path, **options: object) -> Job:
    web = WebOptions(**options) if options else None  # type: ignore[arg-type]
    return Job("zap", Target("x", ()), root=root, work=root / "work", web=web)


def test_settings_name_the_document_and_the_file(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "openapi.yaml").write_text(OPENAPI)
    document = tmp_path / "api" / "openapi.yaml"
    assert anchor_of(job(tmp_path, openapi=document, anchor="app.py"))("GET", "/orders") == ("api/openapi.yaml", 7)
    assert anchor_of(job(tmp_path, openapi=document, anchor="app.py"))("", "*") == ("app.py", None)
    assert anchor_of(job(tmp_path, openapi=document))("", "*") == ("api/openapi.yaml", None)
    assert anchor_of(job(tmp_path, anchor="app.py"))("GET", "/orders") == ("app.py", None)
    assert anchor_of(job(tmp_path))("GET", "/orders") == ("", None)


def test_a_document_outside_the_tree_is_no_place_in_it(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "openapi.yaml").write_text(OPENAPI)
    anchor = anchor_of(job(tmp_path / "tree", openapi=tmp_path / "openapi.yaml", anchor="app.py"))
    assert anchor("GET", "/orders") == ("app.py", None)
    absent = anchor_of(job(tmp_path, openapi=tmp_path / "absent.yaml", anchor="app.py"))
    assert absent("GET", "/orders") == ("app.py", None)
