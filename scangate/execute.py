"""Running a plan: side by side under one budget of cores, each job in a private folder, nothing lost to a failure."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from scangate.model import Finding, LedgerEntry, LedgerState, worst_state
from scangate.plan import Plan, Task
from scangate.scanners.interface import (
    Driven,
    Job,
    Parsed,
    Scanner,
    ScannerError,
    Target,
    Tool,
    ToolSpec,
    WebOptions,
    failed,
)
from scangate.workbench import PrivateWorkbench

DEFAULT_TIMEOUT = 900.0
"""Seconds that one process of a scanner may take, unless settings say otherwise."""
_WEB_MARGIN = 300.0
"""Seconds beyond the minutes of a web scan's own limit, for it to end in good order."""

Phase = Literal["queued", "installing", "running", "done"]


@dataclass(frozen=True)
class Event:
    """Something happened to a task: for progress only.

    `entry` comes with `done`; `note` with `installing`, and with `running` where the scanner tells how far it is.
    """

    scanner: str
    target: str
    phase: Phase
    entry: LedgerEntry | None = None
    note: str = ""


@dataclass(frozen=True)
class Inputs:
    """What trusted settings give one scanner; each is as in `Job`."""

    rules: tuple[Path, ...] = ()
    advisories: Path | None = None
    database: Path | None = None
    web: WebOptions | None = None


@dataclass(frozen=True)
class Context:
    """What every job of a run shares. `find_tool` returns a scanner's program or raises `ScannerError`;
    `timeouts` are seconds and `inputs` what settings give, both by scanner; `offline` is as in `Job`.
    """

    root: Path
    cores: int
    find_tool: Callable[[ToolSpec, Callable[[str], None]], Tool]
    notify: Callable[[Event], None]
    cancel: threading.Event
    timeouts: Mapping[str, float] = field(default_factory=dict)
    inputs: Mapping[str, Inputs] = field(default_factory=dict)
    offline: bool = False


@dataclass(frozen=True)
class Ran:
    """What came of a plan: all findings, one ledger entry per scanner and target, and whether it was interrupted."""

    findings: tuple[Finding, ...]
    ledger: tuple[LedgerEntry, ...]
    interrupted: bool = False


@dataclass(frozen=True)
class _Share:
    """What came of one share of a task."""

    target: Target
    parsed: Parsed
    begun: float
    ended: float
    tool: Tool | None

    @property
    def considered(self) -> int:
        return len(self.target.files) if self.parsed.considered is None else self.parsed.considered

    @property
    def scanned(self) -> int:
        return self.considered if self.parsed.scanned is None else self.parsed.scanned


def run_plan(plan: Plan, context: Context) -> Ran:
    """Run all tasks and wait. A Ctrl-C ends what runs, and what had finished is kept."""
    for task in plan.tasks:
        context.notify(Event(task.scanner.name, task.target.name, "queued"))
    collectors = [_Collector(task, context) for task in plan.tasks]
    with ThreadPoolExecutor(max_workers=context.cores, thread_name_prefix="scan") as pool:
        futures = [
            pool.submit(collector.run_share, share) for collector in collectors for share in collector.task.shares
        ]
        interrupted = _wait(futures, context.cancel)
    done = [collector.result() for collector in collectors]
    findings = tuple(finding for found, _ in done for finding in found)
    ledger = sorted((*(entry for _, entry in done), *plan.idle), key=lambda entry: (entry.scanner, entry.target))
    return Ran(findings, tuple(ledger), interrupted)


def _wait(futures: list[Future[None]], cancel: threading.Event) -> bool:
    """Wait for all; True when the user interrupted. A second Ctrl-C changes nothing: the children are being ended."""
    interrupted = False
    while True:
        try:
            if not wait(futures, timeout=0.2).not_done:
                break
        except KeyboardInterrupt:
            interrupted = True
            cancel.set()
    for future in futures:
        future.result()
    return interrupted


