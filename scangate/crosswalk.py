"""Trivy's and checkov's checks of infrastructure: which say the same. Neither project publishes such a table.

Made by reading the titles and conditions of both (Trivy's checks as of 2025-12, checkov 3.3). A pair is `same` where
one change to the resource satisfies both; where one check is wider than the other, it only overlaps.
"""

from __future__ import annotations

import re

from scangate.rule_twins import RuleTwins

_AWS = (
    "0001=76,95 0003=73 0006=77 0007=82 0008=8 0010=86 0011=68 0012=34 0013=174 0014=67 0015=35 0016=36 0017=158 "
    "0018=78 0021=74 0023=47 0024=28 0025=119 0026=3 0027=189 0028~79 0030=163 0031=51 0032=32 0033=136 0034=65 "
    "0035=97 0037=42 0038=37 0039=58 0040=39 0041=38 0042=84 0043=6 0045=29 0048=5 0050=134 0051=30 0052=131 0056=13 "
    "0058=11 0059=12 0060=14 0061=15 0062=9 0063=10 0064=43 0065=7 0066=50 0071=48 0074=80 0075=101 0076=44 0077=133 "
    "0078=354 0079~96 0080=16 0084=64 0086=53 0087=54 0089=18 0090=21 0091=55 0092~20 0093=56 0095=26 0096=27 "
    "0098=149 0099~23 0107~24,25 0124~23 0126=228 0131=8 0132=145 0133=353 0164=130 0176=161 0177=293 0180=17 "
    "0343=139"
)
_KUBERNETES = (
    "0001=20 0003=37 0005=39 0006=27 0008=18 0009=19 0010=17 0011=11 0012~23 0013=14 0014=22 0015=10 0016=12 0017=16 "
    "0018=13 0020=40 0022~25 0024=26 0030~31 0036=38 0044~49 0102=34 0110=21 0118~29,30 0119~28"
)
_DOCKER = "0001=7 0002~3,8 0004=1 0005=4 0009=10 0012=11 0017=5 0022=6 0026=2"

_OLD_SPELLING = re.compile(r"(?:AVD-)?([A-Z]+)-?(\d{3,4})")


def canonical_check(rule_id: str) -> str:
    """Trivy's id of a check as it is spelled today: `DS-0002` for `DS002`, `AVD-DS-0002` and `avd-ds-0002`."""
    match = _OLD_SPELLING.fullmatch(rule_id.upper())
    return f"{match[1]}-{match[2]:0>4}" if match else rule_id


def _pairs(relation: str) -> dict[str, tuple[str, ...]]:
    """The rows with this relation: `=` or `~`."""
    rows = {}
    for trivy, checkov, table in (("AWS", "AWS", _AWS), ("KSV", "K8S", _KUBERNETES), ("DS", "DOCKER", _DOCKER)):
        for row in table.split():
            number, found, others = re.split("([=~])", row)
            if found == relation:
                rows[f"{trivy}-{number}"] = tuple(f"CKV_{checkov}_{other}" for other in others.split(","))
    return rows


_OF_SEVERAL_RESOURCES = {"AWS-0094": ("CKV2_AWS_6",), "AWS-0162": ("CKV2_AWS_10",), "DS-0010": ("CKV2_DOCKER_1",)}
"""checkov numbers by themselves the checks that follow references from one resource to another."""

SAME = _pairs("=") | _OF_SEVERAL_RESOURCES
"""Trivy's check → checkov's that say the same."""

OVERLAPPING = _pairs("~")
"""Trivy's check → checkov's that overlap with it: linked, never merged."""

TWINS = RuleTwins(("trivy", "checkov"), same=SAME, overlapping=OVERLAPPING, spell=canonical_check)
