"""gitleaks' reports: each trap of the format is one test. The recorded records were made by running gitleaks 8.30.1.

The secrets in them are made up, and nothing of them may be left in what is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scangate.model import Category, Confidence, FileLocation, Finding, LedgerState, Severity
from scangate.scanners.gitleaks import Gitleaks
from scangate.scanners.interface import Job, Output, Parsed, ScannerError, Target
from scangate.scanners.secret_hash import secret_hash

GITLEAKS = Gitleaks()
TOKEN = "ghp" + "_R7nYw2KxTq9LmVb4Zs6HcJf1PgDu8EaQo3Ni"
OTHER = "ghp" + "_k3Vd8SxWm1ZqHt6NyBc5RfJ2LgPu7EaTo9Ci"
DESCRIPTION = (
    "Uncovered a GitHub Personal Access Token, potentially leading to unauthorized repository access and sensitive "
    "content exposure."
)


def record(**changes: Any) -> dict[str, Any]:
    return {
        "RuleID": "github-pat",
        "Description": DESCRIPTION,
        "StartLine": 2,
        "EndLine": 2,
        "StartColumn": 11,
        "EndColumn": 50,
        "Match": TOKEN,
        "Secret": TOKEN,
        "File": "app.py",
        "SymlinkFile": "",
        "Commit": "",
        "Entropy": 5.171928,
        "Author": "",
        "Email": "",
        "Date": "",
        "Message": "",
        "Tags": [],
        "Fingerprint": "app.py:github-pat:2",
    } | changes


def of_commit(commit: str, date: str, **changes: Any) -> dict[str, Any]:
    return record(Commit=commit * 40, Author="Ann Author", Date=date, **changes)


def parse(root: Path, *records: Any, report: bytes | None = None, exit_code: int | None = None) -> Parsed:
    job = Job("gitleaks", Target("leaks.json", (), ()), root=root, work=root / "work")
    data = json.dumps(list(records)).encode() if report is None else report
    return GITLEAKS.parse(Output(data, exit_code), job)


def only(parsed: Parsed) -> tuple[Finding, FileLocation]:
    (finding,) = parsed.findings
    assert isinstance(finding.location, FileLocation)
    return finding, finding.location


def test_a_leak_becomes_a_finding(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(f"\n  token = '{TOKEN}'\n")
    finding, place = only(parse(tmp_path, record()))
    assert (finding.category, finding.rule.id, finding.severity) == (Category.SECRET, "github-pat", Severity.HIGH)
    assert finding.title == "Uncovered a GitHub Personal Access Token"
    assert finding.secret == secret_hash(TOKEN)
    assert (place.path, place.line, place.column, place.end_column) == ("app.py", 2, 12, 52)
    assert place.snippet == "  token = '****'"


def test_columns_are_code_points_wherever_gitleaks_counts_from(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(f"'é€😀'\n'é€😀' + '{TOKEN}'\n")
    _, place = only(parse(tmp_path, record(StartColumn=21, EndColumn=60)))
    assert place.column == 10


def test_what_is_generic_is_less_certain(tmp_path: Path) -> None:
    generic, _ = only(parse(tmp_path, record(RuleID="generic-api-key")))
    certain, _ = only(parse(tmp_path, record()))
    assert (generic.confidence, certain.confidence) == (Confidence.LOW, Confidence.HIGH)


def test_one_secret_on_several_lines_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(f"\n'{TOKEN}'\n\n'{TOKEN}'\n")
    finding, place = only(parse(tmp_path, record(StartLine=4, EndLine=4), record()))
    assert place.line == 2
    assert "on 2 lines of the file: 2, 4." in finding.message


def test_two_secrets_in_one_file_are_two_findings(tmp_path: Path) -> None:
    assert len(parse(tmp_path, record(), record(Secret=OTHER, Match=OTHER)).findings) == 2


def test_every_secret_on_a_quoted_line_is_masked(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(f"\nboth = {TOKEN} {OTHER} {TOKEN}rest\n")
    parsed = parse(tmp_path, record(), record(Secret=OTHER, Match=OTHER))
    assert {f.location.snippet for f in parsed.findings if isinstance(f.location, FileLocation)} == {
        "both = **** **** ****"
    }


def test_a_secret_of_several_lines_is_masked_as_a_whole(tmp_path: Path) -> None:
    key = "-----BEGIN MADE UP KEY-----\r\nabc\r\ndef\r\n-----END MADE UP KEY-----"
    (tmp_path / "app.py").write_bytes(f'\r\nkey = """{key}"""\r\n'.encode())
    finding, place = only(parse(tmp_path, record(Secret=key, Match=key, EndLine=5)))
    assert (place.line, place.end_line) == (2, 5)
    assert place.snippet == 'key = """****"""'
    assert finding.secret == secret_hash(key.replace("\r", ""))


def test_a_line_on_which_a_longer_secret_begins_is_not_quoted(tmp_path: Path) -> None:
    key = "-----BEGIN MADE UP KEY-----\nabc"
    (tmp_path / "app.py").write_text(f"\n{TOKEN} {key}\n")
    parsed = parse(tmp_path, record(), record(Secret=key, Match=key, EndLine=3))
    assert not any("BEGIN" in finding.model_dump_json() for finding in parsed.findings)


def test_an_encoded_secret_is_not_quoted_in_its_code(tmp_path: Path) -> None:
    encoded = "Z2hwX1I3blk="
    (tmp_path / "app.py").write_text(f"\ntoken = {encoded} + {OTHER}\n")
    leak = record(Tags=["decoded:base64", "decode-depth:1"])
    parsed = parse(tmp_path, leak, record(Secret=OTHER, Match=f"+ {OTHER}"))
    assert not any(encoded in finding.model_dump_json() for finding in parsed.findings)


def test_the_comment_that_gitleaks_heeds_is_a_visible_mark(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(f"\n'{TOKEN}'  # gitleaks:allow\n\n'{OTHER}'\n")
    parsed = parse(tmp_path, record(), record(Secret=OTHER, Match=OTHER, StartLine=4, EndLine=4))
    assert [[mark.by for mark in finding.relief] for finding in parsed.findings] == [["gitleaks:allow"], []]


def test_a_mark_on_one_of_two_places_relieves_neither(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(f"\n'{TOKEN}'  # gitleaks:allow\n\n'{TOKEN}'\n")
    finding, _ = only(parse(tmp_path, record(), record(StartLine=4, EndLine=4)))
    assert not finding.relief


def test_a_file_that_is_a_finding_by_its_name_has_no_line_and_no_hash(tmp_path: Path) -> None:
    leak = record(RuleID="pkcs12-file", Match="file detected: k.p12", Secret="", File="k.p12", StartLine=0, EndLine=0)
    finding, place = only(parse(tmp_path, leak))
    assert (place.line, place.snippet, finding.secret) == (None, "", "")


def test_a_leak_of_the_history_names_its_oldest_commit(tmp_path: Path) -> None:
    newer, older = of_commit("b", "2026-02-01T00:00:00Z"), of_commit("a", "2026-01-01T00:00:00Z")
    finding, place = only(parse(tmp_path, newer, older))
    assert place.commit is not None
    assert (place.commit.id, place.commit.author, place.commit.date) == ("a" * 40, "Ann Author", older["Date"])
    assert "2 commits add it in all" in finding.message


def test_a_redacted_report_tells_no_secret_and_where_each_one_is(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(f"\ntoken = '{TOKEN}'\n\ntoken = '{OTHER}'\n")
    leak = record(Secret="REDACTED", Match="token = 'REDACTED")
    parsed = parse(tmp_path, leak, leak | {"StartLine": 4, "EndLine": 4})
    places = [f.location for f in parsed.findings if isinstance(f.location, FileLocation)]
    assert [place.line for place in places] == [2, 4]
    assert {place.snippet for place in places} == {"token = '****"}
    assert {(place.end_column or 0) - (place.column or 0) for place in places} == {40}
    assert not any(finding.secret for finding in parsed.findings)


def test_the_beginning_of_a_secret_that_redaction_left_is_masked_too(tmp_path: Path) -> None:
    finding, _ = only(parse(tmp_path, record(Secret=f"{TOKEN[:10]}...", Match=f"token = {TOKEN[:10]}...")))
    assert TOKEN[:10] not in finding.model_dump_json()


def test_no_leaks_is_an_empty_list_or_null(tmp_path: Path) -> None:
    assert not parse(tmp_path, exit_code=0).findings
    assert not parse(tmp_path, report=b"null\n").findings


@pytest.mark.parametrize(
    ("report", "exit_code", "state"),
    [
        (b"", 0, LedgerState.FAILED),
        (b"[]", 1, LedgerState.FAILED),
        (b"[]", 9, LedgerState.UNREADABLE),
        (json.dumps([record()]).encode(), 0, LedgerState.UNREADABLE),
        (b"{}", 0, LedgerState.UNREADABLE),
        (b"[1]", None, LedgerState.UNREADABLE),
        (b'[{"RuleID": "x"}]', None, LedgerState.UNREADABLE),
        (b'[{"File": "x"}]', None, LedgerState.UNREADABLE),
        (b'[{"RuleID": "x", ', None, LedgerState.UNREADABLE),
    ],
)
def test_a_report_that_is_not_one_is_never_read_as_no_leaks(
    tmp_path: Path, report: bytes, exit_code: int | None, state: LedgerState
) -> None:
    with pytest.raises(ScannerError) as caught:
        parse(tmp_path, report=report, exit_code=exit_code)
    assert caught.value.state is state


def test_sample_reports_hold_as_many_findings_as_expected(shared: Path, tmp_path: Path) -> None:
    samples = shared / "samples"
    expected = json.loads((samples / "expected.json").read_text())
    ours = [entry for entry in expected if entry["file"].startswith("gitleaks/")]
    assert ours
    for entry in ours:
        report = (samples / entry["file"]).read_bytes()
        parsed = parse(tmp_path, report=report)
        assert len(parsed.findings) == entry["expected_findings"], entry["file"]
        for leak in json.loads(report) or ():
            assert not any(leak["offender"] in finding.model_dump_json() for finding in parsed.findings)


RECORDS = st.fixed_dictionaries(
    {
        "RuleID": st.sampled_from(["github-pat", "generic-api-key"]),
        "File": st.sampled_from(["app.py", "other.py", "../../etc/passwd", "a\\b"]),
        "Secret": st.sampled_from([TOKEN, OTHER, f"{TOKEN}\n{OTHER}"]),
    },
    optional={
        "Description": st.sampled_from([DESCRIPTION, TOKEN, f"a, {OTHER}", f"{TOKEN}\n{OTHER}", "", 7]),
        "Match": st.sampled_from([TOKEN, f"k = {TOKEN}", f"{TOKEN}\n{OTHER}", OTHER, "", "REDACTED", "\ud800"]),
        "StartLine": st.integers(-2, 6) | st.just(10**30) | st.just("2"),
        "EndLine": st.integers(-2, 6) | st.none(),
        "Commit": st.sampled_from(["", "a" * 40, "--all"]),
        "Author": st.sampled_from(["Ann", TOKEN, OTHER]),
        "Date": st.text(max_size=4),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_no_finding_shows_its_secret(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    (tmp_path / "app.py").write_text(f"{OTHER}\n  token = '{TOKEN}' {OTHER}\n\n{TOKEN}\n{OTHER}\n")
    for finding in parse(tmp_path, *records).findings:
        secrets = {r["Secret"] for r in records if secret_hash(r["Secret"]) == finding.secret}
        assert secrets
        assert not any(json.dumps(secret)[1:-1] in finding.model_dump_json() for secret in secrets)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["RuleID", "File", "Secret", "Match", "StartLine", "rule", "file"]), inner)
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JUNK)
def test_no_report_breaks_the_reader(tmp_path: Path, report: Any) -> None:
    try:
        parse(tmp_path, report=json.dumps(report).encode())
    except ScannerError as error:
        assert error.reason


def test_hundreds_of_secrets_are_known_by_their_places(tmp_path: Path) -> None:
    """To hash each takes 50 ms, and to mask each in a line of them all takes longer than that."""
    secrets = [f"{TOKEN[:-4]}{number:04}" for number in range(600)]
    (tmp_path / "app.env").write_text(" ".join(secrets))
    leaks = [record(File="app.env", StartLine=1, EndLine=1, Secret=secret, Match=secret) for secret in secrets]
    parsed = parse(tmp_path, *leaks)
    assert len(parsed.findings) == len(secrets)
    assert {(f.secret, f.location.snippet) for f in parsed.findings if isinstance(f.location, FileLocation)} == {
        ("", "")
    }
    assert len({f.location.column for f in parsed.findings if isinstance(f.location, FileLocation)}) == len(secrets)
