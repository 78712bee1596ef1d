"""The examples hold what `truth.json` says: checked against their files, and against a real scan of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cvss import CVSS3
from packaging.requirements import Requirement
from packaging.version import Version

from scangate.document import Results
from scangate.model import Finding, LedgerState, PackageLocation, ResourceLocation
from scangate.results import read_results

EXAMPLES = Path(__file__).parents[2] / "examples"
TRUTH: dict[str, list[dict[str, Any]]] = json.loads((EXAMPLES / "truth.json").read_text())
RECORDS = [json.loads(path.read_text()) for path in sorted((EXAMPLES / "advisories/PyPI").glob("*.json"))]
PINS = {
    pin.name: Version(str(pin.specifier).removeprefix("=="))
    for line in (EXAMPLES / "python-shop/requirements.txt").read_text().splitlines()
    if not line.startswith("#")
    for pin in [Requirement(line)]
}
HOST = re.compile(r"https?://([\w.-]+)")


def place(entry: dict[str, Any]) -> str:
    """A test's name for one statement of the truth."""
    return f"{entry.get('rule', 'right')}-{entry['path']}-{entry.get('line', entry.get('package', ''))}"


@pytest.mark.parametrize("entry", TRUTH["wrong"] + TRUTH["right"], ids=place)
def test_truth_names_places_that_exist(entry: dict[str, Any]) -> None:
    lines = (EXAMPLES / entry["path"]).read_text().splitlines()
    assert entry.get("line", 1) <= len(lines)
    assert entry.get("package", "jinja2") in PINS


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_advisory_hits_its_pin_and_is_in_the_truth(record: dict[str, Any]) -> None:
    (affected,) = record["affected"]
    package = affected["package"]["name"]
    assert is_affected(PINS[package], affected["ranges"][0]["events"])
    assert CVSS3(record["severity"][0]["score"]).base_score > 0
    cves = [entry["rule"] for entry in TRUTH["wrong"] if entry.get("package") == package]
    assert set(record["aliases"]) & set(cves)


def is_affected(version: Version, events: list[dict[str, str]]) -> bool:
    """Whether the version lies in one of the pairs of `introduced` and `fixed`."""
    pairs = zip(events[::2], events[1::2], strict=True)
    return any(Version(first["introduced"]) <= version < Version(last["fixed"]) for first, last in pairs)


def test_every_advisory_of_the_truth_has_a_record() -> None:
    known = {alias for record in RECORDS for alias in record["aliases"]}
    assert {entry["rule"] for entry in TRUTH["wrong"] if entry["scanner"] == "pip-audit"} <= known


def test_examples_name_no_host_that_exists() -> None:
    files = [path for path in EXAMPLES.rglob("*") if path.is_file() and "advisories" not in path.parts]
    hosts = {host for path in files for host in HOST.findall(path.read_text())}
    assert {host for host in hosts if not host.endswith(".example")} == set()


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
def test_all_four_scanners_looked(scanned: Results) -> None:
    looked = {entry.scanner for entry in scanned.ledger if entry.state.looked}
    assert looked == {"bandit", "semgrep", "pip-audit", "checkov"}
    assert not [entry for entry in scanned.ledger if entry.state in (LedgerState.FAILED, LedgerState.PARTIAL)]


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
