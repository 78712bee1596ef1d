"""Trivy's output: each trap of it is one test. The recorded records were made by running Trivy 0.74.0 on our images."""

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
    ImageLocation,
    LedgerState,
    PackageLocation,
    ResourceLocation,
    Severity,
)
from scangate.scanners.interface import Job, Output, Parsed, ScannerError, Target, Tool
from scangate.scanners.trivy import Trivy
from scangate.scanners.trivy_errors import explain
from scangate.scanners.trivy_image import base_layers
from scangate.scanners.trivy_misconfiguration import canonical_rule
from scangate.scanners.trivy_report import Step

TRIVY = Trivy()
TOOL = Tool(Path("/nowhere/trivy"), "0.74.0", "a test")
BASE, OWN = f"sha256:{'b' * 64}", f"sha256:{'a' * 64}"
HISTORY = [
    {"created_by": "/bin/sh -c #(nop) ADD file:abc in / "},
    {"created_by": '/bin/sh -c #(nop)  CMD ["bash"]', "empty_layer": True},
    {"created_by": "COPY app /app # buildkit"},
    {"created_by": 'CMD ["run"]', "empty_layer": True},
]
METADATA = {
    "OS": {"Family": "debian", "Name": "12.5"},
    "DiffIDs": [BASE, OWN],
    "RepoDigests": ["example/app@sha256:" + "d" * 64],
    "ImageConfig": {"history": HISTORY},
}


def vulnerability(**changes: Any) -> dict[str, Any]:
    return {
        "VulnerabilityID": "CVE-2019-10906",
        "VendorIDs": ["GHSA-462w-v97r-4m45"],
        "PkgID": "Jinja2@2.10",
        "PkgName": "Jinja2",
        "PkgPath": "app/Jinja2-2.10.dist-info/METADATA",
        "PkgIdentifier": {"PURL": "pkg:pypi/jinja2@2.10", "UID": "477522ef93843f3b"},
        "InstalledVersion": "2.10",
        "FixedVersion": "2.10.1, 2.11",
        "Status": "fixed",
        "Layer": {"DiffID": OWN},
        "SeveritySource": "ghsa",
        "PrimaryURL": "https://avd.aquasec.com/nvd/cve-2019-10906",
        "DataSource": {"ID": "ghsa", "Name": "GitHub Security Advisory Pip", "URL": "https://example.org"},
        "Title": "sandbox escape",
        "Description": "Long words. And more.",
        "Severity": "HIGH",
        "CweIDs": ["CWE-693"],
        "VendorSeverity": {"ghsa": 3, "nvd": 4, "redhat": 2},
        "CVSS": {"nvd": {"V2Vector": "AV:N/AC:L/Au:N/C:P/I:N/A:N", "V2Score": 5, "V3Score": 8.6}},
        "References": ["https://github.com/advisories/GHSA-462w-v97r-4m45"],
    } | changes


def system(**changes: Any) -> dict[str, Any]:
    """A vulnerability of a distribution's package."""
    record = {
        "VulnerabilityID": "CVE-2099-0001",
        "VendorIDs": ["DSA-9999-1"],
        "PkgName": "libssl3",
        "PkgPath": "",
        "PkgIdentifier": {"PURL": "pkg:deb/debian/libssl3@3.0.17?arch=amd64&distro=debian-12.5"},
        "Layer": {"DiffID": BASE},
        "DataSource": {"ID": "debian"},
        "SeveritySource": "debian",
        "Severity": "MEDIUM",
        "VendorSeverity": {"debian": 2, "nvd": 4},
        "CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "V3Score": 9.8}},
    }
    return vulnerability() | record | changes


def misconfiguration(**changes: Any) -> dict[str, Any]:
    line = {"Number": 2, "Content": "USER root", "IsCause": True}
    return {
        "Type": "Dockerfile Security Check",
        "ID": "DS-0002",
        "Title": "Image user should not be 'root'",
        "Description": "Long words.",
        "Message": "Last USER command in Dockerfile should not be 'root'",
        "Resolution": "Add 'USER <non root user name>' line to the Dockerfile",
        "Severity": "HIGH",
        "PrimaryURL": "https://avd.aquasec.com/misconfig/ds-0002",
        "Status": "FAIL",
        "CauseMetadata": {"Provider": "Dockerfile", "StartLine": 2, "EndLine": 2, "Code": {"Lines": [line]}},
    } | changes


