"""All alerts that ZAP raised for a target, page by page, each once.

Pages count from 1, may be short, and leave out alerts equal to earlier ones, so that only `numberOfAlerts` tells
whether all were read (seen with ZAP 2.17.0). ZAP's filter by context is not used: it works on pages, not on alerts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scangate.scanners.interface import ScannerError, unreadable
from scangate.scanners.zap_client import ZapClient, number_of, rows_of
from scangate.scanners.zap_messages import messages_by_id
from scangate.scanners.zap_scope import Scope

_PAGE = 2_000
"""Alerts per page: ZAP reads all of them for each."""
_ATTEMPTS = 3
_ACTIVE = "1"
_MOST_REQUESTS = 500
"""How many requests behind alerts of active rules are read, for the commands that show them again."""

Alert = dict[str, Any]


def read_alerts(client: ZapClient, scope: Scope) -> tuple[Alert, ...]:
    """The alerts about the target, also those that people called false positives. To be read when all scans are over.

    Raises:
        ScannerError: ZAP told of more alerts than it hands over.
    """
    alerts = _all_alerts(client, scope.site)
    return _with_requests(client, [alert for alert in alerts if scope.owns(str(alert.get("url", "")))])


def _all_alerts(client: ZapClient, site: str) -> list[Alert]:
    """Another's scan may move them while they are read: then they are read again."""
    for _ in range(_ATTEMPTS):
        number = number_of(client.view("alert", "numberOfAlerts", baseurl=site))
        alerts = _pages(client, site, number)
        if len(alerts) >= number:
            return list(alerts.values())
    raise _too_few(number, len(alerts))


def _pages(client: ZapClient, site: str, number: int) -> dict[str, Alert]:
    """All pages. `number` does not count what people called false, so that a last page that is full tells nothing."""
    alerts: dict[str, Alert] = {}
    start = 1
    while True:
        answer = client.view("alert", "alerts", baseurl=site, start=start, count=_PAGE, falsePositive=True)
        rows = rows_of(answer)
        alerts |= {str(row.get("id", "")): row for row in rows}
        start += _PAGE
        if len(rows) < _PAGE and start > number:
            return alerts


def _too_few(number: int, read: int) -> ScannerError:
    return unreadable(f"ZAP tells of {number:,} alerts, and hands over {read:,}")


def _with_requests(client: ZapClient, alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """The same with the requests of active rules beside their fields, which ZAP keeps apart."""
    ids = dict.fromkeys(_message_ids(alerts))
    requests = {message.id: message for message in messages_by_id(client, list(ids)[:_MOST_REQUESTS])}
    complete = []
    for alert in alerts:
        message = requests.get(_message_id(alert))
        more = {"requestHeader": message.request_header, "requestBody": message.request_body} if message else {}
        complete.append(alert | more)
    return tuple(complete)


def _message_ids(alerts: Iterable[Alert]) -> list[int]:
    return [number for alert in alerts if alert.get("sourceid") == _ACTIVE and (number := _message_id(alert))]


def _message_id(alert: Alert) -> int:
    text = str(alert.get("messageId", ""))
    return int(text) if text.isascii() and text.isdecimal() else 0
