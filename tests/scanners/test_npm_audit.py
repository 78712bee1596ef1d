"""npm audit: each trap of the tool is one test. The recorded outputs were made by running npm 11.19.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import Finding, LedgerState, PackageLocation, Severity
from scangate.scanners.interface import Command, Driven, Job, Output, Parsed, ScannerError, Target, Tool
from scangate.scanners.npm_audit import NpmAudit
from scangate.scanners.npm_registry import registry_settings
from tests.scanners.npm_stand_in import write_tree

NPM = NpmAudit()
WITNESS = "node_modules/.witness/node_modules/lodash"
PROTOTYPE = {
    "source": 1106913,
    "name": "lodash",
    "dependency": "lodash",
    "title": "Prototype Pollution in lodash",
    "url": "https://github.com/advisories/GHSA-jf85-cpcp-j695",
    "severity": "critical",
    "cwe": ["CWE-1321", "CWE-20"],
    "cvss": {"score": 9.1, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H"},
    "range": "<4.17.12",
}
REDOS = PROTOTYPE | {
    "source": 1094222,
    "name": "debug",
    "dependency": "debug",
    "title": "Regular Expression Denial of Service in debug",
    "url": "https://github.com/advisories/GHSA-gxpj-cx7g-858c",
    "severity": "moderate",
    "cwe": ["CWE-400"],
    "cvss": {"score": 0, "vectorString": None},
    "range": "<2.6.9",
}
LODASH = {
    "name": "lodash",
    "severity": "critical",
    "isDirect": True,
    "via": [PROTOTYPE],
    "effects": [],
    "range": "<=4.17.11",
    "nodes": [WITNESS, "node_modules/lodash"],
    "fixAvailable": {"name": "lodash", "version": "4.17.21", "isSemVerMajor": False},
}
DEBUG = {
    "name": "debug",
    "severity": "moderate",
    "isDirect": False,
    "via": [REDOS, "ms"],
    "effects": ["express"],
    "range": "<=2.6.8",
    "nodes": ["node_modules/debug"],
    "fixAvailable": {"name": "express", "version": "5.0.0", "isSemVerMajor": True},
}
BLAMED = {
    "name": "express",
    "severity": "moderate",
    "isDirect": True,
    "via": ["debug"],
    "effects": [],
    "range": "*",
    "nodes": ["node_modules/express"],
    "fixAvailable": True,
}
LOCK = {
    "name": "shop",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "shop", "dependencies": {"lodash": "4.17.11", "express": "4"}, "devDependencies": {"left": "1"}},
        "node_modules/lodash": {"version": "4.17.11"},
        "node_modules/express": {"version": "4.0.0", "dependencies": {"debug": "~2.0.0"}},
        "node_modules/debug": {"version": "2.0.0"},
        "node_modules/left": {"version": "1.0.0", "dev": True},
    },
}


def report(*vulnerable: Mapping[str, Any], total: int = 6, **changes: Any) -> bytes:
    document = {
        "auditReportVersion": 2,
        "vulnerabilities": {one["name"]: one for one in vulnerable},
        "metadata": {"vulnerabilities": {"total": len(vulnerable)}, "dependencies": {"prod": 5, "total": total}},
    }
    return json.dumps(document | changes).encode()


def audit(
    root: Path,
    output: bytes = b"",
    *,
    lock: Any = LOCK,
    path: str = "package-lock.json",
    exit_code: int | None = 1,
    offline: bool = False,
    commands: list[Command] | None = None,
) -> Parsed:
    """The adapter on a tree with one lock file, with a recorded output of npm's."""
    write_tree(root, {path: lock})
    job = Job(
        "npm-audit",
        Target(path, ("npm-dependencies",), (path,)),
        root=root,
        work=root.parent / "work",
        tool=Tool(Path("/tools/npm"), "11.19.1", "PATH: /tools/npm"),
        offline=offline,
    )

    def execute(command: Command) -> Output:
        if commands is not None:
            commands.append(command)
        return Output(output, exit_code)

    return NPM.run(job, execute)


def place(finding: Finding) -> PackageLocation:
    assert isinstance(finding.location, PackageLocation)
    return finding.location


