"""The examples hold what `truth.json` says: checked against their files, and against a real scan of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from cvss import CVSS3, CVSS4
from packaging.requirements import Requirement
from packaging.version import Version

from scangate.document import Results
from scangate.model import Finding, LedgerState, PackageLocation, ResourceLocation
from scangate.results import read_results

EXAMPLES = Path(__file__).parents[2] / "examples"
TRUTH: dict[str, list[dict[str, Any]]] = json.loads((EXAMPLES / "truth.json").read_text())
RECORDS = [json.loads(path.read_text()) for path in sorted((EXAMPLES / "advisories").glob("*/*.json"))]
AUDITED = ("pip-audit", "osv-scanner")
HOST = re.compile(r"https?://([\w.-]+)")
NAMES_ONLY = {"apache.org", "maven.apache.org"}
"""Hosts in the names of XML namespaces and features: nobody fetches those."""


def requirements(text: str) -> dict[str, str]:
    pins = [Requirement(line) for line in text.splitlines() if not line.startswith("#")]
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in pins}


def package_lock(text: str) -> dict[str, str]:
    packages = json.loads(text)["packages"]
    return {path.removeprefix("node_modules/"): package["version"] for path, package in packages.items() if path}


def go_mod(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\t(\S+) v(\S+)$", text, re.MULTILINE))


def poms(own: str, parent: str) -> dict[str, str]:
    """The versions of what a pom depends on, which its parent may state."""
    properties = dict(re.findall(r"<([\w.]+)>(.+)</\1>", parent + own))
    stated = {name: version for name, version in dependencies(parent) + dependencies(own) if version}
    return {
        name: re.sub(r"\$\{(.+)\}", lambda match: properties[match[1]], stated[name]) for name, _ in dependencies(own)
    }


def dependencies(pom: str) -> list[tuple[str, str]]:
    """Every `group:artifact` that a pom names, with its version or an empty one."""
    texts = re.findall(r"<dependency>(.*?)</dependency>", pom, re.DOTALL)
    said = [dict(re.findall(r"<(\w+)>(.+)</\1>", text)) for text in texts]
    return [(f"{one['groupId']}:{one['artifactId']}", one.get("version", "")) for one in said]


def manifest(path: str) -> str:
    return (EXAMPLES / path).read_text()


PINS: Mapping[str, Mapping[str, str]] = {
    "python-shop/requirements.txt": requirements(manifest("python-shop/requirements.txt")),
    "js-service/package-lock.json": package_lock(manifest("js-service/package-lock.json")),
    "java-service/pom.xml": poms(manifest("java-service/pom.xml"), manifest("java-service/parent/pom.xml")),
    "go-service/go.mod": go_mod(manifest("go-service/go.mod")),
}
"""Versions by package by manifest."""
MANIFESTS = dict(zip(("PyPI", "npm", "Maven", "Go"), PINS, strict=True))


def place(entry: dict[str, Any]) -> str:
    """A test's name for one statement of the truth."""
    return f"{entry.get('rule', 'right')}-{entry['path']}-{entry.get('line', entry.get('package', ''))}"


@pytest.mark.parametrize("entry", TRUTH["wrong"] + TRUTH["right"], ids=place)
def test_truth_names_places_that_exist(entry: dict[str, Any]) -> None:
    lines = (EXAMPLES / entry["path"]).read_text().splitlines()
    assert entry.get("line", 1) <= len(lines)
    assert "package" not in entry or entry["package"] in PINS[entry["path"]]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_advisory_hits_its_pin_and_is_in_the_truth(record: dict[str, Any]) -> None:
    (affected,) = record["affected"]
    ecosystem, package = affected["package"]["ecosystem"], affected["package"]["name"]
    path = MANIFESTS[ecosystem]
    assert is_affected(PINS[path][package], affected["ranges"][0]["events"])
    about = [entry for entry in TRUTH["wrong"] if entry["path"] == path and entry.get("package") == package]
    assert set(record["aliases"]) & {entry["rule"] for entry in about}


