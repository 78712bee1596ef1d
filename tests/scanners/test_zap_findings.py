"""ZAP's alerts as findings. The recorded alerts are ZAP 2.17.0's own answers about the tests' weak web shop."""

from __future__ import annotations

import json
import random
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scangate.identity import identify
from scangate.model import Category, Confidence, Finding, Severity, WebLocation
from scangate.scanners.interface import ScannerError
from scangate.scanners.zap_findings import MOST_INSTANCES, findings_of_alerts
from scangate.scanners.zap_severity import CONFIDENCES, RISKS, SEVERITY_OF_RISK

SITE = "http://127.0.0.1:8080"


def alert(path: str = "/search?q=%3Cb%3E", **changes: Any) -> dict[str, Any]:
    """An alert as `alert/view/alerts` answers."""
    return {
        "sourceid": "1",
        "other": "",
        "method": "GET",
        "evidence": "<b>",
        "pluginId": "40012",
        "cweid": "79",
        "confidence": "Medium",
        "sourceMessageId": 7,
        "wascid": "8",
        "description": "What was sent comes back as HTML.",
        "messageId": "7",
        "inputVector": "querystring",
        "url": f"{SITE}{path}",
        "tags": {"CWE-79": "https://cwe.mitre.org/data/definitions/79.html", "OWASP_2021_A03": "https://owasp.org/"},
        "reference": "https://owasp.org/xss\nhttps://cwe.mitre.org/79",
        "solution": "Escape it.",
        "alert": "Reflected input",
        "param": "q",
        "attack": "<b>",
        "name": "Reflected input",
        "risk": "High",
        "id": "3",
        "alertRef": "40012",
    } | changes


def only(*alerts: dict[str, Any], **options: Any) -> tuple[Finding, WebLocation]:
    (finding,) = findings_of_alerts(alerts, **options)
    assert isinstance(finding.location, WebLocation)
    return finding, finding.location


def places(*alerts: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    locations = [finding.location for finding in findings_of_alerts(alerts)]
    return [(p.method, p.route, p.param, p.count) for p in locations if isinstance(p, WebLocation)]


def test_an_alert_becomes_a_finding() -> None:
    finding, place = only(alert(), version="2.17.0")
    assert (finding.category, finding.rule.id, finding.rule.cwe) == (Category.WEB, "40012", (79,))
    assert finding.title == finding.rule.name == "Reflected input"
    assert finding.rule.help_uri == "https://owasp.org/xss"
    assert finding.message == "What was sent comes back as HTML.\n\nCWE-79, WASC-8, OWASP 2021 A03."
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.MEDIUM)
    assert (finding.ratings[0].source, finding.ratings[0].word) == ("zap", "High (Medium)")
    assert (finding.fix.state, finding.fix.text) == ("available", "Escape it.")
    assert finding.sources[0].model_dump(exclude_defaults=True) == {
        "scanner": "zap",
        "rule_id": "40012",
        "severity": "High (Medium)",
        "version": "2.17.0",
    }
    assert (place.url, place.method, place.param, place.route) == (f"{SITE}/search?q=%3Cb%3E", "GET", "q", "/search")
    assert (place.attack, place.evidence, place.count, len(place.instances)) == ("<b>", "<b>", 1, 1)


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_risk_and_confidence_are_the_severity(risk: str, confidence: str) -> None:
    finding, _ = only(alert(risk=risk, confidence=confidence))
    assert finding.severity is SEVERITY_OF_RISK[risk][CONFIDENCES.index(confidence)]
    assert finding.ratings[0].word == f"{risk} ({confidence})"


def test_the_table_counts_a_doubtful_risk_one_step_less() -> None:
    assert list(SEVERITY_OF_RISK) == list(reversed(RISKS))
    for row in SEVERITY_OF_RISK.values():
        ranks = [severity.rank for severity in row]
        assert len(row) == len(CONFIDENCES)
        assert ranks == sorted(ranks)
    medium = [row[CONFIDENCES.index("Medium")] for row in SEVERITY_OF_RISK.values()]
    assert medium == [Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO]


@pytest.mark.parametrize(("risk", "severity"), [("Grave", Severity.UNKNOWN), ("", Severity.UNKNOWN), ("high", "high")])
def test_a_word_that_zap_does_not_have_is_unknown(risk: str, severity: str) -> None:
    assert only(alert(risk=risk))[0].severity == severity


def test_the_worst_alert_of_a_finding_counts_and_every_rating_is_kept() -> None:
    finding, _ = only(alert(risk="Low"), alert(risk="High", confidence="Low"), alert(risk="Medium", attack="x"))
    assert finding.severity is Severity.MEDIUM
    assert {rating.word for rating in finding.ratings} == {"Low (Medium)", "High (Low)", "Medium (Medium)"}
    assert finding.sources[0].severity in ("High (Low)", "Medium (Medium)")


