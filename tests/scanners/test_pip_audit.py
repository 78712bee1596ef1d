"""pip-audit: each trap of the tool is one test.

Where the tool itself is not the point, a stand-in runs in its place: it reads the requirements that we wrote, asks
our OSV service over HTTP as pip-audit does, and prints what pip-audit would print.
"""

from __future__ import annotations

import io
import json
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from scangate.model import Finding, LedgerState, PackageLocation, Severity
from scangate.scanners.advisories import load_advisories
from scangate.scanners.interface import Command, Driven, Job, Output, Parsed, ScannerError, Target, Tool
from scangate.scanners.osv_service import OsvService
from scangate.scanners.pip_audit import PipAudit

PIP_AUDIT = PipAudit()

JINJA = {
    "id": "GHSA-462w-v97r-4m45",
    "modified": "2024-01-01T00:00:00Z",
    "aliases": ["CVE-2019-10906", "PYSEC-2019-217"],
    "summary": "Templates can leave\nthe sandbox",
    "details": "Long words.",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
        }
    ],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N"}],
    "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-693"]},
}
JINJA_OF_PYPA = JINJA | {
    "id": "PYSEC-2019-217",
    "aliases": ["CVE-2019-10906"],
    "modified": "2023-01-01T00:00:00Z",
    "database_specific": {},
    "severity": [],
}


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    return write_records(tmp_path / "advisories", JINJA, JINJA_OF_PYPA)


def write_records(folder: Path, *records: dict[str, Any]) -> Path:
    (folder / "PyPI").mkdir(parents=True, exist_ok=True)
    for record in records:
        (folder / "PyPI" / f"{record['id']}.json").write_text(json.dumps(record))
    return folder


def ask(url: str, name: str, version: str) -> dict[str, Any]:
    question = {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(question).encode()), timeout=10) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
        return answer


def stand_in(command: Command) -> Output:
    """What pip-audit does with exact versions and an OSV service, in short."""
    url = command.argv[command.argv.index("--osv-url") + 1]
    dependencies = []
    for line in command.files["requirements.txt"].decode().splitlines():
        name, version = line.split("==")
        try:
            answer = ask(url, name, version)
        except urllib.error.HTTPError as error:
            return Output(b"", 1, f"Traceback\npip_audit._service.interface.ServiceError: {error}")
        vulns = [
            {
                "id": [vuln["id"], *vuln["aliases"]][-1],
                "fix_versions": [],
                "aliases": [vuln["id"], *vuln["aliases"]],
                "description": "",
            }
            for vuln in answer.get("vulns", [])
        ]
        dependencies.append({"name": name, "version": version, "vulns": vulns})
    return Output(json.dumps({"dependencies": dependencies, "fixes": []}).encode(), 1)


Execute = Callable[[Command], Output]


def run(
    tmp_path: Path,
    text: str,
    *,
    advisories: Path | None = None,
    execute: Execute = stand_in,
    scanner: PipAudit = PIP_AUDIT,
    offline: bool = False,
    name: str = "requirements.txt",
) -> Parsed:
    root = tmp_path / "root"
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    job = Job(
        "pip-audit",
        Target(name, ("pypi-dependencies",), (name,)),
        root=root,
        work=tmp_path / "work",
        tool=Tool(Path("/tools/pip-audit"), "2.10.1", "store"),
        advisories=advisories,
        offline=offline,
    )
    return scanner.run(job, execute)


def place(finding: Finding) -> PackageLocation:
    assert isinstance(finding.location, PackageLocation)
    return finding.location


def test_it_drives_itself() -> None:
    assert isinstance(PIP_AUDIT, Driven)


