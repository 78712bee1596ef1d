"""The shop's database, its accounts, and who is logged in: all in memory, gone with the process."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import sqlite3
import threading
from collections import Counter
from typing import Any

from web import Request

ITEMS = [
    (number, f"{kind} {size}", 5 * number, number % 7)
    for number, (kind, size) in enumerate(
        ((kind, size) for kind in ("Lantern", "Rope", "Kettle", "Tent") for size in range(1, 11)), start=1
    )
]
FILES = {
    "/srv/shop/manuals/lantern.txt": "Turn the wheel to light the lantern.",
    "/srv/shop/manuals/tent.txt": "Pegs first, then poles.",
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nshop:x:1000:1000::/srv/shop:/bin/sh\n",
}
"""A file system that is made up, too: no page reads a real file."""

CUSTOMER = os.environ.get("WEAK_WEB_USER", "alice")
STAFF = os.environ.get("WEAK_WEB_STAFF", "carol")
PASSWORDS = {
    CUSTOMER: os.environ.get("WEAK_WEB_PASSWORD", "made-up & weak"),
    STAFF: os.environ.get("WEAK_WEB_STAFF_PASSWORD", "made-up = weak"),
}

calls: Counter[str] = Counter()
"""How often something was called that a scan has no business to call."""

_sessions: dict[str, str] = {}
_database = sqlite3.connect(":memory:", check_same_thread=False)
_lock = threading.Lock()
_database.execute("CREATE TABLE items (id INTEGER, name TEXT, price INTEGER, stock INTEGER)")
_database.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", ITEMS)


def find_item(text: str) -> list[tuple[Any, ...]]:
    """The row of the item with that number; none for what is no number of an item."""
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    return query("SELECT id, name, price, stock FROM items WHERE id = ?", number)


def query(statement: str, *values: object) -> list[tuple[Any, ...]]:
    with _lock:
        return _database.execute(statement, values).fetchall()


def delete_everything() -> None:
    calls["delete-everything"] += 1
    query("DELETE FROM items")


def is_account(name: str, password: str) -> bool:
    return name in PASSWORDS and secrets.compare_digest(PASSWORDS[name].encode(), password.encode())


def log_in(name: str, password: str) -> str | None:
    """A token for the session, as cookie or as bearer; None for a wrong name or password."""
    if not is_account(name, password):
        return None
    token = secrets.token_hex(16)
    _sessions[token] = name
    return token


def log_out(request: Request) -> None:
    calls["logout"] += 1
    _sessions.pop(request.cookies.get("session", ""), None)


def user_of(request: Request) -> str | None:
    """Who asks, by cookie or by bearer token."""
    return _sessions.get(request.cookies.get("session", "")) or bearer_of(request)


def bearer_of(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return _sessions.get(token) if scheme.lower() == "bearer" else None


def basic_of(request: Request) -> tuple[str, str]:
    """Name and password of HTTP basic authentication; empty without."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return (name, password) if scheme.lower() == "basic" else ("", "")
