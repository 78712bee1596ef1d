"""semgrep: each trap of the tool is one test. The recorded outputs were made by running semgrep 1.182.0."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import Confidence, FileLocation, Finding, LedgerState, Relief, Severity
from scangate.scanners.interface import Job, Output, Parsed, ScannerError, Target, Tool
from scangate.scanners.semgrep import RULES, Semgrep

SEMGREP = Semgrep()
KINDS = tuple(sorted(SEMGREP.kinds))
EVAL = "python-code-injection"


def result(path: str = "app.py", *, line: int = 1, col: int = 1, end: int = 8, **extra: Any) -> dict[str, Any]:
    """A result as semgrep prints it without a login."""
    return {
        "check_id": extra.pop("check_id", EVAL),
        "path": path,
        "start": {"line": line, "col": col, "offset": 0},
        "end": {"line": extra.pop("end_line", line), "col": end, "offset": 7},
        "extra": {
            "message": "Input is run as code. Parse it with json.loads.",
            "metadata": {
                "category": "security",
                "cwe": "CWE-94: Improper Control of Generation of Code ('Code Injection')",
                "confidence": "HIGH",
                "references": ["https://cwe.mitre.org/data/definitions/94.html"],
            },
            "severity": "CRITICAL",
            "fingerprint": "requires login",
            "lines": "requires login",
            "validation_state": "NO_VALIDATOR",
            "engine_kind": "OSS",
        }
        | extra,
    }


def document(*results: dict[str, Any], errors: tuple[Any, ...] = (), scanned: tuple[str, ...] = ("app.py",)) -> bytes:
    return json.dumps(
        {
            "version": "1.182.0",
            "results": list(results),
            "errors": list(errors),
            "paths": {"scanned": list(scanned)},
            "engine_requested": "OSS",
            "skipped_rules": [],
        }
    ).encode()


PARTIAL = {
    "code": 3,
    "level": "warn",
    "type": ["PartialParsing", [{"path": "app.py", "start": {"line": 4, "col": 1}, "end": {"line": 4, "col": 8}}]],
    "message": "Syntax error at line app.py:4:\n `key = 'hunter2hunter2' +` was unexpected",
    "path": "app.py",
    "spans": [{"file": "app.py", "start": {"line": 4, "col": 1, "offset": 0}, "end": {"line": 4, "col": 8}}],
}
SYNTAX = PARTIAL | {"type": "Syntax error"}
TIMEOUT = {
    "code": 2,
    "level": "warn",
    "type": "Timeout",
    "rule_id": "slow-rule",
    "message": "Timeout when running slow-rule on app.py:\n ",
    "path": "app.py",
}
OUT_OF_MEMORY = {
    "code": 2,
    "level": "warn",
    "type": "Out of memory",
    "message": "Out of memory at line app.py:1:\n Exceeded memory limit",
    "path": "app.py",
}
BAD_RULE = {
    "code": 2,
    "level": "error",
    "type": "Rule parse error",
    "rule_id": "own-rule",
    "message": "Rule parse error in rule own-rule:\n Invalid pattern for Python: Stdlib.Parsing.Parse_error",
}
BAD_ROOT = {"code": 2, "level": "error", "type": "SemgrepError", "message": "Invalid scanning root: /x/link.py"}
BAD_SCHEMA = {
    "code": 4,
    "level": "error",
    "type": "InvalidRuleSchemaError",
    "long_msg": "{'id': 'x'} is not valid under any of the given schemas",
    "short_msg": "Invalid rule schema",
    "spans": [{"file": "x.yaml", "start": {"line": 2, "col": 4, "offset": -1}, "end": {"line": 7, "col": 1}}],
}
TOO_NEW_RULE = {
    "code": 0,
    "level": "info",
    "type": ["IncompatibleRule", {"rule_id": "future-rule", "this_version": "1.182.0", "min_version": "9.0.0"}],
    "rule_id": "future-rule",
    "message": "Incompatible rule future-rule:\n This rule requires upgrading Semgrep",
    "path": "rules/future.yaml",
}


def job(root: Path, *files: str) -> Job:
    return Job("semgrep", Target(".", ("python-code",), files), root=root, work=root / "work")


def parse(report: bytes, root: Path, *files: str, exit_code: int | None = 0) -> Parsed:
    return SEMGREP.parse(Output(report, exit_code, "the last words"), job(root, *files))


def only(parsed: Parsed) -> tuple[Finding, FileLocation]:
    (finding,) = parsed.findings
    assert isinstance(finding.location, FileLocation)
    return finding, finding.location


def source(root: Path, text: str, name: str = "app.py") -> str:
    (root / name).write_text(text)
    return name


def test_a_result_becomes_a_finding(tmp_path: Path) -> None:
    source(tmp_path, "eval(x)\n")
    parsed = parse(document(result()), tmp_path, "app.py")
    finding, place = only(parsed)
    assert (parsed.state, parsed.scanned, parsed.version) == (LedgerState.RAN, 1, "1.182.0")
    assert (finding.rule.id, finding.rule.cwe, finding.severity) == (EVAL, (94,), Severity.CRITICAL)
    assert finding.rule.help_uri == "https://cwe.mitre.org/data/definitions/94.html"
    assert (finding.title, finding.confidence) == ("Input is run as code", Confidence.HIGH)
    assert (place.path, place.line, place.column, place.end_line, place.end_column) == ("app.py", 1, 1, 1, 8)
    assert finding.sources[0].rule_id == EVAL


def test_findings_do_not_hide_behind_exit_code_zero(tmp_path: Path) -> None:
    assert len(parse(document(result(), result()), tmp_path, "app.py").findings) == 2


def test_the_snippet_is_read_from_the_tree_not_from_the_login_notice(tmp_path: Path) -> None:
    source(tmp_path, "x = input()\neval(\n  x)\n")
    _, place = only(parse(document(result(line=2, end_line=3, end=5)), tmp_path, "app.py"))
    assert place.snippet == "eval(\n  x)"


def test_an_output_from_elsewhere_keeps_its_quoted_lines_but_not_the_notice(tmp_path: Path) -> None:
    quoted = result("lib/gone.py", lines="eval(y)")
    silent = result("lib/gone.py")
    parsed = parse(document(quoted, silent), tmp_path, exit_code=None)
    assert [f.location.snippet for f in parsed.findings if isinstance(f.location, FileLocation)] == ["eval(y)", ""]


def test_columns_are_bytes_and_become_characters(tmp_path: Path) -> None:
    source(tmp_path, 'x="éééé"; eval("é")\n')
    _, place = only(parse(document(result(col=15, end=25)), tmp_path, "app.py"))
    assert (place.column, place.end_column) == (11, 20)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("ERROR", Severity.HIGH),
        ("WARNING", Severity.MEDIUM),
        ("INFO", Severity.LOW),
        ("CRITICAL", Severity.CRITICAL),
        ("HIGH", Severity.HIGH),
        ("MEDIUM", Severity.MEDIUM),
        ("LOW", Severity.LOW),
        ("INVENTORY", Severity.INFO),
        ("SHOUTING", Severity.UNKNOWN),
    ],
)
def test_both_vocabularies_of_severity_are_known(tmp_path: Path, word: str, severity: Severity) -> None:
    finding, _ = only(parse(document(result(severity=word)), tmp_path, "app.py"))
    assert (finding.severity, finding.sources[0].severity) == (severity, word)


@pytest.mark.parametrize(
    ("metadata", "cwe", "uri"),
    [
        ({"cwe": "CWE-78: OS Command Injection"}, (78,), ""),
        ({"cwe": ["CWE-78: x", "CWE-88: y", "CWE-78"]}, (78, 88), ""),
        ({"cwe": None, "references": "https://example.com/one"}, (), "https://example.com/one"),
        ({"references": ["javascript:alert(1)"]}, (), ""),
        ({"references": [{"a": 1}], "cwe": {"b": []}}, (), ""),
        ({"source": "https://semgrep.dev/r/some.rule"}, (), "https://semgrep.dev/r/some.rule"),
        ({}, (), ""),
    ],
)
def test_metadata_is_free(tmp_path: Path, metadata: dict[str, Any], cwe: tuple[int, ...], uri: str) -> None:
    finding, _ = only(parse(document(result(metadata=metadata)), tmp_path, "app.py"))
    assert (finding.rule.cwe, finding.rule.help_uri, finding.confidence) == (cwe, uri, Confidence.UNKNOWN)


def test_a_foreign_rule_keeps_its_whole_name(tmp_path: Path) -> None:
    finding, _ = only(parse(document(result(check_id="java.lang.security.xxe")), tmp_path, exit_code=None))
    assert (finding.rule.id, finding.rule.name) == ("java.lang.security.xxe", "xxe")


def test_a_suggested_fix_is_kept(tmp_path: Path) -> None:
    finding, _ = only(parse(document(result(fix="literal_eval(x)")), tmp_path, "app.py"))
    assert (finding.fix.state, finding.fix.text) == ("available", "literal_eval(x)")


@pytest.mark.parametrize(("error", "reason"), [(PARTIAL, "PartialParsing at line 4"), (TIMEOUT, "Timeout in rule")])
def test_a_file_scanned_in_part_makes_the_run_partial(tmp_path: Path, error: dict[str, Any], reason: str) -> None:
    parsed = parse(document(result(), errors=(error,), scanned=("app.py", "b.py")), tmp_path, "app.py", "b.py")
    assert (parsed.state, parsed.scanned, len(parsed.findings)) == (LedgerState.PARTIAL, 1, 1)
    assert parsed.skipped[0].path == "app.py"
    assert parsed.skipped[0].reason.startswith(reason)
    assert "app.py" in parsed.reason


def test_several_gaps_of_one_file_are_told_together(tmp_path: Path) -> None:
    parsed = parse(document(errors=(PARTIAL, TIMEOUT, TIMEOUT)), tmp_path, "app.py")
    assert [s.reason for s in parsed.skipped] == ["PartialParsing at line 4; Timeout in rule slow-rule"]
    assert parsed.state is LedgerState.PARTIAL


def test_an_error_does_not_bring_the_source_it_quotes(tmp_path: Path) -> None:
    parsed = parse(document(errors=(PARTIAL,)), tmp_path, "app.py")
    assert "hunter2" not in repr(parsed)


@pytest.mark.parametrize("error", [SYNTAX, OUT_OF_MEMORY])
def test_a_run_that_lost_every_file_failed(tmp_path: Path, error: dict[str, Any]) -> None:
    assert parse(document(errors=(error,)), tmp_path, "app.py").state is LedgerState.FAILED


def test_a_file_that_is_not_listed_as_scanned_was_not(tmp_path: Path) -> None:
    parsed = parse(document(scanned=("app.py",)), tmp_path, "app.py", "page.wsgi")
    assert (parsed.state, parsed.scanned) == (LedgerState.PARTIAL, 1)
    assert [(s.path, s.reason) for s in parsed.skipped] == [("page.wsgi", "semgrep did not scan it")]


def test_a_run_that_scanned_nothing_failed(tmp_path: Path) -> None:
    assert parse(document(scanned=()), tmp_path, "app.py").state is LedgerState.FAILED


def test_an_output_that_does_not_say_what_was_scanned_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ScannerError) as caught:
        parse(b'{"results": [], "errors": []}', tmp_path, "app.py")
    assert caught.value.state is LedgerState.UNREADABLE


def test_a_rule_that_could_not_run_makes_the_run_partial(tmp_path: Path) -> None:
    parsed = parse(document(errors=(TOO_NEW_RULE,)), tmp_path, "app.py")
    assert (parsed.state, parsed.scanned) == (LedgerState.PARTIAL, 1)
    assert "IncompatibleRule in rule future-rule" in parsed.skipped[0].reason


@pytest.mark.parametrize(
    ("exit_code", "error", "word"),
    [
        (2, BAD_RULE, "own-rule"),
        (2, BAD_ROOT, "Invalid scanning root"),
        (7, BAD_SCHEMA, "not valid under"),
        (0, BAD_RULE, "own-rule"),
        (None, BAD_ROOT, "Invalid scanning root"),
        (4, None, "the last words"),
        (5, None, "the last words"),
        (13, None, "the last words"),
        (14, None, "the last words"),
    ],
)
def test_an_error_of_the_whole_run_is_a_failure_that_keeps_its_findings(
    tmp_path: Path, exit_code: int | None, error: dict[str, Any] | None, word: str
) -> None:
    report = document(result(), errors=(error,) if error else ())
    parsed = parse(report, tmp_path, "app.py", exit_code=exit_code)
    assert (parsed.state, len(parsed.findings)) == (LedgerState.FAILED, 1)
    assert word in parsed.reason


@pytest.mark.parametrize(
    ("report", "state"),
    [
        (b"", LedgerState.FAILED),
        (b" \n", LedgerState.FAILED),
        (b"Traceback (most recent call last):", LedgerState.UNREADABLE),
        (document(result())[:-40], LedgerState.UNREADABLE),
        (b"[]", LedgerState.UNREADABLE),
        (b"null", LedgerState.UNREADABLE),
        (b'{"results": {}, "errors": []}', LedgerState.UNREADABLE),
        (b'{"results": [null], "errors": []}', LedgerState.UNREADABLE),
        (b'{"results": [{"check_id": "x"}], "errors": []}', LedgerState.UNREADABLE),
        (b"\xff\xfe\x00", LedgerState.UNREADABLE),
        (b"[" * 100_000, LedgerState.UNREADABLE),
    ],
)
@pytest.mark.parametrize("exit_code", [0, None])
def test_a_damaged_output_is_never_clean(
    tmp_path: Path, report: bytes, state: LedgerState, exit_code: int | None
) -> None:
    with pytest.raises(ScannerError) as caught:
        parse(report, tmp_path, "app.py", exit_code=exit_code)
    assert caught.value.state is state


def test_a_byte_order_mark_is_no_damage(tmp_path: Path) -> None:
    assert len(parse(b"\xef\xbb\xbf" + document(result()), tmp_path, "app.py").findings) == 1


SECRET = {"cwe": "CWE-798: Use of Hard-coded Credentials"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('key = "hunter2hunter2"', 'The key "hunter2hunter2" is in the source'),
        ("key = 'hunter2hunter2'", "The key hunter2hunter2 is in the source"),
        ("key = `hunter2hunter2", "Secret hunter2hunter2"),
        ("key: hunter2hunter2", "A key"),
    ],
)
def test_secrets_do_not_enter_the_model(tmp_path: Path, line: str, message: str) -> None:
    source(tmp_path, f"{line}\n")
    parsed = parse(document(result(message=message, metadata=SECRET, fix=line)), tmp_path, "app.py")
    assert "hunter2" not in repr(parsed)


def test_quotes_stay_where_there_is_no_secret(tmp_path: Path) -> None:
    source(tmp_path, 'eval("some expression")\n')
    assert only(parse(document(result()), tmp_path, "app.py"))[1].snippet == 'eval("some expression")'


@pytest.mark.parametrize(
    ("before", "line", "by"),
    [
        ("", "eval(x)  # nosemgrep", "nosemgrep"),
        ("", "eval(x)  # nosem", "nosem"),
        ("", "eval(x)  // NOSEMGREP", "NOSEMGREP"),
        ("", f"eval(x)  # nosemgrep: {EVAL}", f"nosemgrep: {EVAL}"),
        ("", f"eval(x)  # nosemgrep:{EVAL}", f"nosemgrep:{EVAL}"),
        ("", f"eval(x)  # nosemgrep: other, {EVAL}", f"nosemgrep: other, {EVAL}"),
        ("", f"eval(x)  # nosemgrep: {EVAL} since it is constant", f"nosemgrep: {EVAL}"),
        ("", "eval(x)  # nosemgrep: other-rule", None),
        ("", f"eval(x)  # nosemgrep: other {EVAL}", None),
        ("", "eval(x)  #nosemgrep", None),
        ("", "eval(x)", None),
        ("# nosemgrep", "eval(x)", "nosemgrep"),
        (f"    # nosemgrep: {EVAL}", "eval(x)", f"nosemgrep: {EVAL}"),
        ("# nosemgrep: other-rule", "eval(x)", None),
        ("print(1)  # nosemgrep", "eval(x)", None),
        ("# see nosemgrep", "eval(x)", None),
    ],
)
def test_inline_comments_become_marks_as_semgrep_heeds_them(
    tmp_path: Path, before: str, line: str, by: str | None
) -> None:
    source(tmp_path, f"{before}\n{line}\n")
    finding, _ = only(parse(document(result(line=2)), tmp_path, "app.py"))
    assert finding.relief == ((Relief(kind="inline", by=by),) if by else ())


def test_a_comment_after_the_first_line_is_not_heeded(tmp_path: Path) -> None:
    source(tmp_path, "eval(\n  x)  # nosemgrep\n")
    assert only(parse(document(result(end_line=2)), tmp_path, "app.py"))[0].relief == ()


def test_a_short_name_in_a_comment_fits_a_dotted_rule(tmp_path: Path) -> None:
    source(tmp_path, "eval(x)  # nosemgrep: eval-detected\n")
    finding, _ = only(parse(document(result(check_id="python.lang.eval-detected")), tmp_path, "app.py"))
    assert finding.relief[0].by == "nosemgrep: eval-detected"


def test_a_mark_in_the_output_itself_is_kept(tmp_path: Path) -> None:
    finding, _ = only(parse(document(result("gone.py", is_ignored=True)), tmp_path, exit_code=None))
    assert finding.relief == (Relief(kind="tool", by="is_ignored"),)


def test_an_import_shows_what_could_not_be_analysed(tmp_path: Path) -> None:
    report = json.loads(document(result(), scanned=("app.py", "b.py")))
    report["paths"]["skipped"] = [
        {"path": "big.py", "reason": "exceeded_size_limit"},
        {"path": "readme.md", "reason": "wrong_language"},
    ]
    parsed = parse(json.dumps(report).encode(), tmp_path, exit_code=None)
    assert (parsed.state, parsed.scanned) == (LedgerState.PARTIAL, 2)
    assert [s.path for s in parsed.skipped] == ["big.py"]


def test_the_command_calls_nobody_and_is_steered_by_nobody(tmp_path: Path) -> None:
    tool = Tool(Path("/opt/semgrep"), "1.182.0", "store")
    target = Target(".", ("python-code", "typescript-code"), ("a.py", "m.mts"))
    more = tmp_path / "more rules"
    command = SEMGREP.command(Job("semgrep", target, root=tmp_path, work=tmp_path / "w", tool=tool, rules=(more,)))
    assert {"--metrics=off", "--disable-version-check", "--disable-nosem"} <= set(command.argv)
    assert command.env["SEMGREP_ENABLE_VERSION_CHECK"] == "0"
    assert [word for word in command.argv if word.startswith("--config")] == [
        f"--config={RULES / 'python'}",
        f"--config={RULES / 'javascript'}",
        f"--config={more}",
    ]
    assert set(command.links.values()) == {tmp_path / "a.py", tmp_path / "m.mts"}


@pytest.mark.parametrize(
    "name", ["empty", "one_finding", "many_findings", "repeated_findings", "high-medium-low-severities"]
)
def test_findings_in_are_findings_out(shared: Path, tmp_path: Path, name: str) -> None:
    expected = json.loads((shared / "samples" / "expected.json").read_text())
    record = next(e for e in expected if e["file"] == f"semgrep/{name}.json")
    parsed = parse((shared / "samples" / record["file"]).read_bytes(), tmp_path, exit_code=None)
    assert len(parsed.findings) == record["raw_records"]
    assert parsed.state is LedgerState.RAN


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=2)
)
POSITION = st.fixed_dictionaries({"line": st.integers(), "col": st.integers()}) | ANYTHING
EXTRA = st.fixed_dictionaries(
    {"message": st.text() | ANYTHING, "severity": st.text() | ANYTHING},
    optional={
        "metadata": st.dictionaries(st.sampled_from(["cwe", "confidence", "references", "source"]), ANYTHING)
        | ANYTHING,
        "lines": st.text() | ANYTHING,
        "fix": st.text() | ANYTHING,
        "is_ignored": ANYTHING,
    },
)
RESULT = st.fixed_dictionaries(
    {"check_id": st.text(), "path": st.text(), "start": POSITION, "end": POSITION, "extra": EXTRA}
)
ERROR = st.dictionaries(st.sampled_from(["level", "type", "message", "path", "rule_id", "spans"]), ANYTHING)
DOCUMENT = st.fixed_dictionaries(
    {"results": st.lists(RESULT | ANYTHING, max_size=3), "errors": st.lists(ERROR, max_size=2)},
    optional={"paths": st.dictionaries(st.sampled_from(["scanned", "skipped"]), ANYTHING), "version": ANYTHING},
)


@given(report=DOCUMENT, exit_code=st.sampled_from([None, 0, 1, 2, 7]))
def test_whatever_the_output_findings_in_are_findings_out(report: dict[str, Any], exit_code: int | None) -> None:
    folder = Path("/nonexistent")
    try:
        parsed = parse(json.dumps(report).encode(), folder, "app.py", exit_code=exit_code)
    except ScannerError:
        return
    assert len(parsed.findings) == len(report["results"])
    assert parsed.reason or parsed.state is LedgerState.RAN


CANARY = "import yaml\nyaml.unsafe_load(x)\n"
RULE = SEMGREP.canary.rule
AWKWARD = (
    "tests/test_a.py",
    "vendor/a.py",
    "node_modules/a/a.py",
    "build/a.py",
    ".hidden/a.py",
    "ignored/a.py",
    "git/ignored.py",
    "-option.py",
    "two words.py",
    'quo"te\\.py',
    "new\nline.py",
    "é/ü.py",
    "app.min.py",
    "script.pyw",
    "app.wsgi",
)


@pytest.mark.real
def test_the_real_tool_scans_every_file_whatever_the_tree_says(
    run_scanner: Callable[..., Parsed], tmp_path: Path
) -> None:
    for name in AWKWARD:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CANARY)
    (tmp_path / "big.py").write_text("# filler\n" * 150_000 + CANARY)
    (tmp_path / ".semgrepignore").write_text("*.py\nignored/\n")
    (tmp_path / "ignored" / ".semgrepignore").write_text("*\n")
    (tmp_path / ".gitignore").write_text("git/\nvendor/\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".semgrep.yml").write_text("rules: [\n")
    parsed = run_scanner(SEMGREP, tmp_path, *AWKWARD, "big.py")
    assert (parsed.state, parsed.reason) == (LedgerState.RAN, "")
    assert sorted(f.path for f in parsed.findings) == sorted((*AWKWARD, "big.py"))
    assert {f.rule.id for f in parsed.findings} == {RULE}


@pytest.mark.real
def test_the_real_tool_knows_every_suffix_of_its_kinds(run_scanner: Callable[..., Parsed], tmp_path: Path) -> None:
    names = tuple(f"a.{suffix}" for suffix in ("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"))
    for name in names:
        (tmp_path / name).write_text("process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';\n")
    parsed = run_scanner(SEMGREP, tmp_path, *names)
    assert sorted(f.path for f in parsed.findings) == sorted(names)


@pytest.mark.real
def test_the_real_tool_leaves_inline_comments_to_us(run_scanner: Callable[..., Parsed], tmp_path: Path) -> None:
    name = source(tmp_path, f"import yaml\nyaml.unsafe_load(x)  # nosemgrep: {RULE}\n")
    assert only(run_scanner(SEMGREP, tmp_path, name))[0].relief[0].by == f"nosemgrep: {RULE}"


@pytest.mark.real
def test_the_real_tool_says_what_it_could_not_parse(run_scanner: Callable[..., Parsed], tmp_path: Path) -> None:
    """It parses no file that lacks the words of every rule."""
    source(tmp_path, 'class A { void f() { Cipher.getInstance("DES");', "A.java")
    source(tmp_path, "const x = = 1;\nprocess.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';\n", "b.js")
    source(tmp_path, CANARY)
    parsed = run_scanner(SEMGREP, tmp_path, "A.java", "b.js", "app.py")
    assert (parsed.state, parsed.scanned) == (LedgerState.PARTIAL, 1)
    assert [(s.path, s.reason) for s in parsed.skipped] == [
        ("A.java", "Syntax error"),
        ("b.js", "PartialParsing at line 1"),
    ]


@pytest.mark.real
def test_the_real_tool_runs_trusted_rules_and_fails_on_broken_ones(
    run_scanner: Callable[..., Parsed], tmp_path: Path
) -> None:
    name = source(tmp_path, "own_danger(1)\n")
    rules = tmp_path / "own rules"
    rules.mkdir()
    rule = {"id": "own-rule", "languages": ["python"], "severity": "LOW", "message": "m", "pattern": "own_danger(...)"}
    (rules / "own.yaml").write_text(json.dumps({"rules": [rule]}))
    finding, _ = only(run_scanner(SEMGREP, tmp_path, name, rules=(rules,)))
    assert (finding.rule.id, finding.severity) == ("own-rule", Severity.LOW)
    (rules / "own.yaml").write_text(json.dumps({"rules": [rule | {"pattern": "f(:::"}]}))
    assert run_scanner(SEMGREP, tmp_path, name, rules=(rules,)).state is LedgerState.FAILED