def test_a_finding_carries_the_facts_of_its_records(tmp_path: Path, advisories: Path) -> None:
    parsed = run(tmp_path, "# pinned\nJinja2==2.10\nflask==1.0\n", advisories=advisories)
    assert (parsed.state, parsed.scanned, parsed.skipped) == (LedgerState.RAN, 2, ())
    assert parsed.database_date == "2024-01-01T00:00:00Z"
    (finding,) = parsed.findings
    assert finding.ids == ("CVE-2019-10906", "GHSA-462w-v97r-4m45", "PYSEC-2019-217")
    assert (finding.rule.id, finding.rule.cwe) == ("CVE-2019-10906", (693,))
    assert finding.title == "jinja2 2.10: CVE-2019-10906 Templates can leave the sandbox"
    assert (finding.severity, finding.ratings[0].method) == (Severity.HIGH, "word:advisory")
    assert (finding.fix.state, finding.fix.versions) == ("available", ("2.10.1",))
    where = place(finding)
    assert (where.purl, where.manifest, where.line) == ("pkg:pypi/jinja2@2.10", "requirements.txt", 2)
    assert {source.rule_id for source in finding.sources} == {"PYSEC-2019-217", "CVE-2019-10906"}


def test_a_record_without_severity_or_fix_says_just_that(tmp_path: Path) -> None:
    part = {"package": {"ecosystem": "PyPI", "name": "a"}, "versions": ["1"]}
    bare = {"id": "PYSEC-2024-1", "modified": "2024-01-01T00:00:00Z", "affected": [part]}
    (finding,) = run(tmp_path, "a==1", advisories=write_records(tmp_path / "db", bare)).findings
    assert (finding.severity, finding.fix.state) == (Severity.UNKNOWN, "none")


def recording(seen: list[Command]) -> Execute:
    def execute(command: Command) -> Output:
        seen.append(command)
        return stand_in(command)

    return execute


def test_the_command_hands_over_exact_versions_and_no_settings(tmp_path: Path, advisories: Path) -> None:
    seen: list[Command] = []
    run(tmp_path, "B_b==1.0.0\na==2 --hash=sha256:0\n", advisories=advisories, execute=recording(seen))
    (command,) = seen
    assert command.files == {"requirements.txt": b"b-b==1.0.0\na==2\n"}
    assert {"--no-deps", "--disable-pip", "--cache-dir"} <= {*command.argv}
    assert command.argv[command.argv.index("--osv-url") + 1].startswith("http://127.0.0.1:")
    assert command.env["NO_PROXY"] == "127.0.0.1" and command.network is False


def test_two_versions_of_one_package_take_two_rounds(tmp_path: Path, advisories: Path) -> None:
    """pip-audit refuses a file with both."""
    seen: list[Command] = []
    text = "jinja2==2.10 ; python_version < '3'\njinja2==2.9 ; python_version >= '3'\na==1\n"
    parsed = run(tmp_path, text, advisories=advisories, execute=recording(seen))
    written = [command.files["requirements.txt"] for command in seen]
    assert written == [b"jinja2==2.10\na==1\n", b"jinja2==2.9\n"]
    assert [(place(f).version, place(f).line) for f in parsed.findings] == [("2.10", 1), ("2.9", 2)]


def test_more_versions_of_one_package_than_can_be_audited_are_skipped(tmp_path: Path, advisories: Path) -> None:
    text = "".join(f"a==1.{n}\n" for n in range(10))
    parsed = run(tmp_path, text, advisories=advisories)
    assert (parsed.state, parsed.scanned, len(parsed.skipped)) == (LedgerState.PARTIAL, 8, 2)


def test_skipped_dependencies_make_it_partial_and_all_skipped_failed(tmp_path: Path, advisories: Path) -> None:
    parsed = run(tmp_path, "a==1\n-e .\n", advisories=advisories)
    assert (parsed.state, parsed.scanned, len(parsed.skipped)) == (LedgerState.PARTIAL, 1, 1)
    parsed = run(tmp_path, "-e .\n", advisories=advisories)
    assert (parsed.state, parsed.scanned) == (LedgerState.FAILED, 0)
    assert "none of 1 dependencies" in parsed.reason


def test_a_manifest_without_dependencies_ran_and_says_so(tmp_path: Path) -> None:
    parsed = run(tmp_path, "# none\n", offline=True)
    assert (parsed.state, parsed.scanned, parsed.reason) == (LedgerState.RAN, 0, "it names no dependencies")


def answering(*dependencies: dict[str, Any], ask_first: bool = True) -> Execute:
    """A tool that prints these dependencies, whatever the service said."""

    def execute(command: Command) -> Output:
        if ask_first:
            stand_in(command)
        return Output(json.dumps({"dependencies": dependencies}).encode(), 0)

    return execute


