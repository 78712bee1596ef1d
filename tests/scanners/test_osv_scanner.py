"""osv-scanner's outputs and what is made of them. Recorded outputs are our own, made with osv-scanner 2.4.0."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from scangate.model import Finding, LedgerState, PackageLocation, Severity
from scangate.scanners.interface import Command, Job, Output, Parsed, ScannerError, Target, Tool
from scangate.scanners.osv_scanner import OsvScanner
from scangate.scanners.osv_scanner_report import Package

SCANNER = OsvScanner()
TOOL = Tool(Path("/tools/osv-scanner"), "2.4.0", "store")
LOCK = '{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha512-AA=="}}}'
SEVERE = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def record(advisory: str, *aliases: str, **more: Any) -> dict[str, Any]:
    """A made-up record about the package `a` of npm, as osv-scanner prints it."""
    ranges = [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.0"}]}]
    return {
        "id": advisory,
        "modified": "2026-01-01T00:00:00Z",
        "aliases": list(aliases),
        "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "ranges": ranges}],
    } | more


def package(*records: dict[str, Any], name: str = "a", version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    return {"package": {"name": name, "version": version, "ecosystem": "npm"}, "vulnerabilities": [*records], **more}


def report(*packages: dict[str, Any], path: str = "/elsewhere/package-lock.json") -> dict[str, Any]:
    return {"results": [{"source": {"path": path, "type": "lockfile"}, "packages": [*packages]}]}


def job(root: Path, *files: str, **more: Any) -> Job:
    return Job("osv-scanner", Target(".", ("npm-dependencies",), files), root, root.parent, TOOL, **more)


def read(document: Any, root: Path = Path("/nowhere")) -> Parsed:
    """An output made elsewhere."""
    target = Target("out.json", ())
    return SCANNER.parse(Output(json.dumps(document).encode()), Job("osv-scanner", target, root, root))


def place(finding: Finding) -> PackageLocation:
    assert isinstance(finding.location, PackageLocation)
    return finding.location


def test_one_finding_for_each_problem_of_a_package() -> None:
    pair = (record("GHSA-1111-2222-3333", "CVE-2099-0001"), record("SNYK-1", "CVE-2099-0001"))
    other = record("GHSA-4444-5555-6666", "CVE-2099-0002", summary="the other", details="told at length")
    # The tool's own groups put all three together.
    groups = [{"ids": [one["id"] for one in (*pair, other)], "aliases": [], "max_severity": "9.8"}]
    parsed = read(report(package(*pair, other, groups=groups)))
    first, second = parsed.findings
    assert first.ids == ("CVE-2099-0001", "GHSA-1111-2222-3333", "SNYK-1")
    assert [source.rule_id for source in first.sources] == ["GHSA-1111-2222-3333", "SNYK-1"]
    assert second.rule.id == "CVE-2099-0002"
    assert second.title == "a 1.0.0: CVE-2099-0002 the other"
    assert second.message == "told at length"
    assert second.rule.help_uri == "https://osv.dev/vulnerability/GHSA-4444-5555-6666"
    assert (parsed.state, parsed.scanned) == (LedgerState.RAN, 1)


def test_the_databases_word_wins_and_every_rating_is_kept() -> None:
    severe = {"severity": [{"type": "CVSS_V3", "score": SEVERE}], "database_specific": {"severity": "MODERATE"}}
    (finding,) = read(report(package(record("GHSA-1", **severe)))).findings
    assert (finding.severity, finding.severity_from) == (Severity.MEDIUM, "GHSA-1 says 'MODERATE'")
    assert [(rating.method, rating.severity) for rating in finding.ratings] == [
        ("word:advisory", Severity.MEDIUM),
        ("CVSS:3.1", Severity.CRITICAL),
    ]


def test_a_malicious_package_is_critical() -> None:
    cwes = [{"cweId": "CWE-506", "name": "Embedded Malicious Code"}, {"cweId": 1}, "odd"]
    bad = record("MAL-2099-1", "GHSA-1")
    bad["affected"][0]["database_specific"] = {"cwes": cwes}
    bad["affected"][0]["ranges"] = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]
    (finding,) = read(report(package(bad))).findings
    assert (finding.severity, finding.severity_from) == (Severity.CRITICAL, "MAL-2099-1 says 'malicious'")
    assert (finding.rule.cwe, finding.fix.state) == ((506,), "none")


@pytest.mark.parametrize(
    ("version", "fixed", "expected"),
    [
        ("1.0.0", ["1.2.0", "1.10.0", "0.9.5"], ("1.2.0", "1.10.0")),
        ("v1.0.0", ["v1.2.0"], ("v1.2.0",)),
        ("2.0.0-rc.1", ["2.0.0"], ("2.0.0",)),
        ("31.1-jre", ["32.0.0-android"], ("32.0.0-android",)),
        ("1.0.0", ["1.0.0"], ()),
        ("1.0.0+build.9", ["1.0.0+build.10"], ()),
    ],
)
def test_only_later_versions_mend(version: str, fixed: list[str], expected: tuple[str, ...]) -> None:
    events = [{"introduced": "0"}, *({"fixed": one} for one in fixed)]
    one = record(
        "GHSA-1",
        affected=[{"package": {"ecosystem": "npm", "name": "a"}, "ranges": [{"type": "SEMVER", "events": events}]}],
    )
    (finding,) = read(report(package(one, version=version))).findings
    assert place(finding).fixed_in == finding.fix.versions == expected


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "purl"),
    [
        ("npm", "@acme/a", "1", "pkg:npm/%40acme/a@1"),
        ("PyPI", "Django_Rest", "1", "pkg:pypi/django-rest@1"),
        ("Maven", "org.acme:a", "1", "pkg:maven/org.acme/a@1"),
        ("Go", "github.com/Acme/a/v2", "2.0.0", "pkg:golang/github.com/Acme/a/v2@2.0.0"),
        ("crates.io", "a", "1", "pkg:cargo/a@1"),
        ("RubyGems", "a", "1", "pkg:gem/a@1"),
        ("Packagist", "acme/a", "1", "pkg:composer/acme/a@1"),
        ("NuGet", "A.B", "1", "pkg:nuget/A.B@1"),
        ("Pub", "a", "1", "pkg:pub/a@1"),
        ("Hex", "a", "1", "pkg:hex/a@1"),
        ("Debian:12", "a", "1", "pkg:deb/debian/a@1"),
        ("Alpine:v3.19", "a", "1", "pkg:apk/alpine/a@1"),
        ("", "https://example.com/a", "1", "pkg:generic/example.com/a@1"),
        ("", "", "", "pkg:generic/%3F"),
    ],
)
def test_package_urls(ecosystem: str, name: str, version: str, purl: str) -> None:
    assert Package(name=name, version=version, ecosystem=ecosystem).purl == purl


@given(
    st.text(max_size=20),
    st.text(max_size=20),
    st.sampled_from(["npm", "PyPI", "Maven", "Go", "Packagist", "Debian:1", "x"]),
)
def test_any_name_has_a_package_url(name: str, version: str, ecosystem: str) -> None:
    PackageURL.from_string(Package(name=name, version=version, ecosystem=ecosystem).purl)


@pytest.mark.parametrize(
    ("groups", "file", "scope"),
    [
        (["dev"], "package-lock.json", "dev"),
        (["dev", "optional"], "package-lock.json", "runtime"),
        (["optional"], "package-lock.json", "runtime"),
        (None, "package-lock.json", "runtime"),
        (None, "yarn.lock", "unknown"),
        (["testCompileClasspath"], "gradle.lockfile", "dev"),
        (["test", "dev"], "elsewhere", "dev"),
    ],
)
def test_what_a_package_is_for(groups: list[str] | None, file: str, scope: str) -> None:
    (finding,) = read(report(package(record("GHSA-1"), dependency_groups=groups), path=f"/x/{file}")).findings
    assert place(finding).scope == scope


def test_paths_are_those_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package-lock.json").write_text(f"\n{LOCK}")
    parsed = read(report(package(record("GHSA-1")), path=f"{tmp_path}/web/package-lock.json"), tmp_path)
    assert (place(parsed.findings[0]).manifest, place(parsed.findings[0]).line) == ("web/package-lock.json", 2)
    elsewhere = read(report(package(record("GHSA-1")), path="C:\\ci\\package-lock.json"), tmp_path)
    assert place(elsewhere.findings[0]).manifest == "C:/ci/package-lock.json"


def test_a_record_with_odd_parts_is_still_a_finding() -> None:
    odd = record("GHSA-1", "CVE-2099-0001", summary="odd", affected="all of it", modified=None)
    (finding,) = read(report(package(odd))).findings
    assert finding.ids == ("CVE-2099-0001", "GHSA-1")
    assert finding.severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        {"results": None},
        {"results": {}},
        {"results": [{"packages": []}]},
        {"results": [{"source": {"path": "a"}, "packages": [{"vulnerabilities": []}]}]},
        {"errors": ["kaput"]},
        report(package({"no": "advisory"})),
        report(package({"id": "not an id"})),
    ],
)
def test_what_is_no_report_is_refused(document: Any) -> None:
    with pytest.raises(ScannerError) as error:
        read(document)
    assert error.value.state is LedgerState.UNREADABLE


def test_samples_of_others(shared: Path) -> None:
    samples = shared / "samples"
    for expected in json.loads((samples / "expected.json").read_text()):
        if expected["file"].startswith("osv_scanner/"):
            output = Output((samples / expected["file"]).read_bytes())
            parsed = SCANNER.parse(output, Job("osv-scanner", Target("out.json", ()), samples, samples))
            assert len(parsed.findings) == expected["raw_records"], expected["file"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["GHSA-1", "CVE-2099-1", "npm"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "aliases", "package", "name", "affected", "ranges", "severity"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=3), st.text(max_size=9), st.sampled_from(["packages", "vulnerabilities", "source"]))
def test_any_document_is_read_or_refused(items: list[Any], text: str, where: str) -> None:
    document: Any = report(package(record("GHSA-1"), *({"id": text} for _ in items)))
    match where:
        case "packages":
            document["results"][0]["packages"] += items
        case "vulnerabilities":
            document["results"][0]["packages"][0]["vulnerabilities"] = items
        case _:
            document["results"][0]["source"] = items or text
    try:
        read(document)
    except ScannerError as error:
        assert error.state in (LedgerState.UNREADABLE, LedgerState.FAILED)


def answering(document: Any, exit_code: int = 0, stderr: str = "") -> Callable[[Command], Output]:
    """What runs the tool, with an answer of our own; the file's path is the one that it was staged under."""

    def execute(command: Command) -> Output:
        (name,) = command.links
        text = json.dumps(document).replace("STAGED", f"/work/{name}") if document is not None else ""
        return Output(text.encode(), exit_code, stderr.replace("STAGED", f"work/{name}"))

    return execute


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "package-lock.json").write_text(LOCK)
    return folder


