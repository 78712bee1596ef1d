"""The policy's `dast`: what a scan of a running application must have reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scangate.document import Verdict
from scangate.errors import UsageError
from scangate.model import LedgerEntry, WebProof
from scangate.policies.schema import Policy

Entry = Callable[..., LedgerEntry]
Judge = Callable[..., Verdict]
Parse = Callable[[str], Policy]

GOOD = {
    "urls": 12,
    "operations": 9,
    "operations_known": 10,
    "operations_missing": ("GET /orders/{id}",),
    "responses": {"2xx": 97, "5xx": 2, "error": 1},
    "login": "held",
}


@pytest.mark.parametrize(
    ("wanted", "reached", "gap"),
    [
        ("min_endpoints: 12", {}, ""),
        ("min_endpoints: 13", {}, "12 URLs answered, and the policy demands at least 13"),
        ("min_operations: 90%", {}, ""),
        (
            "min_operations: 90.5%",
            {},
            "9 of 10 operations were reached, and the policy demands 90.5%; not GET /",
        ),
        ("min_operations: 1%", {"operations": 0, "operations_known": 0}, "no API description was given"),
        ("require_login: true", {}, ""),
        ("require_login: false", {"login": "failed"}, ""),
        ("require_login: true", {"login": "lost"}, "a login that holds, and it was: lost"),
        ("require_login: true", {"login": "none"}, "it was: none"),
        ("max_error_rate: 3%", {}, ""),
        ("max_error_rate: 2.9%", {}, "3 of 100 requests ended in an error, and the policy allows 2.9%"),
        ("max_error_rate: 50%", {"responses": {}}, "no request was answered"),
    ],
)
def test_what_falls_short_is_incomplete(
    wanted: str, reached: dict[str, Any], gap: str, *, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    proof = WebProof(profile="full", **{**GOOD, **reached})
    ledger = [entry(scanner="zap", target="http://127.0.0.1:1", kinds=("web-application",), web=proof)]
    verdict = verdict_on(policy_of(f"dast: {{{wanted}}}"), ledger=ledger)
    assert verdict.exit_code == (3 if gap else 0)
    assert not gap or verdict.incomplete[0].startswith("zap on http://127.0.0.1:1: ")
    assert not gap or gap in verdict.incomplete[0]


def test_runs_without_a_web_scan_are_not_measured(entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    assert verdict_on(policy_of("dast: {min_endpoints: 5}"), ledger=[entry()]).exit_code == 0


@pytest.mark.parametrize("wrong", ["min_operations: 101%", "min_operations: 90", "require_login: maybe", "min_urls: 3"])
def test_what_it_cannot_say_is_refused(wrong: str, policy_of: Parse) -> None:
    with pytest.raises(UsageError):
        policy_of(f"dast: {{{wrong}}}")
