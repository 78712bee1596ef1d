"""One scan from the first request to the last: reach, import, log in, crawl, attack, and tell what came of it."""

from __future__ import annotations

from collections.abc import Iterable

from scangate.model import Skip
from scangate.scanners.interface import Job, Parsed, WebOptions
from scangate.scanners.web_anchor import anchor_of
from scangate.scanners.zap_alerts import read_alerts
from scangate.scanners.zap_attack import Attack, attack
from scangate.scanners.zap_client import text_of
from scangate.scanners.zap_crawl import Crawl, crawl, crawl_with_browser, has_ajax_spider
from scangate.scanners.zap_findings import findings_of_alerts
from scangate.scanners.zap_health import Health
from scangate.scanners.zap_pace import Deadline
from scangate.scanners.zap_passive import drain
from scangate.scanners.zap_preflight import land
from scangate.scanners.zap_proof import Gap, Trace, attack_statuses, judge, password_forms, proof_of, visits
from scangate.scanners.zap_scope import Scope
from scangate.scanners.zap_session import Session

_MOST_SKIPS = 100
_CRAWL_SHARE = 0.5
"""The part of the time that the spider may take where an active scan comes after it."""


def scan_application(session: Session, job: Job, *, until: Deadline) -> Parsed:
    """Scan, and tell what was reached and found. Raises `ScannerError` where the target cannot be reached at all."""
    options = job.web or WebOptions()
    session.workbench.tell(f"reaching {session.scope.seed}")
    first = land(session)
    health = Health(session, first)
    attacks_follow = options.profile != "baseline"
    crawls, skips = _crawls(
        session, options, until=until.share(_CRAWL_SHARE) if attacks_follow else until, health=health
    )
    gaps = [drain(session, until=until)]
    attacks: tuple[Attack, ...] = ()
    if attacks_follow:
        attacks = (attack(session, None, until=until, health=health),)
        gaps.append(drain(session, until=until))
    alive, wrong = health.at_the_end()
    trace = Trace(
        profile=options.profile,
        scope=session.scope,
        visits=visits(session.client, session.scope, since=first.id),
        forms=password_forms(session.client, session.scope),
        crawls=crawls,
        attacks=attacks,
        attack_statuses=attack_statuses(session.client, attacks),
        alive=alive,
        gaps=tuple(Gap(gap) for gap in (*gaps, wrong) if gap),
    )
    return _parsed(session, job, trace, (*skips, *_left_alone(session.scope, crawls)))


def _crawls(
    session: Session, options: WebOptions, *, until: Deadline, health: Health
) -> tuple[tuple[Crawl, ...], tuple[Skip, ...]]:
    if options.profile == "api":
        return (), ()
    crawls = (crawl(session, None, until=until, health=health, posts=options.allowed),)
    if options.profile == "full" and has_ajax_spider(session):
        trouble = crawl_with_browser(session, None, until=until)
        return crawls, (Skip(path="ajax spider", reason=trouble),) if trouble else ()
    return crawls, ()


def _left_alone(scope: Scope, crawls: Iterable[Crawl]) -> tuple[Skip, ...]:
    """The URLs of the target that were seen and excluded."""
    seen = dict.fromkeys(url.partition("?")[0] for crawl in crawls for url in crawl.left_alone if scope.owns(url))
    rows = [Skip(path=url, reason=why) for url in seen if (why := scope.why_excluded(url))]
    return tuple(rows[:_MOST_SKIPS])


def _parsed(session: Session, job: Job, trace: Trace, skips: tuple[Skip, ...]) -> Parsed:
    client = session.client
    version = text_of(client.view("core", "version"))
    findings = findings_of_alerts(
        read_alerts(client, session.scope), version=version, secrets=_secrets(job), anchor=anchor_of(job)
    )
    state, reason, mend = judge(trace)
    proof = proof_of(trace)
    return Parsed(
        findings,
        scanned=proof.urls,
        skipped=skips,
        state=state,
        reason=reason,
        mend=mend,
        version=version,
        considered=proof.urls + len(trace.unanswered) + len(proof.operations_missing),
        web=proof,
        tool=client.origin,
    )


def _secrets(job: Job) -> tuple[str, ...]:
    """What no report may show."""
    options = job.web or WebOptions()
    users = (value for user in options.users for value in (user.password, user.token))
    return tuple(filter(None, (options.zap_key, *users)))
