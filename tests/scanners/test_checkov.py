"""checkov: each trap of the tool is one test. The records were made by running checkov 3.3.30."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import (
    Category,
    FileLocation,
    Finding,
    LedgerState,
    PackageLocation,
    Relief,
    ResourceLocation,
    Severity,
)
from scangate.scanners.checkov import Checkov
from scangate.scanners.interface import Job, Output, Parsed, ScannerError, Target, Tool

CHECKOV = Checkov()
CHECKOV_PROGRAM = Tool(Path("/opt/checkov"), "3.3.30", "settings: /opt/checkov")


def record(path: str = "/files/main.tf", **changes: Any) -> dict[str, Any]:
    return {
        "check_id": "CKV_AWS_24",
        "bc_check_id": None,
        "check_name": "Ensure no security groups allow ingress from 0.0.0.0:0 to port 22",
        "check_result": {"result": "FAILED", "evaluated_keys": ["ingress/[0]/from_port"]},
        "code_block": None,
        "file_path": path,
        "file_abs_path": f"/work{path}",
        "repo_file_path": f"/tree{path}",
        "file_line_range": [1, 2],
        "resource": "aws_security_group.s",
        "severity": None,
        "guideline": None,
    } | changes


def skipped(comment: str, **changes: Any) -> dict[str, Any]:
    return record(check_result={"result": "SKIPPED", "suppress_comment": comment}, **changes)


def report(*failed: dict[str, Any], framework: str = "terraform", **results: Any) -> dict[str, Any]:
    groups = {"passed_checks": [], "failed_checks": list(failed), "skipped_checks": [], "parsing_errors": []}
    return {"check_type": framework, "results": groups | results, "summary": {"checkov_version": "3.3.30"}}


PROBED = [
    report(framework="terraform", passed_checks=[record("/probes/main.tf")]),
    report(framework="terraform_json", passed_checks=[record("/probes/main.tf.json")]),
]
NOTHING = {
    "passed": 0,
    "failed": 0,
    "skipped": 0,
    "parsing_errors": 0,
    "resource_count": 0,
    "checkov_version": "3.3.30",
}


def run(document: Any, root: Path, *files: str, exit_code: int = 1, kinds: tuple[str, ...] = ("terraform",)) -> Parsed:
    """What the adapter makes of the output of a run."""
    job = Job("checkov", Target(".", kinds, files), root=root, work=root / "work", tool=CHECKOV_PROGRAM)
    return CHECKOV.parse(Output(json.dumps(document).encode(), exit_code), job)


def read(document: Any, root: Path = Path("/nowhere")) -> Parsed:
    """What the adapter makes of an output that somebody else's run left."""
    report = document if isinstance(document, bytes) else json.dumps(document).encode()
    return CHECKOV.parse(Output(report), Job("checkov", Target(".", (), ()), root=root, work=root / "work"))


def only(parsed: Parsed) -> Finding:
    (finding,) = parsed.findings
    return finding


def resource(parsed: Parsed) -> ResourceLocation:
    location = only(parsed).location
    assert isinstance(location, ResourceLocation)
    return location


