"""The SARIF report: valid for its consumers, within their limits, and never an empty run for one that did not look."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import validator_for

from scangate.document import Results
from scangate.model import (
    Confidence,
    Effect,
    FileLocation,
    Finding,
    LedgerEntry,
    LedgerState,
    PackageLocation,
    Rating,
    Relief,
    Severity,
    Skip,
    Source,
)
from scangate.reports.sarif import MAX_NOTIFICATIONS, MAX_RESULTS, MAX_RUNS
from scangate.reports.sarif_result import MAX_NAME, MAX_TAGS, MAX_TEXT, security_severity

Render = Callable[..., str]
SCHEMA = Path(__file__).parents[3] / "shared/schemas/sarif-2.1.0.github.json"


@pytest.fixture(scope="session")
def validate() -> Callable[[Any], None]:
    """Checks a log with the schema that GitHub's own uploader applies."""
    if not SCHEMA.exists():
        pytest.skip("the schema is not at hand")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = validator_for(schema)(schema)

    def check(log: Any) -> None:
        assert [error.message for error in validator.iter_errors(log)] == []

    return check


@pytest.fixture
def sarif(render: Render) -> Callable[[Results], Any]:
    return lambda results: json.loads(render("sarif", results))


Sarif = Callable[[Results], Any]


def runs(log: Any) -> dict[str, Any]:
    return {run["tool"]["driver"]["name"]: run for run in log["runs"]}


def with_findings(results: Results, *findings: Finding) -> Results:
    return results.model_copy(update={"findings": findings})


def with_ledger(results: Results, *states: tuple[str, LedgerState]) -> Results:
    entries = (LedgerEntry(scanner=scanner, target=".", state=state, reason="a reason") for scanner, state in states)
    return results.model_copy(update={"ledger": tuple(entries)})


def test_it_is_valid(results: Results, sarif: Sarif, validate: Callable[[Any], None]) -> None:
    validate(sarif(results))


def test_it_is_valid_whatever_the_texts_are(
    hostile_results: Results, sarif: Sarif, validate: Callable[[Any], None]
) -> None:
    validate(sarif(hostile_results))


def test_it_is_valid_without_anything(results: Results, sarif: Sarif, validate: Callable[[Any], None]) -> None:
    validate(sarif(Results(run=results.run)))


def test_each_scanner_has_its_own_run_and_category(results: Results, sarif: Sarif) -> None:
    log = sarif(results)
    assert list(runs(log)) == ["bandit", "imagescan", "pip-audit", "semgrep", "webscan"]
    assert runs(log)["bandit"]["automationDetails"]["id"] == "scangate/bandit/"
    assert runs(log)["bandit"]["tool"]["driver"]["version"] == "1.9.1"
    assert {run["columnKind"] for run in log["runs"]} == {"unicodeCodePoints"}


def test_a_finding_of_two_scanners_is_in_both_runs_by_their_own_rule(results: Results, sarif: Sarif) -> None:
    both = runs(sarif(with_findings(results, results.findings[0])))
    assert [r["ruleId"] for r in both["bandit"]["results"]] == ["B602"]
    assert [r["ruleId"] for r in both["semgrep"]["results"]] == ["python.shell-true"]
    assert "helpUri" not in both["semgrep"]["tool"]["driver"]["rules"][0]


def test_two_reports_of_one_scanner_are_one_result(results: Results, sarif: Sarif) -> None:
    twice = results.findings[1].model_copy(update={"sources": results.findings[1].sources * 2})
    assert len(runs(sarif(with_findings(results, twice)))["bandit"]["results"]) == 1


@pytest.mark.parametrize("state", [s for s in LedgerState if s not in (LedgerState.RAN, LedgerState.PARTIAL)])
def test_a_scanner_that_did_not_look_has_no_run(state: LedgerState, results: Results, sarif: Sarif) -> None:
    log = sarif(with_ledger(results, ("bandit", state), ("semgrep", LedgerState.RAN)))
    assert "bandit" not in runs(log)
    left = {"scanner": "bandit", "states": [state], "reasons": ["a reason"]}
    assert log["properties"]["scangate"]["leftOut"] == [left]