class _Collector:
    """Gathers the shares of one task into its findings and its ledger entry."""

    def __init__(self, task: Task, context: Context) -> None:
        self.task = task
        self._context = context
        self._lock = threading.Lock()
        self._shares: list[_Share] = []
        self._entry: LedgerEntry | None = None

    def run_share(self, share: Target) -> None:
        done = _attempt(self.task.scanner, share, self._context)
        with self._lock:
            self._shares.append(done)
            if len(self._shares) < len(self.task.shares):
                return
            self._entry = self._make_entry()
        self._context.notify(Event(self.task.scanner.name, self.task.target.name, "done", entry=self._entry))

    def result(self) -> tuple[tuple[Finding, ...], LedgerEntry]:
        assert self._entry is not None, "every share reports"  # noqa: S101 (an invariant of run_plan)
        return tuple(finding for share in self._shares for finding in share.parsed.findings), self._entry

    def _make_entry(self) -> LedgerEntry:
        parsed = [share.parsed for share in self._shares]
        tool = next((share.tool for share in self._shares if share.tool), None)
        return LedgerEntry(
            scanner=self.task.scanner.name,
            target=self.task.target.name,
            state=worst_state(part.state for part in parsed),
            reason="; ".join(dict.fromkeys(part.reason for part in parsed if part.reason)),
            mend=next((part.mend for part in parsed if part.mend), ""),
            kinds=self._kinds(),
            seconds=round(max(s.ended for s in self._shares) - min(s.begun for s in self._shares), 3),
            version=next((part.version for part in parsed if part.version), tool.version if tool else ""),
            tool=next((part.tool for part in parsed if part.tool), tool.origin if tool else ""),
            database_date=min((part.database_date for part in parsed if part.database_date), default=""),
            considered=sum(share.considered for share in self._shares),
            scanned=sum(share.scanned for share in self._shares),
            skipped=tuple(skip for part in parsed for skip in part.skipped),
            findings=sum(len(part.findings) for part in parsed),
            web=next((part.web for part in parsed if part.web), None),
        )

    def _kinds(self) -> tuple[str, ...]:
        """The target's kinds, without those of which nothing was looked at although the scanner did its work."""
        if not all(share.parsed.state.looked for share in self._shares):
            return self.task.target.kinds
        unseen = frozenset(path for share in self._shares for path in share.parsed.unseen)
        files = self.task.files
        return tuple(kind for kind in self.task.target.kinds if not files[kind] or not files[kind] <= unseen)


def _attempt(scanner: Scanner, target: Target, context: Context) -> _Share:
    """One share of one task: whatever goes wrong becomes a state with a reason."""
    begun, tool = time.monotonic(), None
    try:
        if context.cancel.is_set():
            raise failed("interrupted by the user")
        if scanner.tool.executable:
            tool = context.find_tool(scanner.tool, lambda note: _installing(scanner, target, context, note))
        context.notify(Event(scanner.name, target.name, "running"))
        begun = time.monotonic()
        parsed = run_in_private(scanner, target, tool, context)
    except ScannerError as error:
        parsed = Parsed(scanned=0, state=error.state, reason=error.reason, mend=error.mend)
    except OSError as error:
        parsed = Parsed(scanned=0, state=LedgerState.FAILED, reason=f"{error.strerror or error} ({error.filename})")
    except Exception as error:  # an adapter's bug must not lose what the other scanners found
        reason = f"bug in scangate's {scanner.name} adapter, please report it: {type(error).__name__}: {error}"
        parsed = Parsed(scanned=0, state=LedgerState.FAILED, reason=reason)
    return _Share(target, parsed, begun, time.monotonic(), tool)


def _installing(scanner: Scanner, target: Target, context: Context, note: str) -> None:
    context.notify(Event(scanner.name, target.name, "installing", note=note))


def run_in_private(scanner: Scanner, target: Target, tool: Tool | None, context: Context) -> Parsed:
    """One scanner on one target, in a private folder that is gone afterwards.

    Raises:
        ScannerError: the scanner did not do its work.
    """
    work = Path(tempfile.mkdtemp(prefix="scangate-")).resolve()
    try:
        inputs = context.inputs.get(scanner.name, Inputs())
        job = Job(
            scanner=scanner.name,
            target=target,
            root=context.root,
            work=work,
            tool=tool,
            threads=context.cores,
            rules=inputs.rules,
            advisories=inputs.advisories,
            database=inputs.database,
            offline=context.offline,
            web=inputs.web,
        )
        workbench = PrivateWorkbench(
            job,
            timeout=_timeout(job, context),
            cancel=context.cancel,
            tell=lambda note: context.notify(Event(scanner.name, target.name, "running", note=note)),
        )
        if isinstance(scanner, Driven):
            return scanner.run(job, workbench)
        return scanner.parse(workbench(scanner.command(job)), job)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _timeout(job: Job, context: Context) -> float:
    """Seconds for each process of the job; a web scan has its own limit, and must be able to keep it."""
    default = DEFAULT_TIMEOUT if job.web is None else job.web.limits.minutes * 60 + _WEB_MARGIN
    return context.timeouts.get(job.scanner, default)
