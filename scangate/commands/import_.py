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
from scangate.correlate import correlate
from scangate.document import Results, RunInfo, ToolInfo
from scangate.errors import UsageError
from scangate.model import LedgerEntry, LedgerState
from scangate.reports.view import plural
from scangate.scan import now
from scangate.scanners.interface import Input, Job, Output, Parsed, ScannerError, Target
from scangate.scanners.registry import READERS, SCANNERS, TAKES
from scangate.settings import Settings
from scangate.settings_files import load_settings

_MEND = "name the scanner that wrote it with --scanner, or run that again and keep its whole output"


def run(files: Sequence[Path], *, reader: str, root: Path, config: Path | None, flags: Mapping[str, Any]) -> int:
    """Read the outputs, judge and report; says how many records became how many findings."""
    if reader not in READERS:
        raise UsageError(f"no scanner is called {reader!r}", hint=f"choose from {', '.join(sorted(READERS))}")
    if flags.get("advisories") and Input.ADVISORIES not in TAKES.get(reader, ()):
        raise UsageError(f"--advisories says nothing about an output of {reader}", hint="leave it out")
    settings = load_settings(root, config=config, flags=flags, takes=TAKES)
    policy = choose_policy(settings)
    destinations(settings)
    results = read_outputs(files, reader, root=root.resolve(), settings=settings)
    if not settings.quiet:
        print(f"{reader}: {_counts(results)}", file=sys.stderr)
    return finish(results, settings, policy, root=root)


def _counts(results: Results) -> str:
    """How many records became how many findings: `14 records read, 7 duplicates merged, 7 findings`."""
    read, found = sum(entry.findings for entry in results.ledger), len(results.findings)
    several = [{source.scanner for source in finding.sources} for finding in results.findings if finding.joined]
    joined = sum(len(scanners) - 1 for scanners in several)
    told = [f"{plural(read, 'record')} read", f"{plural(read - found - joined, 'duplicate')} merged"]
    told += [f"{joined:,} joined with another scanner's"] if joined else []
    return ", ".join([*told, plural(found, "finding")])


def read_outputs(files: Sequence[Path], reader: str, *, root: Path, settings: Settings) -> Results:
    """The outputs as results. One that cannot be understood is in the ledger, never zero findings.

    Raises:
        UsageError: a file cannot be read at all.
    """
    started, begun = now(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="scangate-") as work:
        read = [(file, _read(file, reader, root=root, work=Path(work), settings=settings)) for file in files]
    parts = [(file, scanner, parsed) for file, parsed_by in read for scanner, parsed in parsed_by.items()]
    return Results(
        tool=ToolInfo(version=__version__),
        run=RunInfo(
            id=str(uuid.uuid4()), started=started, seconds=round(time.monotonic() - begun, 3), command="import"
        ),
        ledger=tuple(_entry(file, scanner, parsed) for file, scanner, parsed in parts),
        findings=correlate((finding for _, _, parsed in parts for finding in parsed.findings), root),
    )


def _read(file: Path, reader: str, *, root: Path, work: Path, settings: Settings) -> Mapping[str, Parsed]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}", hint="name a scanner's output") from error
    job = Job(
        scanner=reader,
        target=Target(file.name, (), ()),
        root=root,
        work=work,
        advisories=Path(settings.advisories).resolve() if settings.advisories else None,
        offline=True,
    )
    try:
        return READERS[reader].read(Output(data), job)
    except ScannerError as error:
        return {reader: Parsed(scanned=0, state=error.state, reason=error.reason, mend=error.mend)}


def _entry(file: Path, scanner: str, parsed: Parsed) -> LedgerEntry:
    """The ledger's line. An absolute path stays out of it, since reports travel."""
    known = SCANNERS.get(scanner)
    scanned = parsed.scanned or 0
    return LedgerEntry(
        scanner=scanner,
        target=file.name if file.is_absolute() else str(file),
        state=parsed.state,
        reason=parsed.reason,
        mend=parsed.mend or ("" if parsed.state is LedgerState.RAN else _MEND),
        kinds=tuple(sorted(known.kinds)) if known else (),
        version=parsed.version,
        tool=f"import: {file.name}",
        database_date=parsed.database_date,
        scanned=scanned,
        considered=scanned + len(parsed.skipped) if parsed.considered is None else parsed.considered,
        skipped=parsed.skipped,
        findings=len(parsed.findings),
    )