@pytest.mark.parametrize("state", [s for s in LedgerState if s not in (LedgerState.RAN, LedgerState.PARTIAL)])
def test_one_target_that_was_not_looked_at_takes_the_scanner_out(
    state: LedgerState, results: Results, sarif: Sarif
) -> None:
    log = sarif(with_ledger(results, ("pip-audit", LedgerState.RAN), ("pip-audit", state)))
    assert ("pip-audit" in runs(log)) == (state is LedgerState.NOT_APPLICABLE)


def test_a_scanner_that_found_nothing_has_an_empty_run(results: Results, sarif: Sarif) -> None:
    log = sarif(with_findings(with_ledger(results, ("bandit", LedgerState.RAN))))
    assert runs(log)["bandit"]["results"] == []


def test_a_partial_run_lists_what_was_not_scanned(results: Results, sarif: Sarif) -> None:
    invocation = runs(sarif(results))["bandit"]["invocations"][0]
    texts = [notification["message"]["text"] for notification in invocation["toolExecutionNotifications"]]
    assert texts == ["1 of 143 files not scanned", "not scanned: shop/legacy.py: syntax error"]


def test_severities_as_levels_and_scores(results: Results, sarif: Sarif) -> None:
    shown = {}
    for severity in Severity:
        finding = results.findings[1].model_copy(update={"severity": severity, "ratings": ()})
        run = runs(sarif(with_findings(results, finding)))["bandit"]
        rule = run["tool"]["driver"]["rules"][0]
        assert rule["defaultConfiguration"]["level"] == run["results"][0]["level"]
        shown[str(severity)] = (run["results"][0]["level"], rule["properties"].get("security-severity"))
    assert shown == {
        "critical": ("error", "9.5"),
        "high": ("error", "8.0"),
        "medium": ("warning", "5.5"),
        "low": ("note", "2.0"),
        "info": ("note", "0.5"),
        "unknown": ("warning", None),
    }


@pytest.mark.parametrize(
    ("severity", "method", "score", "expected"),
    [
        (Severity.CRITICAL, "CVSS:3.1", 9.8, 9.8),
        (Severity.CRITICAL, "CVSS:3.1", 9.0, 9.5),
        (Severity.HIGH, "CVSS:2.0", 9.3, 8.0),
        (Severity.HIGH, "CVSS:4.0", 7.0, 7.0),
        (Severity.MEDIUM, "CVSS:3.0", 7.5, 5.5),
        (Severity.LOW, "CVSS:3.1", 0.0, 2.0),
        (Severity.HIGH, "word", 8.8, 8.0),
        (Severity.HIGH, "CVSS:3.1", float("nan"), 8.0),
    ],
)
def test_a_score_counts_only_where_it_says_the_same_severity(
    severity: Severity, method: str, score: float, expected: float, results: Results
) -> None:
    rating = Rating(source="x", severity=severity, method=method, score=score)
    assert (
        security_severity(results.findings[1].model_copy(update={"severity": severity, "ratings": (rating,)}))
        == expected
    )