def test_confirmed_by_a_user_is_confirmed() -> None:
    finding, _ = only(alert(confidence="User Confirmed"))
    assert (finding.ratings[0].word, finding.confidence) == ("High (Confirmed)", Confidence.HIGH)


@pytest.mark.parametrize("none", ["-1", "0", "", "x", "9" * 5000])
def test_an_absent_cwe_or_wasc_id_is_none(none: str) -> None:
    finding, _ = only(alert(cweid=none, wascid=none, tags={}))
    assert finding.rule.cwe == ()
    assert "CWE" not in finding.message
    assert "WASC" not in finding.message


def test_a_cwe_is_also_taken_from_the_tags() -> None:
    assert only(alert(cweid="-1", tags={"CWE-352": "", "CWE-79": ""}))[0].rule.cwe == (352, 79)


def test_alerts_alike_are_one_finding_with_instances() -> None:
    alerts = [alert(f"/orders/{number}?q=%3Cb%3E") for number in range(300)]
    _, place = only(*alerts)
    assert (place.route, place.count, len(place.instances)) == ("/orders/{}", 300, MOST_INSTANCES)
    assert place.instances[0].url == place.url == f"{SITE}/orders/0?q=%3Cb%3E"
    assert len({instance.url for instance in place.instances}) == MOST_INSTANCES


def test_what_an_attack_put_into_the_path_tells_nothing_apart() -> None:
    alerts = [alert(f"/files/x%27{payload}/view", attack=f"x'{payload}") for payload in ("one", "two")]
    assert places(*alerts) == [("GET", "/files/{}/view", "q", 2)]


def test_instances_show_every_route_before_a_second_place_of_any() -> None:
    many = [alert(f"/orders/{number}", systemic=True) for number in range(300)]
    _, place = only(*many, alert("/zebra", systemic=True))
    assert f"{SITE}/zebra" in [instance.url for instance in place.instances]


def test_what_differs_is_told_apart() -> None:
    alerts = [
        alert("/a"),
        alert("/b"),
        alert("/a", method="POST"),
        alert("/a", param="r"),
        alert("/a", alertRef="40012-2"),
        alert("/a", url="http://127.0.0.1:8081/a"),
    ]
    assert len(findings_of_alerts(alerts)) == 6
    assert len({finding.id for finding in identify(findings_of_alerts(alerts), None)}) == 6


def test_kinds_of_a_rule_without_references_are_told_apart_by_name() -> None:
    old = [alert("/a", alertRef="", alert=name, name=name) for name in ("one", "two")]
    findings = findings_of_alerts(old)
    assert [(finding.rule.id, finding.title) for finding in findings] == [("40012", "one"), ("40012", "two")]


@pytest.mark.parametrize(
    "systemic",
    [{"tags": {"SYSTEMIC": ""}}, {"systemic": True}, {"systemic": "true"}, {"pluginId": "10021", "alertRef": "10021"}],
)
def test_what_is_systemic_is_one_finding_for_each_site(systemic: dict[str, Any]) -> None:
    found = [alert(f"/{name}", param=name, method=method, **systemic) for name in "abc" for method in ("GET", "POST")]
    assert places(*found) == [("", "*", "", 6)]
    finding, place = only(*found)
    assert "Seen with: a, b, c." in finding.message
    assert len(place.instances) == 6
    assert len(findings_of_alerts([*found, alert(url="http://b.example/", **systemic)])) == 2


def test_an_alert_that_zap_does_not_call_systemic_is_not() -> None:
    assert places(alert("/a", systemic=False), alert("/b", systemic="false")) == [
        ("GET", "/a", "q", 1),
        ("GET", "/b", "q", 1),
    ]


def test_alerts_that_people_marked_as_false_are_relieved() -> None:
    finding, place = only(alert(confidence="False Positive"))
    assert [mark.kind for mark in finding.relief] == ["tool"]
    assert place.count == 1


def test_a_mark_on_one_alert_does_not_relieve_another() -> None:
    finding, place = only(alert(confidence="False Positive"), alert(attack="other"))
    assert not finding.relief
    assert (place.count, [instance.attack for instance in place.instances]) == (1, ["other"])


def test_a_grave_alert_that_is_false_does_not_hide_a_slight_one() -> None:
    finding, _ = only(alert(risk="High", confidence="False Positive"), alert(risk="Low", attack="other"))
    assert (finding.severity, finding.relief) == (Severity.LOW, ())


def test_identity_has_no_host_no_values_and_no_evidence() -> None:
    one = findings_of_alerts([alert("/orders/1?q=a", evidence="a", risk="Low")])
    other = findings_of_alerts([alert(url="https://staging.example/orders/2?q=b", evidence="b")])
    assert identify(one, None)[0].id == identify(other, None)[0].id