def secret(**changes: Any) -> dict[str, Any]:
    return {
        "RuleID": "aws-access-key-id",
        "Category": "AWS",
        "Severity": "CRITICAL",
        "Title": "AWS Access Key ID",
        "StartLine": 3,
        "EndLine": 3,
        "Code": {"Lines": [{"Number": 2, "Content": "the line before, which nobody masks", "IsCause": False}]},
        "Match": "aws_access_key_id = ********************",
        "Layer": {"DiffID": OWN},
    } | changes


def licence(**changes: Any) -> dict[str, Any]:
    return {
        "Severity": "HIGH",
        "Category": "restricted",
        "PkgName": "a/b",
        "FilePath": "composer.lock",
        "Name": "GPL-3.0-only",
        "Confidence": 1,
    } | changes


def languages(*records: dict[str, Any], target: str = "Python", **more: Any) -> dict[str, Any]:
    package = {"ID": "Jinja2@2.10", "Name": "Jinja2", "Version": "2.10"}
    result = {"Target": target, "Class": "lang-pkgs", "Type": "python-pkg", "Packages": [package]}
    return result | {"Vulnerabilities": list(records)} | more


def distribution(*records: dict[str, Any], **more: Any) -> dict[str, Any]:
    result = {"Target": "app.tar (debian 12.5)", "Class": "os-pkgs", "Type": "debian"}
    return result | {"Packages": [{"Name": "libssl3", "Version": "3.0.17"}], "Vulnerabilities": list(records)} | more


def checks(*records: dict[str, Any], target: str = "Dockerfile", kind: str = "dockerfile") -> dict[str, Any]:
    return {"Target": target, "Class": "config", "Type": kind, "Misconfigurations": list(records)}


def secrets(*records: dict[str, Any], target: str = "app/key.txt") -> dict[str, Any]:
    return {"Target": target, "Class": "secret", "Secrets": list(records)}


def report(*results: dict[str, Any], kind: str = "container_image", **more: Any) -> bytes:
    document = {"SchemaVersion": 2, "Trivy": {"Version": "0.74.0"}, "ArtifactName": "app.tar", "ArtifactType": kind}
    return json.dumps(document | ({"Metadata": METADATA} | more) | {"Results": list(results)}).encode()


def read(output: bytes, root: Path = Path("/nowhere")) -> Parsed:
    """An output that was made elsewhere."""
    return TRIVY.parse(Output(output), Job("trivy", Target("output.json", ()), root=root, work=root))


def image_scan(output: bytes) -> Parsed:
    """An output of our own run on an image."""
    nowhere = Path("/nowhere")
    target = Target("shop/app:1.0", ("container-image",), subject="shop/app:1.0")
    return TRIVY.parse(Output(output, 0), Job("trivy", target, nowhere, nowhere, TOOL, database=nowhere))


def only(parsed: Parsed) -> Finding:
    (finding,) = parsed.findings
    return finding


def place(finding: Finding) -> ImageLocation:
    assert isinstance(finding.location, ImageLocation)
    return finding.location


def test_a_package_of_a_language_in_an_image() -> None:
    finding = only(image_scan(report(distribution(), languages(vulnerability()))))
    assert (finding.category, finding.rule.id, finding.rule.cwe) == (Category.CONTAINER, "CVE-2019-10906", (693,))
    assert finding.title == "Jinja2 2.10: CVE-2019-10906 sandbox escape"
    assert place(finding) == ImageLocation(
        ref="shop/app:1.0",
        digest="sha256:" + "d" * 64,
        layer=OWN,
        created_by="COPY app /app # buildkit",
        base=False,
        package="pkg:pypi/jinja2@2.10",
        path="app/Jinja2-2.10.dist-info/METADATA",
        fixed_in=("2.10.1", "2.11"),
    )
    assert finding.fix.versions == ("2.10.1", "2.11")


