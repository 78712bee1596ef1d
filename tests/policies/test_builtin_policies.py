"""The four built-in policies against a matrix of findings and ledgers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scangate.document import InventorySummary, Verdict
from scangate.model import Finding, Fix, LedgerEntry
from scangate.policies.load import BUILT_IN, load_policy

AVAILABLE, NO_FIX = Fix(state="available", versions=("3.1.6",)), Fix(state="none")
POLICIES = ("dev", "default", "staging", "prod")
F, W, N = "fail", "warn", "none"

MATRIX: list[tuple[dict[str, Any], tuple[str, str, str, str]]] = [
    ({"category": "secret", "severity": "low"}, (F, F, F, F)),
    ({"severity": "critical"}, (F, F, F, F)),
    ({"severity": "high"}, (W, F, F, F)),
    ({"severity": "unknown"}, (W, F, F, F)),
    ({"severity": "medium"}, (W, W, W, F)),
    ({"severity": "low"}, (N, N, N, W)),
    ({"severity": "info"}, (N, N, N, N)),
    ({"severity": "high", "path": "src/tests/test_db.py"}, (W, W, W, F)),
    ({"severity": "high", "path": "examples/app.py"}, (W, W, W, F)),
    ({"category": "iac", "severity": "high"}, (W, F, F, F)),
    ({"category": "iac", "severity": "medium"}, (W, W, W, F)),
    ({"category": "dependency", "severity": "critical", "fix": AVAILABLE}, (F, F, F, F)),
    ({"category": "dependency", "severity": "critical", "fix": NO_FIX}, (F, W, W, F)),
    ({"category": "dependency", "severity": "high", "fix": AVAILABLE}, (W, F, F, F)),
    ({"category": "dependency", "severity": "high"}, (W, F, F, F)),
    ({"category": "dependency", "severity": "high", "fix": NO_FIX}, (W, W, W, W)),
    ({"category": "dependency", "severity": "medium", "fix": AVAILABLE}, (W, W, F, F)),
    ({"category": "container", "severity": "medium", "fix": AVAILABLE}, (W, W, F, F)),
    ({"category": "dependency", "severity": "low", "fix": AVAILABLE}, (N, N, N, W)),
    ({"category": "license", "severity": "medium"}, (W, W, W, F)),
]


@pytest.mark.parametrize(("fields", "effects"), MATRIX)
def test_effect_of_each_policy(
    fields: dict[str, Any],
    effects: tuple[str, ...],
    finding: Callable[..., Finding],
    verdict_on: Callable[..., Verdict],
) -> None:
    verdicts = [verdict_on(load_policy(name), finding(**fields)) for name in POLICIES]
    assert tuple(next(k for k, n in v.counts.items() if n) for v in verdicts) == effects
    assert [v.exit_code for v in verdicts] == [1 if effect == F else 0 for effect in effects]


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_match_has_a_reason(name: str) -> None:
    assert all(rule.why for rule in load_policy(name).rules)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("state", ["failed", "timed-out", "unreadable", "missing", "stale", "deferred"])
def test_no_policy_passes_when_a_scanner_did_not_look(
    name: str, state: str, entry: Callable[..., LedgerEntry], verdict_on: Callable[..., Verdict]
) -> None:
    ledger = [entry(), entry(scanner="semgrep", state=state, reason="x")]
    assert verdict_on(load_policy(name), ledger=ledger).exit_code == 3


@pytest.mark.parametrize(("name", "exit_code"), [("dev", 0), ("default", 0), ("staging", 0), ("prod", 3)])
def test_only_production_demands_that_every_file_parses(
    name: str, exit_code: int, *, entry: Callable[..., LedgerEntry], verdict_on: Callable[..., Verdict]
) -> None:
    assert verdict_on(load_policy(name), ledger=[entry(state="partial", reason="x")]).exit_code == exit_code


@pytest.mark.parametrize(
    ("days", "stale"), [(6, ()), (8, ("prod",)), (15, ("staging", "prod")), (31, ("dev", "default", "staging", "prod"))]
)
def test_how_old_data_may_be(
    days: int, stale: tuple[str, ...], entry: Callable[..., LedgerEntry], verdict_on: Callable[..., Verdict]
) -> None:
    month, day = (2, 29 - days) if days < 29 else (1, 60 - days)
    ledger = [
        entry(scanner="pip-audit", kinds=("pypi-dependencies",), database_date=f"2026-{month:02}-{day:02}T12:00:00Z")
    ]
    verdicts = {name: verdict_on(load_policy(name), ledger=ledger) for name in POLICIES}
    assert tuple(name for name, verdict in verdicts.items() if verdict.exit_code == 3) == stale


def test_production_demands_files(entry: Callable[..., LedgerEntry], verdict_on: Callable[..., Verdict]) -> None:
    parts = {"ledger": [entry(scanned=0)], "inventory": InventorySummary(files=0)}
    assert [verdict_on(load_policy(name), **parts).exit_code for name in POLICIES] == [0, 0, 0, 3]
