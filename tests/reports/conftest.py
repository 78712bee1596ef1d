"""Results to render: one run with a bit of everything, and the same run with a hostile text in every field."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from scangate.document import (
    InventorySummary,
    Judgement,
    KindFound,
    Outcome,
    Results,
    RuleMatch,
    RunInfo,
    ToolInfo,
    Verdict,
)
from scangate.model import (
    Category,
    Confidence,
    Effect,
    FileLocation,
    Finding,
    Fix,
    ImageLocation,
    LedgerEntry,
    LedgerState,
    Model,
    PackageLocation,
    Rating,
    Relief,
    ResourceLocation,
    Rule,
    Severity,
    Skip,
    Source,
    WebLocation,
)
from scangate.reports.interface import ReportOptions
from scangate.reports.registry import WRITERS

HOSTILE = {
    "html": "</pre></td></script><script>alert(1)</script><img src=x onerror=alert(1)>\"' onmouseover='x' {{ 7*7 }}",
    "link": "javascript:alert(1)",
    "http address": "http://evil.example/<script>",
    "ansi": "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;http://evil.example\x07click\x9b1m",
    "github command": "::error file=a.py::forged\n::add-mask::x\r\n  ::set-output name=a::b",
    "runner command": "##[error]forged ##vso[task.complete result=Succeeded;] ##teamcity[x]",
    "controls": "a\x00b\x01c\x08\x08d\x0be\x0cf\rg\x7fh\x85i\x9fj",
    "bidi": "user\u202e\u2066// admin\u2069\u2066 \u200fx\u061cy",
    "zero width": "pa\u200bss\u200c\u200dwo\u2060rd\ufeff \u00ad \U000e0041\U000e007f \u3164",
    "separators": "a\u2028b\u2029c",
    "bytes": b"caf\xe9/\xff\xfe.py".decode(errors="surrogateescape"),
    "surrogates": "\ud800 \udfff x \udc80",
    "markup": "[bold]x[/bold] [link=http://evil.example]y[/link] [a](http://evil.example) `x` *y*",
    "traversal": "../../etc//passwd",
    "drive": "C:\\x:y?q#f%41",
    "long line": "A" * 1_000_000,
    "long word line": "word " * 200_000,
    "many lines": "x\n" * 20_000,
    "wide": "漢字🙂" * 300,
    "empty": "",
}
"""Texts that a scanner, a repository or a web page could bring, by what they try."""
_LONG = 10_000

UNSAFE = frozenset(
    {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *map(chr, range(0xD800, 0xE000))}
    | {*map(chr, range(0x200B, 0x2010)), *map(chr, range(0x2028, 0x202F)), *map(chr, range(0x2060, 0x2070))}
    | {"\u00ad", "\u061c", "\ufeff", *map(chr, range(0xE0000, 0xE0080))}
) - {"\n", "\t"}
"""Characters that no output may hold: a terminal obeys them, or nobody sees them."""


def _findings() -> tuple[Finding, ...]:
    return (
        Finding(
            id="v1:code:shell",
            category=Category.CODE,
            rule=Rule(
                id="B602",
                name="subprocess_popen_with_shell_equals_true",
                help_uri="https://bandit.example/b602.html",
                cwe=(78,),
            ),
            title="subprocess call with shell=True identified, security issue",
            message="subprocess call with shell=True identified, security issue. Pass a list of arguments.",
            severity=Severity.HIGH,
            severity_from="bandit says 'HIGH'",
            confidence=Confidence.HIGH,
            ratings=(
                Rating(source="bandit", severity=Severity.HIGH, word="HIGH"),
                Rating(source="semgrep", severity=Severity.MEDIUM, word="WARNING"),
            ),
            location=FileLocation(
                path="shop/views.py",
                line=42,
                column=5,
                end_line=44,
                end_column=6,
                scope="Checkout.post",
                snippet='    subprocess.run(f"convert {name}",\n        shell=True,\n    )',
            ),
            sources=(
                Source(
                    scanner="bandit",
                    rule_id="B602",
                    severity="HIGH",
                    version="1.9.1",
                    title="subprocess call with shell=True identified, security issue",
                    message="subprocess call with shell=True identified, security issue. Pass a list of arguments.",
                    place="shop/views.py:42",
                    id="v1:code:shell",
                ),
                Source(
                    scanner="semgrep",
                    rule_id="python.shell-true",
                    severity="WARNING",
                    version="1.140.0",
                    title="A shell is started with input",
                    message="A shell is started with input. Leave out shell=True.",
                    place="shop/views.py:43",
                    id="v1:code:semgrep-shell",
                ),
            ),
            joined=("bandit B602 and semgrep python.shell-true say the same, of overlapping lines",),
            related=("v1:code:pickle",),
            effect=Effect.FAIL,
        ),
        Finding(
            id="v1:code:pickle",
            category=Category.CODE,
            rule=Rule(id="B301", cwe=(502,)),
            title="pickle of untrusted data",
            severity=Severity.MEDIUM,
            location=FileLocation(path="shop/cache.py", line=19, snippet="return pickle.loads(raw)  # nosec B301"),
            sources=(Source(scanner="bandit", rule_id="B301", severity="MEDIUM", version="1.9.1"),),
            relief=(Relief(kind="inline", by="nosec B301", reason="the data is our own"),),
            effect=Effect.RELIEVED,
        ),
        Finding(
            id="v1:dependency:jinja2",
            category=Category.DEPENDENCY,
            rule=Rule(id="PYSEC-2019-217", cwe=(693,), help_uri="https://osv.dev/vulnerability/PYSEC-2019-217"),
            title="Sandbox escape by string formatting",
            message="Before 2.10.1, str.format_map allows a sandbox escape.",
            severity=Severity.CRITICAL,
            severity_from="nvd: CVSS:3.1 score 9.8",
            ratings=(
                Rating(source="nvd", severity=Severity.CRITICAL, method="CVSS:3.1", score=9.8, vector="CVSS:3.1/…"),
            ),
            ids=("PYSEC-2019-217", "CVE-2019-10906"),
            location=PackageLocation(
                purl="pkg:pypi/jinja2@2.10", name="jinja2", version="2.10", manifest="requirements.txt", line=3
            ),
            fix=Fix(state="available", versions=("2.10.1",)),
            sources=(Source(scanner="pip-audit", rule_id="PYSEC-2019-217", version="2.10.1"),),
            effect=Effect.FAIL,
        ),
        Finding(
            id="v1:iac:bucket",
            category=Category.IAC,
            rule=Rule(id="CKV_AWS_20"),
            title="S3 bucket is publicly readable",
            severity=Severity.UNKNOWN,
            severity_from="no source gave a severity",
            location=ResourceLocation(
                address="aws_s3_bucket.logs",
                path="infra/storage.tf",
                line=12,
                end_line=18,
                snippet='resource "aws_s3_bucket" "logs" {\n\tacl = "public-read"\n}',
            ),
            fix=Fix(text="Set acl to private."),
            sources=(Source(scanner="checkov", rule_id="CKV_AWS_20", version="3.2.490"),),
            effect=Effect.WARN,
        ),
        Finding(
            id="v1:container:openssl",
            category=Category.CONTAINER,
            rule=Rule(id="CVE-2025-1"),
            title="openssl: flaw",
            severity=Severity.LOW,
            ids=("CVE-2025-1",),
            location=ImageLocation(ref="library/nginx:1.27", digest="sha256:00", layer="1", package="openssl"),
            fix=Fix(state="wont-fix"),
            sources=(Source(scanner="imagescan", rule_id="CVE-2025-1"),),
        ),
        Finding(
            id="v1:web:xss",
            category=Category.WEB,
            rule=Rule(id="40012", cwe=(79,)),
            title="Cross-site scripting (reflected)",
            severity=Severity.INFO,
            location=WebLocation(
                url="https://shop.example/search?q=1", method="GET", param="q", evidence="<script>alert(1)</script>"
            ),
            fix=Fix(state="none"),
            sources=(Source(scanner="webscan", rule_id="40012"),),
        ),
    )


def _ledger() -> tuple[LedgerEntry, ...]:
    return (
        LedgerEntry(
            scanner="bandit",
            target=".",
            state=LedgerState.PARTIAL,
            reason="1 of 143 files not scanned",
            seconds=3.2,
            version="1.9.1",
            tool="store",
            considered=143,
            scanned=142,
            skipped=(Skip(path="shop/legacy.py", reason="syntax error"),),
            findings=2,
        ),
        LedgerEntry(
            scanner="semgrep",
            target=".",
            state=LedgerState.RAN,
            seconds=74.8,
            version="1.140.0",
            considered=201,
            scanned=201,
            findings=1,
        ),
        LedgerEntry(
            scanner="pip-audit",
            target="requirements.txt",
            state=LedgerState.RAN,
            seconds=1.2,
            version="2.10.1",
            database_date="2026-11-20",
            considered=12,
            scanned=12,
            findings=1,
        ),
        LedgerEntry(
            scanner="checkov",
            target=".",
            state=LedgerState.FAILED,
            reason="checkov ended with exit code 2",
            mend="scangate tools install checkov",
            seconds=31,
            considered=4,
        ),
    )


def _verdict() -> Verdict:
    def failing(finding: str, rule: str, why: str, *fields: str) -> Judgement:
        match = RuleMatch(rule=rule, effect=Effect.FAIL, why=why, fields=fields)
        return Judgement(finding=finding, effect=Effect.FAIL, matches=(match,))

    return Verdict(
        outcome=Outcome.FAILED,
        exit_code=1,
        policy="prod",
        policy_digest="sha256:1234",
        environment="production",
        judged=(
            failing("v1:code:shell", "code", "no high findings in code", "category code", "severity high >= high"),
            failing("v1:dependency:jinja2", "fixable", "a fix exists", "fix available (2.10.1)"),
            Judgement(finding="v1:code:pickle", effect=Effect.RELIEVED, would=Effect.WARN),
        ),
        incomplete=("checkov on .: failed: checkov ended with exit code 2",),
        accepted=("Go code: until the Go rules are reviewed",),
        warnings=("bandit: 1 file was not parsed",),
        counts={"fail": 2, "warn": 1, "relieved": 1, "none": 2},
    )


@pytest.fixture(scope="session")
def results() -> Results:
    """A failed and incomplete run with every kind of location, relief, fix and ledger state that matters."""
    return Results(
        tool=ToolInfo(version="0.1.0"),
        run=RunInfo(id="run-1", started="2026-11-23T15:04:05Z", seconds=81.2),
        inventory=InventorySummary(
            root="shop",
            git=True,
            commit="4f1c9ab2d3e4f5061728394a5b6c7d8e9f001122",
            files=380,
            kinds=(
                KindFound(kind="python-code", label="Python code", files=143, supported_by=("bandit", "semgrep")),
                KindFound(kind="ruby-code", label="Ruby code", files=12, examples=("lib/a.rb",)),
            ),
            skipped=(Skip(path="node_modules", reason="vendored packages"),),
            notes=("a submodule was not entered",),
        ),
        ledger=_ledger(),
        findings=_findings(),
        verdict=_verdict(),
    )


def poison(value: Any, text: str) -> Any:
    """The value with `text` in each field that may hold any text, however deep."""
    if isinstance(value, tuple):
        return tuple(poison(item, text) for item in value)
    if not isinstance(value, Model):
        return value
    fields = type(value).model_fields
    return value.model_copy(
        update={
            name: text
            if fields[name].annotation is str
            else (text, text)
            if fields[name].annotation == tuple[str, ...]
            else poison(item, text)
            for name, item in value
        }
    )


@pytest.fixture(params=sorted(HOSTILE))
def hostile_results(request: pytest.FixtureRequest, results: Results) -> Results:
    """The same run with one hostile text in every field (in every field of one finding, where the text is long)."""
    text = HOSTILE[request.param]
    if len(text) > _LONG:
        return results.model_copy(update={"findings": poison(results.findings[:1], text)})
    poisoned: Results = poison(results, text)
    return poisoned


@pytest.fixture(scope="session")
def unsafe() -> frozenset[str]:
    """Characters that no output may hold."""
    return UNSAFE


Render = Callable[..., str]


@pytest.fixture(scope="session")
def render() -> Render:
    """A function that renders results by a format's name; more keywords are report options."""

    def rendered(name: str, results: Results, **options: Any) -> str:
        sink = StringIO()
        WRITERS[name].write(results, sink, ReportOptions(**options))
        return sink.getvalue()

    return rendered
