"""ZAP's own reports: `traditional-json`, `traditional-xml` and their `-plus` variants, and alerts saved from its API.

Reports of ZAP 2.9 to 2.17 were read. An XML report may declare no entities, and nothing outside it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.parsers import expat

from scangate.model import LedgerState
from scangate.scanners.interface import Job, Output, Parsed, failed, unreadable
from scangate.scanners.json_report import load_json
from scangate.scanners.web_anchor import anchor_of
from scangate.scanners.web_routes import site_of
from scangate.scanners.zap_findings import findings_of_records
from scangate.scanners.zap_record import AlertRecord, record_of_alert, records_of_item

_MEND = "write the report with ZAP's template traditional-json or traditional-xml"
_LARGEST = 200_000_000
_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"


def read_zap_report(output: Output, job: Job, *, secrets: Iterable[str] = ()) -> Parsed:
    """The findings of a report; `scanned` counts the URLs that it names, a site without alerts as one.

    A report that says that ZAP was stopped, or that its plan failed, is `partial`.

    Raises:
        ScannerError: it is none of ZAP's reports, or names no site, so that ZAP looked at nothing.
    """
    if len(output.report) > _LARGEST:
        raise unreadable(f"ZAP's report is larger than {_LARGEST:,} bytes")
    is_xml = output.report.lstrip(_BEFORE_XML).startswith(b"<")
    document = _load_xml(output.report) if is_xml else load_json(output, "ZAP")
    sites, records = _contents(document)
    if not sites:
        raise failed(
            "ZAP's report names no site: it looked at nothing", mend="see ZAP's log for why it reached nothing"
        )
    version = str(document.get("@version", ""))
    findings = findings_of_records(records, version=version, secrets=secrets, anchor=anchor_of(job))
    faults = _faults(document)
    return Parsed(
        findings,
        scanned=len({record.url for record in records} | (sites - {site_of(record.url) for record in records})),
        state=LedgerState.PARTIAL if faults else LedgerState.RAN,
        reason="; ".join(faults),
        version=version,
    )


def _contents(document: Any) -> tuple[set[str], list[AlertRecord]]:
    """The sites and the alerts that a report names."""
    match document:
        case {"site": list(sites)} if "@version" in document:
            pass
        case {"site": dict(site)} if "@version" in document:
            sites = [site]
        case {"alerts": list(alerts)}:
            records = [record_of_alert(alert) for alert in alerts]
            return {site_of(record.url) for record in records}, records
        case _:
            raise unreadable(f"this is no report of ZAP's that can be read: {_MEND}")
    named: set[str] = set()
    records = []
    for site in sites:
        if not isinstance(site, dict) or not isinstance(site.get("alerts"), list):
            raise unreadable("a site in ZAP's report has no list of alerts")
        name = str(site.get("@name", ""))
        named.add(site_of(name))
        records += [record for item in site["alerts"] for record in records_of_item(item, name)]
    return named, records


def _faults(document: Mapping[str, Any]) -> list[str]:
    """What the report says went wrong: why ZAP was stopped, and the errors of its automation plan."""
    stopping, errors = document.get("stoppingInsight"), document.get("afPlanErrors")
    found = []
    if isinstance(stopping, dict):
        found.append(f"ZAP was stopped: {str(stopping.get('description') or stopping.get('key', ''))[:200]}")
    if isinstance(errors, list) and errors:
        found.append(f"ZAP's plan had {len(errors)} errors, first: {str(errors[0])[:200]}")
    return found


def _load_xml(report: bytes) -> dict[str, Any]:
    """An XML report in the shape of the JSON ones.

    Raises:
        ScannerError: it is not XML, declares entities, or is no report of ZAP's.
    """
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(report.lstrip(), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise unreadable(f"ZAP's report is not XML that can be read: {error}") from error
    if builder.document is None:
        raise unreadable(f"this is no report of ZAP's that can be read: {_MEND}")
    return builder.document


def _refuse_entity(*_: Any) -> None:
    raise ValueError("it declares entities")


class _Builder:
    """Collects what a report says from the parser's events, by the names of the open elements."""

    _ROOT = "OWASPZAPReport"
    _LISTS = ("alerts", "instances", "tags")
    _GROUPS = ("alertitem", "instance", "stoppingInsight")

    def __init__(self) -> None:
        self.document: dict[str, Any] | None = None
        self._open: list[tuple[str, Any]] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._text.clear()
        self._open.append((name, self._value(name, attributes)))

    def _value(self, name: str, attributes: Mapping[str, str]) -> Any:
        """What an element holds: a mapping, a list, or None for a text."""
        above = self._open[-1][0] if self._open else ""
        if name == self._ROOT and not above:
            self.document = {f"@{key}": value for key, value in attributes.items()} | {"site": []}
            return self.document
        if name == "site" and above == self._ROOT:
            return {f"@{key}": value for key, value in attributes.items()}
        if name in self._LISTS:
            return []
        return {} if name in self._GROUPS or (name == "tag" and above == "tags") else None

    def text(self, data: str) -> None:
        self._text.append(data)

    def end(self, name: str) -> None:
        value = self._open.pop()[1]
        value = "".join(self._text).strip() if value is None else value
        self._text.clear()
        holder = self._open[-1][1] if self._open else None
        if isinstance(holder, list):
            holder.append(value)
        elif name == "site" and isinstance(holder, dict) and holder is self.document:
            holder["site"].append(value)
        elif isinstance(holder, dict):
            holder[name] = value
