"""One scan from end to end: discover, plan, run, correlate, identify. Judging and reporting come after."""

from __future__ import annotations

import datetime
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from scangate import __version__
from scangate.correlate import merge_duplicates
from scangate.document import Results, RunInfo, ToolInfo
from scangate.execute import DEFAULT_TIMEOUT, Context, Event, run_plan
from scangate.identity import identify
from scangate.inventory import Inventory, take_inventory
from scangate.model import LedgerState
from scangate.plan import make_plan, supported_by
from scangate.scanners.interface import Scanner, ScannerError, Tool, ToolSpec
from scangate.settings import TAKES_RULES, Settings
from scangate.toolstore import ToolError, ToolStore, resolve


def scan(
    root: Path,
    settings: Settings,
    *,
    scanners: Mapping[str, Scanner],
    notify: Callable[[Event], None],
    broken: Mapping[str, str] | None = None,
) -> Results:
    """Scan a tree. The results have no verdict yet; what went wrong with a scanner is in the ledger.

    `broken` names scanners that are known not to work, and why: they are not run and count as failed.

    Raises:
        UsageError: the root cannot be scanned at all.
    """
    started, begun = now(), time.monotonic()
    inventory = take_inventory(root, exclude=settings.exclude, max_file_bytes=settings.max_file_bytes)
    chosen = tuple(scanners.values())
    cores = settings.jobs or usable_cores()
    unwanted = _disabled(settings, chosen) | {name: (LedgerState.FAILED, why) for name, why in (broken or {}).items()}
    plan = make_plan(inventory, chosen, unwanted=unwanted, cores=cores, root=str(inventory.root))
    ran = run_plan(plan, _context(settings, inventory, chosen, cores, notify))
    return Results(
        tool=ToolInfo(version=__version__),
        run=RunInfo(
            id=str(uuid.uuid4()),
            started=started,
            seconds=round(time.monotonic() - begun, 3),
            interrupted=ran.interrupted,
        ),
        inventory=inventory.summary(supported_by(chosen)),
        ledger=ran.ledger,
        findings=identify(merge_duplicates(ran.findings), inventory.root),
    )


def now() -> str:
    """The time, RFC 3339 in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _disabled(settings: Settings, scanners: Sequence[Scanner]) -> dict[str, tuple[LedgerState, str]]:
    reasons = {name: "disabled in settings" for name, own in settings.scanners.items() if not own.enabled}
    if settings.scanner:
        limit = f"this run is limited to {', '.join(settings.scanner)}"
        reasons |= {scanner.name: limit for scanner in scanners if scanner.name not in settings.scanner}
    return {name: (LedgerState.DISABLED, reason) for name, reason in reasons.items()}


def _context(
    settings: Settings, inventory: Inventory, scanners: Sequence[Scanner], cores: int, notify: Callable[[Event], None]
) -> Context:
    own = settings.scanners
    default = settings.timeout or DEFAULT_TIMEOUT
    cancel = threading.Event()
    return Context(
        root=inventory.root,
        cores=cores,
        cancel=cancel,
        find_tool=_ToolFinder(settings, inventory.root, cancel),
        notify=notify,
        timeouts={s.name: (own[s.name].timeout if s.name in own else None) or default for s in scanners},
        rules=tuple(Path(rule).resolve() for rule in own[TAKES_RULES].rules) if TAKES_RULES in own else (),
        advisories=Path(settings.advisories).resolve() if settings.advisories else None,
        offline=settings.offline,
    )


class _ToolFinder:
    """Finds each tool once, however many shares ask for it at the same time."""

    def __init__(self, settings: Settings, root: Path, cancel: threading.Event) -> None:
        self._settings = settings
        self._resolve = partial(resolve, store=ToolStore(), forbidden=root, cancel=cancel)
        self._locks: dict[str, threading.Lock] = {}
        self._found: dict[str, Tool | ScannerError] = {}
        self._guard = threading.Lock()

    def __call__(self, spec: ToolSpec, say: Callable[[str], None]) -> Tool:
        with self._guard:
            lock = self._locks.setdefault(spec.name, threading.Lock())
        with lock:
            if spec.name not in self._found:
                self._found[spec.name] = self._find(spec, say)
            found = self._found[spec.name]
        if isinstance(found, ScannerError):
            raise found
        return found

    def _find(self, spec: ToolSpec, say: Callable[[str], None]) -> Tool | ScannerError:
        own = self._settings.scanners.get(spec.name)
        configured = Path(own.path) if own and own.path else None
        try:
            return self._resolve(spec, configured=configured, say=say)
        except ToolError as error:
            return ScannerError(LedgerState.MISSING, error.reason, mend=error.mend)
