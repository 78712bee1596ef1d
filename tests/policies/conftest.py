"""Builders for policy tests: a finding from the few fields that matter, a policy from its text, a ledger entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from scangate.document import InventorySummary, Verdict
from scangate.model import Category, FileLocation, Finding, LedgerEntry, PackageLocation, Relief, Rule, Severity, Source
from scangate.policies.document import read_document
from scangate.policies.judge import judge
from scangate.policies.load import resolve
from scangate.policies.schema import Policy

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def build_finding(**fields: Any) -> Finding:
    """A high finding of bandit in `app/db.py`; a dependency finding is about Jinja2 in `requirements.txt`."""
    category = Category(fields.pop("category", "code"))
    rule = fields.pop("rule", "B602")
    relief = (Relief(kind="inline", by="nosec"),) if fields.pop("relieved", False) else ()
    path = fields.pop("path", "app/db.py")
    place = FileLocation(path=path, line=3)
    package = PackageLocation(purl="pkg:pypi/Jinja2@3.1.0", name="Jinja2", version="3.1.0", manifest="requirements.txt")
    defaults: dict[str, Any] = {
        "category": category,
        "rule": Rule(id=rule, cwe=fields.pop("cwe", ())),
        "title": "title",
        "severity": Severity(fields.pop("severity", "high")),
        "severity_from": "bandit says 'HIGH'",
        "location": package if category in (Category.DEPENDENCY, Category.CONTAINER) else place,
        "sources": (Source(scanner=fields.pop("tool", "bandit"), rule_id=rule),),
        "relief": relief,
        "id": f"{category}:{rule}:{path}",
    }
    return Finding(**{**defaults, **fields})


def build_policy(text: str) -> Policy:
    """The policy that a text resolves to; `version: 1` may be left out."""
    document = text if "version:" in text else f"version: 1\n{text}"
    return resolve((read_document(document.encode(), source="test.yaml"),))


def build_entry(**fields: Any) -> LedgerEntry:
    """A ledger entry: bandit ran on Python code."""
    defaults = {"scanner": "bandit", "target": ".", "state": "ran", "kinds": ("python-code",), "scanned": 3}
    return LedgerEntry(**{**defaults, **fields})


def run_judge(policy: Policy, *findings: Finding, **parts: Any) -> Verdict:
    """The verdict on some findings of a run in which bandit looked at everything there was."""
    ledger = parts.pop("ledger", [build_entry()])
    inventory = parts.pop("inventory", InventorySummary(files=3))
    return judge(findings, ledger, inventory, policy, now=parts.pop("now", NOW), **parts)


@pytest.fixture(scope="session")
def finding() -> Callable[..., Finding]:
    return build_finding


@pytest.fixture(scope="session")
def policy_of() -> Callable[[str], Policy]:
    return build_policy


@pytest.fixture(scope="session")
def entry() -> Callable[..., LedgerEntry]:
    return build_entry


@pytest.fixture(scope="session")
def verdict_on() -> Callable[..., Verdict]:
    return run_judge
