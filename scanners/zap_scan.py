"""One scan from the first request to the last: reach, import, log in, crawl, attack, and tell what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from scangate.model import Skip
from scangate.scanners.interface import Job, Parsed, ScannerError, WebOptions
from scangate.scanners.web_anchor import anchor_of
from scangate.scanners.zap_alerts import read_alerts
from scangate.scanners.zap_attack import Attack, attack
from scangate.scanners.zap_client import ZapClient, text_of
from scangate.scanners.zap_crawl import Crawl, User, crawl, crawl_with_browser, has_ajax_spider
from scangate.scanners.zap_findings import findings_of_alerts
from scangate.scanners.zap_health import Health
from scangate.scanners.zap_import import replay, requests_of_har, requests_of_urls
from scangate.scanners.zap_login import Logins
from scangate.scanners.zap_member import Member
from scangate.scanners.zap_nowhere import Nowhere, ask_nowhere, pages_of_nowhere
from scangate.scanners.zap_openapi import read_openapi
from scangate.scanners.zap_operations import reached_by_name, skips_of, try_operations
from scangate.scanners.zap_pace import Deadline, Every
from scangate.scanners.zap_passive import drain
from scangate.scanners.zap_preflight import land
from scangate.scanners.zap_proof import Gap, Trace, attack_statuses, judge, password_forms, proof_of, visits
from scangate.scanners.zap_scope import Scope
from scangate.scanners.zap_session import Session
from scangate.scanners.zap_traffic import keep_traffic

_MOST_SKIPS = 100
_LOOK_AFTER = 15.0
"""Seconds between looks whether a user is still logged in."""
_CHECK_LOGIN = "check the user's credentials and patterns: [[dast.users]]"
_CRAWL_SHARE = 0.5
"""The part of the time that the spider may take where an active scan comes after it."""


def scan_application(session: Session, job: Job, logins: Logins, *, until: Deadline) -> Parsed:
    """Scan, and tell what was reached and found. Raises `ScannerError` where the target cannot be reached at all."""
    session.workbench.tell(f"reaching {session.scope.seed}")
    first = land(session)
    work = _Work(session, job.web or WebOptions(), until, Health(session, first), ask_nowhere(session.scope))
    logins.establish(session)
    visitors = logins.held or (None,)
    operations = work.call_operations(logins.held)
    work.replay_as(visitors[0])
    crawls = tuple(work.crawl_as(visitor) for visitor in visitors)
    logins.check(session)
    work.drain()
    attacks = tuple(work.attack_all(visitors, crawls))
    logins.finish(session)
    work.drain()
    alive, wrong = work.health.at_the_end()
    gaps = (*(Gap(reason, _CHECK_LOGIN) for reason in logins.reasons), *work.gaps, *([Gap(wrong)] if wrong else []))
    visited = visits(session.client, session.scope, since=first.id)
    trace = Trace(
        profile=work.options.profile,
        scope=session.scope,
        visits=visited,
        empty=pages_of_nowhere(session.client, visited, work.nowhere),
        forms=password_forms(session.client, session.scope),
        crawls=crawls,
        attacks=attacks,
        attack_statuses=attack_statuses(session.client, attacks),
        operations=operations,
        login=logins.state,
        gaps=gaps,
        alive=alive,
    )
    return _parsed(session, job, trace, (*work.skips, *_left_alone(session.scope, crawls)), secrets=logins.secrets)


@dataclass
class _Work:
    """The parts of a scan. `gaps` and `skips` gather what was not looked at."""

    session: Session
    options: WebOptions
    until: Deadline
    health: Health
    nowhere: Nowhere
    gaps: list[Gap] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)

    @property
    def attacks(self) -> bool:
        return self.options.profile != "baseline"

    def call_operations(self, members: Sequence[Member]) -> Mapping[str, bool]:
        """Call what the API description names: every operation, with whether it was reached."""
        if self.options.openapi is None:
            return {}
        self.session.workbench.tell(f"calling the operations of {self.options.openapi.name}")
        api = read_openapi(self.options.openapi.read_bytes(), self.session.scope.seed)
        outcomes = try_operations(self.session, api.operations, members, destroys=self.attacks, nowhere=self.nowhere)
        self.gaps += [Gap(note) for note in api.notes]
        self.skips += skips_of(outcomes)
        return reached_by_name(outcomes)

    def replay_as(self, visitor: Member | None) -> None:
        """Send what the list of URLs and the archive name."""
        urls, har = self.options.urls, self.options.har
        requests = [
            *(requests_of_urls(urls.read_bytes(), self.session.scope.seed) if urls else ()),
            *(requests_of_har(har.read_bytes()) if har else ()),
        ]
        if requests:
            self.session.workbench.tell(f"sending {len(requests):,} requests that settings name")
            with self._acting(visitor):
                self.skips += replay(self.session, requests, destroys=self.attacks).skipped

    def crawl_as(self, visitor: Member | None) -> Crawl:
        """What a user finds by links; nothing where only the API is scanned."""
        if self.options.profile == "api":
            return Crawl()
        until = self.until.share(_CRAWL_SHARE) if self.attacks else self.until
        with self._acting(visitor) as (user, meanwhile):
            posts = self.options.allowed
            found = crawl(self.session, user, until=until, health=self.health, meanwhile=meanwhile, posts=posts)
            if self.options.profile == "full" and has_ajax_spider(self.session):
                trouble = crawl_with_browser(self.session, user, until=until)
                self.skips += [Skip(path="ajax spider", reason=trouble)] if trouble else []
        return found

    def attack_all(self, visitors: Sequence[Member | None], crawls: Sequence[Crawl]) -> Iterator[Attack]:
        """Attack everything as the first user, and as each other one the pages that nobody before could see."""
        if not self.attacks:
            return
        seen: set[str] = set()
        for visitor, found in zip(visitors, crawls, strict=True):
            pages = [page for page in found.pages if page not in seen] if seen else [""]
            seen |= {*found.pages, ""}
            for page in pages:
                with self._acting(visitor) as (user, meanwhile):
                    health, until = self.health, self.until
                    yield attack(self.session, user, until=until, health=health, meanwhile=meanwhile, page=page)

    def drain(self) -> None:
        """Wait for the passive scan of all that was requested so far."""
        if left := drain(self.session, until=self.until):
            self.gaps.append(Gap(left))

    @contextmanager
    def _acting(self, visitor: Member | None) -> Iterator[tuple[User | None, Callable[[], None]]]:
        """All is done as a user, and now and then looked whether that one is still logged in."""
        if visitor is None:
            yield None, lambda: None
            return
        with visitor.acting(self.session):
            yield visitor.user, Every(_LOOK_AFTER, lambda: visitor.look(self.session))


def _left_alone(scope: Scope, crawls: Iterable[Crawl]) -> tuple[Skip, ...]:
    """The URLs of the target that were seen and excluded."""
    seen = dict.fromkeys(url for crawl in crawls for url in crawl.left_alone if scope.owns(url))
    reasons = {url.partition("?")[0]: why for url in seen if (why := scope.why_excluded(url))}
    return tuple(Skip(path=url, reason=why) for url, why in list(reasons.items())[:_MOST_SKIPS])


def _parsed(session: Session, job: Job, trace: Trace, skips: tuple[Skip, ...], *, secrets: tuple[str, ...]) -> Parsed:
    client, folder = session.client, (job.web or WebOptions()).keep_traffic
    if folder and (lost := _keep(client, folder, trace, secrets)):
        trace = replace(trace, gaps=(*trace.gaps, Gap(lost)))
    version = text_of(client.view("core", "version"))
    findings = findings_of_alerts(
        read_alerts(client, session.scope), version=version, secrets=secrets, anchor=anchor_of(job)
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


def _keep(client: ZapClient, folder: Path, trace: Trace, secrets: tuple[str, ...]) -> str:
    """Keep the scan's traffic; why it cannot be, else empty."""
    ids = [message.id for message in trace.visits] + [number for part in trace.attacks for number in part.messages]
    try:
        keep_traffic(client, folder, ids, secrets=secrets)
    except ScannerError as error:
        return f"the traffic could not be kept: {error.reason}"
    except OSError as error:
        return f"the traffic could not be kept: {error.strerror} ({error.filename})"
    return ""
