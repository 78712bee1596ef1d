"""The HTML report: one page that needs nothing and runs nothing, whatever the texts in it try."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from scangate.document import Outcome, Results
from scangate.model import LedgerEntry, LedgerState
from scangate.reports.html import MAX_FINDINGS, MAX_ROWS, advisory_address

Render = Callable[..., str]

_VOID = frozenset(("meta", "br", "img", "link", "input", "hr"))
_PLAIN = frozenset(
    ("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "rel", "open", "colspan")
)
_ATTRIBUTES = _PLAIN | {"scope", "role", "tabindex", "aria-labelledby", "aria-label", "data-label"}


class Page(HTMLParser):
    """What a browser would see: tags in order, attributes, links, and the text; it fails on tags out of order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, attribute: str) -> list[str]:
        return [value for name, value in self.attributes if name == attribute]


def test_the_page_is_well_formed_and_complete(results: Results, render: Render) -> None:
    page = Page(render("html", results))
    for words in (
        "FAILED 2 findings fail the policy prod (environment production); the run is also incomplete: 1 gap",
        "6 findings: 2 fail, 1 warn, 1 relieved, 2 under no rule",
        "code no high findings in code category code, severity high >= high",
        "checkov on .: failed: checkov ended with exit code 2",
        "Go code: until the Go rules are reviewed",
        "bandit: 1 file was not parsed",
        "no scanner here supports Ruby code (12 files)",
        "1 critical 1 high 1 unknown 1 medium 1 low 1 info",
        "checkov . failed 0/4 - 31 s checkov ended with exit code 2 Mend: scangate tools install checkov",
        '42 subprocess.run(f"convert {name}", 43 shell=True, 44 )',
        "line 42:5 Checkout.post CWE-78 bandit B602, semgrep python.shell-true",
        "PYSEC-2019-217 CVE-2019-10906 CWE-693 pip-audit",
        "Fix: upgrade to 2.10.1",
        "Inline relief: nosec B301 the data is our own",
        "critical (nvd: CVSS:3.1 score 9.8)",
        "semgrep 1.140.0, rule python.shell-true",
        "v1:code:shell",
        "node_modules vendored packages",
        "<script>alert(1)</script>",
    ):
        assert words in page.text, words


def test_a_failing_finding_is_linked_to_its_place(results: Results, render: Render) -> None:
    page = Page(render("html", results))
    targets = [link.removeprefix("#") for link in page.values("href") if link.startswith("#")]
    assert len(targets) == 3, "two that fail, and one that another names"
    assert set(targets) <= set(page.values("id"))
    assert len(set(page.values("id"))) == len(page.values("id"))


def test_it_loads_and_runs_nothing(results: Results, render: Render) -> None:
    text = render("html", results)
    page = Page(text)
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert ("content", policy) in page.attributes
    assert {"script", "link", "img", "iframe", "form", "object"}.isdisjoint(page.tags)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style and "url(" not in style[1] and "@import" not in style[1]
    outside = [link for link in page.values("href") if not link.startswith("#")]
    assert outside and page.values("rel") == ["noreferrer noopener"] * len(outside)


def test_a_hostile_text_brings_no_tag_attribute_or_link(hostile_results: Results, render: Render) -> None:
    page = Page(render("html", hostile_results))
    assert {"script", "img", "svg", "iframe", "form", "link", "bold"}.isdisjoint(page.tags)
    assert {name for name, _ in page.attributes} <= _ATTRIBUTES
    for link in page.values("href"):
        assert link.startswith(("#finding-", "https://cwe.mitre.org/", "https://osv.dev/", "https://bandit.example/"))


def test_the_template_reads_no_expression_in_a_text(results: Results, render: Render) -> None:
    finding = results.findings[0].model_copy(update={"title": "{{ 7*7 }} {% raw %}"})
    page = Page(render("html", results.model_copy(update={"findings": (finding,)})))
    assert "{{ 7*7 }} {% raw %}" in page.text


@pytest.mark.parametrize(("address", "linked"), [("https://a.example/x", True), ("javascript:alert(1)", False)])
def test_only_web_addresses_are_links(address: str, linked: bool, results: Results, render: Render) -> None:
    rule = results.findings[0].rule.model_copy(update={"help_uri": address})
    finding = results.findings[0].model_copy(update={"rule": rule})
    page = Page(render("html", results.model_copy(update={"findings": (finding,)})))
    assert (address in page.values("href")) == linked


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("CVE-2019-10906", "https://osv.dev/vulnerability/CVE-2019-10906"),
        ("GHSA-462w-v97r-4m45", "https://osv.dev/vulnerability/GHSA-462w-v97r-4m45"),
        ("../x", ""),
        ("CVE-1/../../x", ""),
        ("", ""),
    ],
)
def test_advisories_are_linked_by_their_id(name: str, address: str) -> None:
    assert advisory_address(name) == address


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_is_the_first_thing_said(outcome: Outcome, results: Results, render: Render) -> None:
    assert results.verdict
    verdict = results.verdict.model_copy(update={"outcome": outcome})
    text = render("html", results.model_copy(update={"verdict": verdict}))
    assert f"<title>{outcome.upper()}: shop - scangate</title>" in text
    assert f'class="verdict {outcome}"' in text


def test_no_verdict_is_said(results: Results, render: Render) -> None:
    page = Page(render("html", results.model_copy(update={"verdict": None})))
    assert "NO VERDICT nothing was judged" in page.text


def test_findings_over_the_limit_are_counted(results: Results, render: Render) -> None:
    first = results.findings[0]
    many = tuple(first.model_copy(update={"id": f"v1:code:{number}"}) for number in range(MAX_FINDINGS + 34))
    page = Page(render("html", results.model_copy(update={"findings": many})))
    assert page.tags.count("article") == MAX_FINDINGS
    assert "This page shows the 2,000 worst findings. 34 more are in the JSON report" in page.text
    assert "and 34 more here" in page.text


def test_rows_over_the_limit_are_counted(results: Results, render: Render) -> None:
    entry = LedgerEntry(scanner="pip-audit", target="a.txt", state=LedgerState.RAN)
    page = Page(render("html", results.model_copy(update={"ledger": (entry,) * (MAX_ROWS + 9)})))
    assert "and 9 more, in the JSON report" in page.text
    assert page.text.count("pip-audit a.txt") == MAX_ROWS


def test_many_failures_are_folded_and_none_is_lost(results: Results, render: Render) -> None:
    assert results.verdict
    shell = next(judgement for judgement in results.verdict.judged if judgement.finding == "v1:code:shell")
    finding = next(finding for finding in results.findings if finding.id == shell.finding)
    ids = [f"v1:code:{number}" for number in range(40)]
    verdict = results.verdict.model_copy(update={"judged": tuple(shell.model_copy(update={"finding": i}) for i in ids)})
    many = tuple(finding.model_copy(update={"id": i}) for i in ids)
    text = render("html", results.model_copy(update={"findings": many, "verdict": verdict}))
    assert "<summary>and 25 more that fail</summary>" in text
    assert text.count("category code, severity high &gt;= high") >= len(ids)
    assert text.index("Incomplete: not everything") < text.index("Why it fails")
