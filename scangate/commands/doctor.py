"""`scangate tools doctor`: does each scanner still find its canary?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from scangate.commands.common import use_color
from scangate.doctor import diagnose_all
from scangate.errors import ExitCode, UsageError
from scangate.progress import show_progress
from scangate.reports.encoders import visible
from scangate.scanners.registry import SCANNERS, TAKES
from scangate.settings_files import load_settings


def run(names: Sequence[str], *, config: Path | None) -> int:
    """Diagnose the named scanners, or all that run unasked; 3 when one of them is not well."""
    if unknown := sorted(set(names) - set(SCANNERS)):
        raise UsageError(f"no scanner is called {unknown[0]!r}", hint=f"choose from {', '.join(SCANNERS)}")
    settings = load_settings(Path(), config=config, flags={}, takes=TAKES)
    with show_progress(sys.stderr, quiet=False, color=use_color(None, sys.stderr)) as notify:
        diagnoses = diagnose_all(SCANNERS, settings, asked=names, notify=notify)
    for diagnosis in diagnoses:
        mark = "well" if diagnosis.well else "NOT WELL"
        print(visible(f"{diagnosis.scanner} {diagnosis.version}: {mark}: {diagnosis.detail}"))
    return 0 if all(diagnosis.well for diagnosis in diagnoses) else ExitCode.INCOMPLETE