def test_the_command_reads_nothing_of_the_tree_but_the_files(root: Path) -> None:
    command = SCANNER.command(job(root, "package-lock.json"))
    assert command.argv[:3] == ("/tools/osv-scanner", "scan", "source")
    assert {"--no-resolve", "--no-ignore", "--no-call-analysis=all", "--all-packages"} <= {*command.argv}
    assert command.argv[command.argv.index("--config") + 1] in command.files
    assert command.network
    offline = SCANNER.command(job(root, "package-lock.json", advisories=root))
    assert "--offline" in offline.argv
    assert not offline.network


@pytest.mark.parametrize("exit_code", [0, 1, 127])
def test_the_report_counts_and_not_the_exit_code(root: Path, exit_code: int) -> None:
    document = report(package(record("GHSA-1")), path="STAGED")
    parsed = SCANNER.run(job(root, "package-lock.json"), answering(document, exit_code))
    assert [place(finding).manifest for finding in parsed.findings] == ["package-lock.json"]
    assert (parsed.state, parsed.scanned, parsed.considered) == (LedgerState.RAN, 1, 1)
    assert parsed.database_date.endswith("T00:00:00Z")


@pytest.mark.parametrize(
    ("exit_code", "stderr", "reason"),
    [
        (129, "API query failed", "the advisory service gave no answer: API query failed"),
        (130, "Ignored invalid config file", "refused its configuration"),
        (127, "no such host", "osv-scanner gave up: no such host"),
        (2, "", "exit code 2"),
        (0, "", "printed nothing"),
    ],
)
def test_failures_are_told(root: Path, exit_code: int, stderr: str, reason: str) -> None:
    document: Any = None if exit_code in (0, 127) else {"results": []}
    with pytest.raises(ScannerError) as error:
        SCANNER.run(job(root, "package-lock.json"), answering(document, exit_code, stderr))
    assert error.value.state is LedgerState.FAILED
    assert reason in error.value.reason
    assert "--advisories" in error.value.mend