@pytest.mark.parametrize(
    ("execute", "reason"),
    [
        (answering({"name": "jinja2", "skip_reason": "not found on PyPI"}), "not found on PyPI"),
        (answering(), "did not answer"),
        (answering({"name": "jinja2", "version": "9", "vulns": []}), "did not answer"),
        (answering({"name": "jinja2", "version": "2.10", "vulns": []}, ask_first=False), "did not answer"),
    ],
)
def test_exit_code_0_without_an_answer_is_not_clean(
    tmp_path: Path, advisories: Path, execute: Execute, reason: str
) -> None:
    parsed = run(tmp_path, "jinja2==2.10", advisories=advisories, execute=execute)
    assert parsed.state is LedgerState.FAILED
    assert reason in parsed.reason and reason in parsed.skipped[0].reason


def test_a_record_that_the_tool_leaves_out_is_noticed(tmp_path: Path, advisories: Path) -> None:
    execute = answering({"name": "jinja2", "version": "2.10", "vulns": []})
    parsed = run(tmp_path, "jinja2==2.10", advisories=advisories, execute=execute)
    assert parsed.state is LedgerState.PARTIAL and "GHSA-462w-v97r-4m45" in parsed.skipped[0].reason


@pytest.mark.parametrize(
    ("output", "state"),
    [
        (Output(b"", 1, "WARNING\nERROR: requirement a is not pinned"), LedgerState.FAILED),
        (Output(b"", 0), LedgerState.FAILED),
        (Output(b"<html>", 0), LedgerState.UNREADABLE),
        (Output(b'{"dependencies": [', 1), LedgerState.UNREADABLE),
        (Output(b'{"error": "x"}', 0), LedgerState.UNREADABLE),
        (Output(b'"dependencies"', 0), LedgerState.UNREADABLE),
        (Output(b'{"dependencies": [{"name": "a"}]}', 0), LedgerState.UNREADABLE),
        (Output(b'{"dependencies": [{"name": "a", "version": "1", "vulns": [{}]}]}', 0), LedgerState.UNREADABLE),
        (Output(b'{"dependencies": []}', 2), LedgerState.FAILED),
        (Output(b"[" * 100_000, 1), LedgerState.UNREADABLE),
        (Output(b"\xff\xfe", 1), LedgerState.UNREADABLE),
    ],
)
def test_broken_outputs_are_errors(tmp_path: Path, advisories: Path, output: Output, state: LedgerState) -> None:
    with pytest.raises(ScannerError) as caught:
        run(tmp_path, "a==1", advisories=advisories, execute=lambda command: output)
    assert caught.value.state is state
    if output.stderr:
        assert "requirement a is not pinned" in caught.value.reason


def test_damaged_advisories_make_it_partial(tmp_path: Path, advisories: Path) -> None:
    (advisories / "PyPI" / "broken.json").write_text("{")
    parsed = run(tmp_path, "jinja2==2.10", advisories=advisories)
    assert (parsed.state, parsed.scanned, len(parsed.findings)) == (LedgerState.PARTIAL, 1, 1)
    assert parsed.skipped[0].path == "broken.json" and "1 advisories cannot be read" in parsed.reason


def test_offline_without_advisories_asks_nobody(tmp_path: Path) -> None:
    def refuse(command: Command) -> Output:
        raise AssertionError("nothing may run")

    with pytest.raises(ScannerError) as caught:
        run(tmp_path, "a==1\nb>=2", execute=refuse, offline=True)
    assert "--advisories" in caught.value.mend


def resolving(output: Output) -> Execute:
    return lambda command: output if "compile" in command.argv else stand_in(command)


def test_open_dependencies_are_resolved_and_marked(tmp_path: Path, advisories: Path) -> None:
    execute = resolving(Output(b"flask==1.0\njinja2==2.10\n", 0))
    parsed = run(tmp_path, "a==1\nflask>=1\n", advisories=advisories, execute=execute)
    assert (parsed.state, parsed.scanned) == (LedgerState.PARTIAL, 3)
    assert parsed.reason == "resolved today, no lock file" and "lock file" in parsed.mend
    where = place(parsed.findings[0])
    assert (where.line, where.direct) == (None, False)


