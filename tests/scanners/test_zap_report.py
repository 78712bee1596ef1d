"""ZAP's own reports: one content in every form that ZAP has for it, and everything that may be wrong with a file."""

from __future__ import annotations

import html
import json
from collections import Counter
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import LedgerState, Severity, WebLocation
from scangate.scanners.interface import Job, Output, Parsed, ScannerError, Target, WebOptions
from scangate.scanners.zap_record import plain_text
from scangate.scanners.zap_report import read_zap_report

SITE = "http://127.0.0.1:8080"


def instance(path: str = "/search?q=%3Cb%3E", **changes: str) -> dict[str, Any]:
    return {
        "id": "3",
        "uri": f"{SITE}{path}",
        "nodeName": f"{SITE}/search (q)",
        "method": "GET",
        "param": "q",
        "attack": "<b>",
        "evidence": "<b>",
        "otherinfo": "",
    } | changes


def item(*instances: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An entry of traditional-json, as ZAP 2.17 writes it."""
    listed = instances or (instance(),)
    return {
        "pluginid": "40012",
        "alertRef": "40012",
        "alert": "Reflected input",
        "name": "Reflected input",
        "riskcode": "3",
        "confidence": "2",
        "riskdesc": "High (Medium)",
        "desc": "<p>What was sent comes back.</p><p>As HTML.</p>",
        "instances": list(listed),
        "count": str(len(listed)),
        "systemic": False,
        "solution": "<p>Escape it.</p>",
        "otherinfo": "",
        "reference": "<p>https://owasp.org/xss</p><p>https://cwe.mitre.org/79</p>",
        "cweid": "79",
        "wascid": "8",
        "sourceid": "7",
        "tags": [{"tag": "OWASP_2021_A03", "link": "https://owasp.org/"}],
    } | changes


def site(*items: dict[str, Any], name: str = SITE) -> dict[str, Any]:
    return {"@name": name, "@host": "127.0.0.1", "@port": "8080", "@ssl": "false", "alerts": list(items)}


def document(*sites: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"@programName": "ZAP", "@version": "2.17.0", "@generated": "x", "site": list(sites)} | changes


def as_json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()


def as_xml(value: dict[str, Any]) -> bytes:
    """The same report as traditional-xml."""

    def element(name: str, content: Any) -> str:
        if name == "tags":
            inner = "".join(f"<tag>{element('tag', t['tag'])}{element('link', t['link'])}</tag>" for t in content)
        elif name == "instances":
            inner = "".join(element("instance", entry) for entry in content)
        elif isinstance(content, dict):
            inner = "".join(element(key, entry) for key, entry in content.items())
        else:
            inner = escape(str(content).lower() if isinstance(content, bool) else str(content))
        return f"<{name}>{inner}</{name}>"

    def attributes(entry: dict[str, Any]) -> str:
        return "".join(f" {key[1:]}={quoteattr(text)}" for key, text in entry.items() if key.startswith("@"))

    sites = "".join(
        f"<site{attributes(entry)}><alerts>{''.join(element('alertitem', one) for one in entry['alerts'])}</alerts>"
        "<statistics><statistic><key>a</key><value>1</value></statistic></statistics></site>"
        for entry in value["site"]
    )
    rest = "".join(element(key, entry) for key, entry in value.items() if key != "site" and not key.startswith("@"))
    return f'<?xml version="1.0"?>\n<OWASPZAPReport{attributes(value)}>{sites}{rest}</OWASPZAPReport>\n'.encode()


FORMS = {"json": as_json, "xml": as_xml}


def read(report: bytes, root: Path = Path("/nowhere"), **options: Any) -> Parsed:
    web = WebOptions(**options) if options else None
    job = Job("zap", Target("zap.json", ()), root=root, work=root / "work", web=web)
    return read_zap_report(Output(report), job)


def places(parsed: Parsed) -> list[tuple[str, str, str, int]]:
    locations = [finding.location for finding in parsed.findings]
    return [(p.method, p.route, p.param, p.count) for p in locations if isinstance(p, WebLocation)]


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_becomes_a_finding(form: str) -> None:
    parsed = read(FORMS[form](document(site(item()))))
    (finding,) = parsed.findings
    assert (finding.rule.id, finding.rule.cwe, finding.severity) == ("40012", (79,), Severity.HIGH)
    assert finding.message == "What was sent comes back.\nAs HTML.\n\nCWE-79, WASC-8, OWASP 2021 A03."
    assert (finding.rule.help_uri, finding.fix.text) == ("https://owasp.org/xss", "Escape it.")
    assert finding.ratings[0].word == "High (Medium)"
    assert places(parsed) == [("GET", "/search", "q", 1)]
    assert (parsed.state, parsed.version, parsed.scanned) == (LedgerState.RAN, "2.17.0", 1)
    assert isinstance(finding.location, WebLocation)
    assert (finding.location.attack, finding.location.evidence) == ("<b>", "<b>")


def test_both_forms_say_the_same() -> None:
    items = (item(), item(instance("/a"), instance("/b"), pluginid="10021", alertRef="10021", riskcode="1"))
    content = document(site(*items), site(item(instance(uri="http://b.example/x")), name="http://b.example"))
    assert read(as_json(content)) == read(as_xml(content))


@pytest.mark.parametrize("form", FORMS)
def test_instances_of_several_routes_are_several_findings(form: str) -> None:
    listed = [instance(f"/orders/{n}") for n in range(60)] + [instance("/carts/1")]
    parsed = read(FORMS[form](document(site(item(*listed)))))
    assert places(parsed) == [("GET", "/carts/{}", "q", 1), ("GET", "/orders/{}", "q", 60)]
    assert parsed.scanned == 61


@pytest.mark.parametrize("form", FORMS)
def test_more_may_be_counted_than_is_listed(form: str) -> None:
    parsed = read(FORMS[form](document(site(item(instance("/a"), instance("/b"), systemic=True, count="412")))))
    assert places(parsed) == [("", "*", "", 412)]


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_without_instances_is_about_its_site(form: str) -> None:
    parsed = read(FORMS[form](document(site(item() | {"instances": [], "count": "0"}))))
    assert places(parsed) == [("", "/", "", 1)]


def test_an_old_entry_is_its_own_instance() -> None:
    old = {key: value for key, value in item().items() if key not in ("instances", "alertRef", "tags", "systemic")}
    parsed = read(as_json(document(site(old | {"uri": f"{SITE}/x", "method": "GET", "param": "q"}))))
    assert places(parsed) == [("GET", "/x", "q", 1)]


@pytest.mark.parametrize("form", FORMS)
def test_requests_of_plus_reports_are_in_the_command_and_nowhere_else(form: str) -> None:
    head = "POST /search HTTP/1.1\r\nCookie: sid=abcdef\r\nAuthorization: Bearer abcdef\r\nContent-Type: text/x"
    names = (
        ("requestheader", "requestbody", "responsebody") if form == "xml" else ("request-header", "request-body", "")
    )
    said = dict(zip(names, (head, "q=1&token=abcdef", "abcdef"), strict=True)) | {"method": "POST"}
    parsed = read(FORMS[form](document(site(item(instance(**{key: v for key, v in said.items() if key}))))))
    (finding,) = parsed.findings
    assert isinstance(finding.location, WebLocation)
    assert "--data-raw 'q=1&token='\"$TOKEN\"" in finding.location.curl
    assert "abcdef" not in finding.model_dump_json()


@pytest.mark.parametrize("form", FORMS)
def test_secrets_of_the_caller_are_masked(form: str) -> None:
    report = Output(FORMS[form](document(site(item(instance(evidence="open sesame"))))))
    job = Job("zap", Target("x", ()), root=Path("/nowhere"), work=Path("/nowhere/work"))
    (finding,) = read_zap_report(report, job, secrets=["open sesame"]).findings
    assert "sesame" not in finding.model_dump_json()


def test_alerts_saved_from_the_api_are_read_too() -> None:
    recorded = Path(__file__).with_name("zap_alerts.json").read_bytes()
    parsed = read(recorded)
    assert len(parsed.findings) == 6
    assert parsed.scanned == len({alert["url"] for alert in json.loads(recorded)["alerts"]})


@pytest.mark.parametrize("form", FORMS)
def test_a_site_without_alerts_was_looked_at(form: str) -> None:
    parsed = read(FORMS[form](document(site(), site(item(), name=SITE), site(name="http://b.example"))))
    assert (parsed.state, len(parsed.findings), parsed.scanned) == (LedgerState.RAN, 1, 2)


@pytest.mark.parametrize("report", [as_json(document()), as_xml(document()), b'{"alerts": []}'])
def test_a_report_without_sites_is_never_clean(report: bytes) -> None:
    with pytest.raises(ScannerError) as caught:
        read(report)
    assert caught.value.state is LedgerState.FAILED
    assert "looked at nothing" in caught.value.reason


@pytest.mark.parametrize("form", FORMS)
def test_a_scan_that_was_stopped_is_partial(form: str) -> None:
    stopping = {"level": "High", "site": SITE, "key": "insight.code.5xx", "description": "too many errors"}
    parsed = read(FORMS[form](document(site(item()), stoppingInsight=stopping)))
    assert (parsed.state, parsed.reason) == (LedgerState.PARTIAL, "ZAP was stopped: too many errors")
    assert len(parsed.findings) == 1


def test_errors_of_a_plan_make_it_partial() -> None:
    parsed = read(as_json(document(site(item()), afPlanErrors=["Job spider failed", "x"])))
    assert (parsed.state, parsed.reason) == (LedgerState.PARTIAL, "ZAP's plan had 2 errors, first: Job spider failed")


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_no_error(mark: str) -> None:
    content = document(site(item()))
    assert read(as_xml(content).decode().encode(mark)).findings
    assert read(json.dumps(content).encode("utf-8-sig")).findings


def test_a_single_site_may_stand_without_a_list() -> None:
    assert read(as_json(document() | {"site": site(item())})).findings


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "report",
    [
        b"<",
        b"<a/>",
        b"<html><body>ZAP Scanning Report</body></html>",
        b"{",
        b"[]",
        b'{"site": []}',
        b'{"@version": "1", "site": [1]}',
        b'{"@version": "1", "site": [{"@name": "x"}]}',
        b'{"@version": "1", "site": [{"@name": "x", "alerts": [1]}]}',
        b'{"@version": "1", "site": [{"@name": "x", "alerts": [{"pluginid": "1", "instances": 1}]}]}',
        b'{"@version": "1", "site": [{"@name": "x", "alerts": [{"pluginid": "1", "instances": [1]}]}]}',
        b'{"@version": "1", "site": [{"@name": "x", "alerts": [{}]}]}',
        b'{"alerts": [{}]}',
        b'{"code": "internal_error", "message": "Internal Error"}',
        b'<OWASPZAPReport version="1"><site name="x"/></OWASPZAPReport>',
        b'<OWASPZAPReport version="1"><site name="x"><alerts><alertitem/></alerts></site></OWASPZAPReport>',
        f"{ENTITIES}<OWASPZAPReport><site><alerts>&b;</alerts></site></OWASPZAPReport>".encode(),
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><OWASPZAPReport>&f;</OWASPZAPReport>',
        b'<?xml version="1.0" encoding="none"?><OWASPZAPReport/>',
    ],
)
def test_what_is_no_report_is_unreadable(report: bytes) -> None:
    with pytest.raises(ScannerError) as caught:
        read(report)
    assert caught.value.state is LedgerState.UNREADABLE


def test_a_report_that_declares_entities_is_unreadable() -> None:
    head, root, body = as_xml(document(site(item()))).partition(b"<OWASPZAPReport")
    for entities in (b"", b"<!DOCTYPE x [<!ELEMENT a ANY>]>"):
        assert read(head + entities + root + body).findings
    with pytest.raises(ScannerError, match="declares entities"):
        read(head + ENTITIES.encode() + root + body)


def test_a_report_may_nest_deep() -> None:
    nested = "<instances>" * 20_000 + "</instances>" * 20_000
    report = as_xml(document(site(item()))).replace(b"</site>", f"<x>{nested}</x></site>".encode())
    assert read(report).findings


@pytest.mark.parametrize("length", [1, 20, 40, 60, 80, 99])
@pytest.mark.parametrize("form", FORMS)
def test_a_report_that_breaks_off_is_unreadable(form: str, length: int) -> None:
    whole = FORMS[form](document(site(item(), item(instance("/b")))))
    with pytest.raises(ScannerError):
        read(whole.rstrip()[: len(whole.rstrip()) * length // 100])


@pytest.mark.parametrize(
    ("paragraphs", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<p>a &lt;b&gt; &amp;amp;</p>", "a <b> &amp;"),
        ("<p>the <script> element, 1 < 2</p>", "the <script> element, 1 < 2"),
        ("a &lt;b&gt;", "a &lt;b&gt;"),
        ("one<br/>two", "one<br/>two"),
        ("<P>one<br/>two</P>", "one\ntwo"),
        ("", ""),
    ],
)
def test_paragraphs_become_text_once(paragraphs: str, text: str) -> None:
    assert plain_text(paragraphs) == text


@given(st.text(st.characters(exclude_characters="\n\r<", codec="utf-8"), max_size=40))
def test_what_was_escaped_comes_back(text: str) -> None:
    assert plain_text(f"<p>{html.escape(text)}</p>") == text.strip()


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20)


@given(st.dictionaries(st.sampled_from(sorted(set(item()) - {"instances", "tags"})), texts), texts)
def test_both_forms_are_read_alike_whatever_they_hold(changes: dict[str, str], evidence: str) -> None:
    content = document(site(item(instance(evidence=evidence.strip()), **{k: v.strip() for k, v in changes.items()})))
    assert outcome(as_json(content)) == outcome(as_xml(content))


def outcome(report: bytes) -> Parsed | str:
    try:
        return read(report)
    except ScannerError as error:
        return error.state


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(report: bytes) -> None:
    outcome(report)
    outcome(b"<OWASPZAPReport>" + report)
    outcome(b'{"@version": "1", "site": [{"alerts": [' + report)


def test_findings_are_shown_under_the_files_that_settings_name(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text("paths:\n  /search:\n    get: {}\n")
    content = as_json(document(site(item(), item(systemic=True), item(instance("/other")))))
    parsed = read(content, tmp_path, openapi=tmp_path / "openapi.yaml", anchor="app.py")
    shown = Counter((f.location.path, f.location.line) for f in parsed.findings if isinstance(f.location, WebLocation))
    assert shown == {("openapi.yaml", 3): 1, ("app.py", None): 2}


def test_the_samples_of_others_give_the_expected_counts(shared: Path) -> None:
    rows = json.loads((shared / "samples" / "expected.json").read_text())
    tried = [row for row in rows if row["file"].startswith("zap/")]
    assert tried
    for row in tried:
        parsed = read((shared / "samples" / row["file"]).read_bytes())
        assert len(parsed.findings) == row["expected_findings"]
        listed = int(row["raw_rule"].partition("instances=")[2].rstrip(")"))
        assert sum(count for *_, count in places(parsed)) == listed
