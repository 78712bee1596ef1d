"""Whether a user is logged in: judged by a page that only users see, and by the same page without login."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from scangate.scanners.interface import WebLogin
from scangate.scanners.zap_requests import WebAnswer
from scangate.scanners.zap_users import body_of

_READ = 1_000_000
"""Characters of a body that patterns are looked for in."""


def why_not_logged_in(answer: WebAnswer, without: WebAnswer, login: WebLogin) -> str:
    """Why the answer to the check page does not show that a user is logged in; empty where it does.

    `without` is the answer to who is not logged in: what it shows, too, tells nothing.
    """
    if not answer.status:
        return f"the check page gives {answer.trouble}"
    if not _is_good(answer):
        return f"the check page answers {shown_status(answer)}"
    if login.logged_out and fits(login.logged_out, answer):
        return "the check page shows what `logged_out` looks for"
    if login.logged_in:
        return _why_not_shown(answer, without, login)
    return _why_unclear(without, login)


def _why_not_shown(answer: WebAnswer, without: WebAnswer, login: WebLogin) -> str:
    if fits(login.logged_in, answer):
        told = not (_is_good(without) and fits(login.logged_in, without))
        return "" if told else "the check page shows what `logged_in` looks for without login, too: it tells nothing"
    if _is_good(without) and answer.body == without.body:
        return "the check page looks as it does without login"
    return (
        "the check page does not show what `logged_in` looks for, although it differs from that without login: "
        "is the pattern right?"
    )


def _why_unclear(without: WebAnswer, login: WebLogin) -> str:
    """Without `logged_in`, the page itself must be closed to others, or show them what `logged_out` looks for."""
    if not _is_good(without) or (login.logged_out and fits(login.logged_out, without)):
        return ""
    return "nothing tells whether the login worked: the check page is open to all; set `logged_in` or another check_url"


def why_unanswered(answer: WebAnswer) -> str:
    """Why what the login URL answered is no answer of a login; empty where it may be one."""
    if not answer.status:
        return f"the login URL gives no answer: {answer.trouble or 'nothing was sent'}"
    if answer.status in (404, 405, 410, 501):
        return f"the login URL answers {answer.status}: is it the right one?"
    return f"the login URL answers {answer.status}" if answer.status >= 500 else ""


def why_refused(answer: WebAnswer, *, successful: bool) -> str:
    """Why what the login URL answered is a refusal; empty where it may be none. `successful` is ZAP's own word, which
    says no only where the answer shows that nobody is logged in.
    """
    refused = answer.status in (401, 403, 422) or not successful
    return f"username and password were refused ({shown_status(answer)})" if refused else ""


def why_changed(page: WebAnswer, login: WebLogin) -> str:
    """What the page with the form lacks that the login sends; empty where nothing."""
    if not page.status:
        return f"the login page gives {page.trouble}"
    if not _is_good(page):
        return f"the login page answers {shown_status(page)}"
    for name in _fields(body_of(login)):
        if not re.search(rf"""\bname\s{{0,3}}=\s{{0,3}}["']?{re.escape(name)}["'\s/>]""", page.body[:_READ]):
            return f"the login page has no field {name!r}: has it changed?"
    return ""


def _fields(body: str) -> list[str]:
    """The names that username and password are sent under."""
    return [name for name, value in parse_qsl(body) if "{username}" in value or "{password}" in value]


def fits(pattern: str, answer: WebAnswer) -> bool:
    """Whether the pattern is found in the head or in the body, as ZAP does it."""
    return any(re.search(pattern, text) for text in (answer.head, answer.body[:_READ]))


def _is_good(answer: WebAnswer) -> bool:
    return 200 <= answer.status < 300


def shown_status(answer: WebAnswer) -> str:
    """`403`, or `302 to /login`: of where it leads, only the path, since the rest may hold tokens."""
    location = answer.header("location")
    try:
        path = urlsplit(location).path[:100]
    except ValueError:
        path = ""
    return f"{answer.status} to {path}" if 300 <= answer.status < 400 and path else str(answer.status)