def test_a_failed_resolution_fails_the_job_but_the_pins_are_audited(tmp_path: Path, advisories: Path) -> None:
    execute = resolving(Output(b"", 1, "error: no such package flask"))
    parsed = run(tmp_path, "jinja2==2.10\nflask>=1\n", advisories=advisories, execute=execute)
    assert (parsed.state, parsed.scanned, len(parsed.findings)) == (LedgerState.FAILED, 1, 1)
    assert "no such package flask" in parsed.reason and "lock file" in parsed.mend
    assert "flask>=1" in parsed.skipped[0].reason


def test_a_dependency_that_the_resolution_leaves_out_is_skipped(tmp_path: Path, advisories: Path) -> None:
    parsed = run(tmp_path, "flask>=1\nold>=1\n", advisories=advisories, execute=resolving(Output(b"flask==1\n", 0)))
    assert (parsed.state, parsed.scanned) == (LedgerState.PARTIAL, 1)
    assert "old>=1" in parsed.skipped[0].reason


class FakeOsv(BaseHTTPRequestHandler):
    """A service that answers every question with the next of `answers`, the last one for ever."""

    answers: ClassVar[list[tuple[int, bytes]]] = []
    questions: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.questions.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def remote() -> Iterator[PipAudit]:
    FakeOsv.questions.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeOsv) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield PipAudit(osv_url=f"http://127.0.0.1:{server.server_port}/v1/query")
        server.shutdown()


def page(*records: dict[str, Any], token: str = "") -> tuple[int, bytes]:
    return 200, json.dumps({"vulns": records} | ({"next_page_token": token} if token else {})).encode()


def test_the_remote_service_is_asked_page_by_page(tmp_path: Path, remote: PipAudit) -> None:
    withdrawn = JINJA | {"id": "GHSA-xxxx-xxxx-xxxx", "withdrawn": "2024-01-01T00:00:00Z", "aliases": []}
    FakeOsv.answers = [page(JINJA, token="next"), page(JINJA_OF_PYPA, withdrawn)]
    parsed = run(tmp_path, "jinja2==2.10", scanner=remote)
    assert [question.get("page_token") for question in FakeOsv.questions] == [None, "next"]
    assert FakeOsv.questions[0]["package"] == {"name": "jinja2", "ecosystem": "PyPI"}
    (finding,) = parsed.findings
    assert finding.ids == ("CVE-2019-10906", "GHSA-462w-v97r-4m45", "PYSEC-2019-217")
    assert parsed.database_date.endswith("T00:00:00Z")


def test_one_failure_of_the_remote_service_is_forgiven(tmp_path: Path, remote: PipAudit) -> None:
    FakeOsv.answers = [(502, b""), (200, b"{}")]
    assert run(tmp_path, "a==1", scanner=remote).state is LedgerState.RAN


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (404, b"{}"),
        (302, b"{}"),
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"vulns": null}'),
        (200, b'{"vulns": [{"id": "A-1"}]}'),
        (200, b'{"vulns": [{"id": "../x", "modified": "2024-01-01T00:00:00Z"}]}'),
        page(token="for ever"),
    ],
)
def test_a_remote_service_that_fails_never_ends_as_clean(
    tmp_path: Path, remote: PipAudit, answer: tuple[int, bytes]
) -> None:
    FakeOsv.answers = [answer]
    with pytest.raises(ScannerError) as caught:
        run(tmp_path, "a==1", scanner=remote)
    assert caught.value.state is LedgerState.FAILED
    assert "127.0.0.1" in caught.value.reason and "--advisories" in caught.value.mend


def test_an_unreachable_remote_service_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ScannerError) as caught:
        run(tmp_path, "a==1", scanner=PipAudit(osv_url="http://127.0.0.1:9/v1/query"))
    assert caught.value.state is LedgerState.FAILED and "--advisories" in caught.value.mend


