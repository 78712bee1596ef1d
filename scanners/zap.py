"""OWASP ZAP, driven through its API against a running application, and its own reports.

Written against ZAP 2.17 (https://www.zaproxy.org/docs/api/). The tool's own traps: a scan of nothing ends at once and
without alerts, and looks clean; a scan that was stopped reads as finished; an absent add-on is an empty answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from scangate.model import Category
from scangate.scanners.interface import (
    Canary,
    Command,
    Cost,
    Input,
    Job,
    Output,
    Parsed,
    ToolSpec,
    WebOptions,
    Workbench,
    failed,
)
from scangate.scanners.zap_client import ZapClient
from scangate.scanners.zap_daemon import attached, launched
from scangate.scanners.zap_pace import Deadline
from scangate.scanners.zap_preflight import check_equipment
from scangate.scanners.zap_report import read_zap_report
from scangate.scanners.zap_scan import scan_application
from scangate.scanners.zap_scope import EXCLUDED_WORDS, Scope, scope_of
from scangate.scanners.zap_session import opened_session

WEB_APPLICATION = "web-application"


class Zap:
    """The ZAP adapter."""

    name = "zap"
    category = Category.WEB
    tool = ToolSpec("zap", executable="", versions=">=2.14,<3")
    kinds = frozenset({WEB_APPLICATION})
    by_default = frozenset({WEB_APPLICATION})
    takes: frozenset[Input] = frozenset()
    per_file = False
    splits = False
    cost = Cost(start=5.0, per_megabyte=0.0)
    canary = Canary({}, rule="")

    def command(self, job: Job) -> Command:
        """None: ZAP is a server. See `run`."""
        raise failed(f"{job.scanner} is driven through its API, and no single command")

    def parse(self, output: Output, job: Job) -> Parsed:
        """The findings of one of ZAP's own reports."""
        return read_zap_report(output, job)

    def run(self, job: Job, workbench: Workbench) -> Parsed:
        """Scan the application at the target's URL, with a ZAP that runs already or with one of our own."""
        if job.web is None:
            raise failed("no settings say how to scan a running application")
        deadline = Deadline(time.monotonic(), job.web.limits.minutes)
        scope = scope_of(job.target.subject, job.web)
        _show(scope, job.web, workbench)
        with _zap(job, workbench) as client:
            check_equipment(client, attacks=job.web.profile != "baseline")
            own = not job.web.zap_url
            with opened_session(client, workbench, scope=scope, limits=job.web.limits, own=own) as session:
                return scan_application(session, job, until=deadline)


def _show(scope: Scope, options: WebOptions, workbench: Workbench) -> None:
    """Say what will be scanned before anything is sent."""
    workbench.tell(f"scope: {scope.base} and below, profile {options.profile}")
    workbench.tell(f"left alone: what logs out or destroys ({EXCLUDED_WORDS})")
    if scope.site.startswith("https:"):
        workbench.tell("ZAP takes any certificate of the target, also one that nobody vouches for")


@contextmanager
def _zap(job: Job, workbench: Workbench) -> Iterator[ZapClient]:
    options = job.web or WebOptions()
    if not options.zap_url:
        with launched(workbench, job) as client:
            yield client
        return
    with attached(options.zap_url, options.zap_key) as client:
        yield client