def test_the_order_of_alerts_changes_nothing() -> None:
    alerts = [alert(f"/{page}/{n}", risk=risk) for page in "ab" for n in range(4) for risk in ("Low", "High")]
    shuffled = random.Random(1).sample(alerts, len(alerts))  # noqa: S311
    assert findings_of_alerts(alerts) == findings_of_alerts(shuffled)


@pytest.mark.parametrize("broken", [None, [], "x", {}, {"name": "no rule"}])
def test_what_is_no_alert_is_refused(broken: Any) -> None:
    with pytest.raises(ScannerError):
        findings_of_alerts([broken])


def test_half_a_surrogate_pair_is_borne() -> None:
    finding, _ = only(alert(evidence="\ud800", name="\udfff"))
    assert finding.model_dump_json()


def test_missing_fields_are_borne() -> None:
    finding, place = only({"pluginId": 40012})
    assert (finding.rule.id, finding.title, finding.severity) == ("40012", "ZAP rule 40012", Severity.UNKNOWN)
    assert (place.url, place.curl) == ("", "")


@pytest.mark.parametrize("reference", ["javascript:alert(1)", "ftp://a.example", "", "see https"])
def test_only_web_addresses_are_links(reference: str) -> None:
    assert not only(alert(reference=reference))[0].rule.help_uri


def test_references_that_run_together_are_two() -> None:
    assert only(alert(reference="https://a.example/xhttp://b.example"))[0].rule.help_uri == "https://a.example/x"


def test_the_anchor_is_asked_for_the_operation() -> None:
    asked: list[tuple[str, str]] = []

    def anchor(method: str, route: str, /) -> tuple[str, int | None]:
        asked.append((method, route))
        return "openapi.yaml", 7

    _, place = only(alert("/orders/3"), anchor=anchor)
    assert (place.path, place.line, asked) == ("openapi.yaml", 7, [("GET", "/orders/{}")])
    only(alert(systemic=True), anchor=anchor)
    assert asked[-1] == ("", "*")


# Credentials


SECRET = "pass word's \"&é"
"""With characters that shells, URLs and JSON escape."""


def test_evidence_is_cut_and_shows_no_credentials() -> None:
    said = {
        "evidence": "Set-Cookie: sid=abcdef; Path=/",
        "other": "password=hunter2 was sent",
        "attack": "x" * 5000,
        "url": f"{SITE}/in?token=abcdef",
    }
    finding, place = only(alert(**said))
    assert place.evidence == "Set-Cookie: sid=****; Path=/"
    assert place.url.endswith("/in?token=****")
    assert len(place.attack) == 500
    assert "abcdef" not in finding.model_dump_json()
    assert "hunter2" not in finding.model_dump_json()


FIELDS = sorted(set(alert()) - {"sourceMessageId", "tags", "pluginId", "alertRef", "risk", "confidence"})
secrets = st.text(st.characters(codec="utf-8", exclude_characters="*", exclude_categories=["Cc"]), min_size=5).filter(
    lambda text: text.strip() == text
)


@given(secrets, st.sets(st.sampled_from(FIELDS), min_size=1), st.booleans())
def test_no_secret_survives_in_any_field_of_any_finding(secret: str, fields: set[str], header: bool) -> None:
    assume(secret not in findings_of_alerts([alert()])[0].model_dump_json())
    changes: dict[str, Any] = dict.fromkeys(fields, f"http://a.example/{secret}?x={secret} {secret}")
    if header:
        head = (
            f"POST / HTTP/1.1\r\nAuthorization: {secret}\r\nCookie: a={secret}\r\nX-Key: {secret}\r\nAccept: {secret}"
        )
        changes |= {"requestHeader": head, "requestBody": f"a={secret}&b={secret}"}
    for finding in findings_of_alerts([alert(**changes), alert(systemic=True, **changes)], secrets=[secret]):
        shown = texts(finding.model_dump())
        assert not [text for text in shown if secret in text]


def texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list() | tuple():
            return [text for item in value for text in texts(item)]
        case dict():
            return [text for item in value.values() for text in texts(item)]
        case _:
            return []