def test_a_package_of_the_distribution_lies_in_the_base_image_and_has_no_file_of_its_own() -> None:
    found = place(only(image_scan(report(distribution(system())))))
    assert (found.base, found.created_by, found.path) == (True, "ADD file:abc in /", "")


def test_every_opinion_is_kept_and_the_distributions_own_word_wins() -> None:
    finding = only(read(report(distribution(system()))))
    assert [(r.source, r.method, r.severity) for r in finding.ratings] == [
        ("trivy:debian", "word:vendor", Severity.MEDIUM),
        ("trivy:nvd", "word", Severity.CRITICAL),
        ("trivy:nvd", "CVSS:3.1", Severity.CRITICAL),
    ]
    assert finding.severity is Severity.MEDIUM
    assert finding.sources[0].severity == "MEDIUM"


def test_of_a_language_the_advisory_database_wins_and_a_score_without_vector_counts() -> None:
    finding = only(read(report(languages(vulnerability()), distribution())))
    assert [(r.source, r.method, r.severity) for r in finding.ratings] == [
        ("trivy:ghsa", "word:advisory", Severity.HIGH),
        ("trivy:nvd", "word", Severity.CRITICAL),
        ("trivy:redhat", "word", Severity.MEDIUM),
        ("trivy:nvd", "CVSS:3.1", Severity.HIGH),
        ("trivy:nvd", "CVSS:2.0", Severity.MEDIUM),
    ]
    assert finding.severity is Severity.HIGH


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"VendorSeverity": None, "CVSS": None}, Severity.MEDIUM),
        ({"VendorSeverity": None, "CVSS": None, "Severity": "UNKNOWN", "SeveritySource": None}, Severity.UNKNOWN),
        ({"VendorSeverity": {"nvd": 9}, "CVSS": None, "Severity": "", "SeveritySource": None}, Severity.UNKNOWN),
        ({"VendorSeverity": {"redhat": 2}, "SeveritySource": "redhat"}, Severity.CRITICAL),
    ],
)
def test_severities_where_some_are_missing(changes: dict[str, Any], severity: Severity) -> None:
    assert only(read(report(distribution(system(**changes))))).severity is severity


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"Status": "fixed"}, "available"),
        ({"Status": "affected", "FixedVersion": ""}, "none"),
        ({"Status": "will_not_fix", "FixedVersion": ""}, "wont-fix"),
        ({"Status": "fix_deferred", "FixedVersion": None}, "wont-fix"),
        ({"Status": "end_of_life", "FixedVersion": ""}, "wont-fix"),
        ({"Status": "under_investigation", "FixedVersion": ""}, "unknown"),
        ({"Status": None, "FixedVersion": "1.0"}, "available"),
        ({"Status": None, "FixedVersion": None}, "unknown"),
    ],
)
def test_what_can_be_done(changes: dict[str, Any], state: str) -> None:
    assert only(read(report(distribution(system(**changes))))).fix.state == state


def test_a_vulnerability_that_does_not_affect_is_marked() -> None:
    finding = only(read(report(distribution(system(Status="not_affected")))))
    assert [relief.kind for relief in finding.relief] == ["tool"]


ADVISORIES = "https://github.com/advisories"


@pytest.mark.parametrize(
    ("vendor_ids", "references", "ids"),
    [
        (["GHSA-462w-v97r-4m45"], [], ("CVE-2019-10906", "GHSA-462w-v97r-4m45")),
        ([], [f"{ADVISORIES}/GHSA-462w-v97r-4m45"], ("CVE-2019-10906", "GHSA-462w-v97r-4m45")),
        ([], [f"{ADVISORIES}/GHSA-462w-v97r-4m45", f"{ADVISORIES}/GHSA-q2q7-5pp4-w6pg"], ("CVE-2019-10906",)),
        ([], ["https://github.com/x/y/issues/1"], ("CVE-2019-10906",)),
        (None, None, ("CVE-2019-10906",)),
    ],
)
def test_a_reference_names_the_advisory_only_where_it_is_the_one(
    vendor_ids: list[str] | None, references: list[str] | None, ids: tuple[str, ...]
) -> None:
    record = vulnerability(VendorIDs=vendor_ids, References=references)
    assert only(read(report(languages(record), distribution()))).ids == ids


