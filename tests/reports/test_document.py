"""The JSON report is the results document, whole and readable again."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.document import Results, RunInfo
from scangate.model import Skip
from scangate.reports.document import DocumentWriter
from scangate.reports.interface import ReportOptions
from scangate.results import parse_results, results_json_schema

Render = Callable[..., str]


def test_the_document_reads_back_as_the_same_results(results: Results, render: Render) -> None:
    assert parse_results(render("json", results), name="report") == results


def test_it_says_what_pydantic_says_in_the_same_order(results: Results, render: Render) -> None:
    assert list(json.loads(render("json", results)).items()) == list(results.model_dump(mode="json").items())


def test_hostile_text_is_kept_but_for_what_no_utf8_can_hold(hostile_results: Results, render: Render) -> None:
    expected = hostile_results.model_dump(mode="json")
    as_sent = json.dumps(expected, ensure_ascii=False)
    whole = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in as_sent)
    assert json.loads(render("json", hostile_results)) == json.loads(whole)


def test_each_finding_has_a_line_of_its_own(results: Results, render: Render) -> None:
    lines = render("json", results).splitlines()
    for finding in results.findings:
        assert sum(f'"id":"{finding.id}"' in line for line in lines) == 1
    for entry in results.ledger:
        assert sum(line.startswith(f'{{"scanner":"{entry.scanner}"') for line in lines) == 1


def test_it_is_valid_by_the_published_schema(results: Results, render: Render) -> None:
    jsonschema.validate(json.loads(render("json", results)), results_json_schema())


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_null(score: float, results: Results, render: Render) -> None:
    finding = results.findings[0]
    rating = finding.ratings[0].model_copy(update={"score": score})
    changed = results.model_copy(update={"findings": (finding.model_copy(update={"ratings": (rating,)}),)})
    document = json.loads(render("json", changed), parse_constant=pytest.fail)
    assert document["findings"][0]["ratings"][0]["score"] is None


@given(st.text())
def test_any_text_survives(text: str) -> None:
    results = Results(run=RunInfo(id=text, started="2026-01-01T00:00:00Z"))
    results = results.model_copy(
        update={"inventory": results.inventory.model_copy(update={"skipped": (Skip(path=text, reason=text),)})}
    )
    sink = StringIO()
    DocumentWriter().write(results, sink, ReportOptions())
    assert parse_results(sink.getvalue(), name="report") == results
