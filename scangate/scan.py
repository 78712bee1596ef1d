"""One scan from end to end: discover, plan, run, correlate, identify. Judging and reporting come after."""

from __future__ import annotations

import datetime
import os
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from scangate import __version__
from scangate.correlate import correlate
from scangate.document import Results, RunInfo, ToolInfo
from scangate.execute import Context, Event, Inputs, run_plan
from scangate.inventory import Inventory, no_tree, take_inventory
from scangate.model import LedgerState
from scangate.plan import make_plan, supported_by
from scangate.scanners.interface import Input, Scanner, ScannerError, Tool, ToolSpec, WebOptions
from scangate.settings import Settings
from scangate.subjects import commits_of_change, find_subjects
from scangate.toolstore import ToolError, ToolStore, resolve
from scangate.veil import without_known_secrets


def scan(
    root: Path,
    settings: Settings,
    *,
    scanners: Mapping[str, Scanner],
    notify: Callable[[Event], None],
    tree: bool = True,
    web: WebOptions | None = None,
    whole: bool = True,
    asked: Collection[str] = (),
    broken: Mapping[str, str] | None = None,
) -> Results:
    """Scan a tree (unless `tree` is false) and the images, SBOMs and commits that settings name. The results have no
    verdict yet; what went wrong with a scanner is in the ledger.

    `web` comes with the settings' URL. `whole` says that nobody limited this run by hand, so that every file has to be
    searched for secrets. `asked` names scanners that shall look at all that they can, besides those that
    settings ask for. `broken` names scanners that are known not to work, and why: they are not run and count as failed.

    Raises:
        UsageError: the root cannot be scanned at all.
    """
    started, begun = now(), time.monotonic()
    inventory = _inventory(root, settings, tree=tree)
    chosen = tuple(scanners.values())
    cores = settings.jobs or usable_cores()
    unwanted = _disabled(settings, chosen) | {name: (LedgerState.FAILED, why) for name, why in (broken or {}).items()}
    asked = {*asked, *settings.scanner, *(name for name, own in settings.scanners.named.items() if own.enabled)}
    plan = make_plan(inventory, chosen, unwanted=unwanted, asked=asked, cores=cores, root=str(inventory.root))
    ran = run_plan(plan, _context(settings, inventory, chosen, cores=cores, web=web, notify=notify))
    return Results(
        tool=ToolInfo(version=__version__),
        run=RunInfo(
            id=str(uuid.uuid4()),
            started=started,
            seconds=round(time.monotonic() - begun, 3),
            interrupted=ran.interrupted,
        ),
        inventory=inventory.summary(supported_by(chosen), every=whole),
        ledger=ran.ledger,
        findings=correlate(without_known_secrets(ran.findings, inventory.root), inventory.root),
    )


def _inventory(root: Path, settings: Settings, *, tree: bool) -> Inventory:
    if not tree:
        nothing = no_tree(root)
        return replace(nothing, subjects=find_subjects(settings, nothing))
    inventory = take_inventory(root, exclude=settings.exclude, max_file_bytes=settings.max_file_bytes)
    if not (settings.history or settings.commits):
        commits, note = commits_of_change(inventory.root, os.environ)
        settings = settings.model_copy(update={"commits": commits})
        inventory = replace(inventory, notes=(*inventory.notes, note)) if note else inventory
    return replace(inventory, subjects=find_subjects(settings, inventory))


def now() -> str:
    """The time, RFC 3339 in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _disabled(settings: Settings, scanners: Sequence[Scanner]) -> dict[str, tuple[LedgerState, str]]:
    off = (name for name, own in settings.scanners.named.items() if own.enabled is False)
    reasons = dict.fromkeys(off, "disabled in settings")
    if settings.scanner:
        limit = f"this run is limited to {', '.join(settings.scanner)}"
        reasons |= {scanner.name: limit for scanner in scanners if scanner.name not in settings.scanner}
    return {name: (LedgerState.DISABLED, reason) for name, reason in reasons.items()}


def _context(
    settings: Settings,
    inventory: Inventory,
    scanners: Sequence[Scanner],
    *,
    cores: int,
    web: WebOptions | None,
    notify: Callable[[Event], None],
) -> Context:
    cancel = threading.Event()
    return Context(
        root=inventory.root,
        cores=cores,
        cancel=cancel,
        find_tool=_ToolFinder(settings, inventory.root, cancel),
        notify=notify,
        timeouts={s.name: seconds for s in scanners if (seconds := settings.timeout_of(s.name))},
        inputs={s.name: _inputs(s, settings, web) for s in scanners},
        offline=settings.offline,
    )


def _inputs(scanner: Scanner, settings: Settings, web: WebOptions | None) -> Inputs:
    """What settings give the scanner, of what it takes."""
    own, advisories = settings.own(scanner.name), settings.advisories
    return Inputs(
        rules=tuple(Path(rule).resolve() for rule in own.rules),
        advisories=Path(advisories).resolve() if advisories and Input.ADVISORIES in scanner.takes else None,
        database=Path(own.database).resolve() if own.database else None,
        web=web if "web-application" in scanner.kinds else None,
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
        if spec.name in self._settings.scanners.custom:
            return Tool(Path(spec.executable), "", "settings")
        own = self._settings.own(spec.name)
        configured = Path(own.path) if own.path else None
        try:
            return self._resolve(spec, configured=configured, say=say)
        except ToolError as error:
            return ScannerError(LedgerState.MISSING, error.reason, mend=error.mend)
