"""`scangate import`: the output of a scanner that ran elsewhere."""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scangate import __version__
from scangate.commands.common import choose_policy, destinations, finish
from scangate.correlate import merge_duplicates
from scangate.errors import UsageError
from scangate.identity import identify
from scangate.model import LedgerEntry, LedgerState, Results, RunInfo, ToolInfo
from scangate.scan import now
from scangate.scanners.interface import Job, Output, Parsed, Reader, ScannerError, Target
from scangate.scanners.registry import READERS, SCANNERS
from scangate.settings import Settings, load_settings

_MEND = "run the scanner again and keep its whole output"


def run(files: Sequence[Path], *, reader: str, root: Path, config: Path | None, flags: Mapping[str, Any]) -> int:
    """Read the outputs, judge and report; says how many records became how many findings."""
    if reader not in READERS:
        raise UsageError(f"no scanner is called {reader!r}", hint=f"choose from {', '.join(sorted(READERS))}")
    settings = load_settings(root, config=config, flags=flags, scanners=frozenset(SCANNERS))
    policy = choose_policy(settings)
    destinations(settings)
    results = read_outputs(files, READERS[reader], root=root.resolve(), settings=settings)
    if not settings.quiet:
        read = sum(entry.findings for entry in results.ledger)
        merged = read - len(results.findings)
        print(
            f"{reader}: {read} records read, {merged} duplicates merged, {len(results.findings)} findings",
            file=sys.stderr,
        )
    return finish(results, settings, policy, root=root)


def read_outputs(files: Sequence[Path], reader: Reader, *, root: Path, settings: Settings) -> Results:
    """The outputs as results. One that cannot be understood is in the ledger, never zero findings.

    Raises:
        UsageError: a file cannot be read at all.
    """
    started, begun = now(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="scangate-") as work:
        parsed = [_parse(file, reader, root=root, work=Path(work), settings=settings) for file in files]
    findings = merge_duplicates(finding for part in parsed for finding in part.findings)
    return Results(
        tool=ToolInfo(version=__version__),
        run=RunInfo(
            id=str(uuid.uuid4()), started=started, seconds=round(time.monotonic() - begun, 3), command="import"
        ),
        ledger=tuple(_entry(file, reader, part) for file, part in zip(files, parsed, strict=True)),
        findings=identify(findings, root),
    )


def _parse(file: Path, reader: Reader, *, root: Path, work: Path, settings: Settings) -> Parsed:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}", hint="name a scanner's output") from error
    job = Job(
        scanner=reader.name,
        target=Target(file.name, (), ()),
        root=root,
        work=work,
        advisories=Path(settings.advisories).resolve() if settings.advisories else None,
        offline=True,
    )
    try:
        return reader.parse(Output(data), job)
    except ScannerError as error:
        return Parsed(scanned=0, state=error.state, reason=error.reason, mend=error.mend)


def _entry(file: Path, reader: Reader, parsed: Parsed) -> LedgerEntry:
    scanner = SCANNERS.get(reader.name)
    return LedgerEntry(
        scanner=reader.name,
        target=str(file),
        state=parsed.state,
        reason=parsed.reason,
        mend=parsed.mend
        or ("" if parsed.state is LedgerState.RAN else "run the scanner again and keep its whole output"),
        kinds=tuple(sorted(scanner.kinds)) if scanner else (),
        version=parsed.version,
        tool=f"import: {file.name}",
        database_date=parsed.database_date,
        scanned=parsed.scanned or 0,
        considered=(parsed.scanned or 0) + len(parsed.skipped) if parsed.considered is None else parsed.considered,
        skipped=parsed.skipped,
        findings=len(parsed.findings),
    )