@pytest.mark.parametrize("exit_code", [0, 128])
def test_a_lock_file_that_nothing_came_of_is_unread(root: Path, exit_code: int) -> None:
    parsed = SCANNER.run(job(root, "package-lock.json"), answering({"results": []}, exit_code))
    assert parsed.state is LedgerState.FAILED
    assert parsed.unseen == {"package-lock.json"}
    (root / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {}}')
    parsed = SCANNER.run(job(root, "package-lock.json"), answering({"results": []}, exit_code))
    assert (parsed.state, parsed.scanned) == (LedgerState.RAN, 0)


@pytest.mark.parametrize(
    "stderr",
    [
        "error when retrieving vulns: max retries exceeded",
        "Error during extraction: (extracting as vulnmatch/osvdev) max retries exceeded",
    ],
)
def test_giving_up_on_the_service_is_a_failure_that_keeps_findings(root: Path, stderr: str) -> None:
    document = report(package(record("GHSA-1")), path="STAGED")
    parsed = SCANNER.run(job(root, "package-lock.json"), answering(document, 1, f"Loaded\n{stderr}\nmore"))
    assert (parsed.state, len(parsed.findings)) == (LedgerState.FAILED, 1)
    assert "max retries exceeded" in parsed.reason
    assert "--advisories" in parsed.mend