def test_the_cve_comes_first_and_a_distributions_references_name_nobody() -> None:
    record = system(VulnerabilityID="DSA-9999-1", VendorIDs=["CVE-2099-0001"])
    record |= {"References": [f"{ADVISORIES}/GHSA-462w-v97r-4m45"]}
    assert only(read(report(distribution(record)))).ids == ("CVE-2099-0001", "DSA-9999-1")


@pytest.mark.parametrize(
    ("result", "record", "purl"),
    [
        (distribution, system(PkgIdentifier=None), "pkg:deb/debian/libssl3@2.10"),
        (languages, vulnerability(PkgIdentifier={}), "pkg:pypi/jinja2@2.10"),
        (languages, vulnerability(PkgIdentifier={}, PkgName="g:a") | {"_type": "jar"}, "pkg:maven/g/a@2.10"),
        (languages, vulnerability(PkgIdentifier={}, PkgName="@s/a") | {"_type": "npm"}, "pkg:npm/%40s/a@2.10"),
        (languages, vulnerability(PkgIdentifier={}, PkgName="x") | {"_type": "odd"}, "pkg:generic/x@2.10"),
    ],
)
def test_package_urls_of_outputs_that_have_none(result: Any, record: dict[str, Any], purl: str) -> None:
    kind = {"Type": record.pop("_type")} if "_type" in record else {}
    assert (
        place(only(read(report(result(record, **kind), *([] if result is distribution else [distribution()]))))).package
        == purl
    )


def test_a_dependency_of_the_tree_has_its_manifest_its_line_and_its_scope() -> None:
    package = {"ID": "lodash@4", "Name": "lodash", "Version": "4", "Relationship": "indirect", "Dev": True}
    package["Locations"] = [{}, {"StartLine": 7, "EndLine": 9}]
    record = vulnerability(PkgID="lodash@4", PkgName="lodash", PkgPath="", InstalledVersion="4")
    result = languages(record, target="web/package-lock.json", Type="npm", Packages=[package])
    finding = only(read(report(result, kind="filesystem", Metadata={})))
    assert finding.category is Category.DEPENDENCY
    assert finding.location == PackageLocation(
        purl="pkg:pypi/jinja2@2.10",
        name="lodash",
        version="4",
        manifest="web/package-lock.json",
        line=7,
        direct=False,
        scope="dev",
        fixed_in=("2.10.1", "2.11"),
    )


def test_a_component_of_an_sbom_lies_in_the_sbom() -> None:
    finding = only(read(report(languages(vulnerability()), kind="cyclonedx", Metadata={})))
    assert isinstance(finding.location, PackageLocation)
    assert finding.location.manifest == "app.tar"


@pytest.mark.parametrize(
    ("history", "layers"),
    [
        ([("ADD /", False), ('/bin/sh -c #(nop)  CMD ["bash"]', True), ("COPY a", False), ('CMD ["a"]', True)], 1),
        ([("ADD /", False), ('CMD ["bash"]', True), ("RUN x", False), ("CMD x", True), ("COPY a", False)], 2),
        ([("ADD /", False), ('CMD ["bash"]', True)], None),
        ([("COPY a", False), ("COPY b", False), ('CMD ["a"]', True)], None),
        ([("ADD /", False), ("RUN echo CMD", True), ("COPY a", False)], None),
        ([], None),
    ],
)
def test_the_base_image_ends_with_the_last_cmd_that_a_layer_follows(
    history: list[tuple[str, bool]], layers: int | None
) -> None:
    assert base_layers(tuple(Step(created_by=text, empty_layer=empty) for text, empty in history)) == layers


def test_a_history_that_does_not_fit_the_layers_says_nothing() -> None:
    found = place(only(read(report(distribution(system()), Metadata=METADATA | {"DiffIDs": [BASE]}))))
    assert (found.base, found.created_by, found.layer) == (None, "", BASE)


