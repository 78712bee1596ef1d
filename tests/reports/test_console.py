"""The console report: what it says, in which order, and that it fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from scangate.document import Outcome, Results
from scangate.model import Effect, LedgerEntry, LedgerState, Severity, Skip

Render = Callable[..., str]
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("width", [80, 140])
def test_the_whole_text(width: int, results: Results, render: Render) -> None:
    assert render("console", results, width=width) == (GOLDEN / f"console-{width}.txt").read_text(encoding="utf-8")


def test_colour_comes_only_when_allowed_and_changes_no_word(results: Results, render: Render) -> None:
    plain, coloured = render("console", results), render("console", results, color=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31mcritical\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).split() == plain.split()


def test_the_environment_has_no_say(results: Results, render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    before = render("console", results)
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "30", "TERM": "xterm-256color", "JUPYTER_COLUMNS": "9"}.items():
        monkeypatch.setenv(name, value)
    assert render("console", results) == before
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" in render("console", results, color=True)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_line_is_wider_than_the_page(width: int, hostile_results: Results, render: Render) -> None:
    text = render("console", hostile_results, width=width)
    escapes = 4 * max(text.count("\\x23"), text.count("\\x3a"))  # what made a command inert may stand over the edge
    assert max(map(cell_len, text.split("\n"))) <= width + escapes


def test_markup_in_a_text_is_text(results: Results, render: Render) -> None:
    finding = results.findings[0].model_copy(update={"title": "[bold]x[/bold] :warning:"})
    text = render("console", results.model_copy(update={"findings": (finding,)}))
    assert "[bold]x[/bold] :warning:" in text


def test_a_long_list_is_cut_and_says_how_to_see_the_rest(results: Results, render: Render) -> None:
    first = results.findings[0]
    many = tuple(first.model_copy(update={"id": f"v1:code:{number}"}) for number in range(8))
    text = render("console", results.model_copy(update={"findings": many}), limit=3, width=200)
    assert text.count("line 42:5") == 3
    assert "and 5 more here" in text
    assert "Only the 3 worst are shown. See the other 5 with scangate report --format html -o report.html" in text


def test_the_worst_are_shown_when_not_all_are(results: Results, render: Render) -> None:
    text = render("console", results, limit=1)
    assert "Sandbox escape" in text.split("Ledger")[0]
    assert "shell=True" not in text.split("Ledger")[0]


def test_a_relieved_finding_comes_last_and_shows_its_relief(results: Results, render: Render) -> None:
    relieved = results.findings[1].model_copy(update={"severity": Severity.CRITICAL})
    assert relieved.effect is Effect.RELIEVED
    text = render("console", results.model_copy(update={"findings": (relieved, *results.findings[2:])}))
    assert text.index("requirements.txt") < text.index("shop/cache.py")
    assert "inline relief: nosec B301: the data is our own" in text


def test_a_long_ledger_keeps_what_is_not_well(results: Results, render: Render) -> None:
    ran = [LedgerEntry(scanner="pip-audit", target=f"{n}.txt", state=LedgerState.RAN) for n in range(30)]
    missing = LedgerEntry(scanner="checkov", target="infra", state=LedgerState.MISSING, mend="scangate tools install")
    text = render("console", results.model_copy(update={"ledger": (*ran, missing)}), limit=5)
    assert "infra" in text and "mend: scangate tools install" in text
    assert "and 26 more" in text


IDLE = {
    LedgerState.DISABLED: "  disabled: bandit on src (because of this)",
    LedgerState.NOT_APPLICABLE: "  not-applicable: bandit on src",
}


@pytest.mark.parametrize(("state", "line"), IDLE.items())
def test_scanners_that_had_nothing_to_do_share_a_line(
    state: LedgerState, line: str, results: Results, render: Render
) -> None:
    entry = LedgerEntry(scanner="bandit", target="src", state=state, reason="because of this")
    assert line in render("console", results.model_copy(update={"ledger": (entry,)})).splitlines()


@pytest.mark.parametrize("state", [state for state in LedgerState if state not in IDLE])
def test_each_other_state_reaches_the_table(state: LedgerState, results: Results, render: Render) -> None:
    entry = LedgerEntry(scanner="bandit", target="src", state=state, reason="because of this")
    text = render("console", results.model_copy(update={"ledger": (entry,)}))
    assert re.search(rf"^  bandit +src +{state}\b", text, re.MULTILINE)
    assert "because of this" in text


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome.FAILED, "FAILED: 2 findings fail the policy prod (environment production); the run is also"),
        (Outcome.INCOMPLETE, "INCOMPLETE: not everything was looked at, so the policy prod (environment production)"),
        (Outcome.PASSED, "PASSED: nothing fails the policy prod (environment production), with 1 accepted gap"),
    ],
)
def test_the_verdict_is_one_line(outcome: Outcome, line: str, results: Results, render: Render) -> None:
    assert results.verdict
    verdict = results.verdict.model_copy(update={"outcome": outcome})
    assert f"\n{line}" in render("console", results.model_copy(update={"verdict": verdict}))


@pytest.mark.parametrize(("interrupted", "words"), [(True, "the run was interrupted"), (False, "nothing was judged")])
def test_no_verdict_is_said(interrupted: bool, words: str, results: Results, render: Render) -> None:
    run = results.run.model_copy(update={"interrupted": interrupted})
    assert f"NO VERDICT: {words}" in render("console", results.model_copy(update={"run": run, "verdict": None}))


def test_no_findings_are_not_praised_when_not_all_was_looked_at(results: Results, render: Render) -> None:
    clean = results.model_copy(update={"findings": ()})
    assert "No findings in what was looked at" in render("console", clean)
    whole = clean.model_copy(update={"ledger": clean.ledger[1:2]})
    assert "\nNo findings\n" in "\n" + render("console", whole)


def test_an_unsupported_kind_is_warned_about_once(results: Results, render: Render) -> None:
    assert "no scanner here supports Ruby code (12 files)" in render("console", results)
    assert results.verdict
    verdict = results.verdict.model_copy(update={"warnings": ("no scanner here can look at Ruby code",)})
    assert render("console", results.model_copy(update={"verdict": verdict})).count("Ruby code") == 1


def test_a_snippet_is_shown_once_for_findings_on_the_same_lines(results: Results, render: Render) -> None:
    first = results.findings[0]
    other = first.model_copy(update={"id": "v1:code:other", "title": "another weakness"})
    text = render("console", results.model_copy(update={"findings": (first, other)}))
    assert text.count("shell=True,\n") == 1
    assert text.count("line 42:5") == 2


def test_failing_findings_share_their_rule_and_reason(results: Results, render: Render) -> None:
    assert results.verdict
    shell = next(judgement for judgement in results.verdict.judged if judgement.finding == "v1:code:shell")
    finding = next(finding for finding in results.findings if finding.id == shell.finding)
    twice = (finding, finding.model_copy(update={"id": "v1:code:again"}))
    judged = (shell, shell.model_copy(update={"finding": "v1:code:again"}))
    verdict = results.verdict.model_copy(update={"judged": judged})
    text = render("console", results.model_copy(update={"findings": twice, "verdict": verdict})).split("Verdict")[1]
    assert text.count("rule code: no high findings in code") == text.count("category code, severity high >= high") == 1
    assert re.findall(r"^      (\w+) +shop/views.py:42  ", text, re.MULTILINE) == ["again", "shell"]
    assert "`scangate explain again`" in text


def test_what_mends_a_gap_is_said_once(results: Results, render: Render) -> None:
    assert results.verdict
    mend = "scangate tools install checkov"
    verdict = results.verdict.model_copy(update={"incomplete": (f"checkov: failed (mend: {mend})",)})
    text = " ".join(render("console", results.model_copy(update={"verdict": verdict})).split())
    assert text.count(mend) == 1


def test_nothing_looked_at_is_not_called_clean(results: Results, render: Render) -> None:
    idle = LedgerEntry(scanner="bandit", target=".", state=LedgerState.NOT_APPLICABLE)
    text = render("console", results.model_copy(update={"findings": (), "ledger": (idle,)}))
    assert text.startswith("No findings, since nothing was looked at\n")


def test_a_long_list_of_what_was_left_out_is_cut_and_says_so(results: Results, render: Render) -> None:
    skips = tuple(Skip(path=f"vendor{n}/", reason="vendored") for n in range(30))
    inventory = results.inventory.model_copy(update={"skipped": skips})
    text = render("console", results.model_copy(update={"inventory": inventory}))
    assert text.count(": vendored\n") == 8
    assert "and 22 more, which the JSON and HTML reports list" in text


def test_it_says_how_many_reports_became_how_many_findings(results: Results, render: Render) -> None:
    ledger = tuple(entry.model_copy(update={"findings": 5}) for entry in results.ledger)
    assert "20 reports of 4 scanners are 6 findings" in render("console", results.model_copy(update={"ledger": ledger}))
    assert "reports of" not in render("console", results)


def test_many_related_findings_are_counted(results: Results, render: Render) -> None:
    related = tuple(f"v1:code:twin{number}" for number in range(8))
    finding = results.findings[0].model_copy(update={"related": related})
    text = render("console", results.model_copy(update={"findings": (finding,)}))
    assert "see also: twin0, twin1, twin2, twin3, twin4 and 3 more" in text
