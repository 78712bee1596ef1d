"""The table of checkov's checks: well formed, and true to the installed checkov."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable

import pytest

from scangate.model import Severity
from scangate.scanners.checkov_severity import PROTECTIONS, protection
from scangate.scanners.interface import Tool

CHECKS = [check for group in PROTECTIONS for check in group.checks]


def test_the_table_covers_the_commonest_checks_once_each() -> None:
    assert len(CHECKS) >= 260
    assert [check for check, count in Counter(CHECKS).items() if count > 1] == []
    assert all(re.fullmatch(r"CKV2?_[A-Z0-9]+_\d+", check) for check in CHECKS)


def test_every_group_has_a_name_of_its_own_and_a_severity() -> None:
    assert len({group.name for group in PROTECTIONS}) == len(PROTECTIONS)
    assert all(group.severity is not Severity.UNKNOWN for group in PROTECTIONS)


@pytest.mark.parametrize(
    ("check", "severity", "cwe"),
    [
        ("CKV_AWS_41", Severity.CRITICAL, 798),  # credentials in the provider
        ("CKV_AWS_62", Severity.CRITICAL, 732),  # full administrator
        ("CKV_AWS_24", Severity.HIGH, 284),  # SSH from everywhere
        ("CKV_K8S_16", Severity.HIGH, 250),  # a privileged container
        ("CKV_AWS_19", Severity.MEDIUM, 311),  # encryption at rest
        ("CKV_AWS_2", Severity.MEDIUM, 319),  # encryption in transit
        ("CKV_DOCKER_7", Severity.MEDIUM, 1104),  # an unpinned image
        ("CKV_AWS_18", Severity.LOW, 778),  # access logs
    ],
)
def test_severity_follows_from_what_is_protected(check: str, severity: Severity, cwe: int) -> None:
    group = protection(check)
    assert group is not None
    assert (group.severity, cwe in group.cwe) == (severity, True)


def test_backups_imply_no_weakness() -> None:
    group = protection("CKV_AWS_21")
    assert group is not None
    assert (group.severity, group.cwe) == (Severity.LOW, ())


def test_an_unknown_check_has_no_group() -> None:
    assert protection("CKV_ACME_1") is None


@pytest.mark.real
def test_every_check_of_the_table_exists_in_the_real_tool(tools: Callable[[str], Tool]) -> None:
    listed = subprocess.run(
        [str(tools("checkov").path), "--list"],
        env={"PATH": "/usr/bin:/bin", "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    real = set(re.findall(r"CKV2?_[A-Z0-9]+_\d+", listed))
    assert set(CHECKS) - real == set()