def is_affected(version: str, events: list[dict[str, str]]) -> bool:
    """Whether the version lies in one of the pairs of `introduced` and `fixed`; the last one may be open."""
    pairs = zip_longest(events[::2], events[1::2], fillvalue={"fixed": "9999"})
    return any(
        before_dash(first["introduced"]) <= before_dash(version) < before_dash(last["fixed"]) for first, last in pairs
    )


def before_dash(text: str) -> Version:
    """A version of any ecosystem here, without what makes it a preview: no pin is one."""
    return Version(text.partition("-")[0])


def test_every_advisory_of_the_truth_has_a_record_that_rates_it() -> None:
    rated = {alias for record in RECORDS if is_rated(record) for alias in record["aliases"]}
    assert {entry["rule"] for entry in TRUTH["wrong"] if entry["scanner"] in AUDITED} <= rated


def is_rated(record: dict[str, Any]) -> bool:
    kinds = {"CVSS_V3": CVSS3, "CVSS_V4": CVSS4}
    scores = [kinds[severity["type"]](severity["score"]).base_score for severity in record.get("severity", [])]
    assert all(score > 0 for score in scores)
    return bool(scores) or "severity" in record.get("database_specific", {})


def test_examples_name_no_host_that_exists() -> None:
    files = [path for path in EXAMPLES.rglob("*") if path.is_file() and "advisories" not in path.parts]
    hosts = {host for path in files for host in HOST.findall(path.read_text())}
    assert {host for host in hosts if not host.endswith(".example")} <= NAMES_ONLY


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """One real scan of the examples, offline as `make scan` does it."""
    reports = tmp_path_factory.mktemp("reports")
    options = ["--quiet", f"--output={reports}", f"--advisories={EXAMPLES / 'advisories'}"]
    private = {f"SCANGATE_{name}_DIR": str(reports / name) for name in ("CACHE", "CONFIG")}
    command = [sys.executable, "-m", "scangate", "scan", *options, str(EXAMPLES)]
    ended = subprocess.run(command, env={**os.environ, **private}, check=False)
    assert ended.returncode == 1
    return read_results(reports / "scangate-results.json")


@pytest.mark.real
def test_every_scanner_looked(scanned: Results) -> None:
    states = {entry.scanner: entry.state for entry in scanned.ledger if entry.state.looked}
    whole = ("bandit", "checkov", "gitleaks", "pip-audit", "semgrep")
    assert states == dict.fromkeys(whole, LedgerState.RAN) | {"osv-scanner": LedgerState.PARTIAL}


@pytest.mark.real
def test_only_what_maven_would_resolve_was_not_seen(scanned: Results) -> None:
    (entry,) = (entry for entry in scanned.ledger if entry.state is LedgerState.PARTIAL)
    assert "pom.xml" in entry.reason
    assert not entry.skipped


@pytest.mark.real
@pytest.mark.parametrize("entry", TRUTH["wrong"], ids=place)
def test_what_is_wrong_is_found(scanned: Results, entry: dict[str, Any]) -> None:
    found = [finding for finding in scanned.findings if is_at(finding, entry) and says(finding, entry)]
    assert found
    assert all(bool(finding.relief) == ("relief" in entry) for finding in found)


@pytest.mark.real
@pytest.mark.parametrize("entry", TRUTH["right"], ids=place)
def test_what_is_right_raises_no_alarm(scanned: Results, entry: dict[str, Any]) -> None:
    assert not [finding.title for finding in scanned.findings if is_at(finding, entry) and not finding.relief]


def is_at(finding: Finding, entry: dict[str, Any]) -> bool:
    """Whether the finding is about the place that the entry names: a package, a line within it, or the whole file."""
    location = finding.location
    if finding.path != entry["path"]:
        return False
    if "package" in entry:
        return isinstance(location, PackageLocation) and location.name == entry["package"]
    if "line" not in entry or finding.line is None:
        return True
    last = location.end_line if isinstance(location, ResourceLocation) else finding.line
    return bool(finding.line <= entry["line"] <= (last or finding.line))


def says(finding: Finding, entry: dict[str, Any]) -> bool:
    """Whether the entry's scanner reported the finding under the entry's rule or id."""
    ids = {source.rule_id for source in finding.sources if source.scanner == entry["scanner"]}
    return bool(ids) and entry["rule"] in {*ids, *finding.ids}
