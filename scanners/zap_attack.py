"""The active scan: which rules ran to their end on what there is, and which did not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scangate.scanners.interface import unreadable
from scangate.scanners.zap_changes import exclusions
from scangate.scanners.zap_client import ZapClient, ZapError
from scangate.scanners.zap_crawl import User
from scangate.scanners.zap_health import Health
from scangate.scanners.zap_pace import Deadline, Teller, counter, polls
from scangate.scanners.zap_policy import ScanPolicy, scan_policy
from scangate.scanners.zap_session import Session
from scangate.scanners.zap_watch import Scan, begin, see_through

_TREE_FILLS = 3.0
"""Seconds that ZAP may take to put what was requested into its tree, where an active scan looks for it."""

_UNREACHED = "stats.network.send.failure"


@dataclass(frozen=True)
class RuleRun:
    """One active rule in one scan: `state` is ZAP's (`Complete`, `Pending`, `45%`, `Skipped, …`)."""

    id: str
    name: str
    state: str
    milliseconds: int
    requests: int

    @property
    def label(self) -> str:
        return f"{self.id} {self.name}"

    @property
    def complete(self) -> bool:
        return self.state == "Complete"

    @property
    def needless(self) -> bool:
        """Skipped since there is nothing for it here, and not for lack of time or by anybody's will."""
        return self.state.startswith("Skipped") and not any(
            why in self.state for why in ("exceeded", "user", "reached")
        )


@dataclass(frozen=True)
class Attack:
    """What became of the active scan: rules by name, its requests, its messages' ids, and how many got no answer."""

    requests: int = 0
    failures: int = 0
    ran: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    messages: tuple[int, ...] = ()
    trouble: str = ""


def attack(
    session: Session,
    user: User | None,
    *,
    until: Deadline,
    health: Health,
    meanwhile: Callable[[], None],
    page: str = "",
) -> Attack:
    """Attack all that was found in the scope, or one page of it, as a user if there is one.

    `meanwhile` is called at each look at the scan.

    Raises:
        ScannerError: ZAP refuses.
    """
    client = session.client
    unreached = counter(client, _UNREACHED)
    with scan_policy(client, session.limits) as policy, exclusions(client, "ascan", session.scope.exclusions):
        scan = _begin(session, user, policy, page)
        trouble = see_through(scan, until=until, health=health, each=_each(scan, meanwhile))
        return _result(scan, policy, trouble=trouble, failures=counter(client, _UNREACHED) - unreached)


def _begin(session: Session, user: User | None, policy: ScanPolicy, page: str) -> Scan:
    """A scan of the whole context, or of a page. What was requested a moment ago may not be in ZAP's tree yet."""
    action = "scanAsUser" if user else "scan"
    where = {"contextId": session.context_id, "scanPolicyName": policy.name}
    more = ({"userId": user.id} if user else {}) | ({"url": page} if page else {})
    for elapsed in polls(session.workbench):
        try:
            return begin(session, "ascan", action, recurse=not page, **where, **more)
        except ZapError as error:
            if error.code != "url_not_found" or elapsed > _TREE_FILLS:
                raise
    raise AssertionError("polls never end")


def _each(scan: Scan, meanwhile: Callable[[], None]) -> Callable[[Mapping[str, Any]], None]:
    """Tells how far the scan is, and skips rules whose time is over."""
    session = scan.session
    teller, skipped = Teller(session.workbench), set[str]()
    minutes = session.limits.rule_minutes

    def look(row: Mapping[str, Any]) -> None:
        requests, alerts = (_number(row.get(name)) for name in ("reqCount", "alertCount"))
        teller.tell(f"active scan {row.get('progress')} %, {requests:,} requests, {alerts:,} alerts")
        meanwhile()
        if minutes is None:
            return
        for rule in _rules(session.client, scan):
            if rule.state.endswith("%") and rule.milliseconds > minutes * 60_000 and rule.id not in skipped:
                skipped.add(rule.id)
                session.client.action("ascan", "skipScanner", scanId=scan.id, scannerId=rule.id)

    return look


def _result(scan: Scan, policy: ScanPolicy, *, trouble: str, failures: int) -> Attack:
    row = scan.row
    if row is None:
        return Attack(cut=policy.enabled, skipped=policy.disabled, trouble=trouble)
    by_label: dict[str, list[RuleRun]] = {}
    for rule in _rules(scan.session.client, scan):
        by_label.setdefault(rule.label, []).append(rule)
    ran = tuple(label for label, runs in by_label.items() if all(run.complete for run in runs))
    requests = _number(row.get("reqCount"))
    needless = tuple(label for label, runs in by_label.items() if all(run.needless for run in runs))
    ended = {*ran, *needless}
    return Attack(
        requests=requests,
        failures=max(0, failures),
        ran=ran if requests else (),
        cut=tuple(label for label in policy.enabled if label not in ended),
        skipped=(*needless, *policy.disabled),
        messages=_message_ids(scan),
        trouble=trouble,
    )


def _rules(client: ZapClient, scan: Scan) -> Iterator[RuleRun]:
    """What each rule did, on each host. Raises `ScannerError` where ZAP's answer has another shape."""
    try:
        (parts,) = client.view("ascan", "scanProgress", scanId=scan.id).values()
        for part in parts:
            for entry in part["HostProcess"] if isinstance(part, dict) else ():
                name, number, _, state, took, requests, *_ = entry["Plugin"]
                yield RuleRun(str(number), str(name), str(state), _number(took), _number(requests))
    except (KeyError, TypeError, ValueError):
        raise unreadable("ZAP's progress of the active scan has another shape") from None


def _message_ids(scan: Scan) -> tuple[int, ...]:
    (ids,) = scan.session.client.view("ascan", "messagesIds", scanId=scan.id).values()
    return tuple(_number(number) for number in ids)


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() else 0