def test_the_failure_of_the_source_wins_over_what_the_tool_printed(tmp_path: Path, remote: PipAudit) -> None:
    FakeOsv.answers = [(500, b"")]
    execute = answering({"name": "a", "version": "1", "vulns": []})
    with pytest.raises(ScannerError):
        run(tmp_path, "a==1", scanner=remote, execute=execute)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/query", b"{}", 404),
        (None, b"", 400),
        (None, b"[]", 400),
        (None, b'{"package": {"name": "a", "ecosystem": "npm"}, "version": "1"}', 400),
        (None, b'{"package": {"name": ["a"], "ecosystem": "PyPI"}, "version": "1"}', 400),
        (None, b"[" * 9_000, 400),
        (None, b" " * 20_000, 413),
        (None, b'{"package": {"name": "a", "ecosystem": "PyPI"}, "version": "no version"}', 503),
    ],
)
def test_the_service_refuses_what_is_no_question(advisories: Path, path: str | None, body: bytes, status: int) -> None:
    with OsvService(load_advisories(advisories)) as service:
        origin = service.url.removesuffix("/" + service.url.split("/", 3)[3])
        url = service.url if path is None else origin + path
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(url, body), timeout=10)  # noqa: S310
        caught.value.close()
        assert caught.value.code == status
        assert service.answers == {}


def test_the_service_is_gone_after_its_block(advisories: Path) -> None:
    with OsvService(load_advisories(advisories)) as service:
        assert ask(service.url, "jinja2", "3.0") == {}
        assert service.answers == {("jinja2", "3.0"): ()}
    with pytest.raises(urllib.error.URLError):
        ask(service.url, "jinja2", "2.10")


def imported(tmp_path: Path, report: object, advisories: Path | None = None) -> Parsed:
    job = Job("pip-audit", Target("audit.json", (), ()), root=tmp_path, work=tmp_path, advisories=advisories)
    return PIP_AUDIT.parse(Output(report if isinstance(report, bytes) else json.dumps(report).encode()), job)


VULN = {"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": ["CVE-2019-10906"], "description": "Bad. Very."}
DEPENDENCY = {"name": "jinja2", "version": "2.10", "vulns": [VULN]}


@pytest.mark.parametrize("report", [{"dependencies": [DEPENDENCY], "fixes": []}, [DEPENDENCY]])
def test_an_import_reads_both_forms(tmp_path: Path, report: object) -> None:
    parsed = imported(tmp_path, report)
    (finding,) = parsed.findings
    assert (finding.rule.id, finding.severity, place(finding).manifest) == ("CVE-2019-10906", Severity.UNKNOWN, "")
    assert finding.title == "jinja2 2.10: CVE-2019-10906 Bad."
    assert (finding.fix.versions, finding.sources[0].rule_id) == (("2.10.1",), "PYSEC-2019-217")


def test_an_import_takes_severity_from_advisories(tmp_path: Path, advisories: Path) -> None:
    parsed = imported(tmp_path, [DEPENDENCY], advisories)
    assert parsed.findings[0].severity is Severity.HIGH
    assert parsed.database_date == "2024-01-01T00:00:00Z"


def test_an_import_adds_no_finding_of_its_own(tmp_path: Path) -> None:
    wide = JINJA | {"id": "PYSEC-2099-1", "aliases": ["CVE-2019-10906", "CVE-2099-2"]}
    parsed = imported(tmp_path, [DEPENDENCY], write_records(tmp_path / "db", JINJA, wide))
    assert len(parsed.findings) == 1 and "CVE-2099-2" not in parsed.findings[0].ids


def test_an_import_of_skipped_dependencies_only_is_not_clean(tmp_path: Path) -> None:
    parsed = imported(tmp_path, {"dependencies": [{"name": "a", "skip_reason": "not on PyPI (1)"}]})
    assert parsed.state is LedgerState.FAILED and "not on PyPI" in parsed.skipped[0].reason


def test_reports_that_share_an_alias_are_one_finding(tmp_path: Path) -> None:
    """pip-audit merges a report with the first one it touches only."""
    other = VULN | {"id": "GHSA-462w-v97r-4m45", "fix_versions": ["2.10.1", "2.11"]}
    (finding,) = imported(tmp_path, [DEPENDENCY | {"vulns": [VULN, other]}]).findings
    assert finding.ids == ("CVE-2019-10906", "GHSA-462w-v97r-4m45", "PYSEC-2019-217")
    assert (len(finding.sources), finding.fix.versions) == (2, ("2.10.1", "2.11"))


