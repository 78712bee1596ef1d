"""bandit: each trap of the tool is one test. The recorded outputs were made by running bandit 1.9.4."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import Confidence, FileLocation, Finding, LedgerState, Severity
from scangate.scanners.bandit import Bandit
from scangate.scanners.interface import Job, Output, Parsed, ScannerError, Target, Tool

BANDIT = Bandit()


def result(path: str = "app.py", **changes: Any) -> dict[str, Any]:
    return {
        "code": '1 import subprocess\n2 subprocess.call("ls %s" % x, shell=True)\n3 \n',
        "col_offset": 0,
        "end_col_offset": 40,
        "filename": path,
        "issue_confidence": "HIGH",
        "issue_cwe": {"id": 78, "link": "https://cwe.mitre.org/data/definitions/78.html"},
        "issue_severity": "HIGH",
        "issue_text": "subprocess call with shell=True identified, security issue.",
        "line_number": 2,
        "line_range": [2],
        "more_info": "https://bandit.readthedocs.io/en/1.9.4/plugins/b602.html",
        "test_id": "B602",
        "test_name": "subprocess_popen_with_shell_equals_true",
    } | changes


def document(*results: dict[str, Any], errors: list[Any] | None = None, metrics: list[str] | None = None) -> bytes:
    measured = metrics if metrics is not None else ["app.py"]
    files: dict[str, Any] = {name: {"loc": 1} for name in (*measured, "_totals")}
    return json.dumps({"errors": errors or [], "generated_at": "", "metrics": files, "results": list(results)}).encode()


def parse(report: bytes, root: Path, *files: str, exit_code: int | None = 1) -> Parsed:
    job = Job("bandit", Target(".", ("python-code",), files), root=root, work=root / "work")
    return BANDIT.parse(Output(report, exit_code), job)


def only(parsed: Parsed) -> tuple[Finding, FileLocation]:
    (finding,) = parsed.findings
    assert isinstance(finding.location, FileLocation)
    return finding, finding.location


def test_a_result_becomes_a_finding(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text('import subprocess\nsubprocess.call("ls %s" % x, shell=True)\n')
    finding, place = only(parse(document(result(str(tmp_path / "app.py"))), tmp_path, "app.py"))
    assert (finding.rule.id, finding.rule.cwe, finding.severity) == ("B602", (78,), Severity.HIGH)
    assert finding.confidence is Confidence.HIGH
    assert (place.path, place.line, place.column, place.end_line, place.end_column) == ("app.py", 2, 1, 2, 41)
    assert place.snippet == 'subprocess.call("ls %s" % x, shell=True)'


def test_columns_are_code_points_from_one(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text('"é€😀"; eval(x)\n')
    offset = len('"é€😀"; '.encode())
    record = result(line_number=1, line_range=[1], col_offset=offset, end_col_offset=offset + 7)
    _, place = only(parse(document(record), tmp_path, "app.py"))
    assert (place.column, place.end_column) == (8, 15)


def test_a_statement_over_several_lines_ends_on_its_last(tmp_path: Path) -> None:
    _, place = only(parse(document(result(line_number=2, line_range=[2, 3, 4])), tmp_path))
    assert (place.line, place.end_line) == (2, 4)


def test_without_the_source_the_snippet_is_bandits_own(tmp_path: Path) -> None:
    _, place = only(parse(document(result()), tmp_path))
    assert place.snippet == 'subprocess.call("ls %s" % x, shell=True)'


def test_a_file_with_a_syntax_error_makes_the_job_partial_and_is_named(tmp_path: Path) -> None:
    report = document(
        result(),
        errors=[{"filename": "bad.py", "reason": "syntax error while parsing AST from file"}],
        metrics=["app.py", "bad.py"],
    )
    parsed = parse(report, tmp_path, "app.py", "bad.py", exit_code=0)
    assert parsed.state is LedgerState.PARTIAL
    assert [skip.path for skip in parsed.skipped] == ["bad.py"]
    assert parsed.unseen == {"bad.py"}
    assert parsed.scanned == 1


def test_a_file_whose_name_is_decomposed_is_known_again(tmp_path: Path) -> None:
    name = "cafe\u0301.py"
    assert parse(document(metrics=[str(tmp_path / name)]), tmp_path, name).state is LedgerState.RAN


def test_a_file_that_bandit_never_measured_was_not_scanned(tmp_path: Path) -> None:
    parsed = parse(document(), tmp_path, "app.py", "excluded.py", exit_code=0)
    assert parsed.state is LedgerState.PARTIAL
    assert [skip.path for skip in parsed.skipped] == ["excluded.py"]


def test_when_no_file_parses_the_job_failed(tmp_path: Path) -> None:
    report = document(errors=[{"filename": "app.py", "reason": "syntax error"}])
    assert parse(report, tmp_path, "app.py", exit_code=0).state is LedgerState.FAILED


@pytest.mark.parametrize(
    ("comment", "relieved"),
    [
        ("# nosec", True),
        ("# nosec B602", True),
        ("#nosec: B404,B602 reviewed", True),
        ("# nosec subprocess_popen_with_shell_equals_true", True),
        ("# nosec B404", False),
        ("# no security here", False),
        ("", False),
    ],
)
def test_nosec_is_a_visible_mark_and_hides_nothing(tmp_path: Path, comment: str, relieved: bool) -> None:
    (tmp_path / "app.py").write_text(f"import subprocess\nsubprocess.call('x', shell=True)  {comment}\n")
    finding, _ = only(parse(document(result()), tmp_path, "app.py"))
    assert bool(finding.relief) is relieved


@pytest.mark.parametrize(
    "line",
    [
        "subprocess.call('x  # nosec', shell=True)",
        'subprocess.call("""x  # nosec""", shell=True)',
        "subprocess.call(f'{x}  # nosec', shell=True)",
    ],
)
def test_nosec_in_a_string_is_no_mark(tmp_path: Path, line: str) -> None:
    (tmp_path / "app.py").write_text(f"import subprocess\n{line}\n")
    finding, _ = only(parse(document(result()), tmp_path, "app.py"))
    assert not finding.relief