def test_a_failed_check_becomes_a_finding(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_security_group" "s" {\n}\n')
    parsed = run([*PROBED, report(record())], tmp_path, "main.tf")
    finding, place = only(parsed), resource(parsed)
    assert (finding.rule.id, finding.category, finding.severity) == ("CKV_AWS_24", Category.IAC, Severity.HIGH)
    assert (place.address, place.path, place.line, place.end_line) == ("aws_security_group.s", "main.tf", 1, 2)
    assert place.snippet == 'resource "aws_security_group" "s" {\n}'
    assert (parsed.state, parsed.scanned, parsed.version) == (LedgerState.RAN, 1, "3.3.30")


@pytest.mark.parametrize("shape", [report(record()), [report(record())], [report(), report(record())]])
def test_one_framework_is_an_object_and_more_are_a_list(shape: Any) -> None:
    assert len(read(shape).findings) == 1


def test_the_bare_summary_of_no_framework_is_not_clean() -> None:
    parsed = read(NOTHING)
    assert (parsed.state, parsed.reason) == (LedgerState.FAILED, "checkov looked at none of the files")


def test_a_folder_that_was_not_there_is_not_clean(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("")
    assert run(NOTHING, tmp_path, "main.tf", exit_code=0).state is LedgerState.FAILED


def test_a_framework_that_left_no_word_of_its_probe_did_not_run(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("")
    parsed = run([PROBED[0], report(record())], tmp_path, "main.tf")
    assert (parsed.state, parsed.reason) == (LedgerState.FAILED, "checkov did not run: terraform_json")
    assert len(parsed.findings) == 1, "what was found is kept"


def test_probes_are_not_findings(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("")
    probes = [
        report(record("/probes/main.tf"), framework="terraform"),
        report(record("/probes/main.tf.json"), framework="terraform_json"),
    ]
    assert run(probes, tmp_path, "main.tf").findings == ()


def test_parsing_errors_name_their_files(tmp_path: Path) -> None:
    (tmp_path / "broken.tf").write_text("resource {{{")
    broken = report(record(), parsing_errors=[str(tmp_path / "work/tree/files/broken.tf")])
    parsed = run([*PROBED, broken], tmp_path, "main.tf", "broken.tf")
    assert [(skip.path, skip.reason) for skip in parsed.skipped] == [("broken.tf", "checkov could not parse it")]
    assert (parsed.state, parsed.reason) == (LedgerState.PARTIAL, "1 of 2 files not scanned")


def test_an_error_of_one_framework_is_none_where_another_read_the_file(tmp_path: Path) -> None:
    both = report(record("/files/pod.yaml"), parsing_errors=[str(tmp_path / "work/tree/files/pod.yaml")])
    assert run([*PROBED, both], tmp_path, "pod.yaml").state is LedgerState.RAN


def test_only_unparsed_files_are_a_failure(tmp_path: Path) -> None:
    (tmp_path / "broken.tf").write_text("resource {{{")
    broken = report(parsing_errors=[str(tmp_path / "work/tree/files/broken.tf")])
    assert run([*PROBED, broken], tmp_path, "broken.tf").state is LedgerState.FAILED


def test_parsing_errors_of_an_imported_output_make_it_partial() -> None:
    parsed = read(report(record("/main.tf"), parsing_errors=["/ci/build/broken.tf"]))
    assert parsed.state is LedgerState.PARTIAL
    assert [skip.path for skip in parsed.skipped] == ["ci/build/broken.tf"]


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
CUSTOM = "# a comment\n---\napiVersion: example.org/v1\nkind: Gadget\nmetadata: {name: g}\n"


@pytest.mark.parametrize(
    ("name", "text", "looked_at"),
    [
        ("pod.yaml", POD, False),
        ("silenced.yaml", "# {{ .Values.x }}\n" + POD, False),
        ("flow.yaml", "{apiVersion: v1, kind: Pod}\n", False),
        ("beside.yaml", f"{CUSTOM}---\n{POD}", False),
        ("inline.yaml", CUSTOM + "--- {apiVersion: v1, kind: Pod}\n", False),
        ("list.yaml", "apiVersion: v1\nkind: List\nitems: []\n", False),
        ("template.yaml", "Resources: {Q: {Type: 'AWS::SQS::Queue'}}\n", False),
        ("broken.json", '{"Resources": ', False),
        ("deep.json", "[" * 100_000, False),
        ("pod.json", '{"apiVersion": "v1", "kind": "Pod"}', False),
        ("main.tf.json", '{"resource": {}}', False),
        ("Dockerfile", "FROM scratch\n", False),
        ("custom.yaml", CUSTOM, True),
        ("custom.json", '{"apiVersion": "example.org/v1", "kind": "Gadget"}', True),
        ("variables.tf", 'variable "a" {}\n', True),
        ("variables.tf.json", '{"variable": {"a": {}}}', True),
        ("a.tfvars", "a = 1\n", True),
        ("empty.yaml", "\n", True),
    ],
)
def test_silence_about_a_file_counts_only_where_there_is_nothing_to_check(
    name: str, text: str, looked_at: bool, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    parsed = run([*PROBED, report(record())], tmp_path, "main.tf", name)
    assert [skip.path for skip in parsed.skipped] == ([] if looked_at else [name])


def test_a_chart_without_helm_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    (tmp_path / "web/templates").mkdir(parents=True)
    (tmp_path / "web/Chart.yaml").write_text("apiVersion: v2\nname: web\n")
    (tmp_path / "web/templates/pod.yaml").write_text(POD + "# {{ .Values.x }}\n")
    files = ("main.tf", "web/Chart.yaml", "web/templates/pod.yaml")
    parsed = run([*PROBED, report(record())], tmp_path, *files, kinds=("terraform", "helm"))
    assert {skip.reason for skip in parsed.skipped} == {"Helm is not installed, so its chart could not be rendered"}
    assert parsed.state is LedgerState.PARTIAL
    assert "install Helm" in parsed.mend


def test_a_chart_is_looked_at_when_one_of_its_templates_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/helm")
    (tmp_path / "web").mkdir()
    (tmp_path / "web/Chart.yaml").write_text("apiVersion: v2\nname: web\n")
    rendered = report(record("/files/web/templates/pod.yaml"), framework="helm")
    assert run([*PROBED, rendered], tmp_path, "web/Chart.yaml", kinds=("terraform", "helm")).state is LedgerState.RAN


@pytest.mark.parametrize(
    ("changes", "severity", "why"),
    [
        ({}, Severity.HIGH, "scangate's table: public exposure"),
        ({"check_id": "CKV_AWS_41"}, Severity.CRITICAL, "scangate's table: hard-coded secret"),
        ({"check_id": "CKV_ACME_1"}, Severity.MEDIUM, "no severity from checkov: medium by default"),
        ({"severity": "LOW"}, Severity.LOW, "checkov says 'LOW'"),
        ({"severity": "OFF"}, Severity.HIGH, "scangate's table: public exposure"),
        ({"severity": {"name": "LOW"}}, Severity.HIGH, "scangate's table: public exposure"),
    ],
)
def test_checkovs_own_severity_wins_over_the_table(changes: dict[str, Any], severity: Severity, why: str) -> None:
    finding = only(read(report(record(**changes))))
    assert (finding.severity, finding.severity_from) == (severity, why)


def test_the_table_tells_the_weakness() -> None:
    assert only(read(report(record()))).rule.cwe == (284,)


@pytest.mark.parametrize("span", [[0, 0], [-1, -1], None, [], ["1", "2"], [None, None]])
def test_no_lines_are_a_finding_about_the_whole_file(span: Any) -> None:
    place = resource(read(report(record(file_line_range=span))))
    assert (place.line, place.end_line) == (None, None)


def test_a_dockerfiles_resource_is_its_instruction() -> None:
    place = resource(read(report(record("/app/Dockerfile", resource="/app/Dockerfile.FROM"), framework="dockerfile")))
    assert (place.path, place.address) == ("app/Dockerfile", "FROM")


@pytest.mark.parametrize(
    ("framework", "comment", "relief"),
    [
        ("terraform", "the logs are elsewhere", ("inline", "checkov:skip=CKV_AWS_24", "the logs are elsewhere")),
        ("terraform", "No comment provided", ("inline", "checkov:skip=CKV_AWS_24", "")),
        ("kubernetes", "because", ("inline", "checkov.io/skip: CKV_AWS_24", "because")),
        ("terraform", "baseline-skipped", ("tool", "checkov's baseline", "")),
    ],
)
def test_inline_skips_are_findings_with_a_mark(framework: str, comment: str, relief: tuple[Any, str, str]) -> None:
    finding = only(read(report(framework=framework, skipped_checks=[skipped(comment)])))
    kind, by, reason = relief
    assert finding.relief == (Relief(kind=kind, by=by, reason=reason),)


def test_passed_checks_are_not_findings() -> None:
    parsed = read(report(passed_checks=[record("/a.tf"), record("/b.tf")]))
    assert (parsed.findings, parsed.scanned, parsed.state) == ((), 2, LedgerState.RAN)


def test_the_evidence_of_a_hard_coded_secret_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('provider "aws" {\n  access_key = "AKIAIOSFODNN7EXAMPLE"\n}\n')
    parsed = read(report(record("/main.tf", check_id="CKV_AWS_41", file_line_range=[1, 3])), tmp_path)
    assert "AKIA" not in only(parsed).model_dump_json()


def test_a_password_beside_another_fault_is_masked() -> None:
    block = [[1, 'resource "aws_db_instance" "d" {\n'], [2, '  password = "hunter22"\n'], [3, "}\n"]]
    place = resource(read(report(record(code_block=block))))
    assert place.snippet == 'resource "aws_db_instance" "d" {\n  password = ****\n}'


def test_imported_secrets_are_secrets_without_their_hash() -> None:
    secret = record(
        check_id="CKV_SECRET_2", resource="25910f981e85ca04baf359199dd0bd4a3ae738b6", code_block=[[1, "AKIA"]]
    )
    finding = only(read(report(secret, framework="secrets")))
    assert (finding.category, finding.rule.cwe, finding.severity) == (Category.SECRET, (798,), Severity.CRITICAL)
    assert isinstance(finding.location, FileLocation)
    assert "25910f98" not in finding.model_dump_json() and "AKIA" not in finding.model_dump_json()


def test_imported_vulnerable_packages_are_dependencies() -> None:
    details = {
        "id": "CVE-2021-33203",
        "package_name": "django",
        "package_version": "1.2",
        "vector": "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:N/A:N",
        "fixed_versions": ["2.2.24"],
    }
    package = record(
        "/requirements.txt", check_id="CKV_CVE_2021_33203", severity="HIGH", resource="x", vulnerability_details=details
    )
    finding = only(read(report(package, framework="sca_package")))
    assert isinstance(finding.location, PackageLocation)
    assert (finding.category, finding.ids) == (Category.DEPENDENCY, ("CVE-2021-33203",))
    assert (finding.location.purl, finding.location.fixed_in) == ("pkg:pypi/django@1.2", ("2.2.24",))
    assert (finding.severity, finding.fix.versions) == (Severity.MEDIUM, ("2.2.24",))


def test_an_imported_path_is_the_one_that_the_tree_has(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/main.tf").write_text("\n\n")
    assert resource(read(report(record("/main.tf", repo_file_path="/infra/main.tf")), tmp_path)).path == "infra/main.tf"
    assert resource(read(report(record("/main.tf", repo_file_path="/gone/main.tf")), tmp_path)).path == "main.tf"


@pytest.mark.parametrize(
    ("output", "state"),
    [
        (b"", LedgerState.FAILED),
        (b" \n", LedgerState.FAILED),
        (b"Traceback (most recent call last):", LedgerState.UNREADABLE),
        (json.dumps(report(record())).encode()[:-20], LedgerState.UNREADABLE),
        (b"[]", LedgerState.UNREADABLE),
        (b"{}", LedgerState.UNREADABLE),
        (b'{"results": []}', LedgerState.UNREADABLE),
        (b'{"results": {"failed_checks": null}}', LedgerState.UNREADABLE),
        (b'{"results": {"failed_checks": [1]}}', LedgerState.UNREADABLE),
        (b'{"results": {"failed_checks": [{}]}}', LedgerState.UNREADABLE),
        (b'[{"passed": 0}]', LedgerState.UNREADABLE),
        (b"\xff\xfe", LedgerState.UNREADABLE),
        (b"[" * 200_000, LedgerState.UNREADABLE),
    ],
)
def test_what_is_not_checkovs_output_is_never_clean(output: bytes, state: LedgerState) -> None:
    with pytest.raises(ScannerError) as caught:
        read(output)
    assert caught.value.state is state


def test_a_byte_order_mark_is_no_fault() -> None:
    assert len(read(b"\xef\xbb\xbf" + json.dumps(report(record())).encode()).findings) == 1


@pytest.mark.parametrize("code", [2, 137, -9])
def test_other_exit_codes_are_failures(code: int, tmp_path: Path) -> None:
    with pytest.raises(ScannerError, match=f"exit code {code}"):
        run([*PROBED, report(record())], tmp_path, "main.tf", exit_code=code)


def test_a_quiet_output_is_read_too() -> None:
    quiet = {"check_type": "terraform", "results": {"failed_checks": [record()]}, "summary": {}}
    assert len(read(quiet).findings) == 1


_KEYS = [
    "results",
    "failed_checks",
    "skipped_checks",
    "passed_checks",
    "parsing_errors",
    "summary",
    "check_type",
    *record(),
]
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["FAILED", "secrets"])
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS) | st.text(), inner, max_size=8),
    max_leaves=30,
)
_RECORDS = st.dictionaries(st.sampled_from(list(record())), _VALUES).map(lambda changes: record() | changes)


@given(st.binary() | _VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_output_is_read_or_refused(output: bytes) -> None:
    try:
        read(output)
    except ScannerError as error:
        assert error.reason


@given(st.lists(_RECORDS, max_size=4), st.sampled_from(["terraform", "secrets", "sca_package", "sast_python", "helm"]))
def test_any_records_are_findings_or_refused(records: list[dict[str, Any]], framework: str) -> None:
    try:
        parsed = read(report(*records, framework=framework))
    except ScannerError as error:
        assert error.reason
    else:
        assert len(parsed.findings) == len(records)
        assert all(finding.model_dump_json() for finding in parsed.findings)


def test_a_staged_name_is_reported_under_its_own(tmp_path: Path) -> None:
    (tmp_path / "Containerfile").write_text("FROM a\n")
    renamed = report(record("/files/Containerfile.Dockerfile"), framework="dockerfile")
    assert resource(run([*PROBED, renamed], tmp_path, "Containerfile")).path == "Containerfile"


@pytest.mark.parametrize("name", ["0-vuln", "1-vuln", "multiple-check_type"])
def test_real_outputs_give_the_expected_count(name: str, shared: Path) -> None:
    expected = {
        one["file"]: one["raw_records"]
        for one in json.loads((shared / "samples/expected.json").read_text())
        if "raw_records" in one
    }
    path = f"checkov/checkov-report-{name}.json"
    assert len(read((shared / "samples" / path).read_bytes()).findings) == expected[path]
