"""The results document: read only when it is known, written whole or not at all, merged without loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scangate.document import SCHEMA_VERSION, InventorySummary, KindFound, Results, RunInfo
from scangate.errors import ResultsError, UsageError
from scangate.merging import merge_results
from scangate.model import (
    Category,
    FileLocation,
    Finding,
    LedgerEntry,
    LedgerState,
    Rating,
    Relief,
    Rule,
    Severity,
    Source,
)
from scangate.results import (
    keep_last_run,
    parse_results,
    read_last_run,
    read_results,
    results_json_schema,
    write_atomically,
)

RUN = RunInfo(id="1", started="2026-01-01T00:00:00Z")


def finding(name: str, scanner: str = "bandit", *, relieved: bool = False) -> Finding:
    return Finding(
        category=Category.CODE,
        rule=Rule(id="B1"),
        title="t",
        severity=Severity.HIGH,
        location=FileLocation(path="a.py", line=1),
        id=name,
        sources=(Source(scanner=scanner, rule_id="B1"),),
        relief=(Relief(kind="inline", by="nosec"),) if relieved else (),
    )


def results(*ledger: LedgerEntry, findings: tuple[Finding, ...] = (), **inventory: Any) -> Results:
    return Results(run=RUN, ledger=ledger, findings=findings, inventory=InventorySummary(**inventory))


def entry(scanner: str, state: LedgerState, target: str = ".") -> LedgerEntry:
    return LedgerEntry(scanner=scanner, target=target, state=state)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    document = results(entry("bandit", LedgerState.RAN), findings=(finding("v1:code:a"),))
    (tmp_path / "r.json").write_text(document.model_dump_json())
    assert read_results(tmp_path / "r.json") == document


def test_the_document_fits_its_published_schema() -> None:
    document = results(entry("bandit", LedgerState.RAN), findings=(finding("v1:code:a"),))
    jsonschema.Draft202012Validator(results_json_schema()).validate(json.loads(document.model_dump_json()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema_version": "2.0"}', "results version 2.0 is not known here"),
        ('{"schema_version": "1.0"}', "run"),
        ('{"schema_version": 1}', "no schema_version"),
        ('{"results": []}', "no schema_version"),
        ("[]", "no schema_version"),
        ('{"schema_version": "1.', "not JSON"),
        ("", "not JSON"),
    ],
)
def test_what_is_not_a_known_document_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ResultsError) as caught:
        read_results(tmp_path / "r.json")
    assert message in caught.value.message
    assert "r.json" in caught.value.message


def test_a_newer_minor_version_is_read(tmp_path: Path) -> None:
    document = json.loads(results().model_dump_json())
    document["schema_version"] = f"{SCHEMA_VERSION.split('.')[0]}.0"
    (tmp_path / "r.json").write_text(json.dumps(document))
    assert read_results(tmp_path / "r.json").run == RUN


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "report"
    place.write_text("before")

    def fail(sink: Any) -> None:
        sink.write("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="No space left"):
        write_atomically(place, fail)
    assert place.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_device_is_written_and_not_replaced() -> None:
    with pytest.raises(UsageError, match="No space left"):
        write_atomically(Path("/dev/full"), lambda sink: sink.write("x" * 100_000))
    assert Path("/dev/full").is_char_device()


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomically(tmp_path / "link", lambda sink: sink.write("x"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "x"


def test_the_last_run_is_found_by_its_root_and_else_the_latest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run is kept"):
        read_last_run(tmp_path)
    first, second = results(), results(entry("bandit", LedgerState.RAN))
    keep_last_run(first, tmp_path / "one")
    keep_last_run(second, tmp_path / "two")
    assert read_last_run(tmp_path / "one") == (first, True)
    assert read_last_run(tmp_path / "elsewhere") == (second, False)


def test_merging_keeps_every_source_and_relief_only_where_all_agree() -> None:
    merged = merge_results(
        [
            results(findings=(finding("x", "bandit", relieved=True), finding("y"))),
            results(findings=(finding("x", "semgrep"),)),
        ],
        run=RUN,
    )
    assert [f.id for f in merged.findings] == ["x", "y"]
    assert [s.scanner for s in merged.findings[0].sources] == ["bandit", "semgrep"]
    assert merged.findings[0].relief == ()


@pytest.mark.parametrize(
    ("one", "two", "merged"),
    [
        (LedgerState.RAN, LedgerState.FAILED, LedgerState.FAILED),
        (LedgerState.PARTIAL, LedgerState.RAN, LedgerState.PARTIAL),
        (LedgerState.DISABLED, LedgerState.RAN, LedgerState.RAN),
        (LedgerState.NOT_APPLICABLE, LedgerState.MISSING, LedgerState.MISSING),
        (LedgerState.DISABLED, LedgerState.NOT_APPLICABLE, LedgerState.DISABLED),
    ],
)
def test_what_did_not_run_stays_so_but_what_was_left_out_on_purpose_is_told_by_others(
    one: LedgerState, two: LedgerState, merged: LedgerState
) -> None:
    for pair in ((one, two), (two, one)):
        document = merge_results([results(entry("bandit", state)) for state in pair], run=RUN)
        assert [e.state for e in document.ledger] == [merged]


def test_the_place_holder_of_a_scanner_left_out_gives_way_to_its_targets() -> None:
    document = merge_results(
        [
            results(entry("pip-audit", LedgerState.DISABLED)),
            results(entry("pip-audit", LedgerState.RAN, "requirements.txt")),
        ],
        run=RUN,
    )
    assert [(e.target, e.state) for e in document.ledger] == [("requirements.txt", LedgerState.RAN)]


def test_kinds_are_the_union_and_different_commits_are_said() -> None:
    python = KindFound(kind="python-code", label="Python code", files=3, supported_by=("bandit",))
    ruby = KindFound(kind="ruby-code", label="Ruby code", files=1)
    merged = merge_results(
        [results(kinds=(python,), commit="a" * 40), results(kinds=(ruby, python), commit="b" * 40)], run=RUN
    )
    assert [kind.kind for kind in merged.inventory.kinds] == ["python-code", "ruby-code"]
    assert "different commits" in merged.inventory.notes[0]


def test_a_document_cannot_hide_anothers_finding_behind_its_id() -> None:
    mild = finding("v1:code:a").model_copy(update={"location": FileLocation(path="tests/a.py", line=1)})
    merged = merge_results([results(findings=(mild,)), results(findings=(finding("v1:code:a"),))], run=RUN)
    assert sorted(found.path for found in merged.findings) == ["a.py", "tests/a.py"]
    unnamed = (finding(""), finding("").model_copy(update={"title": "another"}))
    assert len(merge_results([results(findings=unnamed), results()], run=RUN).findings) == 2


def test_the_worse_of_two_severities_counts() -> None:
    word = Rating(source="x", severity=Severity.LOW)
    mild = finding("v1:code:a").model_copy(update={"severity": Severity.LOW, "ratings": (word,)})
    for pair in ((mild, finding("v1:code:a")), (finding("v1:code:a"), mild)):
        (merged,) = merge_results([results(findings=(one,)) for one in pair], run=RUN).findings
        assert merged.severity is Severity.HIGH


def test_what_one_document_could_not_read_stays_unread_and_the_oldest_data_counts() -> None:
    code = KindFound(kind="python-code", label="Python code", files=9)
    torn = code.model_copy(update={"files": 5, "unread": 3})
    fresh = entry("pip-audit", LedgerState.RAN).model_copy(update={"database_date": "2026-01-01T00:00:00Z"})
    old = fresh.model_copy(update={"database_date": "2020-01-01T00:00:00Z"})
    merged = merge_results([results(fresh, kinds=(code,)), results(old, kinds=(torn,))], run=RUN)
    assert merged.inventory.kinds[0].unread == 3
    assert merged.ledger[0].database_date == "2020-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"run": ' * 50_000])
def test_a_document_that_nests_too_deep_is_no_bug_of_ours(text: str) -> None:
    with pytest.raises(ResultsError):
        parse_results(text, name="deep.json")


@pytest.mark.parametrize("started", ["yesterday", "2026-01-01", "2026-01-01T00:00:00", ""])
def test_a_document_without_a_time_that_can_be_judged_by_is_refused(started: str) -> None:
    document = results().model_copy(update={"run": RUN.model_copy(update={"started": started})})
    with pytest.raises(ResultsError, match="not a time"):
        parse_results(document.model_dump_json(), name="r.json")
