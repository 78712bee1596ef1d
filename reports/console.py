"""console: what people read after a run. Findings by file, worst first, then the ledger, then the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from scangate.document import Judgement, Results
from scangate.model import Effect, Finding, Severity
from scangate.reports import view
from scangate.reports.encoders import one_line, visible
from scangate.reports.interface import ReportOptions
from scangate.reports.ledger import print_ledger
from scangate.reports.terminal import Page, Part, cell

_SEVERITY_STYLE = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.UNKNOWN: "magenta",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_EFFECT_WORD = {
    Effect.FAIL: ("fails", "bold red"),
    Effect.WARN: ("warns", "yellow"),
    Effect.RELIEVED: ("relieved", "green"),
}
_OUTCOME_STYLE = {"PASSED": "bold green", "FAILED": "bold red"}
_SNIPPET_LINES = 5
_LEFT_OUT_SHOWN = 8
_MORE = "scangate report --format html -o report.html, or --format json -o results.json"


class ConsoleWriter:
    """Text for a terminal or a log, with ANSI colours only where the options allow them."""

    name = "console"

    def write(self, results: Results, sink: TextIO, options: ReportOptions) -> None:
        """Write the findings, the ledger, what was left out, the warnings and the verdict."""
        page = Page(options)
        _findings(page, results, limit=options.limit)
        print_ledger(page, results, limit=options.limit)
        _list(page, "Left out", view.left_out(results, limit=_LEFT_OUT_SHOWN))
        _list(page, "Notes", results.inventory.notes)
        _list(page, "Warnings", view.warnings(results), style="yellow")
        _verdict(page, results, limit=options.limit)
        sink.writelines(page.lines())


def _findings(page: Page, results: Results, *, limit: int) -> None:
    for group in view.by_file(results.findings, limit=limit):
        page.text((one_line(group.heading), "bold underline"))
        shown = ""
        for finding in group.findings:
            shown = _finding(page, finding, above=shown)
        if group.hidden:
            _row(page, "", (f"and {group.hidden:,} more here", "dim"))
        page.gap()
    page.text((view.total(results), "bold"))
    if merged := view.merged(results):
        page.text((merged, "dim"))
    if (hidden := len(results.findings) - limit) > 0:
        page.text((f"Only the {limit:,} worst are shown. See the other {hidden:,} with {_MORE}", "bold"))


def _finding(page: Page, finding: Finding, *, above: str) -> str:
    """Print a finding and return its snippet, which is not repeated where it stands `above` already."""
    _row(page, (finding.severity, _SEVERITY_STYLE[finding.severity]), (one_line(finding.title), "bold"))
    _row(page, _EFFECT_WORD.get(finding.effect, ""), (one_line(" · ".join(_facts(finding))), "dim"))
    snippet = f"{finding.line}: {view.snippet(finding)}"
    if snippet != above:
        for number, text in view.snippet_lines(finding, width=page.width, most=_SNIPPET_LINES):
            page.cropped((f"{number:>6} │ ", "dim"), visible(text), prefix=" " * 12)
    if fix := view.fix(finding):
        _row(page, "", ("fix: ", "green"), one_line(fix))
    for name, text in _correlation(finding):
        _row(page, "", (f"{name}: ", "cyan"), one_line(text))
    for relief in finding.relief:
        reason = f": {relief.reason}" if relief.reason else ""
        _row(page, "", (f"{relief.kind} relief: ", "green"), one_line(f"{relief.by}{reason}"))
    return snippet


def _correlation(finding: Finding) -> list[tuple[str, str]]:
    """What there is to say of a finding that several scanners reported, or of which others may speak too."""
    said = [("one finding", reason) for reason in finding.joined]
    said += [("rated", view.opinions(finding)), ("see also", view.see_also(finding))]
    return [(name, text) for name, text in said if text]


def _facts(finding: Finding) -> list[str]:
    """Where and what, in few words: line, subject, ids or rules, scanners, weakness, and the id for `explain`."""
    position = view.position(finding)
    facts = [
        f"line {position}" if position else "",
        view.subject(finding),
        ", ".join(finding.ids),
        *view.reported_by(finding),
        " ".join(f"CWE-{number}" for number in finding.rule.cwe),
        view.short_id(finding),
    ]
    return [fact for fact in facts if fact]


def _row(page: Page, label: Part, *parts: Part) -> None:
    page.text(*parts, prefix=cell("", 2) + cell(label, 10))


def _list(page: Page, name: str, lines: Sequence[str], *, style: str = "") -> None:
    if lines:
        page.title(name)
    for line in lines:
        page.text((one_line(line, 1000), style), prefix="  - ")


def _verdict(page: Page, results: Results, *, limit: int) -> None:
    word, sentence = view.headline(results)
    verdict = results.verdict
    page.title("Verdict")
    page.text((word, _OUTCOME_STYLE.get(word, "bold yellow")), f": {one_line(sentence)}")
    if counts := view.effect_counts(results):
        page.text((counts, "dim"), prefix="  ")
    _failures(page, view.failing(results), limit=limit)
    if verdict:
        _list(page, "Incomplete", verdict.incomplete, style="yellow")
        _list(page, "Accepted gaps", verdict.accepted)


def _failures(page: Page, failing: Sequence[tuple[Finding, Judgement]], *, limit: int) -> None:
    """The failing findings under the rules that fail them and the fields that made these match; worst first."""
    for rules, reasons in view.by_reason(failing[:limit]).items():
        page.gap()
        for rule, why in rules:
            text = f": {one_line(why)}" if why else ""
            page.text(("rule ", "red"), (one_line(rule), "bold red"), text, prefix="  ")
        for fields, findings in reasons.items():
            page.text((one_line(", ".join(fields)), "dim"), prefix="    ")
            for finding in findings:
                _failure(page, finding)
    if len(failing) > limit:
        page.gap()
        page.text((f"and {len(failing) - limit:,} more that fail; see {_MORE}", "bold"), prefix="  ")
    if failing:
        page.gap()
        page.text(
            (f"`scangate explain {one_line(view.short_id(failing[0][0]))}` tells all of the first", "dim"), prefix="  "
        )


def _failure(page: Page, finding: Finding) -> None:
    what = [view.subject(finding), *(finding.ids[:1] or view.reported_by(finding))]
    facts = " · ".join(fact for fact in what if fact)
    place = (one_line(view.place(finding)), "bold")
    page.text(place, f"  {one_line(facts)}", prefix=cell("", 6) + cell((one_line(view.short_id(finding)), "dim"), 10))