GAPS = {
    "no package database": (report(distribution(Packages=[]), languages()), "no package database of debian"),
    "no results at all": (report(), "no advisories for debian"),
    "no distribution": (report(languages(), Metadata={}), "no distribution in it, and looked up 1 packages"),
    "a distribution of no name": (report(Metadata={"OS": {"Family": "none", "Name": ""}}), "no packages of languages"),
    "foreign packages": (
        report(distribution(Packages=[{"Name": "docker-ce", "Repository": {"Class": "third-party"}}])),
        "not from debian 12.5, which has no advisories for them: docker-ce",
    ),
    "inline marks": (
        report(
            distribution(),
            Metadata=METADATA | {"ImageConfig": {"history": [{"created_by": "RUN x #trivy:ignore:DS-0002"}]}},
        ),
        "tells Trivy to ignore",
    ),
}


@pytest.mark.parametrize("gap", GAPS)
def test_an_image_that_was_not_wholly_looked_at_is_never_clean(gap: str) -> None:
    output, reason = GAPS[gap]
    parsed = image_scan(output)
    assert parsed.state is LedgerState.PARTIAL
    assert reason in parsed.reason
    assert parsed.mend


def test_what_is_looked_at_is_packages() -> None:
    parsed = image_scan(report(distribution(system()), languages(vulnerability())))
    assert (parsed.state, parsed.considered, parsed.scanned) == (LedgerState.RAN, 2, 2)
    assert parsed.version == "0.74.0"
    assert [skip.reason for skip in parsed.skipped] == ["Trivy looks for no secrets in it"]


def test_a_distribution_past_its_end_of_life_is_a_finding() -> None:
    ended = METADATA | {"OS": {"Family": "debian", "Name": "9.5", "EOSL": True}}
    finding = only(image_scan(report(distribution(), Metadata=ended)))
    assert (finding.rule.id, finding.severity, finding.category) == ("EOSL", Severity.HIGH, Category.CONTAINER)
    assert "debian 9.5" in finding.title