def test_recorded_outputs_give_their_counts(shared: Path, tmp_path: Path) -> None:
    expected = json.loads((shared / "samples" / "expected.json").read_text())
    entries = [entry for entry in expected if entry["file"].startswith("pip_audit/")]
    assert len(entries) == 3
    for entry in entries:
        parsed = imported(tmp_path, (shared / "samples" / entry["file"]).read_bytes())
        assert len(parsed.findings) == entry["raw_records"], entry["file"]


Real = Callable[..., Parsed]


@pytest.mark.real
def test_the_real_tool_finds_the_canary(tmp_path: Path, run_scanner: Real) -> None:
    canary = PIP_AUDIT.canary
    for name, text in canary.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    parsed = run_scanner(PIP_AUDIT, tmp_path, "requirements.txt", advisories=tmp_path / canary.advisories, offline=True)
    assert parsed.state is LedgerState.RAN
    assert [finding.rule.id for finding in parsed.findings] == [canary.rule]


@pytest.mark.real
def test_the_real_tool_on_real_advisories(tmp_path: Path, shared: Path, run_scanner: Real) -> None:
    root, data = tmp_path / "root", tmp_path / "data"
    root.mkdir()
    data.mkdir()
    (data / "all.zip").symlink_to(shared / "advisories" / "pypi-osv.zip")
    text = "django==2.2\njinja2==2.10\nrequests==2.19.1\nPyYAML==5.3\nattrs==19.1.0 ; python_version < '3'\n"
    (root / "requirements.txt").write_text(text)
    parsed = run_scanner(PIP_AUDIT, root, "requirements.txt", advisories=data, offline=True)
    assert (parsed.state, parsed.scanned) == (LedgerState.RAN, 5)
    found = {(place(finding).name, finding.rule.id) for finding in parsed.findings}
    assert found > {
        ("django", "CVE-2019-14234"),
        ("jinja2", "CVE-2019-10906"),
        ("jinja2", "CVE-2020-28493"),
        ("requests", "CVE-2018-18074"),
        ("requests", "CVE-2023-32681"),
        ("pyyaml", "CVE-2020-1747"),
        ("pyyaml", "CVE-2020-14343"),
    }
    assert "attrs" not in {name for name, _ in found}


@pytest.mark.real
@pytest.mark.parametrize("answer", [(500, b""), (200, b"<html>"), (200, b'{"vulns": 1}')])
def test_the_real_tool_never_makes_a_failing_service_clean(
    tmp_path: Path, remote: PipAudit, run_scanner: Real, answer: tuple[int, bytes]
) -> None:
    FakeOsv.answers = [answer]
    (tmp_path / "requirements.txt").write_text("a==1\n")
    with pytest.raises(ScannerError) as caught:
        run_scanner(remote, tmp_path, "requirements.txt")
    assert caught.value.state is LedgerState.FAILED


@pytest.mark.real
def test_an_unpinned_source_distribution_is_never_built(
    tmp_path: Path, advisories: Path, run_scanner: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index with a source distribution whose build would leave a mark."""
    index = tmp_path / "index"
    make_source_distribution(index, tmp_path / "built")
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.as_uri())
    root = tmp_path / "root"
    root.mkdir()
    (root / "requirements.txt").write_text("jinja2==2.10\ntrap\n")
    parsed = run_scanner(PIP_AUDIT, root, "requirements.txt", advisories=advisories)
    assert parsed.state is LedgerState.FAILED and "trap" in parsed.reason
    assert [finding.rule.id for finding in parsed.findings] == ["CVE-2019-10906"]
    assert not (tmp_path / "built").exists()


def make_source_distribution(index: Path, mark: Path) -> None:
    """A source distribution that brings its own build backend, so that a build needs nothing else."""
    (index / "trap").mkdir(parents=True)
    files = {
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "backend.py": f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n",
    }
    with tarfile.open(index / "trap" / "trap-1.0.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"trap-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    (index / "trap" / "index.html").write_text('<a href="trap-1.0.tar.gz">trap-1.0.tar.gz</a>')
