"""The scan of one job: with a ZAP that runs already, or with one of our own for as long as it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from scangate.scanners.interface import Job, Parsed, WebOptions, Workbench, failed
from scangate.scanners.zap_client import ZapClient
from scangate.scanners.zap_daemon import attached, launched
from scangate.scanners.zap_login import Logins
from scangate.scanners.zap_pace import Deadline
from scangate.scanners.zap_preflight import check_equipment
from scangate.scanners.zap_scan import scan_application
from scangate.scanners.zap_scope import EXCLUDED_WORDS, Scope, scope_of
from scangate.scanners.zap_session import opened_session


def run_zap(job: Job, workbench: Workbench) -> Parsed:
    """Scan the application at the target's URL. Raises `ScannerError` with the reason why it cannot be."""
    if job.web is None:
        raise failed("no settings say how to scan a running application")
    deadline = Deadline(time.monotonic(), job.web.limits.minutes)
    scope = scope_of(job.target.subject, job.web)
    attacks = job.web.profile != "baseline"
    if attacks and not job.web.allowed:
        mend = "list the host in dast.allowed_hosts, or take the profile baseline"
        raise failed("an active scan is not allowed for this host", mend=mend)
    if job.web.profile == "api" and not (job.web.openapi or job.web.urls or job.web.har):
        raise failed("the profile api has nothing to call", mend="name dast.openapi, dast.urls or dast.har")
    _show(scope, job.web, workbench)
    logins = Logins(job.web, scope.seed, workbench)
    with _zap(job, workbench, logins) as client:
        check_equipment(client, attacks=attacks)
        own = not job.web.zap_url
        with opened_session(client, workbench, scope=scope, limits=job.web.limits, own=own) as session:
            return scan_application(session, job, logins, until=deadline)


def _show(scope: Scope, options: WebOptions, workbench: Workbench) -> None:
    """Say what will be scanned before anything is sent."""
    workbench.tell(f"scope: {scope.base} and below, profile {options.profile}")
    workbench.tell(f"left alone: what logs out or destroys ({EXCLUDED_WORDS})")
    if scope.site.startswith("https:"):
        workbench.tell("ZAP takes any certificate of the target, also one that nobody vouches for")


@contextmanager
def _zap(job: Job, workbench: Workbench, logins: Logins) -> Iterator[ZapClient]:
    options = job.web or WebOptions()
    if not options.zap_url:
        with launched(workbench, job, environment=logins.environment()) as client:
            yield client
        return
    with attached(options.zap_url, options.zap_key) as client:
        yield client
