"""Finding what there is: ZAP's spider, and its ajax spider where it has one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from scangate.scanners.interface import unreadable
from scangate.scanners.zap_changes import exclusions, option
from scangate.scanners.zap_client import ZapError, number_of, text_of
from scangate.scanners.zap_health import Health
from scangate.scanners.zap_pace import Deadline, Teller, polls, sent
from scangate.scanners.zap_session import Session
from scangate.scanners.zap_watch import Scan, begin, see_through


@dataclass(frozen=True)
class User:
    """A user of ZAP's in our context, whom a scan is done as."""

    id: str
    name: str


@dataclass(frozen=True)
class Crawl:
    """What a spider came by. `pages` are the URLs of the scope that answered a GET with 200 or the like, `unanswered`
    those without an answer, and `left_alone` those that were seen and are not of the scope. `trouble` says why it did
    not come to its end.
    """

    pages: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()
    trouble: str = ""


def crawl(
    session: Session, user: User | None, *, until: Deadline, health: Health, meanwhile: Callable[[], None], posts: bool
) -> Crawl:
    """Let the spider follow links from the target's URL on, as a user if there is one; `posts` lets it send forms.

    `meanwhile` is called at each look at it.
    """
    as_user = {"contextId": session.context_id, "userId": user.id} if user else {"contextName": session.context}
    action = "scanAsUser" if user else "scan"
    with _settings(session, posts=posts):
        scan = begin(session, "spider", action, url=session.scope.seed, recurse=True, **as_user)
        trouble = see_through(scan, until=until, health=health, each=_progress(session, user, meanwhile))
    return _result(scan, trouble)


@contextmanager
def _settings(session: Session, *, posts: bool) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(exclusions(session.client, "spider", session.scope.exclusions))
        stack.enter_context(option(session.client, "spider", "MaxDepth", session.limits.depth))
        stack.enter_context(option(session.client, "spider", "PostForm", posts))
        yield


def _progress(
    session: Session, user: User | None, meanwhile: Callable[[], None]
) -> Callable[[Mapping[str, Any]], None]:
    """Tells how far the spider is."""
    teller, before = Teller(session.workbench), sent(session.client)
    name = f"spider as {user.name}" if user else "spider"

    def tell(row: Mapping[str, Any]) -> None:
        teller.tell(f"{name} {row.get('progress')} %, {sent(session.client) - before:,} requests")
        meanwhile()

    return tell


def _result(scan: Scan, trouble: str) -> Crawl:
    try:
        (parts,) = scan.session.client.view("spider", "fullResults", scanId=scan.id).values()
        found = {name: rows for part in parts for name, rows in part.items()}
        inside, outside, broken = (found[name] for name in ("urlsInScope", "urlsOutOfScope", "urlsIoError"))
        return Crawl(
            pages=tuple(str(row["url"]) for row in inside if row["method"] == "GET" and row["statusCode"][:1] == "2"),
            unanswered=tuple(str(row["url"]) for row in broken),
            left_alone=tuple(map(str, outside)),
            trouble=trouble,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise unreadable("ZAP's results of the spider have another shape") from None
    except ZapError as error:
        if error.code != "does_not_exist":
            raise
        return Crawl(trouble=trouble)


def has_ajax_spider(session: Session) -> bool:
    """Whether this ZAP has its ajax spider, which drives a browser."""
    try:
        session.client.view("ajaxSpider", "status")
    except ZapError as error:
        if error.code != "no_implementor":
            raise
        return False
    return True


def crawl_with_browser(session: Session, user: User | None, *, until: Deadline) -> str:
    """Let the ajax spider go on where the spider could not. Returns why it reached nothing; empty where it did."""
    client, teller = session.client, Teller(session.workbench)
    if user:
        as_user = {"contextName": session.context, "userName": user.name, "url": session.scope.seed}
        client.action("ajaxSpider", "scanAsUser", **as_user)
    else:
        client.action("ajaxSpider", "scan", url=session.scope.seed, contextName=session.context)
    try:
        for _ in polls(session.workbench):
            found = number_of(client.view("ajaxSpider", "numberOfResults"))
            teller.tell(f"ajax spider, {found:,} requests")
            if text_of(client.view("ajaxSpider", "status")) != "running":
                return "" if found else "it reached nothing: does ZAP have a browser?"
            if until.over:
                return "it was stopped: its time was over"
    finally:
        with contextlib.suppress(ZapError):
            client.action("ajaxSpider", "stop")
    raise AssertionError("polls never end")
