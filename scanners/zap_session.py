"""A context of our own in ZAP: what a scan works in, and takes away again where ZAP is not ours.

In a ZAP that was launched for the job nothing has to be taken away. One that runs already keeps its session, with all
that others have in it; of ours, its history keeps the messages and alerts.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from scangate.scanners.interface import ScannerError, WebLimits, Workbench
from scangate.scanners.zap_changes import Phase, RateLimit
from scangate.scanners.zap_client import ZapClient, ZapError, rows_of, text_of
from scangate.scanners.zap_scope import USUAL_EXCLUSIONS, Scope


@dataclass(frozen=True)
class Session:
    """Where a scan works: `context` and `context_id` name ZAP's context for `scope`, and `own` says that ZAP is ours.

    `rate` keeps the requests per second, and `scans` are those that were begun: the phase, and ZAP's number.
    """

    client: ZapClient
    workbench: Workbench
    scope: Scope
    limits: WebLimits
    context: str
    context_id: str
    own: bool
    rate: RateLimit
    scans: list[tuple[Phase, str]] = field(default_factory=list)


@contextmanager
def opened_session(
    client: ZapClient, workbench: Workbench, *, scope: Scope, limits: WebLimits, own: bool
) -> Iterator[Session]:
    """A context of our own while the `with` block runs. Raises `ScannerError` where ZAP refuses."""
    if not own and (others := _others(client)):
        workbench.tell(f"this ZAP has other work: {others}; both get slower")
    name = f"scangate-{secrets.token_hex(8)}"
    context_id = text_of(client.action("context", "newContext", contextName=name))
    rate = RateLimit(client, scope)
    session = Session(client, workbench, scope, limits, context=name, context_id=context_id, own=own, rate=rate)
    try:
        _describe(session)
        rate.set(limits.requests_per_second)
        yield session
    finally:
        if not own:
            _take_away(session)


def _describe(session: Session) -> None:
    """Tell ZAP the scope. Only the usual exclusions stand here: others may look at the query, which contexts do not."""
    try:
        session.client.action(
            "context",
            "setContextRegexs",
            contextName=session.context,
            incRegexs=json.dumps([session.scope.own]),
            excRegexs=json.dumps([item.pattern for item in USUAL_EXCLUSIONS]),
        )
    except ZapError as error:
        error.mend = error.mend or "name the application by a URL that ZAP can read"
        raise


def _others(client: ZapClient) -> str:
    """How many scans of others run, in words."""
    running = {
        "spider": sum(row.get("state") == "RUNNING" for row in rows_of(client.view("spider", "scans"))),
        "active scan": sum(row.get("state") == "RUNNING" for row in rows_of(client.view("ascan", "scans"))),
    }
    return ", ".join(f"{count} x {name}" for name, count in running.items() if count)


def _take_away(session: Session) -> None:
    """Leave nothing of ours behind. What is gone already is no reason to keep the rest."""
    client = session.client
    for phase, scan in session.scans:
        _quietly(client, phase, "stop", scanId=scan)
        _quietly(client, phase, "removeScan", scanId=scan)
    with contextlib.suppress(ScannerError):
        for user in rows_of(client.view("users", "usersList", contextId=session.context_id)):
            _quietly(client, "users", "removeUser", contextId=session.context_id, userId=str(user.get("id")))
    _quietly(client, "context", "removeContext", contextName=session.context)
    with contextlib.suppress(ScannerError):
        session.rate.lift()


def _quietly(client: ZapClient, component: str, name: str, **parameters: str) -> None:
    with contextlib.suppress(ScannerError):
        client.action(component, name, **parameters)