# The command that shows it again


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """Runs a command in a shell, with a `curl` that only says what it was given."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "curl").write_text("#!/bin/sh\nfor word do printf '%s\\0' \"$word\"; done\n")
    (folder / "curl").chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "TOKEN": "{TOKEN}", "COOKIE": "{COOKIE}", "LC_ALL": "C.UTF-8"}

    def run(command: str) -> list[str]:
        done = subprocess.run(["/bin/sh", "-c", command], env=environment, cwd=folder, capture_output=True, check=True)
        assert not done.stderr
        return done.stdout.decode().split("\0")[:-1]

    return run


HEAD = """POST /in HTTP/1.1\r
Host: a.example\r
Content-Type: application/json\r
Authorization: Bearer abcdef\r
Cookie: sid=abcdef\r
X-Api-Key: abcdef\r
User-Agent: ZAP\r
\r
"""


def test_the_command_sends_the_request_again(shell: Callable[[str], list[str]]) -> None:
    body = '{"q": "it\'s $HOME", "password": "abcdef"}'
    _, place = only(alert("/in", method="POST", requestHeader=HEAD, requestBody=body))
    assert shell(place.curl) == [
        "--globoff",
        "--path-as-is",
        *("--header", "Content-Type: application/json"),
        *("--header", "Authorization: Bearer {TOKEN}"),
        *("--header", "Cookie: {COOKIE}"),
        *("--header", "X-Api-Key: {TOKEN}"),
        *("--data-raw", '{"q": "it\'s $HOME", "password": "{TOKEN}"}'),
        f"{SITE}/in",
    ]


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, []),
        ({"method": "DELETE"}, ["--request", "DELETE"]),
        ({"method": "HEAD", "requestBody": "x"}, ["--head"]),
        ({"requestBody": "x"}, ["--request", "GET", "--data-raw", "x"]),
        ({"method": "POST", "inputVector": "form"}, ["--data-urlencode", "q=<b>"]),
        ({"method": "POST", "inputVector": "json"}, ["--request", "POST"]),
        ({"requestHeader": "GET / HTTP/1.1\r\nAuthorization: abcdef"}, ["--header", "Authorization: {TOKEN}"]),
        ({"requestHeader": "GET / HTTP/1.1\r\nAuthorization: ab cd"}, ["--header", "Authorization: {TOKEN}"]),
        (
            {"requestHeader": 'GET / HTTP/1.1\r\nAuthorization: Digest username="ann", response="abcdef"'},
            ["--header", "Authorization: Digest {TOKEN}"],
        ),
        (
            {"method": "POST", "inputVector": "form", "attack": "Zk3vQ81hGx0pLm29TtYw'--"},
            ["--data-urlencode", "q={TOKEN}'--"],
        ),
    ],
)
def test_the_command_has_the_method_and_the_body(
    changes: dict[str, Any], options: list[str], shell: Callable[[str], list[str]]
) -> None:
    _, place = only(alert("/x", **changes))
    assert shell(place.curl) == ["--globoff", "--path-as-is", *options, f"{SITE}/x"]


def test_white_space_in_a_url_is_encoded(shell: Callable[[str], list[str]]) -> None:
    assert shell(only(alert("/a b?q=c d"))[1].curl)[-1] == f"{SITE}/a%20b?q=c%20d"


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_nothing_of_a_url_or_a_body_is_obeyed(text: str, shell: Callable[[str], list[str]]) -> None:
    _, place = only(alert(f"/x?v={text}", method="POST", requestBody=f"v={text}"))
    said = shell(place.curl) if place.curl else []
    assert len(said) in (0, 5)
    assert shlex.split(place.curl)[:1] in ([], ["curl"])
    assert all(word.startswith(start) for word, start in zip(said, ("--g", "--p", "--data-raw", "v=", "http:")))  # noqa: B905


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "file:///etc/passwd"},
        {"url": "-o/x"},
        {"method": "GET -o x"},
        {"requestBody": "a\0b"},
        {"url": "http://"},
    ],
)
def test_no_command_is_better_than_a_wrong_one(changes: dict[str, Any]) -> None:
    assert only(alert(**changes))[1].curl == ""


hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*sorted(alert()), "systemic", "requestHeader", "requestBody"]), hostile))
def test_any_values_give_a_finding_or_an_error(changes: dict[str, Any]) -> None:
    try:
        (finding,) = identify(findings_of_alerts([alert(**changes)]), None)
    except ScannerError:
        return
    finding.model_dump_json()
    assert finding.id


RECORDED = Path(__file__).with_name("zap_alerts.json")


def test_recorded_alerts_of_a_real_zap() -> None:
    alerts = json.loads(RECORDED.read_text())["alerts"]
    findings = findings_of_alerts(alerts, version="2.17.0")
    assert [(f.rule.id, f.severity.value, p.method, p.route, p.param, p.count) for f in findings if (p := web(f))] == [
        ("10010", "low", "", "*", "", 2),
        ("10021", "low", "", "*", "", 3),
        ("10038-1", "medium", "", "*", "", 3),
        ("40012", "high", "GET", "/search", "q", 1),
        ("40018", "high", "GET", "/stock", "name", 1),
        ("6", "high", "GET", "/manual", "file", 1),
    ]
    curl = web(findings[3]).curl
    assert curl == f"curl --globoff --path-as-is '{SITE}/search?q=sc%22%27%3E%3Cscangate%3E'"


def web(finding: Finding) -> WebLocation:
    assert isinstance(finding.location, WebLocation)
    return finding.location
