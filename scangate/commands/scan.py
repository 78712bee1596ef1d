"""`scangate scan`: the main job."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from scangate.commands.common import choose_policy, destinations, finish, refuse_to_leave, use_color
from scangate.doctor import diagnose_all
from scangate.execute import Event
from scangate.progress import show_progress
from scangate.scan import scan
from scangate.scanners.registry import SCANNERS
from scangate.settings import Settings, load_settings


def run(path: Path, *, config: Path | None, flags: Mapping[str, Any]) -> int:
    """Scan, judge and report; everything that can be wrong with the words is found before anything runs."""
    settings = load_settings(path, config=config, flags=flags, scanners=frozenset(SCANNERS))
    policy = choose_policy(settings)
    refuse_to_leave([destination.file for destination in destinations(settings)], path)
    broken = _broken(settings) if settings.doctor else {}
    with _progress(settings) as notify:
        results = scan(path, settings, scanners=SCANNERS, notify=notify, broken=broken)
    return finish(results, settings, policy, root=path, required=settings.scanner)


def _broken(settings: Settings) -> dict[str, str]:
    """Those scanners that miss their canary, each with what is wrong."""
    asked = {name: s for name, s in SCANNERS.items() if not settings.scanner or name in settings.scanner}
    if not settings.quiet:
        print("first, each scanner on its canary:", file=sys.stderr)
    with _progress(settings) as notify:
        return {d.scanner: d.detail for d in diagnose_all(asked, settings, notify=notify) if not d.well}


def _progress(settings: Settings) -> AbstractContextManager[Callable[[Event], None]]:
    return show_progress(sys.stderr, quiet=settings.quiet, color=use_color(settings.color, sys.stderr))
