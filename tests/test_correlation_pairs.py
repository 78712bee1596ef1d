"""Correlation judged by people: reports that real scanners made, and which of them are of one problem.

`correlation/recorded/` holds what each scanner said of the projects beside it (see `correlation/record.py`),
`correlation/labels/` which reports a person found to be of one problem. All pairs of reports by different scanners
that lie close to each other are judged: by what they say, not by where a tool puts them.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from scangate.correlate import correlate_documents
from scangate.model import Finding, ImageLocation, PackageLocation

HERE = Path(__file__).parent / "correlation"
SCENES = sorted(path.stem for path in (HERE / "recorded").glob("*.json"))
RECALL = {
    "code": (0.85, 0.94),
    "dependencies": (1.0, 1.0),
    "image": (1.0, 1.0),
    "infrastructure": (0.72, 0.93),
    "secrets": (0.83, 0.83),
}
"""The least share of the pairs of one problem that become one finding, and that do or are named as related.

What is missed: statements that are built on one line and run on another, one report of a resource beside one of each
of its containers or rules, and checks of which one is wider than the other.
"""

Pair = frozenset[str]


@dataclass(frozen=True)
class Scene:
    """Reports by the names that labels use, the problems that a person told apart, and pairs that are hard to tell."""

    reports: dict[str, Finding]
    same: frozenset[Pair]
    different: frozenset[Pair]


@cache
def scene(name: str) -> Scene:
    told = json.loads((HERE / "recorded" / f"{name}.json").read_text())
    reports: dict[str, Finding] = {}
    for finding in (Finding.model_validate(found) for findings in told.values() for found in findings):
        twins = sum(known.partition(" #")[0] == named(finding) for known in reports)
        reports[f"{named(finding)} #{twins + 1}" if twins else named(finding)] = finding
    same = {pair for problem in problems(name) for pair in across(problem)}
    close = {pair for pair in across(reports) if is_close(*(reports[report] for report in pair))}
    return Scene(reports, frozenset(same), frozenset(close - same))


def problems(name: str) -> list[list[str]]:
    paragraphs = (HERE / "labels" / f"{name}.txt").read_text().split("\n\n")
    return [lines for text in paragraphs if (lines := [x for x in text.splitlines() if not x.startswith("#")])]


def across(names: list[str] | dict[str, Finding]) -> set[Pair]:
    """Pairs of reports by different scanners."""
    return {frozenset(pair) for pair in combinations(names, 2) if pair[0].split()[0] != pair[1].split()[0]}


def named(finding: Finding) -> str:
    """A report as the labels call it: scanner, rule and place."""
    source, place = finding.sources[0], finding.location
    if isinstance(place, PackageLocation):
        words = [place.purl, place.manifest]
    elif isinstance(place, ImageLocation):
        words = [place.package.partition("?")[0], place.path]
    else:
        position = (finding.path, finding.line, getattr(place, "column", None))
        words = [":".join(str(part) for part in position if part), getattr(place, "address", "")]
    return " ".join(filter(None, (source.scanner, source.rule_id, *words)))


def is_close(one: Finding, other: Finding) -> bool:
    """Whether telling the two apart takes a look: a package or an advisory in common, or lines next to each other."""
    if one.category is not other.category:
        return False
    if isinstance(one.location, PackageLocation | ImageLocation):
        return package(one) == package(other) or not {*one.ids}.isdisjoint(other.ids)
    (first, last), (start, end) = lines(one), lines(other)
    return one.path == other.path and first <= end + 1 and start <= last + 1


def package(finding: Finding) -> str:
    place = finding.location
    purl = place.purl if isinstance(place, PackageLocation) else getattr(place, "package", "")
    return str(purl).partition("@")[0].lower()


def lines(finding: Finding) -> tuple[int, int]:
    first = finding.line or 0
    return first, max(first, getattr(finding.location, "end_line", None) or first)


@cache
def found(name: str) -> tuple[frozenset[Pair], frozenset[Pair]]:
    """The pairs that correlation makes one finding of, and those that it names as related."""
    reports = scene(name).reports
    by_id = {(f.id, f.sources[0].scanner, f.sources[0].rule_id): report for report, f in reports.items()}
    told: dict[str, list[str]] = {}
    problems = correlate_documents(reports.values())
    for problem in problems:
        sources = [(source.id or problem.id, source.scanner, source.rule_id) for source in problem.sources]
        told[problem.id] = [by_id[source] for source in sources]
    one = {pair for names in told.values() for pair in across(names)}
    linked = {p for problem in problems for other in problem.related for p in across(told[problem.id] + told[other])}
    return frozenset(one), frozenset(linked - one)


@pytest.mark.parametrize("name", SCENES)
def test_labels_speak_of_reports_that_were_made(name: str) -> None:
    labelled = Counter(report for problem in problems(name) for report in problem)
    assert set(labelled) <= set(scene(name).reports)
    assert [report for report, times in labelled.items() if times > 1] == []


def test_there_are_enough_pairs_of_either_kind() -> None:
    assert sum(len(scene(name).same) for name in SCENES) >= 200
    assert sum(len(scene(name).different) for name in SCENES) >= 200


@pytest.mark.parametrize("name", SCENES)
def test_no_two_problems_become_one(name: str) -> None:
    one, _ = found(name)
    assert [sorted(pair) for pair in one - scene(name).same] == []


@pytest.mark.parametrize("name", SCENES)
def test_most_reports_of_one_problem_become_one_finding(name: str) -> None:
    same, (one, linked) = scene(name).same, found(name)
    least_one, least_told = RECALL[name]
    assert len(one & same) / len(same) >= least_one, sorted(sorted(pair) for pair in same - one)
    assert len((one | linked) & same) / len(same) >= least_told, sorted(sorted(pair) for pair in same - one - linked)


def main() -> None:
    """Print the figures, and the pairs that are missed: `python -m tests.test_correlation_pairs`."""
    for name in SCENES:
        this, (one, linked) = scene(name), found(name)
        right, told = len(one & this.same), len((one | linked) & this.same)
        print(
            f"{name}: {len(this.reports)} reports, {len(this.same)} pairs of one problem, {len(this.different)} close "
            f"ones of two; precision {right / len(one):.3f}, recall {right / len(this.same):.3f}, "
            f"with related ones {told / len(this.same):.3f}"
        )
        for pair in sorted(sorted(pair) for pair in this.same - one):
            print("  related:" if frozenset(pair) in linked else "  missed:", " | ".join(pair))


if __name__ == "__main__":
    main()
