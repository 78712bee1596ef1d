"""Canaries: proof that each scanner, as installed, still finds the problem that its adapter plants for it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from scangate.document import Results
from scangate.execute import Event
from scangate.model import LedgerState
from scangate.scan import scan
from scangate.scanners.interface import Scanner
from scangate.settings import Settings


@dataclass(frozen=True)
class Diagnosis:
    """Whether a scanner found its canary, and if not what happened instead."""

    scanner: str
    well: bool
    version: str
    detail: str


def diagnose(scanner: Scanner, settings: Settings, *, notify: Callable[[Event], None]) -> Diagnosis:
    """Run one scanner on its canary, with the program and the rules that `settings` name for it."""
    with tempfile.TemporaryDirectory(prefix="scangate-canary-") as folder:
        root = Path(folder).resolve()
        for name, text in scanner.canary.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        advisories = str(root / scanner.canary.advisories) if scanner.canary.advisories else None
        only = Settings(
            scanners=settings.scanners, timeout=settings.timeout, advisories=advisories, offline=settings.offline
        )
        excluded = [f"{scanner.canary.advisories}/**"] if advisories else []
        only = only.model_copy(update={"exclude": excluded, "scanner": [scanner.name]})
        results = scan(root, only, scanners={scanner.name: scanner}, notify=notify)
    return _judge(scanner, results)


def diagnose_all(
    scanners: Mapping[str, Scanner], settings: Settings, *, asked: Collection[str], notify: Callable[[Event], None]
) -> tuple[Diagnosis, ...]:
    """The scanners that are asked for on their canaries, in the registry's order.

    Where none is, those that run unasked or that settings enable, as far as something can be planted for them.
    """
    return tuple(
        diagnose(scanner, settings, notify=notify)
        for scanner in scanners.values()
        if (scanner.name in asked if asked else _runs_unasked(scanner, settings))
    )


def _runs_unasked(scanner: Scanner, settings: Settings) -> bool:
    return bool(scanner.canary.files) and bool(scanner.by_default or settings.own(scanner.name).enabled)


def _judge(scanner: Scanner, results: Results) -> Diagnosis:
    entry = next((e for e in results.ledger if e.state is not LedgerState.NOT_APPLICABLE), results.ledger[0])
    found = any(finding.rule.id == scanner.canary.rule for finding in results.findings)
    if found and entry.state.looked:
        return Diagnosis(scanner.name, True, entry.version, f"found {scanner.canary.rule}")
    happened = entry.reason or f"{entry.state}, but {scanner.canary.rule} was not among {entry.findings} findings"
    step = f"; next: {entry.mend}" if entry.mend else ""
    return Diagnosis(scanner.name, False, entry.version, f"missed its canary: {happened}{step}")