def test_it_drives_itself_and_looks_only_when_asked() -> None:
    assert isinstance(NPM, Driven)
    assert not NPM.by_default


def test_an_advisory_becomes_a_finding_with_the_facts_of_the_lock_file(tmp_path: Path) -> None:
    parsed = audit(tmp_path, report(LODASH))
    assert (parsed.state, parsed.considered, parsed.scanned) == (LedgerState.RAN, 4, 4)
    assert parsed.database_date
    (finding,) = parsed.findings
    assert (finding.ids, finding.rule.cwe) == (("GHSA-jf85-cpcp-j695",), (1321, 20))
    assert finding.title == "lodash 4.17.11: Prototype Pollution in lodash"
    assert (finding.severity, [rating.method for rating in finding.ratings]) == (
        Severity.CRITICAL,
        ["word:advisory", "CVSS:3.1"],
    )
    assert (finding.fix.state, finding.fix.versions) == ("available", ("4.17.21",))
    where = place(finding)
    assert (where.purl, where.version, where.manifest) == ("pkg:npm/lodash@4.17.11", "4.17.11", "package-lock.json")
    assert (where.direct, where.scope) == (True, "runtime")
    assert '"node_modules/lodash"' in (tmp_path / "package-lock.json").read_text().split("\n")[(where.line or 0) - 1]


def test_what_is_blamed_on_another_package_is_no_finding_and_is_named_there(tmp_path: Path) -> None:
    (finding,) = audit(tmp_path, report(LODASH | {"nodes": [WITNESS]}, DEBUG, BLAMED)).findings
    assert (finding.rule.id, place(finding).direct) == ("GHSA-gxpj-cx7g-858c", False)
    assert "Reached through express." in finding.message
    assert finding.fix.text == "update express to 5.0.0 (a breaking change)"
    assert not finding.fix.versions, "the version is express's"


def test_the_same_advisory_counts_once_for_each_version_that_it_concerns(tmp_path: Path) -> None:
    places = ["node_modules/debug", "node_modules/express/node_modules/debug", "node_modules/left/node_modules/debug"]
    more = {name: {"version": version} for name, version in zip(places, ["2.0.0", "2.0.0", "1.0.0"], strict=True)}
    lock = LOCK | {"packages": LOCK["packages"] | more | {"node_modules/x/node_modules/debug": {"version": "2.6.9"}}}  # type: ignore[operator]
    nodes = [*places, "node_modules/x/node_modules/debug"]
    debug = DEBUG | {"nodes": nodes, "via": [REDOS, REDOS, "ms"]}
    findings = audit(tmp_path, report(LODASH | {"nodes": [WITNESS]}, debug, total=9), lock=lock).findings
    assert sorted(place(finding).version for finding in findings) == ["1.0.0", "2.0.0"], "2.6.9 is out of range"


def test_a_range_that_is_not_understood_counts(tmp_path: Path) -> None:
    debug = DEBUG | {"via": [REDOS | {"range": "^2 || ~1"}]}
    assert len(audit(tmp_path, report(LODASH | {"nodes": [WITNESS]}, debug)).findings) == 1


def test_where_npm_alone_knows_why_a_package_is_concerned_it_counts(tmp_path: Path) -> None:
    debug = DEBUG | {"via": [REDOS | {"range": "<1.0.0"}]}
    assert len(audit(tmp_path, report(LODASH | {"nodes": [WITNESS]}, debug)).findings) == 1


def test_the_witness_is_no_finding_and_is_not_asked_for_twice(tmp_path: Path) -> None:
    commands: list[Command] = []
    parsed = audit(tmp_path, report(LODASH | {"nodes": [WITNESS]}), commands=commands)
    assert not parsed.findings
    (command,) = commands
    assert json.loads(command.files["package-lock.json"])["packages"][WITNESS] == {"version": "4.17.11"}


