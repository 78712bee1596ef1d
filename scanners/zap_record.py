"""One alert as ZAP tells it, whichever way it was told: through the API, or in a report of ZAP's own.

Field names are those of ZAP 2.17's API (`alert/view/alerts`) and of the reports `traditional-json` and
`traditional-xml`, also their `-plus` variants with requests. All values are texts there, and each may be missing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scangate.scanners.interface import unreadable
from scangate.scanners.zap_severity import CONFIDENCES, RISKS, code_of

SYSTEMIC_RULES = frozenset(
    {
        "10010",  # cookie without HttpOnly
        "10011",  # cookie without Secure
        "10015",  # cache control
        "10017",  # scripts of other domains
        "10019",  # no content type
        "10020",  # anti-clickjacking header
        "10021",  # X-Content-Type-Options
        "10035",  # Strict-Transport-Security
        "10036",  # Server header
        "10037",  # X-Powered-By
        "10038",  # no Content-Security-Policy
        "10039",  # X-Backend-Server
        "10049",  # storable and cacheable content
        "10050",  # retrieved from cache
        "10052",  # X-ChromeLogger-Data
        "10054",  # cookie without SameSite
        "10055",  # weak Content-Security-Policy
        "10056",  # X-Debug-Token
        "10061",  # X-AspNet-Version
        "10063",  # Permissions-Policy
        "10096",  # timestamps
        "10098",  # cross-domain policy
        "90004",  # site isolation headers
        "90011",  # charset mismatch
        "90033",  # loosely scoped cookie
    }
)
"""Passive rules about every response, by their ids: ZAP before 2.17 does not say that they are systemic."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_PARAGRAPH = re.compile(r"</?p>|<br ?/?>", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"]+?(?=https?://|[\s<>\"]|\Z)")
_OWASP_TAG = re.compile(r"OWASP_(\d{4})_(\w+?\d+)")
_CWE_TAG = re.compile(r"CWE-(\d{1,6})")


@dataclass(frozen=True)
class AlertRecord:
    """An alert at one URL. `count` is how many alike it stands for, and `risk` and `confidence` are ZAP's codes.

    `rule` is ZAP's alertRef, or the rule's id where there is none; `kind` tells the kinds of alert of one rule apart.
    """

    rule: str
    kind: str
    name: str
    risk: int | None
    confidence: int | None
    description: str = ""
    solution: str = ""
    references: tuple[str, ...] = ()
    cwe: tuple[int, ...] = ()
    wasc: int | None = None
    owasp: tuple[str, ...] = ()
    systemic: bool = False
    url: str = ""
    method: str = ""
    param: str = ""
    attack: str = ""
    evidence: str = ""
    other: str = ""
    vector: str = ""
    request_header: str = ""
    request_body: str = ""
    count: int = 1


def record_of_alert(alert: Any) -> AlertRecord:
    """An alert of the API's. `requestHeader` and `requestBody` of its message may have been put beside its fields.

    Raises:
        ScannerError: it is no alert.
    """
    texts = _texts(alert)
    texts.setdefault("risk", "")
    return _record(texts, texts, _tags(alert.get("tags")))


def records_of_item(item: Any, site: str) -> Iterator[AlertRecord]:
    """The alerts that an entry of a report stands for, one for each instance that it lists.

    An entry may count more instances than it lists: the first then stands for the others too. Old reports have no
    instances, but the place of the only one in the entry itself.

    Raises:
        ScannerError: it is no such entry.
    """
    shared = _texts(item)
    shared["risk"] = shared.get("riskcode", "") or shared.get("riskdesc", "").partition(" (")[0]
    for name in ("desc", "solution", "reference", "otherinfo"):
        shared[name] = plain_text(shared.get(name, ""))
    instances = item.get("instances") or [{}]
    if not isinstance(instances, list):
        raise unreadable("an alert in ZAP's report has no list of instances")
    tags = _tags(item.get("tags"))
    surplus = max((number_of(shared.get("count", "")) or 0) - len(instances), 0)
    for instance in instances:
        place = {"uri": site} | shared | _texts(instance)
        yield _record(shared, place, tags, count=1 + surplus)
        surplus = 0


def plain_text(text: str) -> str:
    """A paragraph of a report as text. ZAP wraps its lines in `<p>`, and in some versions escapes what is in them."""
    if not _PARAGRAPH.match(text.lstrip()):
        return text.strip()
    lines = (html.unescape(line).strip() for line in _PARAGRAPH.split(text))
    return "\n".join(line for line in lines if line)


def number_of(text: str) -> int | None:
    """A number of a report's that means something: `0`, `-1` and what is no number are None."""
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return None
    return int(text) or None


def _record(rule: Mapping[str, str], place: Mapping[str, str], tags: tuple[str, ...], *, count: int = 1) -> AlertRecord:
    plugin = _first(rule, "pluginId", "pluginid")
    reference = rule.get("alertRef", "").strip()
    name = _first(rule, "alert", "name")
    if not (plugin or reference):
        raise unreadable("an alert of ZAP's names no rule")
    cwe = (number_of(rule.get("cweid", "")), *(int(m[1]) for tag in tags if (m := _CWE_TAG.fullmatch(tag))))
    return AlertRecord(
        rule=reference or plugin,
        kind=reference or f"{plugin} {name}",
        name=name or f"ZAP rule {reference or plugin}",
        risk=code_of(rule["risk"], RISKS),
        confidence=code_of(rule.get("confidence", ""), CONFIDENCES),
        description=_first(rule, "description", "desc"),
        solution=rule.get("solution", ""),
        references=tuple(dict.fromkeys(_WEB_ADDRESS.findall(rule.get("reference", "")))),
        cwe=tuple(dict.fromkeys(number for number in cwe if number)),
        wasc=number_of(rule.get("wascid", "")),
        owasp=tuple(sorted(f"OWASP {m[1]} {m[2]}" for tag in tags if (m := _OWASP_TAG.match(tag)))),
        systemic=_is_systemic(rule, plugin, tags),
        url=_first(place, "url", "uri"),
        method=place.get("method", ""),
        param=place.get("param", ""),
        attack=place.get("attack", ""),
        evidence=place.get("evidence", ""),
        other=plain_text(_first(place, "other", "otherinfo")),
        vector=place.get("inputVector", ""),
        request_header=_first(place, "requestHeader", "request-header", "requestheader"),
        request_body=_first(place, "requestBody", "request-body", "requestbody"),
        count=count,
    )


def _is_systemic(rule: Mapping[str, str], plugin: str, tags: Iterable[str]) -> bool:
    return rule.get("systemic", "").lower() == "true" or "SYSTEMIC" in tags or plugin in SYSTEMIC_RULES


def _texts(value: Any) -> dict[str, str]:
    """The fields that are texts, numbers or flags, as texts that any encoding can hold."""
    if not isinstance(value, dict):
        raise unreadable(f"an alert of ZAP's is no mapping but {type(value).__name__}")
    plain = {str(name): item for name, item in value.items() if isinstance(item, str | int | float)}
    return {name: _LONE_SURROGATE.sub("\ufffd", _text(item)) for name, item in plain.items()}


def _text(value: str | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tags(value: Any) -> tuple[str, ...]:
    """Tags are a mapping of names to links in the API, and a list of `tag` and `link` in reports."""
    match value:
        case dict():
            return tuple(map(str, value))
        case list():
            return tuple(str(item.get("tag", "")) for item in value if isinstance(item, dict))
        case _:
            return ()


def _first(texts: Mapping[str, str], *names: str) -> str:
    return next((texts[name] for name in names if texts.get(name, "").strip()), "")
