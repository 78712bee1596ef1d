"""What each field of the language matches, and what unknown values do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.document import Verdict
from scangate.model import (
    Confidence,
    Effect,
    Finding,
    Fix,
    ImageLocation,
    PackageLocation,
    Rating,
    ResourceLocation,
    Source,
    WebLocation,
)
from scangate.policies.conditions import glob_expression
from scangate.policies.schema import Policy

NPM = PackageLocation(purl="pkg:npm/%40scope/name@2.0?arch=x#sub", name="@scope/name", manifest="web/package.json")
BUCKET = ResourceLocation(address="module.a.aws_s3_bucket.logs[0]", path="infra/main.tf")
RATINGS = (Rating(source="osv", severity="medium", score=5.0), Rating(source="osv", severity="high", score=7.5))
TWO_SOURCES = (Source(scanner="bandit", rule_id="B608"), Source(scanner="semgrep", rule_id="python.sql"))
DEPENDENCY = {"category": "dependency"}


@pytest.mark.parametrize(
    ("match", "fields", "expected"),
    [
        ("category: code", {}, True),
        ("category: [iac, web]", {}, False),
        ("tool: semgrep", {"sources": TWO_SOURCES}, True),
        ("tool: checkov", {"sources": TWO_SOURCES}, False),
        ("tool: checkov", {"sources": ()}, True),
        ("rule: B602", {}, True),
        ("rule: B6*", {}, True),
        ("rule: b602", {}, False),
        ("rule: B60?", {}, True),
        ("rule: python.*", {"sources": TWO_SOURCES}, True),
        ("id: cve-2099-0001", {**DEPENDENCY, "ids": ("PYSEC-2099-1", "CVE-2099-0001")}, True),
        ("id: CVE-2099-0002", {**DEPENDENCY, "ids": ("CVE-2099-0001",)}, False),
        ("id: CVE-2099-0002", {}, False),
        ("severity: high", {}, True),
        ("severity: critical", {}, False),
        ("severity: '>=medium'", {}, True),
        ("severity: '> high'", {}, False),
        ("severity: '<high'", {"severity": "info"}, True),
        ("severity: ['<low', critical]", {"severity": "critical"}, True),
        ("severity: '>=high'", {"severity": "unknown"}, True),
        ("severity: '>=critical'", {"severity": "unknown"}, False),
        ("severity: critical", {**DEPENDENCY, "severity": "unknown", "ids": ("MAL-2099-1",)}, True),
        ("confidence: '>=medium'", {"confidence": Confidence.HIGH}, True),
        ("confidence: '>=medium'", {"confidence": Confidence.LOW}, False),
        ("confidence: '>=medium'", {"confidence": Confidence.UNKNOWN}, True),
        ("cvss: '>=7.5'", {**DEPENDENCY, "ratings": RATINGS}, True),
        ("cvss: '>7.5'", {**DEPENDENCY, "ratings": RATINGS}, False),
        ("cvss: 7.50", {**DEPENDENCY, "ratings": RATINGS}, True),
        ("cvss: '<6'", {**DEPENDENCY, "ratings": RATINGS}, False),
        ("cvss: '>=9'", DEPENDENCY, True),
        ("cvss: '>=9'", {}, False),
        ("cwe: 79", {"cwe": (20, 79)}, True),
        ("cwe: CWE-079", {"cwe": (79,)}, True),
        ("cwe: 7", {"cwe": (79,)}, False),
        ("cwe: 79", {"cwe": ()}, True),
        ("package: 'pkg:pypi/jinja2'", DEPENDENCY, True),
        ("package: 'pkg:pypi/JINJA2'", DEPENDENCY, True),
        ("package: 'pkg:npm/*'", DEPENDENCY, False),
        ("package: 'pkg:npm/@scope/*'", {**DEPENDENCY, "location": NPM}, True),
        ("package: 'pkg:npm/%40scope/name'", {**DEPENDENCY, "location": NPM}, True),
        ("package: 'pkg:deb/*'", {"category": "container", "location": ImageLocation(ref="a")}, True),
        ("package: '*'", {}, False),
        ("fix: available", {**DEPENDENCY, "fix": Fix(state="available")}, True),
        ("fix: available", {**DEPENDENCY, "fix": Fix(state="none")}, False),
        ("fix: available", DEPENDENCY, True),
        ("fix: unknown", DEPENDENCY, True),
        ("fix: unknown", {**DEPENDENCY, "fix": Fix(state="none")}, False),
        ("path: app/db.py", {}, True),
        ("path: app/*", {}, True),
        ("path: '*.py'", {}, False),
        ("path: '**/*.py'", {}, True),
        ("path: requirements.txt", DEPENDENCY, True),
        ("path: infra/**", {"category": "iac", "location": BUCKET}, True),
        ("path: '**'", {"category": "web", "location": WebLocation(url="http://x/")}, False),
        ("resource: '*.aws_s3_bucket.*'", {"category": "iac", "location": BUCKET}, True),
        ("resource: 'module.a.aws_s3_bucket.logs[0]'", {"category": "iac", "location": BUCKET}, True),
        ("resource: '*'", {}, False),
        ("image: 'shop:*'", {"category": "container", "location": ImageLocation(ref="shop:1.0")}, True),
        ("image: 'shop:2*'", {"category": "container", "location": ImageLocation(ref="shop:1.0")}, False),
        ("image: '*'", {}, False),
        ("path: 'opt/**'", {"category": "container", "location": ImageLocation(ref="a", path="opt/a.jar")}, True),
        ("category: code\n  severity: low", {}, False),
        ("any: [{severity: low}, {rule: B602}]", {}, True),
        ("any: [{severity: low}, {rule: B601}]", {}, False),
        ("category: iac\n  any: [{rule: B602}]", {}, False),
        ("severity: high\n  any: [{rule: B602, severity: low}, {tool: bandit}]", {}, True),
    ],
)
def test_fields(
    match: str,
    fields: dict[str, Any],
    expected: bool,
    *,
    finding: Callable[..., Finding],
    verdict_on: Callable[..., Verdict],
    policy_of: Callable[[str], Policy],
) -> None:
    policy = policy_of(f"rules:\n- id: aa\n  match:\n   {match.replace(chr(10), chr(10) + ' ')}\n")
    verdict = verdict_on(policy, finding(**fields))
    assert (verdict.counts["fail"] == 1) is expected


@pytest.mark.parametrize(
    ("unless", "fields", "excluded"),
    [
        ("{path: 'app/**'}", {}, True),
        ("{path: 'lib/**'}", {}, False),
        ("{path: ['lib/**', 'app/**'], severity: low}", {}, False),
        ("[{severity: low}, {path: 'app/**'}]", {}, True),
        ("{fix: none}", {**DEPENDENCY, "fix": Fix(state="none")}, True),
        ("{fix: none}", DEPENDENCY, False),
        ("{fix: [none, unknown]}", DEPENDENCY, True),
        ("{confidence: low}", {}, False),
        ("{cwe: 79}", {"cwe": ()}, False),
        ("{cvss: '<9'}", DEPENDENCY, False),
        ("{cvss: '<9'}", {**DEPENDENCY, "ratings": RATINGS}, True),
        ("{cvss: '<6'}", {**DEPENDENCY, "ratings": RATINGS}, False),
        ("{tool: bandit}", {"sources": ()}, False),
    ],
)
def test_unless_excludes_only_what_is_certain(
    unless: str,
    fields: dict[str, Any],
    excluded: bool,
    *,
    finding: Callable[..., Finding],
    verdict_on: Callable[..., Verdict],
    policy_of: Callable[[str], Policy],
) -> None:
    policy = policy_of(f"rules:\n- {{id: aa, match: {{severity: high}}, unless: {unless}}}\n")
    assert (verdict_on(policy, finding(**fields)).counts["fail"] == 0) is excluded


_UNKNOWN: list[dict[str, Any]] = [
    {},
    {"sources": ()},
    {"cwe": ()},
    {"category": "dependency"},
    {"category": "dependency", "location": PackageLocation(purl="", name="x")},
    {"category": "container", "location": ImageLocation(ref="a")},
    {"category": "iac", "location": ResourceLocation(address="", path="")},
]
_FIELDS = (
    "tool: x",
    "confidence: low",
    "cvss: '>9'",
    "cwe: 1",
    "package: 'pkg:a/b'",
    "fix: none",
    "path: x",
    "resource: x",
    "image: x",
)


@pytest.mark.parametrize("fields", _UNKNOWN)
@pytest.mark.parametrize("condition", _FIELDS)
def test_an_unknown_value_never_keeps_a_rule_from_matching(
    fields: dict[str, Any],
    condition: str,
    finding: Callable[..., Finding],
    verdict_on: Callable[..., Verdict],
    policy_of: Callable[[str], Policy],
) -> None:
    verdict = verdict_on(policy_of(f"rules:\n- {{id: aa, match: {{{condition}}}}}\n"), finding(**fields))
    told = [text for judgement in verdict.judged for match in judgement.matches for text in match.fields]
    if verdict.counts["fail"]:
        assert told == [f"{condition.split(':', maxsplit=1)[0]}=unknown, counted as a match"]
    negated = policy_of(f"rules:\n- {{id: aa, match: {{severity: high}}, unless: {{{condition}}}}}\n")
    assert verdict_on(negated, finding(**fields)).counts["fail"] == 1


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("**/tests/**", "tests/a.py", True),
        ("**/tests/**", "src/tests/deep/a.py", True),
        ("**/tests/**", "src/mytests/a.py", False),
        ("examples/**", "examples/a/b.tf", True),
        ("examples/**", "src/examples/a.tf", False),
        ("src/**/x.py", "src/x.py", True),
        ("src/**/x.py", "src/a/b/x.py", True),
        ("src/**/x.py", "srcx.py", False),
        ("src/*/x.py", "src/a/b/x.py", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a[b]c", "a[b]c", True),
        ("a[b]c", "abc", False),
        ("a.py", "a.py\n", False),
        ("**", "any\nthing/at.all", True),
    ],
)
def test_path_globs(glob: str, path: str, expected: bool) -> None:
    assert bool(re.fullmatch(glob_expression(glob, folders=True), path, re.DOTALL)) is expected


@given(st.text(min_size=1))
def test_a_glob_without_wildcards_matches_exactly_itself(text: str) -> None:
    literal = text.replace("*", "x").replace("?", "x")
    for folders in (True, False):
        expression = re.compile(glob_expression(literal, folders=folders), re.DOTALL)
        assert expression.fullmatch(literal)
        assert not expression.fullmatch(literal + "x")


def test_the_verdict_tells_the_fields_their_values_and_where_they_come_from(
    finding: Callable[..., Finding], verdict_on: Callable[..., Verdict], policy_of: Callable[[str], Policy]
) -> None:
    policy = policy_of(
        "rules:\n- id: aa\n  why: x\n  match: {severity: '>=high', category: code, any: [{path: a*/*}, {rule: X}]}\n"
    )
    judgement = verdict_on(policy, finding()).judged[0]
    assert judgement.effect is Effect.FAIL
    assert judgement.matches[0].why == "x"
    assert judgement.matches[0].fields == ("category=code", "severity=high (bandit says 'HIGH')", "path=app/db.py")


def test_an_unknown_severity_is_told_with_what_it_counts_as(
    finding: Callable[..., Finding], verdict_on: Callable[..., Verdict], policy_of: Callable[[str], Policy]
) -> None:
    policy = policy_of("unknown_severity: medium\nrules:\n- {id: aa, match: {severity: medium}}\n")
    assert verdict_on(policy, finding(severity="unknown")).judged[0].matches[0].fields == (
        "severity=medium (unknown, treated as medium)",
    )
