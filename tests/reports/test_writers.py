"""What every report format must hold to."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from scangate.document import Results
from scangate.reports.registry import WRITERS

Render = Callable[..., str]

every_format = pytest.mark.parametrize("name", sorted(WRITERS))


def test_the_formats_are_those_that_are_promised() -> None:
    assert sorted(WRITERS) == ["console", "html", "json", "sarif"]
    assert {name: writer.name for name, writer in WRITERS.items()} == {name: name for name in WRITERS}


@every_format
def test_a_hostile_text_leaves_no_character_that_is_obeyed_or_unseen(
    name: str, hostile_results: Results, render: Render, unsafe: frozenset[str]
) -> None:
    text = render(name, hostile_results)
    text.encode("utf-8", errors="strict")
    assert text.endswith("\n")
    assert unsafe.isdisjoint(text)


@pytest.mark.parametrize(
    ("name", "width"), [*((name, 100) for name in sorted(WRITERS)), ("console", 40), ("console", 61)]
)
def test_no_line_is_a_command_to_a_ci_runner(name: str, width: int, hostile_results: Results, render: Render) -> None:
    text = render(name, hostile_results, width=width)
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert not re.search(r"##\w*\[", text)


@every_format
def test_a_writer_prints_nothing_and_changes_nothing(
    name: str, results: Results, render: Render, capfd: pytest.CaptureFixture[str]
) -> None:
    before = results.model_copy(deep=True)
    render(name, results)
    assert results == before
    assert capfd.readouterr() == ("", "")


@every_format
def test_the_same_results_give_the_same_text(name: str, results: Results, render: Render) -> None:
    assert render(name, results) == render(name, results)


@pytest.mark.parametrize("name", ["console", "html", "sarif"])
def test_the_order_of_findings_is_not_that_of_their_arrival(name: str, results: Results, render: Render) -> None:
    shuffled = list(results.findings)
    random.Random(7).shuffle(shuffled)  # noqa: S311 (an order, no secret)
    assert render(name, results.model_copy(update={"findings": tuple(shuffled)})) == render(name, results)


@every_format
def test_a_run_without_anything_still_renders(name: str, results: Results, render: Render) -> None:
    bare = Results(run=results.run)
    assert render(name, bare).endswith("\n")


@every_format
def test_many_findings_render_in_bounded_text(name: str, results: Results, render: Render) -> None:
    first = results.findings[0]
    many = tuple(first.model_copy(update={"id": f"v1:code:{number}"}) for number in range(6_000))
    text = render(name, results.model_copy(update={"findings": many}))
    limits = {"console": 60_000, "html": 6_000_000, "sarif": 9_000_000, "json": 12_000_000}
    assert len(text) < limits[name]
