"""From ZAP's alerts to findings: one for each kind of alert, site, method, route and parameter, with its instances.

What is systemic, such as a missing header, is one finding for each site. Nothing in a finding shows a credential: see
`zap_redact`. Alerts that people marked as false positives in ZAP are findings too, with that mark as relief.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from scangate.model import Category, Finding, Fix, Relief, Rule, Source, WebInstance, WebLocation
from scangate.scanners.ratings import effective
from scangate.scanners.web_anchor import NOWHERE, Anchor
from scangate.scanners.web_routes import WHOLE_SITE, route_of, site_of
from scangate.scanners.zap_curl import curl_of
from scangate.scanners.zap_record import AlertRecord, record_of_alert
from scangate.scanners.zap_redact import Redactor, clip
from scangate.scanners.zap_severity import FALSE_POSITIVE, rating_of, surest

MOST_INSTANCES = 50
"""How many places of one finding are kept; all are counted."""

_LONGEST_TEXT = 4_000
_LONGEST_URL = 2_000
_LONGEST_QUOTE = 500
_LONGEST_NAME = 200
_MOST_NAMES = 10
_RELIEF = Relief(kind="tool", by="False Positive", reason="marked as a false positive in ZAP")

_Key = tuple[str, ...]


def findings_of_alerts(
    alerts: Iterable[Mapping[str, Any]],
    *,
    version: str = "",
    secrets: Iterable[str] = (),
    anchor: Anchor = NOWHERE,
) -> tuple[Finding, ...]:
    """The findings that some alerts of the API's are (`alert/view/alerts`), in an order that theirs does not change.

    `version` is ZAP's, `secrets` are the credentials of the run, and `anchor` tells the file that reports show a
    finding under.

    Raises:
        ScannerError: one of them is no alert.
    """
    return findings_of_records(map(record_of_alert, alerts), version=version, secrets=secrets, anchor=anchor)


def findings_of_records(
    records: Iterable[AlertRecord], *, version: str = "", secrets: Iterable[str] = (), anchor: Anchor = NOWHERE
) -> tuple[Finding, ...]:
    """The findings that some alerts are, however they were told."""
    groups: dict[_Key, list[AlertRecord]] = {}
    for record in records:
        groups.setdefault(_key(record), []).append(record)
    redactor = Redactor(secrets)
    return tuple(
        _finding(_ordered(group), redactor, version=version, anchor=anchor) for _, group in sorted(groups.items())
    )


def _key(record: AlertRecord) -> _Key:
    """What alerts of one finding have in common."""
    site = site_of(record.url)
    if record.systemic:
        return (record.kind, site, "", WHOLE_SITE, "")
    return (record.kind, site, record.method.upper(), route_of(record.url, attack=record.attack), record.param)


def _ordered(group: Iterable[AlertRecord]) -> list[AlertRecord]:
    """Alerts that nobody called false first, and then the worst."""

    def place(record: AlertRecord) -> tuple[object, ...]:
        doubted = record.confidence == FALSE_POSITIVE
        rank = rating_of(record.risk, record.confidence).severity.rank
        return (doubted, -rank, record.url, record.method, record.param, record.attack, record.evidence, record.other)

    return sorted(group, key=place)


def _finding(group: Sequence[AlertRecord], redactor: Redactor, *, version: str, anchor: Anchor) -> Finding:
    first = group[0]
    believed = [record for record in group if record.confidence != FALSE_POSITIVE] or group
    ratings = tuple(dict.fromkeys(rating_of(record.risk, record.confidence) for record in believed))
    severity, why = effective(ratings)
    name = clip(redactor.known(first.name), _LONGEST_NAME)
    uri = redactor.url(first.references[0]) if first.references else ""
    solution = clip(redactor.known(first.solution), _LONGEST_TEXT)
    return Finding(
        category=Category.WEB,
        rule=Rule(id=first.rule, name=name, help_uri=uri, cwe=first.cwe),
        title=name,
        message=_message(believed, redactor),
        severity=severity,
        severity_from=why,
        ratings=ratings,
        confidence=surest(record.confidence for record in believed),
        location=_location(believed, redactor, anchor),
        fix=Fix(state="available", text=solution) if solution else Fix(),
        sources=(Source(scanner="zap", rule_id=first.rule, severity=ratings[0].word, version=version),),
        relief=(_RELIEF,) if first.confidence == FALSE_POSITIVE else (),
    )


def _message(group: Sequence[AlertRecord], redactor: Redactor) -> str:
    """ZAP's description, what it noted of the first place, and the names that catalogues have for the weakness."""
    first = group[0]
    names = [*(f"CWE-{number}" for number in first.cwe), *([f"WASC-{first.wasc}"] if first.wasc else []), *first.owasp]
    params = list(dict.fromkeys(record.param for record in group if record.param)) if first.systemic else []
    shown = ", ".join(params[:_MOST_NAMES]) + (", …" if len(params) > _MOST_NAMES else "")
    parts = (
        clip(redactor.known(first.description), _LONGEST_TEXT),
        clip(redactor.text(first.other), _LONGEST_QUOTE),
        f"Seen with: {clip(redactor.text(shown), _LONGEST_QUOTE)}." if params else "",
        f"{', '.join(names)}." if names else "",
    )
    return "\n\n".join(part for part in parts if part)


def _location(group: Sequence[AlertRecord], redactor: Redactor, anchor: Anchor) -> WebLocation:
    first = group[0]
    systemic = first.systemic
    route = WHOLE_SITE if systemic else route_of(first.url, attack=first.attack)
    method = "" if systemic else first.method.upper()
    path, line = anchor(method, route)
    seen = _instance(first, redactor)
    return WebLocation(
        url=seen.url,
        method=clip(redactor.known(method), _LONGEST_NAME),
        param="" if systemic else seen.param,
        evidence=seen.evidence,
        route=clip(redactor.text(route), _LONGEST_QUOTE),
        attack=seen.attack,
        count=sum(record.count for record in group),
        instances=tuple(_instance(record, redactor) for record in _shown(group)),
        curl=curl_of(first, redactor),
        path=path,
        line=line,
    )


def _shown(group: Iterable[AlertRecord]) -> list[AlertRecord]:
    """The alerts that are kept as instances: no two alike, and of every route one before a second of any."""
    places: dict[_Key, AlertRecord] = {}
    for record in group:
        places.setdefault((record.url, record.method, record.param, record.attack, record.evidence), record)
    seen: Counter[str] = Counter()
    turns = []
    for record in places.values():
        route = route_of(record.url)
        turns.append((seen[route], record))
        seen[route] += 1
    return [record for _, record in sorted(turns, key=itemgetter(0))[:MOST_INSTANCES]]


def _instance(record: AlertRecord, redactor: Redactor) -> WebInstance:
    return WebInstance(
        url=clip(redactor.url(record.url), _LONGEST_URL),
        method=clip(redactor.known(record.method), _LONGEST_NAME),
        param=clip(redactor.text(record.param), _LONGEST_NAME),
        attack=clip(redactor.text(record.attack), _LONGEST_QUOTE),
        evidence=clip(redactor.text(record.evidence), _LONGEST_QUOTE),
    )