@pytest.mark.parametrize(
    ("output", "exit_code", "state", "said"),
    [
        (report(total=6), 0, LedgerState.FAILED, "knows no advisories"),
        (report(DEBUG), 1, LedgerState.FAILED, "knows no advisories"),
        (report(LODASH, total=5), 1, LedgerState.UNREADABLE, "5 of 6"),
        (report(LODASH | {"nodes": [WITNESS, "node_modules/other"]}), 1, LedgerState.UNREADABLE, "node_modules/other"),
        (report(LODASH), 7, LedgerState.FAILED, "exit code 7"),
        (report(LODASH, auditReportVersion=3), 1, LedgerState.UNREADABLE, "version 3"),
        (report(LODASH, vulnerabilities=[]), 1, LedgerState.UNREADABLE, "vulnerabilities"),
        (report(LODASH)[:-30], 1, LedgerState.UNREADABLE, "not JSON"),
        (report(LODASH | {"via": [{"title": "?"}]}), 1, LedgerState.UNREADABLE, "via"),
        (b"", 0, LedgerState.FAILED, "printed nothing"),
        (b"[]", 0, LedgerState.UNREADABLE, "no object"),
        (b"{}", 0, LedgerState.UNREADABLE, "neither"),
        (b'{"advisories": {}, "actions": []}', 0, LedgerState.UNREADABLE, "npm 6"),
        (b'{"error": {"code": "ENOLOCK", "summary": "needs a lock"}}', 0, LedgerState.FAILED, "needs a lock"),
        (b'{"error": {"code": "EFAIL", "summary": ""}}', 1, LedgerState.FAILED, "npm audit failed"),
        (
            b'{"message": "405 Method Not Allowed - POST http://me:secret@registry/bulk", "statusCode": 405}',
            1,
            LedgerState.FAILED,
            "does not answer which packages have advisories",
        ),
        (b'{"message": "request failed, reason: connect ECONNREFUSED"}', 1, LedgerState.FAILED, "ECONNREFUSED"),
    ],
)
def test_what_is_not_a_whole_answer_is_never_clean(
    tmp_path: Path, output: bytes, exit_code: int, state: LedgerState, said: str
) -> None:
    with pytest.raises(ScannerError, match=said) as caught:
        audit(tmp_path, output, exit_code=exit_code)
    assert caught.value.state is state
    assert "secret" not in caught.value.reason
    if b"405" in output:
        assert "osv-scanner" in caught.value.mend


def test_offline_it_failed(tmp_path: Path) -> None:
    with pytest.raises(ScannerError, match="offline") as caught:
        audit(tmp_path, offline=True)
    assert caught.value.state is LedgerState.FAILED
    assert "osv-scanner" in caught.value.mend


@pytest.mark.parametrize(
    ("files", "path", "said"),
    [
        ({"yarn.lock": "# yarn lockfile v1\n"}, "yarn.lock", "does not read yarn.lock; osv-scanner and Trivy do"),
        ({"pnpm-lock.yaml": "lockfileVersion: 9\n"}, "pnpm-lock.yaml", "does not read pnpm-lock.yaml"),
        ({"bun.lock": "{}"}, "bun.lock", "does not read bun.lock"),
        ({"a/package.json": "{}", "a/yarn.lock": ""}, "a/package.json", "does not read yarn.lock"),
        ({"package.json": "{}"}, "package.json", "no lock file of npm's"),
        ({"package-lock.json": LOCK, "other/package.json": "{}"}, "other/package.json", "no lock file of npm's"),
    ],
)
def test_what_npm_audit_does_not_read_is_partial_and_not_seen(
    tmp_path: Path, files: dict[str, Any], path: str, said: str
) -> None:
    parsed = audit(write_tree(tmp_path, files), path=path, lock=files[path])
    assert (parsed.state, parsed.scanned, set(parsed.unseen)) == (LedgerState.PARTIAL, 0, {path})
    assert said in parsed.reason
    assert [skipped.path for skipped in parsed.skipped] == [path]
    assert parsed.mend


@pytest.mark.parametrize("manifest", ["package.json", "packages/a/package.json"])
def test_a_manifest_is_spoken_for_by_its_lock_file(tmp_path: Path, manifest: str) -> None:
    lock = LOCK | {"packages": LOCK["packages"] | {"packages/a": {"version": "1.0.0"}}}  # type: ignore[operator]
    parsed = audit(
        write_tree(tmp_path, {"package-lock.json": lock}), path=manifest, lock={"dependencies": {"lodash": "4"}}
    )
    assert (parsed.state, parsed.considered, set(parsed.unseen)) == (LedgerState.RAN, 0, {manifest})
    assert parsed.reason == "package-lock.json says its versions"


