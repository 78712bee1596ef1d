"""The pages of the shop. Beside most weak ones stands a twin that does the same job safely."""

from __future__ import annotations

import posixpath
import sqlite3
from collections.abc import Callable
from html import escape
from http import HTTPStatus
from typing import Any

import stock
from web import Answer, Request, Route, as_json, redirect, route

CAREFUL = (("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'self'"))
VISITED = ("Set-Cookie", "visited=yes; Path=/; SameSite=Lax")  # weak: scripts can read it


def page(request: Request, title: str, body: str, **more: Any) -> Answer:
    """A page with the links that its reader may follow. `body` is HTML."""
    links = '<a href="/">Home</a> <a href="/items">Items</a> <a href="/about">About</a>'
    if user := stock.user_of(request):
        links += f' <a href="/account">{escape(user)}</a> <a href="/logout">Log out</a>'
    else:
        links += ' <a href="/login">Log in</a>'
    return Answer(f"<html><head><title>{title}</title></head><body>{links}<h1>{title}</h1>{body}</body></html>", **more)


def for_users(*names: str) -> Callable[[Route], Route]:
    """Pages for who is logged in, or for these users only. Others are sent to the login page, or refused."""

    def guarded(function: Route) -> Route:
        def guard(request: Request) -> Answer:
            user = stock.user_of(request)
            if user is None:
                return redirect("/login")
            if names and user not in names:
                return page(request, "Not for you", "", status=HTTPStatus.FORBIDDEN)
            return function(request)

        return guard

    return guarded


@route("GET", "/")
def home(request: Request) -> Answer:
    links = """
      <p>This shop is an example, weak on purpose.</p>
      <form action="/search"><input name="q" value="rope"><input type="submit"></form>
      <a href="/find?q=rope">find</a> <a href="/stock?name=Rope+1">stock</a> <a href="/price?name=Rope+1">price</a>
      <a href="/manual?file=tent.txt">manual</a> <a href="/leaflet?file=tent.txt">leaflet</a> <a href="/terms">terms</a>
      <a href="/partner">partners</a> <a href="/admin/delete-everything?confirm=yes">delete everything</a>"""
    return page(request, "Weak web", links, headers=(VISITED,))


@route("GET", "/search")
def search(request: Request) -> Answer:
    return page(request, "Search", f"Results for {request.form.get('q', '')}")  # weak: reflected as it came


@route("GET", "/find")
def find(request: Request) -> Answer:
    return page(request, "Find", f"Results for {escape(request.form.get('q', ''))}")


@route("GET", "/stock")
def in_stock(request: Request) -> Answer:
    name = request.form.get("name", "")
    try:  # weak: the name becomes part of the statement
        rows = stock.query(f"SELECT name, stock FROM items WHERE name = '{name}'")
    except sqlite3.Error as error:
        said = escape(f"sqlite3.{type(error).__name__}: {error}")
        return page(request, "Error", said, status=HTTPStatus.INTERNAL_SERVER_ERROR)
    return page(request, "Stock", escape(str(rows)))


@route("GET", "/price")
def price(request: Request) -> Answer:
    rows = stock.query("SELECT price FROM items WHERE name = ?", request.form.get("name", ""))
    return page(request, "Price", escape(str(rows)))


@route("GET", "/manual")
def manual(request: Request) -> Answer:
    path = posixpath.normpath(f"/srv/shop/manuals/{request.form.get('file', '')}")  # weak: `..` leads out
    return page(request, "Manual", f"<pre>{escape(stock.FILES.get(path, 'There is no such manual.'))}</pre>")


@route("GET", "/leaflet")
def leaflet(request: Request) -> Answer:
    name = posixpath.basename(request.form.get("file", ""))
    text = stock.FILES.get(f"/srv/shop/manuals/{name}", "There is no such leaflet.")
    return page(request, "Leaflet", f"<pre>{escape(text)}</pre>")


@route("GET", "/items")
def items(request: Request) -> Answer:
    rows = stock.query("SELECT id, name FROM items")
    return page(request, "Items", "".join(f'<p><a href="/items/{number}">{name}</a></p>' for number, name in rows))


@route("GET", "/items/{}")
def item(request: Request) -> Answer:
    for number, name, cost, _ in stock.find_item(request.item):
        return page(request, name, f'costs {cost}. <a href="/items/{number % len(stock.ITEMS) + 1}">next</a>')
    return page(request, "Nothing", "There is no such item.", status=HTTPStatus.NOT_FOUND)


@route("GET", "/about")
def about(request: Request) -> Answer:
    return page(request, "About", "We sell what one needs outdoors.", headers=CAREFUL)


@route("GET", "/terms")
def terms(request: Request) -> Answer:
    return page(request, "Terms", "All sales are made up.", headers=CAREFUL)


@route("GET", "/login")
def login_form(request: Request) -> Answer:
    fields = '<input name="user"><input name="password" type="password"><input type="submit" value="Log in">'
    return page(request, "Log in", f'<form method="post" action="/login">{fields}</form>')


@route("POST", "/login")
def login(request: Request) -> Answer:
    token = stock.log_in(request.form.get("user", ""), request.form.get("password", ""))
    if token is None:
        return page(request, "Log in", "Wrong name or password.", status=HTTPStatus.UNAUTHORIZED)
    return redirect("/account", ("Set-Cookie", f"session={token}; Path=/; HttpOnly; SameSite=Lax"))


@route("GET", "/logout")
def logout(request: Request) -> Answer:
    stock.log_out(request)
    return redirect("/", ("Set-Cookie", "session=; Path=/; HttpOnly; Max-Age=0"))


@route("GET", "/account")
@for_users()
def account(request: Request) -> Answer:
    links = '<a href="/account/orders?status=open">orders</a> <a href="/account/notes?text=none">notes</a>'
    links += ' <a href="/staff/report?title=today">report</a> <a href="/login">use another account</a>'
    return page(request, "Your account", links)


@route("GET", "/account/orders")
@for_users()
def orders(request: Request) -> Answer:
    return page(request, "Orders", f"No orders are {request.form.get('status', '')}")  # weak: reflected as it came


@route("GET", "/account/notes")
@for_users()
def notes(request: Request) -> Answer:
    return page(request, "Notes", escape(request.form.get("text", "")))


@route("GET", "/staff/report")
@for_users(stock.STAFF)
def report(request: Request) -> Answer:
    return page(request, "Report", f"<h2>{request.form.get('title', '')}</h2>")  # weak: reflected as it came


@route("GET", "/partner")
def partner(request: Request) -> Answer:
    """Behind HTTP basic authentication, for the same accounts."""
    if not stock.is_account(*stock.basic_of(request)):
        asked = ("WWW-Authenticate", 'Basic realm="partners"')
        return page(request, "Partners only", "", status=HTTPStatus.UNAUTHORIZED, headers=(asked,))
    name = request.form.get("name", "friend")
    return page(request, "Partners", f'Welcome {name} <a href="/partner?name=friend">again</a>')  # weak: reflected


@route("GET", "/admin/delete-everything")
def delete_everything(request: Request) -> Answer:
    if request.form.get("confirm") != "yes":
        return page(request, "Are you sure?", "")
    stock.delete_everything()
    return page(request, "All items are deleted", "")


@route("GET", "/health")
def health(request: Request) -> Answer:
    return as_json({"status": "ok", "example": True, "calls": dict(stock.calls)})
