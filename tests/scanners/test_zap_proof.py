"""Whether what a scan reached is a look at the application."""

from __future__ import annotations

from typing import Any

import pytest

from scangate.model import LedgerState
from scangate.scanners.interface import WebOptions
from scangate.scanners.zap_attack import Attack
from scangate.scanners.zap_crawl import Crawl
from scangate.scanners.zap_messages import Message
from scangate.scanners.zap_proof import Gap, Trace, judge, proof_of
from scangate.scanners.zap_scope import scope_of

SITE = "http://127.0.0.1:8080"
SCOPE = scope_of(SITE, WebOptions())
FINE = (("/", 200), ("/search?q=a", 200), ("/search?q=b", 200), ("/gone", 404))


def trace(*answers: tuple[str, int], **more: Any) -> Trace:
    visits = tuple(Message(number, "GET", f"{SITE}{path}", status, 5) for number, (path, status) in enumerate(answers))
    return Trace(profile="full", scope=SCOPE, visits=visits, **more)


def test_an_application_that_was_reached_is_well() -> None:
    assert judge(trace(*FINE)) == (LedgerState.RAN, "", "")


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([], "nothing of the target answered"),
        ([("/", 0)], "nothing of the target answered"),
        ([("/", 401), ("/robots.txt", 404)], "every answer was 401: the application lets nobody in"),
        ([("/", 401), ("/a", 403)], "every answer was 401 or 403"),
        ([("/", 500), ("/a", 502)], "every answer was 500 or 502: the application does not work"),
        ([("/", 500), ("/a", 401)], "every answer was 401 or 500"),
        ([("/", 404), ("/a", 410)], "every answer was 404 or 410: there is nothing at this URL"),
        ([("/", 401), ("/robots.txt", 200)], "every answer was 401"),
        ([("/", 302), ("/a", 301), ("/b", 302)], "every answer was 301 or 302: it leads from one place to the next"),
        ([("/", 302), ("/a", 403)], "every answer was 302 or 403: it leads"),
    ],
)
def test_nothing_reached_is_a_failure(answers: list[tuple[str, int]], reason: str) -> None:
    state, said, mend = judge(trace(*answers))
    assert state is LedgerState.FAILED
    assert said.startswith(reason)
    assert mend


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"gaps": (Gap("the passive scan stands still"),)}, "the passive scan stands still"),
        ({"crawls": (Crawl(trouble="the spider was stopped"),)}, "the spider was stopped"),
        ({"crawls": (Crawl(unanswered=(f"{SITE}/slow",)),)}, "1 URLs did not answer"),
        ({"attacks": (Attack(requests=5, trouble="stopped"),)}, "stopped"),
        ({"attacks": (Attack(requests=5, cut=("6 A", "7 B")),)}, "2 active rules did not come to their end"),
        ({"attacks": (Attack(requests=0, ran=("6 A",)),)}, "the active scan sent no request"),
        ({"attacks": (Attack(requests=1, skipped=("6 A",)),)}, "no active rule found anything to attack"),
        ({"attack_statuses": (200, *[403] * 9)}, "the attacks were refused: nearly all answers to them were 403"),
        ({"attack_statuses": (429, *[200] * 9)}, "10 % of the attacks were too many (429)"),
        ({"operations": {"GET /a": False}}, "none of the API's 1 operations was reached"),
    ],
)
def test_what_was_not_done_is_partial(more: dict[str, Any], reason: str) -> None:
    assert judge(trace(*FINE, **more))[:2] == (LedgerState.PARTIAL, reason)


def test_the_seed_alone_is_too_little() -> None:
    state, reason, _ = judge(trace(("/", 200), ("", 200), ("/?x=1", 200), ("/robots.txt", 200), ("/gone", 404)))
    assert (state, reason) == (LedgerState.PARTIAL, f"nothing was found beyond {SITE}/")


@pytest.mark.parametrize(
    "beyond",
    [
        [("/app.js", 200), ("/style.css", 200), ("/robots.txt", 200)],  # a page that a browser would have to fill
        [("/a", 302), ("/b", 301)],
        [("/a", 500), ("/b", 503)],
        [("/nothing", 200)],
        [("/a", 401), ("/b", 403)],
    ],
)
def test_what_shows_nothing_is_not_beyond_the_seed(beyond: list[tuple[str, int]]) -> None:
    state, reason, _ = judge(trace(("/", 200), *beyond, empty=frozenset({f"{SITE}/nothing", f"{SITE}/"})))
    assert (state, reason) == (LedgerState.PARTIAL, f"nothing was found beyond {SITE}/")


def test_answers_that_are_too_many_are_told() -> None:
    state, reason, mend = judge(trace(*FINE, ("/x", 429)))
    assert (state, reason) == (LedgerState.PARTIAL, "20 % of the requests were too many (429)")
    assert "requests_per_second" in mend


def test_operations_that_all_fail_are_too_little() -> None:
    operations = {"GET /a": True, "GET /b": True}
    failing = trace(("/", 200), ("/a", 500), ("/b", 500), operations=operations)
    assert judge(failing)[1] == f"nothing was found beyond {SITE}/"
    assert judge(trace(("/", 302), ("/a", 302), ("/b", 302), operations=operations))[0] is LedgerState.RAN


def test_what_looks_like_nothing_is_not_counted() -> None:
    proof = proof_of(trace(*FINE, ("/nothing", 200), empty=frozenset({f"{SITE}/nothing"})))
    assert proof.urls == 2


def test_the_seed_alone_is_enough_with_operations() -> None:
    assert judge(trace(("/", 200), operations={"GET /a": True}))[0] is LedgerState.RAN


def test_a_login_page_alone_is_too_little() -> None:
    answers = [("/", 302), ("/login", 200), ("/style.css", 200), ("/account", 302)]
    assert judge(trace(*answers, forms=frozenset({1})))[1] == "only a login page was reached"
    assert judge(trace(*answers, forms=frozenset({1}), login="failed"))[1].startswith("only a login page")
    assert judge(trace(*answers, forms=frozenset({1}), login="held"))[0] is LedgerState.RAN
    assert judge(trace(*answers, ("/shop", 200), forms=frozenset({1})))[0] is LedgerState.RAN


def test_a_proof_counts_what_was_reached() -> None:
    attack = Attack(requests=1000, failures=2, ran=("1 A",), cut=("2 B",), skipped=("3 C",))
    proof = proof_of(
        trace(
            *FINE,
            attacks=(attack,),
            attack_statuses=(200, 200, 200, 500),
            operations={"GET /a": True, "POST /b": False},
            crawls=(Crawl(unanswered=(f"{SITE}/slow",)),),
        )
    )
    assert (proof.urls, proof.requests) == (2, 1004)
    assert proof.responses == {"2xx": 3 + 750, "4xx": 1, "5xx": 250, "error": 3}
    assert (proof.operations, proof.operations_known, proof.operations_missing) == (1, 2, ("POST /b",))
    assert (proof.rules_ran, proof.rules_cut, proof.rules_skipped) == (1, ("2 B",), ("3 C",))