def test_an_output_made_elsewhere_keeps_each_advisory(tmp_path: Path) -> None:
    job = Job("npm-audit", Target("npm.json", ()), root=tmp_path, work=tmp_path)
    parsed = NPM.parse(Output(report(LODASH, DEBUG, BLAMED)), job)
    assert sorted(finding.rule.id for finding in parsed.findings) == ["GHSA-gxpj-cx7g-858c", "GHSA-jf85-cpcp-j695"]
    assert {place(finding).purl for finding in parsed.findings} == {"pkg:npm/lodash", "pkg:npm/debug"}


def test_real_outputs_keep_every_advisory_and_explain_every_package(shared: Path) -> None:
    """The samples count packages (`vulnerabilities{}`); here each advisory on a package is a finding, and a package
    without one is blamed on others of the same report."""
    for row in json.loads((shared / "samples" / "expected.json").read_text()):
        if not row["file"].startswith("npm_audit_7_plus/"):
            continue
        data = (shared / "samples" / row["file"]).read_bytes()
        parsed = NPM.parse(
            Output(data), Job("npm-audit", Target("x", ()), root=Path("/nowhere"), work=Path("/nowhere"))
        )
        packages = json.loads(data)["vulnerabilities"]
        assert len(packages) == row["raw_records"], row["file"]
        named = {place(finding).name for finding in parsed.findings}
        for name, package in packages.items():
            objects = [via for via in package["via"] if not isinstance(via, str)]
            blamed = [via for via in package["via"] if isinstance(via, str)]
            assert name in named if objects else blamed and set(blamed) <= packages.keys()
        advisories = {
            (v["source"], v["dependency"]) for p in packages.values() for v in p["via"] if isinstance(v, dict)
        }
        assert len(parsed.findings) == len(advisories)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(sorted(REDOS)), json_values),
    st.dictionaries(st.sampled_from(sorted(DEBUG)), json_values),
)
def test_any_record_is_a_finding_or_a_clear_error(advisory: dict[str, Any], package: dict[str, Any]) -> None:
    job = Job("npm-audit", Target("x", ()), root=Path("/nowhere"), work=Path("/nowhere"))
    vulnerable = DEBUG | {"via": [REDOS | advisory]} | {key: value for key, value in package.items() if key != "via"}
    document = json.dumps({"auditReportVersion": 2, "vulnerabilities": {"debug": vulnerable}, "metadata": {}})
    try:
        parsed = NPM.parse(Output(document.encode()), job)
    except ScannerError:
        return
    assert len(parsed.findings) == 1


def test_only_the_users_registry_settings_reach_npm(tmp_path: Path) -> None:
    npmrc = [
        "registry=https://npm.shop.example/",
        "//npm.shop.example/:_authToken=${SHOP_TOKEN}",
        "@shop:registry = https://npm.shop.example/",
        "cafile=/etc/ssl/shop.pem",
        "ignore-scripts=false",
        "node-options=--require /evil.js",
        "omit=dev",
        "; a remark",
    ]
    write_tree(tmp_path, {".npmrc": "\n".join(npmrc)})
    environment = {
        "HOME": str(tmp_path),
        "SHOP_TOKEN": "t",
        "OTHER_TOKEN": "o",
        "npm_config_registry": "https://other.example/",
        "npm_config_omit": "dev",
        "NODE_OPTIONS": "--require /evil.js",
    }
    settings = registry_settings(environment, forbidden=tmp_path / "tree")
    assert settings.npmrc.decode().splitlines() == npmrc[:4]
    assert settings.variables == {"SHOP_TOKEN": "t", "npm_config_registry": "https://other.example/"}
    assert not registry_settings(environment, forbidden=tmp_path).npmrc, "the scanned tree is no user"
    elsewhere = {"NPM_CONFIG_USERCONFIG": str(tmp_path / ".npmrc"), "HOME": "/nowhere"}
    assert registry_settings(elsewhere, forbidden=tmp_path / "tree").npmrc == settings.npmrc