def test_a_misconfiguration_names_its_lines(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nUSER root\n")
    finding = only(read(report(checks(misconfiguration()), kind="filesystem"), tmp_path))
    assert (finding.category, finding.rule.id, finding.severity) == (Category.IAC, "DS-0002", Severity.HIGH)
    assert finding.location == ResourceLocation(address="", path="Dockerfile", line=2, end_line=2, snippet="USER root")
    assert finding.fix.text.startswith("Add 'USER")


@pytest.mark.parametrize(
    ("rule", "today"),
    [
        ("DS-0002", "DS-0002"),
        ("DS002", "DS-0002"),
        ("AVD-DS-0002", "DS-0002"),
        ("avd-aws-0086", "AWS-0086"),
        ("KSV011", "KSV-0011"),
        ("aws-s3-enable-bucket-encryption", "aws-s3-enable-bucket-encryption"),
        ("ID001X", "ID001X"),
    ],
)
def test_every_form_of_a_checks_id_is_one(rule: str, today: str) -> None:
    assert canonical_rule(rule) == today


def test_an_old_id_is_told_by_the_newer_one_beside_it_and_kept() -> None:
    record = misconfiguration(ID="aws-s3-enable-bucket-encryption", AVDID="AVD-AWS-0088")
    finding = only(read(report(checks(record), kind="filesystem")))
    assert (finding.rule.id, finding.sources[0].rule_id) == ("AWS-0088", "aws-s3-enable-bucket-encryption")


@pytest.mark.parametrize("status", ["PASS", "EXCEPTION"])
def test_only_failed_checks_are_findings(status: str) -> None:
    assert not read(report(checks(misconfiguration(Status=status)), kind="filesystem")).findings


@pytest.mark.parametrize(
    ("resource", "address"), [("aws_s3_bucket.b", "aws_s3_bucket.b"), ("cfn.yaml:2-5", ""), (None, "")]
)
def test_a_place_is_no_address(resource: str | None, address: str) -> None:
    record = misconfiguration(CauseMetadata={"Resource": resource, "StartLine": 2, "EndLine": 5})
    location = only(read(report(checks(record, target="cfn.yaml", kind="cloudformation"), kind="filesystem"))).location
    assert isinstance(location, ResourceLocation)
    assert location.address == address


def test_lines_of_a_chart_count_where_nobody_can_look() -> None:
    finding = only(
        read(report(checks(misconfiguration(), target="c/templates/a.yaml", kind="helm"), kind="filesystem"))
    )
    assert isinstance(finding.location, ResourceLocation)
    assert (finding.location.line, finding.location.snippet) == (None, "USER root")


def test_an_images_own_configuration_is_a_place_in_the_image() -> None:
    finding = only(image_scan(report(distribution(), checks(misconfiguration(CauseMetadata={}), target="app.tar"))))
    assert finding.category is Category.IAC
    assert (place(finding).ref, place(finding).path) == ("shop/app:1.0", "")


def test_a_password_in_a_quoted_resource_is_masked(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "x" "y" {\n  password = "correct-horse-battery"\n}\n')
    record = misconfiguration(CauseMetadata={"Resource": "x.y", "StartLine": 1, "EndLine": 3})
    finding = only(read(report(checks(record, target="main.tf", kind="terraform"), kind="filesystem"), tmp_path))
    assert "battery" not in finding.model_dump_json()


def test_of_a_secret_only_the_masked_match_is_kept() -> None:
    finding = only(read(report(secrets(secret()), kind="filesystem")))
    assert (finding.category, finding.severity, finding.rule.cwe) == (Category.SECRET, Severity.CRITICAL, (798,))
    assert finding.location == FileLocation(path="app/key.txt", line=3, end_line=3, snippet="aws_access_key_id = ****")
    assert "nobody masks" not in finding.model_dump_json()
    assert finding.secret == ""


def test_a_secret_in_an_image_names_file_and_layer() -> None:
    found = place(only(image_scan(report(distribution(), secrets(secret(), target="/app/key.txt")))))
    assert (found.path, found.line, found.base) == ("app/key.txt", 3, False)


@pytest.mark.parametrize(
    ("severity", "noted"),
    [("CRITICAL", True), ("HIGH", True), ("MEDIUM", False), ("LOW", False), ("UNKNOWN", False)],
)
def test_only_forbidden_and_restricted_licences_are_findings(severity: str, noted: bool) -> None:
    packages = [{"Name": "a/b", "Version": "1", "Identifier": {"PURL": "pkg:composer/a/b@1"}}]
    listed = languages(target="composer.lock", Type="composer", Packages=packages)
    licences = {"Target": "composer.lock", "Class": "license", "Licenses": [licence(Severity=severity)]}
    findings = read(report(listed, licences, kind="filesystem")).findings
    assert [f.title for f in findings] == (["a/b: GPL-3.0-only (restricted)"] if noted else [])
    if noted:
        assert isinstance(findings[0].location, PackageLocation)
        assert (findings[0].location.purl, findings[0].path) == ("pkg:composer/a/b@1", "composer.lock")


def test_an_output_of_a_cluster_is_read_resource_by_resource() -> None:
    packages = distribution(system(), Target="shop/redis:6 (debian 12.5)")
    pods = {"Namespace": "default", "Kind": "Pod", "Name": "p", "Results": [packages, checks(misconfiguration())]}
    parsed = read(json.dumps({"ClusterName": "c", "Vulnerabilities": [pods], "Misconfigurations": None}).encode())
    assert [type(finding.location) for finding in parsed.findings] == [ImageLocation, ResourceLocation]
    assert place(parsed.findings[0]).ref == "shop/redis:6"


@pytest.mark.parametrize(
    ("output", "exit_code", "state"),
    [
        (b"", 0, LedgerState.FAILED),
        (b"", 1, LedgerState.FAILED),
        (report(), 1, LedgerState.FAILED),
        (report()[:-9], 0, LedgerState.UNREADABLE),
        (b"[]", 0, LedgerState.UNREADABLE),
        (b"{}", 0, LedgerState.UNREADABLE),
        (b"{}", None, LedgerState.UNREADABLE),
        (b'{"SchemaVersion": 1, "Results": []}', None, LedgerState.UNREADABLE),
        (b'{"ClusterName": "c", "Resources": []}', 0, LedgerState.UNREADABLE),
        (b'{"ClusterName": "c", "Resources": [{"Kind": "Pod", "Error": "denied"}]}', None, LedgerState.FAILED),
        (report(languages({"PkgName": "x"})), None, LedgerState.UNREADABLE),
        (report(checks({"ID": ""})), None, LedgerState.UNREADABLE),
    ],
)
def test_what_is_not_a_whole_report_is_never_clean(output: bytes, exit_code: int | None, state: LedgerState) -> None:
    job = Job("trivy", Target("a", ()), Path("/nowhere"), Path("/nowhere"))
    with pytest.raises(ScannerError) as caught:
        TRIVY.parse(Output(output, exit_code), job)
    assert caught.value.state is state
    assert caught.value.reason


FATAL = "2026-11-23T18:18:19Z\tFATAL\tFatal error\trun error: image scan error: scan error: "


@pytest.mark.parametrize(
    ("words", "reason", "mend"),
    [
        ("init error: --skip-db-update cannot be specified on the first run", "no vulnerability database", "download"),
        ("error in vulnerability DB initialize: failed to open db: file size too small 5", "is damaged", "download"),
        ("--skip-db-update cannot be specified with the old DB schema. Local DB: 1", "another schema", "download"),
        ("unable to open a as an OCI Image: stat a/index.json: not a directory", "neither a docker archive", "tar -xf"),
        ("GET https://r/v2/: UNAUTHORIZED: authentication required", "unauthorised", "docker login"),
        ("GET https://r/v2/: MANIFEST_UNKNOWN: manifest unknown", "does not know the image", "tag"),
        ("dial tcp 127.0.0.1:9: connect: connection refused", "cannot be reached", "docker save"),
        ("dial tcp: lookup r on 10.0.0.1:53: no such host", "cannot be reached", "docker save"),
        ("tls: failed to verify certificate: x509: unknown authority", "not trusted", "SSL_CERT_FILE"),
        ("failed to parse the image name: could not parse reference: B::", "no image reference", "REGISTRY/NAME"),
        (
            'unable to find the specified image "a" in ["docker"]: 1 error',
            "no docker, containerd or podman",
            "--offline",
        ),
        ("analyze error: context deadline exceeded", "too long", ""),
        ("SBOM decode error: unknown scanning is not yet supported", "no SBOM", ""),
        ("something else", "trivy ended with exit code 1: run error", ""),
    ],
)
def test_fatal_errors_in_plain_words(words: str, reason: str, mend: str) -> None:
    error = explain(Output(b"", 1, f"2026\tINFO\tbegun\n{FATAL}{words}\n"))
    assert error.state is LedgerState.FAILED
    assert reason in error.reason
    assert words[-20:] in error.reason
    assert mend in error.mend


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
records = {"Vulnerabilities": vulnerability, "Misconfigurations": misconfiguration, "Secrets": secret}


@given(st.sampled_from(sorted(records)), st.data(), st.sampled_from(["container_image", "filesystem", "spdx"]))
def test_any_record_is_a_finding_or_a_clear_error(group: str, data: st.DataObject, kind: str) -> None:
    record = records[group]()
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(record.keys() - {"Status"})), json_values))
    try:
        parsed = read(report(distribution(), languages() | {group: [record | changes]}, kind=kind))
    except ScannerError:
        return
    assert len(parsed.findings) == 1


@given(json_values)
def test_any_document_is_read_or_refused(document: Any) -> None:
    try:
        read(json.dumps({"SchemaVersion": 2, "Results": document, "Metadata": document}).encode())
    except ScannerError as error:
        assert error.reason


def test_real_outputs_keep_every_record(shared: Path) -> None:
    for row in json.loads((shared / "samples" / "expected.json").read_text()):
        if row["file"].startswith("trivy/"):
            parsed = read((shared / "samples" / row["file"]).read_bytes())
            assert len(parsed.findings) == row["raw_records"], row["file"]