def test_a_database_that_the_tool_cannot_load_is_a_gap(root: Path) -> None:
    advisories = root.parent / "advisories" / "npm"
    advisories.mkdir(parents=True)
    (advisories / "a.json").write_text(json.dumps(record("GHSA-1")))
    stderr = "could not load db for npm ecosystem: zip: not a valid zip file"
    execute = answering_first(report(package(), path="STAGED"), 127, stderr)
    parsed = SCANNER.run(job(root, "package-lock.json", advisories=advisories.parent), execute)
    assert parsed.state is LedgerState.FAILED
    assert "not a valid zip file" in parsed.reason


def answering_first(document: Any, exit_code: int, stderr: str) -> Callable[[Command], Output]:
    """Like `answering`, where databases are linked as well."""

    def execute(command: Command) -> Output:
        name = next(name for name in command.links if name.startswith("tree/"))
        return Output(json.dumps(document).replace("STAGED", f"/work/{name}").encode(), exit_code, stderr)

    return execute


def test_pins_that_the_tool_does_not_answer_for_are_gaps(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1\nb==2\nc>3\n")

    def execute(command: Command) -> Output:
        (name,) = (name for name in command.files if name.startswith("tree/"))
        assert command.files[name] == b"a==1\nb==2\n"
        found = {"package": {"name": "a", "version": "1", "ecosystem": "PyPI"}}
        return Output(json.dumps(report(found, path=f"/work/{name}")).encode(), 0)

    parsed = SCANNER.run(job(tmp_path, "requirements.txt"), execute)
    assert (parsed.scanned, parsed.considered, parsed.state) == (1, 3, LedgerState.PARTIAL)
    assert [skip.reason.partition(": ")[2] for skip in parsed.skipped] == [
        "c>3: has no exact version",
        "b 2: osv-scanner did not answer for it",
    ]
