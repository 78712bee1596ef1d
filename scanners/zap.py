"""OWASP ZAP, driven through its API against a running application, and its own reports.

Written against ZAP 2.17 (https://www.zaproxy.org/docs/api/). The tool's own traps: a scan of nothing ends at once and
without alerts, and looks clean; a scan that was stopped reads as finished; an absent add-on is an empty answer.
"""

from __future__ import annotations

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
    Workbench,
    failed,
)
from scangate.scanners.zap_report import read_zap_report

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
        from scangate.scanners.zap_run import run_zap  # noqa: PLC0415 (an HTTP client takes long to load)

        return run_zap(job, workbench)
