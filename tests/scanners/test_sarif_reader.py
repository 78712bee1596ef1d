"""SARIF as other tools write it: each way in which it occurs in the wild is one test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import Category, Confidence, FileLocation, Finding, LedgerState, Relief, Severity, WebLocation
from scangate.scanners.interface import Job, Output, Parsed, ScannerError, Target
from scangate.scanners.sarif import Sarif

NOWHERE = Path("/nowhere")


def result(uri: str = "src/app.py", **changes: Any) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": 3, "startColumn": 5, "endColumn": 9}}
    return {"ruleId": "R1", "message": {"text": "It is bad."}, "locations": [{"physicalLocation": place}]} | changes


def run(*results: Any, rules: list[Any] | None = None, name: str = "Tool", **changes: Any) -> dict[str, Any]:
    driver = {"name": name, "semanticVersion": "1.2.3", "rules": rules or []}
    return {"tool": {"driver": driver}, "results": list(results)} | changes


def read(*runs: Any, root: Path = NOWHERE, **changes: Any) -> Parsed:
    return read_bytes(json.dumps({"version": "2.1.0", "runs": list(runs)} | changes).encode(), root)


def read_bytes(report: bytes, root: Path = NOWHERE) -> Parsed:
    (parsed,) = read_all(report, root).values()
    return parsed


def read_all(report: bytes, root: Path = NOWHERE) -> dict[str, Parsed]:
    return Sarif().read(Output(report), Job("sarif", Target("x.sarif", (), ()), root=root, work=root))


def only(parsed: Parsed) -> Finding:
    (finding,) = parsed.findings
    return finding


def place(parsed: Parsed) -> FileLocation:
    location = only(parsed).location
    assert isinstance(location, FileLocation)
    return location


def test_a_result_becomes_a_finding() -> None:
    rule = {
        "id": "R1",
        "name": "BadThing",
        "shortDescription": {"text": "A bad thing"},
        "helpUri": "https://example.org/r1",
        "properties": {"precision": "very-high", "tags": ["security"]},
    }
    parsed = read(run(result(level="error"), rules=[rule]))
    finding, where = only(parsed), place(parsed)
    assert (finding.rule.id, finding.rule.name, finding.rule.help_uri) == ("R1", "BadThing", "https://example.org/r1")
    assert (finding.title, finding.message, finding.severity) == ("A bad thing", "It is bad.", Severity.HIGH)
    assert (finding.category, finding.confidence) == (Category.CODE, Confidence.HIGH)
    assert (where.path, where.line, where.column, where.end_line, where.end_column) == ("src/app.py", 3, 5, 3, 9)
    assert [(s.scanner, s.version, s.rule_id, s.severity) for s in finding.sources] == [
        ("Tool", "1.2.3", "R1", "error")
    ]
    assert (parsed.state, parsed.version) == (LedgerState.RAN, "1.2.3")


RULES = [{"id": "R0"}, {"id": "R1", "name": "one"}, {"id": "R1/deep", "name": "two"}]
EXTENSION = {"name": "pack", "guid": "g", "rules": [{"id": "X0"}, {"id": "X1", "name": "extended"}]}


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"ruleId": "R1", "ruleIndex": 1}, ("R1", "one")),
        ({"ruleId": "R1"}, ("R1", "one")),
        ({"ruleId": None, "ruleIndex": 1}, ("R1", "one")),
        ({"ruleId": "R1", "ruleIndex": -1}, ("R1", "one")),
        ({"ruleId": "R1", "ruleIndex": 99}, ("R1", "one")),
        ({"ruleId": "R1", "ruleIndex": 0}, ("R1", "one")),
        ({"ruleId": "R1/child/grandchild"}, ("R1/child/grandchild", "one")),
        ({"ruleId": "R1/child", "ruleIndex": 1}, ("R1/child", "one")),
        ({"ruleId": "R1/deep/er"}, ("R1/deep/er", "two")),
        ({"ruleId": None, "rule": {"id": "R1"}}, ("R1", "one")),
        ({"ruleId": None, "rule": {"index": 1, "toolComponent": {"index": 0}}}, ("X1", "extended")),
        ({"ruleId": None, "rule": {"index": 1, "toolComponent": {"guid": "g"}}}, ("X1", "extended")),
        ({"ruleId": None, "rule": {"index": 1, "toolComponent": {"name": "pack"}}}, ("X1", "extended")),
        ({"ruleId": "X1"}, ("X1", "extended")),
        ({"ruleId": "unknown"}, ("unknown", "")),
        ({"ruleId": None}, ("(no rule)", "")),
    ],
)
def test_a_rule_is_found_by_index_component_id_and_parent(reference: dict[str, Any], expected: tuple[str, str]) -> None:
    document = run(result(**reference), rules=RULES)
    document["tool"]["extensions"] = [EXTENSION]
    rule = only(read(document)).rule
    assert (rule.id, rule.name) == expected


@pytest.mark.parametrize(
    ("changes", "rule", "severity"),
    [
        ({}, {}, Severity.MEDIUM),
        ({}, {"defaultConfiguration": {"level": "note"}}, Severity.LOW),
        ({"level": "error"}, {"defaultConfiguration": {"level": "note"}}, Severity.HIGH),
        ({"level": "none"}, {}, Severity.INFO),
        ({"level": "loud"}, {}, Severity.UNKNOWN),
        ({}, {"properties": {"security-severity": "9.8"}}, Severity.CRITICAL),
        ({}, {"properties": {"security-severity": 7}}, Severity.HIGH),
        ({"level": "error"}, {"properties": {"security-severity": "2.1"}}, Severity.LOW),
        ({"properties": {"security-severity": "9.0"}}, {"properties": {"security-severity": "2.1"}}, Severity.CRITICAL),
        ({}, {"properties": {"security-severity": "high"}}, Severity.MEDIUM),
        ({}, {"properties": {"security-severity": "nan"}}, Severity.MEDIUM),
        ({}, {"properties": {"security-severity": 11}}, Severity.MEDIUM),
        ({}, {"properties": {"security-severity": True}}, Severity.MEDIUM),
    ],
)
def test_severity_is_the_score_else_the_level_of_result_or_rule(
    changes: dict[str, Any], rule: dict[str, Any], severity: Severity
) -> None:
    assert only(read(run(result(**changes), rules=[{"id": "R1"} | rule]))).severity is severity


@pytest.mark.parametrize(
    ("rule", "cwe"),
    [
        ({"properties": {"tags": ["external/cwe/cwe-078", "security"]}}, (78,)),
        ({"properties": {"tags": ["CWE-89: SQL Injection", "CWE-78"]}}, (89, 78)),
        ({"properties": {"cwe": "CWE-22"}}, (22,)),
        ({"relationships": [{"target": {"id": "502", "toolComponent": {"name": "CWE"}}}]}, (502,)),
        ({"relationships": [{"target": {"id": "CWE-611"}}]}, (611,)),
        ({"relationships": [{"target": {"id": "5", "toolComponent": {"name": "OWASP"}}}]}, ()),
        ({"properties": {"tags": ["CWE-0xyz", 7]}}, ()),
    ],
)
def test_weaknesses_come_from_tags_relationships_and_taxa(rule: dict[str, Any], cwe: tuple[int, ...]) -> None:
    assert only(read(run(result(), rules=[{"id": "R1"} | rule]))).rule.cwe == cwe


def test_weaknesses_come_from_the_taxa_of_a_result_too() -> None:
    taxa = [{"id": "79", "toolComponent": {"name": "CWE"}}]
    assert only(read(run(result(taxa=taxa)))).rule.cwe == (79,)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"text": "plain {0}"}, "plain {0}"),
        ({"markdown": "only **this**"}, "only **this**"),
        ({"text": "{0} and {1}", "arguments": ["a", "b"]}, "a and b"),
        ({"text": "{{0}} {0} {7}", "arguments": ["a"]}, "{0} a {7}"),
        ({"id": "default", "arguments": ["x"]}, "Variable x"),
        ({"id": "global"}, "Of the driver"),
        ({"id": "missing"}, ""),
    ],
)
def test_messages_may_be_named_by_id(message: dict[str, Any], expected: str) -> None:
    rule = {"id": "R1", "messageStrings": {"default": {"text": "Variable {0}"}}}
    document = run(result(message=message), rules=[rule])
    document["tool"]["driver"]["globalMessageStrings"] = {"global": {"text": "Of the driver"}}
    assert only(read(document)).message == expected


BASES = {
    "SRCROOT": {"uri": " src/", "uriBaseId": "PROJECT"},
    "PROJECT": {"uri": "file://build.example.org/work/"},
    "HERE": {"uri": "file:///checkout/sub/"},
    "LOOP": {"uri": "a/", "uriBaseId": "LOOP"},
}


@pytest.mark.parametrize(
    ("artifact", "path"),
    [
        ({"uri": "a%20b/%C3%A9.py"}, "a b/é.py"),
        ({"uri": "./a/../b.py"}, "b.py"),
        ({"uri": "../../etc/passwd"}, "etc/passwd"),
        ({"uri": "file:///checkout/app/x.py"}, "app/x.py"),
        ({"uri": "file:/checkout/app/x.py"}, "app/x.py"),
        ({"uri": "/checkout/app/x.py"}, "app/x.py"),
        ({"uri": "file:///elsewhere/x.py"}, "elsewhere/x.py"),
        ({"uri": "file:///C:/code/file.c"}, "C:/code/file.c"),
        ({"uri": "list.h", "uriBaseId": "SRCROOT"}, "src/list.h"),
        ({"uri": "x.py", "uriBaseId": "HERE"}, "sub/x.py"),
        ({"uri": "x.py", "uriBaseId": "PROJECT"}, "x.py"),
        ({"uri": "x.py", "uriBaseId": "UNKNOWN"}, "x.py"),
        ({"index": 1}, "named/by/index.py"),
        ({"index": 99}, ""),
        ({}, ""),
    ],
)
def test_uris_become_paths_below_the_root(artifact: dict[str, Any], path: str) -> None:
    artifacts = [{}, {"location": {"uri": "named/by/index.py"}}]
    located = result(locations=[{"physicalLocation": {"artifactLocation": artifact}}])
    document = run(located, originalUriBaseIds=BASES, artifacts=artifacts)
    assert place(read(document, root=Path("/checkout"))).path == path


def test_bases_in_a_circle_end() -> None:
    located = result(locations=[{"physicalLocation": {"artifactLocation": {"uri": "x.py", "uriBaseId": "LOOP"}}}])
    assert place(read(run(located, originalUriBaseIds=BASES))).path.endswith("x.py")


def test_a_web_address_is_a_place_in_an_application() -> None:
    finding = only(read(run(result("https://example.org/login?next=%2F"))))
    assert finding.location == WebLocation(url="https://example.org/login?next=%2F")
    assert finding.category is Category.WEB


def test_a_result_without_a_place_is_about_the_whole() -> None:
    where = place(read(run(result(locations=[]))))
    assert (where.path, where.line) == ("", None)


def test_a_result_without_a_place_may_name_what_was_analysed() -> None:
    assert place(read(run(result(locations=None, analysisTarget={"uri": "bin/app"})))).path == "bin/app"


def test_columns_in_utf16_become_code_points(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text('\n\n"😀"; eval(x)\n')
    region = {"startLine": 3, "startColumn": 7, "endColumn": 14}
    located = result(locations=[{"physicalLocation": {"artifactLocation": {"uri": "src/app.py"}, "region": region}}])
    where = place(read(run(located, columnKind="utf16CodeUnits"), root=tmp_path))
    assert (where.column, where.end_column, where.snippet) == (6, 13, '"😀"; eval(x)')
    assert place(read(run(located, columnKind="unicodeCodePoints"), root=tmp_path)).column == 7


def test_without_the_source_the_snippet_is_the_files_own() -> None:
    region = {"startLine": 1, "snippet": {"text": "eval(x)\n"}}
    located = result(locations=[{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": region}}])
    assert place(read(run(located))).snippet == "eval(x)"


@pytest.mark.parametrize("kind", ["pass", "notApplicable", "informational", "open", "review"])
def test_results_of_other_kinds_are_left_out_and_counted(kind: str) -> None:
    parsed = read(run(result(), result(kind=kind), result(kind=kind), result(kind="fail")))
    assert len(parsed.findings) == 2
    assert [(skip.path, skip.reason) for skip in parsed.skipped] == [
        ("Tool", f"2 results: of kind '{kind}', not 'fail'")
    ]
    assert parsed.state is LedgerState.RAN


def test_results_that_are_gone_since_the_baseline_are_left_out() -> None:
    parsed = read(run(result(baselineState="absent"), result(baselineState="unchanged")))
    assert len(parsed.findings) == 1
    assert [skip.reason for skip in parsed.skipped] == ["1 results: absent since the baseline"]


@pytest.mark.parametrize(
    ("suppressions", "marked"),
    [
        ([{"kind": "external", "status": "accepted", "justification": "not reachable"}], True),
        ([{"kind": "external", "justification": "not reachable"}], True),
        ([{"kind": "external", "status": "underReview"}], False),
        ([{"kind": "external"}, {"kind": "external", "status": "rejected"}], False),
        ([], False),
        (None, False),
    ],
)
def test_accepted_suppressions_are_marks(suppressions: Any, marked: bool) -> None:
    relief = only(read(run(result(suppressions=suppressions)))).relief
    expected = Relief(kind="tool", by="SARIF suppression: external", reason="not reachable")
    assert relief == ((expected,) if marked else ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"invocations": [{"executionSuccessful": False}]}, "its execution was not successful"),
        (
            {"invocations": [{"toolExecutionNotifications": [{"level": "error", "message": {"text": "crashed"}}]}]},
            "crashed",
        ),
        (
            {"invocations": [{"toolConfigurationNotifications": [{"level": "error", "message": {}}]}]},
            "it reports an error",
        ),
    ],
)
def test_a_run_that_failed_is_failed_and_its_findings_are_kept(changes: dict[str, Any], reason: str) -> None:
    parsed = read(run(result(), **changes), run(result()))
    assert (parsed.state, parsed.reason, len(parsed.findings)) == (LedgerState.FAILED, reason, 2)


def test_warnings_of_a_run_are_no_failure() -> None:
    notes = [{"executionSuccessful": True, "toolExecutionNotifications": [{"level": "warning"}, {"level": "note"}]}]
    assert read(run(result(), invocations=notes)).state is LedgerState.RAN


@pytest.mark.parametrize(
    "changes", [{"results": None}, {"results": None, "externalPropertyFileReferences": {"results": [1]}}]
)
def test_a_run_without_results_did_not_scan(changes: dict[str, Any]) -> None:
    assert read(run(**changes)).state is LedgerState.FAILED


def test_results_in_other_files_are_not_taken_for_none() -> None:
    elsewhere = {"results": [{"location": {"uri": "more.sarif"}}]}
    parsed = read(run(results=None, externalPropertyFileReferences=elsewhere))
    assert (parsed.state, parsed.findings) == (LedgerState.FAILED, ())


def test_an_empty_list_of_results_is_clean() -> None:
    assert read(run()).state is LedgerState.RAN


def test_no_run_is_not_clean() -> None:
    parsed = read()
    assert (parsed.state, parsed.reason) == (LedgerState.FAILED, "there is no run in it")


@pytest.mark.parametrize(
    ("name", "rule", "category"),
    [
        ("Gitleaks", {}, Category.SECRET),
        ("Any", {"properties": {"tags": ["CWE-798"]}}, Category.SECRET),
        ("Trivy", {"properties": {"tags": ["secret"]}}, Category.SECRET),
        ("Trivy", {"properties": {"tags": ["misconfiguration"]}}, Category.IAC),
        ("checkov", {}, Category.IAC),
        ("Grype", {}, Category.DEPENDENCY),
        ("CodeQL", {}, Category.CODE),
    ],
)
def test_the_category_follows_the_tool_and_the_rule(name: str, rule: dict[str, Any], category: Category) -> None:
    assert only(read(run(result(), rules=[{"id": "R1"} | rule], name=name))).category is category


def test_a_vulnerability_id_is_kept() -> None:
    finding = only(read(run(result(ruleId="CVE-2021-33203-django"))))
    assert (finding.category, finding.ids) == (Category.DEPENDENCY, ("CVE-2021-33203",))


def test_secrets_do_not_enter() -> None:
    region = {"startLine": 1, "snippet": {"text": 'key = "AKIAIOSFODNN7EXAMPLE"'}}
    located = [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": region}}]
    leak = result(
        locations=located,
        message={"text": "found 'AKIAIOSFODNN7EXAMPLE'"},
        fixes=[{"description": {"text": "remove 'AKIAIOSFODNN7EXAMPLE'"}}],
    )
    assert "AKIA" not in only(read(run(leak, name="gitleaks"))).model_dump_json()


def test_several_runs_are_several_tools() -> None:
    runs = [run(result(), name="One"), run(result(), result(), name="Two"), run(result(), name="One")]
    parsed = read_all(json.dumps({"version": "2.1.0", "runs": runs}).encode())
    assert {name: len(part.findings) for name, part in parsed.items()} == {"One": 2, "Two": 2}
    assert {found.sources[0].scanner for found in parsed["Two"].findings} == {"Two"}


@pytest.mark.parametrize(
    ("output", "state"),
    [
        (b"", LedgerState.FAILED),
        (b"not json", LedgerState.UNREADABLE),
        (json.dumps({"version": "2.1.0", "runs": [run(result())]}).encode()[:-5], LedgerState.UNREADABLE),
        (b"[]", LedgerState.UNREADABLE),
        (b'{"version": "2.1.0"}', LedgerState.UNREADABLE),
        (b'{"version": "2.1.0", "runs": null}', LedgerState.UNREADABLE),
        (b'{"version": "2.1.0", "runs": [null]}', LedgerState.UNREADABLE),
        (b'{"version": "2.1.0", "runs": [{}]}', LedgerState.UNREADABLE),
        (b'{"version": "2.0.0", "runs": []}', LedgerState.UNREADABLE),
        (b'{"runs": []}', LedgerState.UNREADABLE),
        (json.dumps({"version": "2.1.0", "runs": [run("text")]}).encode(), LedgerState.UNREADABLE),
        (json.dumps({"version": "2.1.0", "runs": [run(results={})]}).encode(), LedgerState.UNREADABLE),
        (b"[" * 200_000, LedgerState.UNREADABLE),
    ],
)
def test_what_is_not_sarif_is_never_clean(output: bytes, state: LedgerState) -> None:
    with pytest.raises(ScannerError) as caught:
        read_bytes(output)
    assert caught.value.state is state


def test_a_byte_order_mark_and_half_characters_are_no_fault() -> None:
    document = json.dumps({"version": "2.1.0", "runs": [run(result(message={"text": "half \ud83d"}))]}).encode()
    assert only(read_bytes(b"\xef\xbb\xbf" + document)).message == "half \ufffd"


_KEYS = [
    *(
        "ruleId",
        "ruleIndex",
        "rule",
        "toolComponent",
        "index",
        "kind",
        "level",
        "baselineState",
        "suppressions",
        "status",
    ),
    *("message", "text", "markdown", "id", "arguments", "locations", "physicalLocation", "artifactLocation", "uri"),
    *("uriBaseId", "region", "startLine", "startColumn", "endLine", "endColumn", "snippet", "logicalLocations"),
    *(
        "fullyQualifiedName",
        "analysisTarget",
        "taxa",
        "properties",
        "security-severity",
        "tags",
        "fixes",
        "description",
    ),
]
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["fail", "R1", "file:///a", "%ff"])
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=6),
    max_leaves=30,
)
_OBJECTS = st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=8)


@given(st.binary() | _VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_read_or_refused(output: bytes) -> None:
    try:
        read_bytes(output)
    except ScannerError as error:
        assert error.reason


@given(st.lists(_OBJECTS, max_size=3), st.lists(_OBJECTS, max_size=3), _OBJECTS)
def test_any_results_are_findings_or_counted(results: list[Any], rules: list[Any], bases: Any) -> None:
    parsed = read(run(*results, rules=rules, originalUriBaseIds=bases, artifacts=rules))
    left_out = sum(int(skip.reason.split(" ")[0]) for skip in parsed.skipped)
    assert len(parsed.findings) + left_out == len(results)
    assert all(finding.model_dump_json() for finding in parsed.findings)


def test_the_sample_files_give_the_expected_counts(shared: Path) -> None:
    expected = json.loads((shared / "samples/expected.json").read_text())
    counts = {one["file"]: one["raw_records"] for one in expected if one["file"].startswith("sarif/")}
    found = {file: len(read_bytes((shared / "samples" / file).read_bytes()).findings) for file in counts}
    assert found == counts
