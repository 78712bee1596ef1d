"""The shop's JSON API, as openapi.yaml describes it."""

from __future__ import annotations

import sqlite3
from http import HTTPStatus
from pathlib import Path

import stock
from web import Answer, Request, as_json, route

DESCRIPTION = (Path(__file__).parent / "openapi.yaml").read_text()
COLUMNS = ("id", "name", "price", "stock")
UNAUTHORIZED = as_json({"error": "log in first"}, HTTPStatus.UNAUTHORIZED)


def texts(request: Request) -> dict[str, str]:
    """The texts in a JSON object that was sent."""
    given = request.document if isinstance(request.document, dict) else {}
    return {name: _printable(value) for name, value in given.items() if isinstance(value, str)}


def _printable(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can name and UTF-8 cannot hold."""
    return text.encode(errors="replace").decode()


def failure(error: sqlite3.Error) -> Answer:
    return as_json({"error": f"sqlite3.{type(error).__name__}: {error}"}, HTTPStatus.INTERNAL_SERVER_ERROR)


@route("GET", "/openapi.yaml")
def description(request: Request) -> Answer:
    return Answer(DESCRIPTION, type="application/yaml", headers=(("X-Content-Type-Options", "nosniff"),))


@route("GET", "/api/items")
def items(request: Request) -> Answer:
    rows = stock.query("SELECT * FROM items WHERE name LIKE ? || '%'", request.form.get("name", ""))
    return as_json([dict(zip(COLUMNS, row, strict=True)) for row in rows])


@route("POST", "/api/items")
def add_item(request: Request) -> Answer:
    """Takes an item for granted, but keeps none: a scan sends thousands."""
    given = request.document if isinstance(request.document, dict) else {}
    name, cost = given.get("name"), given.get("price")
    if not isinstance(name, str) or not isinstance(cost, int):
        return as_json({"error": "name and price are needed"}, HTTPStatus.BAD_REQUEST)
    return as_json({"id": len(stock.ITEMS) + 1, "name": name, "price": cost, "stock": 0}, HTTPStatus.CREATED)


@route("GET", "/api/items/{}")
def item(request: Request) -> Answer:
    for row in stock.find_item(request.item):
        return as_json(dict(zip(COLUMNS, row, strict=True)))
    return as_json({"error": "there is no such item"}, HTTPStatus.NOT_FOUND)


@route("POST", "/api/search")
def search(request: Request) -> Answer:
    name = texts(request).get("name", "")
    try:  # weak: the name becomes part of the statement
        return as_json(stock.query(f"SELECT name FROM items WHERE name LIKE '{name}%'"))
    except sqlite3.Error as error:
        return failure(error)


@route("GET", "/api/labels")
def label(request: Request) -> Answer:
    """A label to print. No page links it: only who reads openapi.yaml finds it."""
    return Answer(f"<html><body>{request.form.get('text', '')}</body></html>")  # weak: reflected as it came


@route("POST", "/api/login")
def login(request: Request) -> Answer:
    given = texts(request)
    token = stock.log_in(given.get("user", ""), given.get("password", ""))
    if token is None:
        return as_json({"error": "wrong name or password"}, HTTPStatus.UNAUTHORIZED)
    cookie = ("Set-Cookie", f"session={token}; Path=/; HttpOnly; SameSite=Lax")
    return as_json({"token": token}, HTTPStatus.OK, cookie)


@route("GET", "/api/orders")
def orders(request: Request) -> Answer:
    """For the session's cookie, or a bearer token."""
    user = stock.user_of(request)
    return UNAUTHORIZED if user is None else as_json({"user": user, "orders": []})


@route("GET", "/api/reports")
def reports(request: Request) -> Answer:
    """For a bearer token only."""
    if stock.bearer_of(request) is None:
        return UNAUTHORIZED
    owner = request.form.get("owner", "")
    try:  # weak: the owner becomes part of the statement
        return as_json(stock.query(f"SELECT count(*) FROM items WHERE name = '{owner}'"))
    except sqlite3.Error as error:
        return failure(error)


@route("POST", "/oauth/token")
def token(request: Request) -> Answer:
    """OAuth 2.0 client credentials (RFC 6749, 4.4), with the accounts of the shop as clients."""
    name, password = stock.basic_of(request)
    given = request.form
    issued = stock.log_in(name or given.get("client_id", ""), password or given.get("client_secret", ""))
    if given.get("grant_type") != "client_credentials":
        return as_json({"error": "unsupported_grant_type"}, HTTPStatus.BAD_REQUEST)
    if issued is None:
        return as_json({"error": "invalid_client"}, HTTPStatus.UNAUTHORIZED)
    return as_json({"access_token": issued, "token_type": "Bearer", "expires_in": 3600})