def test_a_rule_is_as_severe_as_its_worst_finding(results: Results, sarif: Sarif) -> None:
    low = results.findings[1].model_copy(update={"severity": Severity.LOW, "effect": Effect.NONE, "relief": ()})
    high = results.findings[1].model_copy(update={"severity": Severity.HIGH})
    run = runs(sarif(with_findings(results, low, high)))["bandit"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["defaultConfiguration"]["level"] == "error"
    assert rule["properties"]["security-severity"] == "8.0"
    assert [result["level"] for result in run["results"]] == ["note", "error"]
    assert [result["ruleIndex"] for result in run["results"]] == [0, 0]


def test_a_rule_says_what_it_is(results: Results, sarif: Sarif) -> None:
    rule = runs(sarif(results))["bandit"]["tool"]["driver"]["rules"][0]
    assert rule["id"] == "B602"
    assert rule["name"] == "subprocess_popen_with_shell_equals_true"
    assert rule["shortDescription"]["text"] == "subprocess call with shell=True identified, security issue"
    assert rule["help"]["text"].endswith("Pass a list of arguments.\nCWE-78")
    assert rule["help"]["markdown"].endswith("[About this rule](https://bandit.example/b602.html)")
    assert rule["helpUri"] == "https://bandit.example/b602.html"
    assert rule["properties"]["tags"] == ["security", "external/cwe/cwe-078", "cwe-78"]
    assert rule["properties"]["precision"] == "high"


def test_an_unknown_confidence_is_no_precision(results: Results, sarif: Sarif) -> None:
    assert results.findings[1].confidence is Confidence.UNKNOWN
    run = runs(sarif(with_findings(results, results.findings[1])))["bandit"]
    assert "precision" not in run["tool"]["driver"]["rules"][0]["properties"]


def physical(sarif: Sarif, results: Results, finding: Finding) -> Any:
    (run,) = [run for run in sarif(with_findings(results, finding))["runs"] if run["results"]][:1]
    return run["results"][0]["locations"][0]["physicalLocation"]


def test_code_is_located_by_line_and_column(results: Results, sarif: Sarif) -> None:
    place = physical(sarif, results, results.findings[0])
    assert place["artifactLocation"] == {"uri": "shop/views.py", "uriBaseId": "%SRCROOT%"}
    snippet = place["region"].pop("snippet")["text"]
    assert place["region"] == {"startLine": 42, "startColumn": 5, "endLine": 44, "endColumn": 6}
    assert snippet.startswith("    subprocess.run(")


def test_a_package_is_located_in_its_manifest(results: Results, sarif: Sarif) -> None:
    package = results.findings[2]
    assert physical(sarif, results, package)["artifactLocation"]["uri"] == "requirements.txt"
    assert physical(sarif, results, package)["region"] == {"startLine": 3}
    no_line = package.model_copy(update={"location": package.location.model_copy(update={"line": None})})
    assert physical(sarif, results, no_line)["region"] == {"startLine": 1}


@pytest.mark.parametrize(
    ("index", "uri"), [(4, "library/nginx%3A1.27"), (5, "shop.example/search")], ids=["image", "web page"]
)
def test_what_has_no_file_is_anchored_without_a_scheme(index: int, uri: str, results: Results, sarif: Sarif) -> None:
    assert physical(sarif, results, results.findings[index])["artifactLocation"]["uri"] == uri


def test_a_package_without_a_manifest_is_anchored_too(results: Results, sarif: Sarif) -> None:
    package = results.findings[2].model_copy(update={"location": PackageLocation(purl="pkg:pypi/a@1", name="a")})
    assert physical(sarif, results, package)["artifactLocation"]["uri"] == "pkg%3Apypi/a@1"


@pytest.mark.parametrize(
    ("numbers", "region"),
    [
        ({"line": None, "column": 9, "end_line": None, "end_column": 3}, {"startLine": 1}),
        ({"line": 0, "column": 0, "end_line": -1, "end_column": 0}, {"startLine": 1}),
        ({"line": 9, "column": 5, "end_line": 3, "end_column": 2}, {"startLine": 9, "startColumn": 5}),
        ({"line": 9, "column": 5, "end_line": 9, "end_column": 2}, {"startLine": 9, "startColumn": 5, "endLine": 9}),
    ],
)
def test_numbers_that_make_no_sense_are_left_out(
    numbers: dict[str, int | None], region: dict[str, int], results: Results, sarif: Sarif
) -> None:
    location = FileLocation.model_validate({"path": "a.py", **numbers})
    assert physical(sarif, results, results.findings[1].model_copy(update={"location": location}))["region"] == region


def test_no_address_is_ever_a_file(hostile_results: Results, sarif: Sarif) -> None:
    for run in sarif(hostile_results)["runs"]:
        for result in run["results"]:
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert uri and ":" not in uri and not uri.startswith(("/", "."))


def test_fingerprints(results: Results, sarif: Sarif) -> None:
    by_scanner = runs(sarif(results))
    assert by_scanner["bandit"]["results"][0]["partialFingerprints"] == {"scangate/v1": "v1:code:shell"}
    package = by_scanner["pip-audit"]["results"][0]["partialFingerprints"]
    assert package["scangate/v1"] == "v1:dependency:jinja2"
    assert package["primaryLocationLineHash"] == "43227d220b44a4ce:1"


@pytest.mark.parametrize(
    ("kind", "effect", "expected"),
    [
        ("inline", Effect.RELIEVED, "inSource"),
        ("tool", Effect.NONE, "external"),
        ("inline", Effect.FAIL, None),
        ("inline", Effect.WARN, None),
    ],
)
def test_relief_is_a_suppression_unless_the_finding_counts(
    kind: Any, effect: Effect, expected: str | None, results: Results, sarif: Sarif
) -> None:
    relief = Relief(kind=kind, by="nosec", reason="ours")
    finding = results.findings[1].model_copy(update={"relief": (relief,), "effect": effect})
    (result,) = runs(sarif(with_findings(results, finding)))["bandit"]["results"]
    suppressions = [{"kind": expected, "justification": "nosec: ours"}] if expected else None
    assert result.get("suppressions") == suppressions


def test_the_limits_are_those_of_the_consumers() -> None:
    assert (MAX_RUNS, MAX_RESULTS, MAX_TAGS, MAX_NAME, MAX_TEXT) == (20, 5_000, 10, 255, 1_000)


def test_at_most_20_runs_those_with_the_worst_findings(results: Results, sarif: Sarif) -> None:
    names = [f"scanner-{number:02}" for number in range(MAX_RUNS + 3)]
    findings = [
        results.findings[1].model_copy(
            update={
                "severity": Severity.CRITICAL if name == names[-1] else Severity.LOW,
                "sources": (Source(scanner=name, rule_id="R1"),),
            }
        )
        for name in names
    ]
    log = sarif(with_ledger(with_findings(results, *findings)))
    assert len(log["runs"]) == MAX_RUNS
    assert names[-1] in runs(log)
    assert [left["states"] for left in log["properties"]["scangate"]["leftOut"]] == [["over the limit of 20 runs"]] * 3


def test_at_most_5000_results_the_worst_and_it_says_so(results: Results, sarif: Sarif) -> None:
    low = results.findings[1].model_copy(update={"severity": Severity.LOW, "relief": (), "effect": Effect.NONE})
    many = [low.model_copy(update={"id": f"v1:code:{number}"}) for number in range(MAX_RESULTS)]
    run = runs(sarif(with_findings(results, *many, results.findings[0])))["bandit"]
    assert len(run["results"]) == MAX_RESULTS
    assert run["results"][0]["ruleId"] == "B602"
    texts = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert texts[-1] == "truncated: the 5,000 worst results are in this run; the JSON report has 1 more"


def test_at_most_100_skipped_files_are_named(results: Results, sarif: Sarif) -> None:
    skipped = tuple(Skip(path=f"{number}.py", reason="syntax error") for number in range(MAX_NOTIFICATIONS + 7))
    entry = results.ledger[0].model_copy(update={"skipped": skipped})
    run = runs(sarif(results.model_copy(update={"ledger": (entry,)})))["bandit"]
    texts = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert texts[-1] == "and 7 more files not scanned"
    assert len(texts) == MAX_NOTIFICATIONS + 2


def test_at_most_10_tags(results: Results, sarif: Sarif) -> None:
    rule = results.findings[1].rule.model_copy(update={"cwe": tuple(range(1, 30))})
    run = runs(sarif(with_findings(results, results.findings[1].model_copy(update={"rule": rule}))))["bandit"]
    assert len(run["tool"]["driver"]["rules"][0]["properties"]["tags"]) == MAX_TAGS


def test_no_text_is_longer_than_it_may_be(hostile_results: Results, sarif: Sarif) -> None:
    def texts(value: Any, key: str = "") -> list[tuple[str, int]]:
        match value:
            case str():
                return [(key, len(value))]
            case dict():
                return [pair for name, item in value.items() for pair in texts(item, name)]
            case list():
                return [pair for item in value for pair in texts(item, key)]
        return []

    limits = {"name": MAX_NAME, "id": MAX_TEXT + 20, "uri": 6 * MAX_TEXT}
    for run in sarif(hostile_results)["runs"]:
        for key, length in texts({"results": run["results"], "rules": run["tool"]["driver"]["rules"]}):
            assert length <= limits.get(key, MAX_TEXT), key


def test_each_run_tells_a_joined_finding_in_its_scanners_words(results: Results, sarif: Sarif) -> None:
    told = runs(sarif(results))
    bandit, semgrep = (told[name]["results"][0] for name in ("bandit", "semgrep"))
    assert bandit["message"]["text"].startswith("subprocess call with shell=True identified")
    assert semgrep["message"]["text"].startswith("A shell is started with input")
    assert bandit["properties"] == semgrep["properties"]
    assert bandit["properties"]["reportedBy"] == ["bandit B602", "semgrep python.shell-true"]
    assert bandit["properties"]["related"] == ["v1:code:pickle"]
