"""Grype: what its reports become. The recorded outputs are as Grype 0.120.1 writes them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import Category, Finding, ImageLocation, LedgerState, PackageLocation, Severity
from scangate.scanners.grype import Grype
from scangate.scanners.interface import Job, Output, Parsed, ScannerError, Target
from tests.scanners.grype_outputs import (
    DEBIAN,
    GITHUB,
    KETTLE,
    LAYER,
    LIBKETTLE,
    NO_DISTRIBUTION,
    NVD,
    TREE,
    match,
    report,
)

GRYPE = Grype()


def parse(data: bytes, exit_code: int | None = None) -> Parsed:
    job = Job("grype", Target("grype.json", ()), root=Path("/nowhere"), work=Path("/nowhere"))
    return GRYPE.parse(Output(data, exit_code, "ERROR it broke"), job)


def only(*matches: Any, **more: Any) -> Finding:
    (finding,) = parse(report(*matches, **more)).findings
    return finding


def test_a_match_in_an_image_becomes_a_finding() -> None:
    finding = only(match(GITHUB, NVD))
    assert (finding.category, finding.rule.id, finding.rule.cwe) == (Category.CONTAINER, "GHSA-2099-aaaa-bbbb", (400,))
    assert finding.ids == ("CVE-2099-0001", "GHSA-2099-aaaa-bbbb")
    assert finding.title == "kettle 1.0.0: GHSA-2099-aaaa-bbbb kettle boils over"
    assert (finding.fix.state, finding.fix.versions) == ("available", ("1.0.1",))
    assert isinstance(finding.location, ImageLocation)
    assert finding.location == ImageLocation(
        ref="shop/kettle:1.0",
        digest="sha256:" + "c" * 64,
        layer=LAYER,
        created_by="npm ci",
        base=False,
        package="pkg:npm/kettle@1.0.0",
        path="app/node_modules/kettle/package.json",
        fixed_in=("1.0.1",),
    )


def test_every_opinion_is_kept_and_the_nearest_one_wins() -> None:
    finding = only(match(GITHUB, NVD))
    assert [(rating.source, rating.method, rating.severity.value) for rating in finding.ratings] == [
        ("grype:github", "word:advisory", "medium"),
        ("grype:nvd", "word", "high"),
        ("grype:nvd@nist.gov", "CVSS:3.1", "high"),
    ]
    assert (finding.severity, finding.severity_from) == (Severity.MEDIUM, "grype:github says 'Medium'")


@pytest.mark.parametrize("namespace", ["debian:distro:debian:12", "debian:12"])
def test_a_distributions_word_on_its_own_package_wins(namespace: str) -> None:
    finding = only(match(DEBIAN | {"namespace": namespace}, NVD, artifact=LIBKETTLE))
    assert (finding.severity, finding.ratings[0].method) == (Severity.INFO, "word:vendor")
    assert finding.ids == ("CVE-2099-0001",)
    assert isinstance(finding.location, ImageLocation)
    assert (finding.location.base, finding.location.path) == (True, "var/lib/dpkg/status")


def test_a_word_that_says_nothing_leaves_it_to_the_others() -> None:
    finding = only(match(DEBIAN | {"severity": "Unknown"}, NVD))
    assert (finding.severity, finding.severity_from) == (Severity.HIGH, "grype:nvd@nist.gov: CVSS:3.1 score 7.5")


def test_an_advisory_related_to_several_cves_is_none_of_them() -> None:
    advisory = GITHUB | {"id": "ALAS-2099-1", "namespace": "amazon:distro:amazonlinux:2"}
    assert only(match(advisory, NVD, NVD | {"id": "CVE-2099-0002"})).ids == ("ALAS-2099-1",)
    assert only(match(advisory, NVD)).ids == ("CVE-2099-0001", "ALAS-2099-1")
    assert only(match(GITHUB, NVD | {"id": "not an id"})).ids == ("GHSA-2099-aaaa-bbbb",)


@pytest.mark.parametrize(
    ("fix", "state", "versions"),
    [
        ({"versions": ["2", "3"], "state": "fixed"}, "available", ("2", "3")),
        ({"versions": [], "state": "not-fixed"}, "none", ()),
        ({"versions": [], "state": "wont-fix"}, "wont-fix", ()),
        ({"versions": [], "state": "unknown"}, "unknown", ()),
        ({"versions": None, "state": ""}, "unknown", ()),
        ({}, "unknown", ()),
    ],
)
def test_what_can_be_done_is_told(fix: dict[str, Any], state: str, versions: tuple[str, ...]) -> None:
    finding = only(match(GITHUB | {"fix": fix}))
    assert (finding.fix.state, finding.fix.versions) == (state, versions)


def test_in_a_tree_each_file_that_names_a_package_is_a_place() -> None:
    findings = parse(report(match(), source=TREE, distro=NO_DISTRIBUTION)).findings
    assert {finding.category for finding in findings} == {Category.DEPENDENCY}
    assert [finding.path for finding in findings] == ["app/node_modules/kettle/package.json", "app/package-lock.json"]


def test_in_an_sbom_the_place_is_the_sbom() -> None:
    artifact = KETTLE | {"locations": None}
    finding = only(match(artifact=artifact), source={"type": "sbom-file", "target": "bom.json"})
    assert isinstance(finding.location, PackageLocation)
    assert (finding.path, finding.location.purl) == ("bom.json", "pkg:npm/kettle@1.0.0")


def test_what_grype_ignores_is_marked_and_not_lost() -> None:
    rule = {"vulnerability": "CVE-2099-0001", "namespace": "", "vex-status": "not_affected", "reason": "no steam"}
    headers = {"namespace": "", "package": {"name": "linux-libc-dev", "language": "", "type": "deb"}}
    ignored = [match(appliedIgnoreRules=[rule]), match(NVD, appliedIgnoreRules=[headers])]
    findings = parse(report(ignoredMatches=ignored)).findings
    assert [relief.by for finding in findings for relief in finding.relief] == [
        "grype: ignored (not_affected no steam)",
        "grype: ignored (linux-libc-dev deb)",
    ]


def test_a_distribution_past_its_end_is_a_finding() -> None:
    alert = {"type": "distro-eol", "message": "…", "metadata": {"name": "debian", "version": "9"}}
    alerts = [{"package": KETTLE, "alerts": [alert]}, {"package": LIBKETTLE, "alerts": [alert]}]
    finding = only(alertsByPackage=alerts)
    assert (finding.rule.id, finding.severity) == ("distro-eol", Severity.HIGH)
    assert finding.title == "debian 9 is past its end of life"
    assert isinstance(finding.location, ImageLocation)
    assert finding.location.package == "pkg:generic/debian@9"


@pytest.mark.parametrize(
    "config", ["", "%%%", "bm90IGpzb24=", base64.b64encode(b'{"history": {"a": 1}, "rootfs": []}').decode(), 7]
)
def test_an_image_that_tells_no_history_still_has_its_layers(config: Any) -> None:
    finding = only(match(), source={"type": "image", "target": {"userInput": "x", "config": config}})
    assert isinstance(finding.location, ImageLocation)
    assert (finding.location.layer, finding.location.created_by, finding.location.base) == (LAYER, "", None)


def test_an_output_made_elsewhere_says_what_it_was_made_with() -> None:
    parsed = parse(report(match()))
    assert (parsed.state, parsed.version, parsed.database_date) == (LedgerState.RAN, "0.120.1", "2026-11-20T18:33:12Z")
    old = report(descriptor={"name": "grype", "version": "0.75.0", "db": {"built": "2024-03-01T01:02:03Z"}})
    assert parse(old).database_date == "2024-03-01T01:02:03Z"
    assert not parse(
        report(descriptor={"name": "grype", "version": "0.7.0", "db": {"built": "yesterday"}})
    ).database_date


def test_an_image_of_an_unknown_distribution_is_partial_in_an_output_made_elsewhere_too() -> None:
    parsed = parse(report(distro=NO_DISTRIBUTION))
    assert (parsed.state, parsed.reason) == (LedgerState.PARTIAL, "Grype knew no distribution in it")


@pytest.mark.parametrize(
    ("data", "exit_code", "state"),
    [
        (b"", 0, LedgerState.FAILED),
        (b"", 1, LedgerState.FAILED),
        (report(), 2, LedgerState.FAILED),
        (b"{}", 0, LedgerState.UNREADABLE),
        (b"[]", 0, LedgerState.UNREADABLE),
        (b'{"matches": {}}', 0, LedgerState.UNREADABLE),
        (b'{"matches": null}', 0, LedgerState.UNREADABLE),
        (report(match({"id": "x"}))[:-9], 0, LedgerState.UNREADABLE),
        (report(match({"severity": "High"})), 0, LedgerState.UNREADABLE),
        (report({"vulnerability": GITHUB}), 0, LedgerState.UNREADABLE),
    ],
)
def test_what_is_not_a_whole_report_is_never_clean(data: bytes, exit_code: int, state: LedgerState) -> None:
    with pytest.raises(ScannerError) as caught:
        parse(data, exit_code)
    assert caught.value.state is state
    assert caught.value.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(sorted(GITHUB)), json_values),
    st.dictionaries(st.sampled_from(sorted(set(KETTLE) - {"locations"})), json_values),
    json_values,
)
def test_any_record_is_a_finding_or_a_clear_error(vulnerability: Any, artifact: Any, source: Any) -> None:
    data = report(match(GITHUB | vulnerability, artifact=KETTLE | artifact), source={"type": "image", "target": source})
    try:
        parsed = parse(data)
    except ScannerError:
        return
    assert len(parsed.findings) == 1


def test_real_outputs_keep_every_match(shared: Path) -> None:
    for row in json.loads((shared / "samples" / "expected.json").read_text()):
        if row["file"].startswith("anchore_grype/"):
            data = (shared / "samples" / row["file"]).read_bytes()
            assert len(parse(data).findings) == row["raw_records"], row["file"]