def test_a_quoted_password_never_enters_the_model(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text('password = "correct-horse-battery"\n')
    record = result(
        test_id="B105",
        issue_cwe={"id": 259, "link": ""},
        issue_text="Possible hardcoded password: 'correct-horse-battery'",
        line_number=1,
        line_range=[1],
        code='1 password = "correct-horse-battery"\n',
    )
    assert "battery" not in only(parse(document(record), tmp_path, "app.py"))[0].model_dump_json()
    assert "battery" not in only(parse(document(record), tmp_path / "elsewhere"))[0].model_dump_json()


@pytest.mark.parametrize("word", ["UNDEFINED", "", "SEVERE"])
def test_a_severity_that_says_nothing_is_unknown(tmp_path: Path, word: str) -> None:
    finding, _ = only(parse(document(result(issue_severity=word)), tmp_path))
    assert finding.severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("report", "exit_code", "state"),
    [
        (b"", 0, LedgerState.FAILED),
        (b"  \n", 2, LedgerState.FAILED),
        (b"Traceback", 1, LedgerState.UNREADABLE),
        (document(result())[:-40], 1, LedgerState.UNREADABLE),
        (b"[]", 0, LedgerState.UNREADABLE),
        (b'{"results": []}', 0, LedgerState.UNREADABLE),
        (b'{"results": {}, "errors": [], "metrics": {}}', 0, LedgerState.UNREADABLE),
        (document(), 2, LedgerState.FAILED),
        (document({"test_id": "B1"}), 1, LedgerState.UNREADABLE),
        (document(result(issue_cwe=[1])), 1, LedgerState.UNREADABLE),
    ],
)
def test_what_is_not_a_whole_report_is_never_clean(
    tmp_path: Path, report: bytes, exit_code: int, state: LedgerState
) -> None:
    with pytest.raises(ScannerError) as caught:
        parse(report, tmp_path, "app.py", exit_code=exit_code)
    assert caught.value.state is state
    assert caught.value.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(result())), json_values))
def test_any_record_is_a_finding_or_a_clear_error(changes: dict[str, Any]) -> None:
    try:
        parsed = parse(document(result(**changes)), Path("/nowhere"))
    except ScannerError:
        return
    assert len(parsed.findings) == 1


def test_real_outputs_keep_every_record(shared: Path) -> None:
    for row in json.loads((shared / "samples" / "expected.json").read_text()):
        if row["file"].startswith("bandit/"):
            report = (shared / "samples" / row["file"]).read_bytes()
            assert len(parse(report, Path("/nowhere"), exit_code=None).findings) == row["raw_records"], row["file"]


@pytest.mark.real
def test_the_scanned_tree_cannot_steer_bandit(
    tmp_path: Path, tools: Callable[[str], Tool], run_scanner: Callable[..., Parsed]
) -> None:
    (tmp_path / ".bandit").write_text("[bandit]\nskips: B602\nexclude: /\n")
    (tmp_path / "pyproject.toml").write_text('[tool.bandit]\nskips = ["B602"]\nexclude_dirs = ["."]\n')
    (tmp_path / "-x.py").write_text("import subprocess\nsubprocess.call('x', shell=True)  # nosec\n")
    hidden = tmp_path / ".tox" / "CVS" / "app.py"
    hidden.parent.mkdir(parents=True)
    hidden.write_text("eval(input())\n")
    parsed = run_scanner(BANDIT, tmp_path, "-x.py", ".tox/CVS/app.py")
    assert parsed.state is LedgerState.RAN
    assert {(f.rule.id, f.path) for f in parsed.findings} >= {("B602", "-x.py"), ("B307", ".tox/CVS/app.py")}
