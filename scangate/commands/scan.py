"""`scangate scan`: the main job."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scangate.commands.common import choose_policy, destinations, finish, use_color
from scangate.doctor import diagnose_all
from scangate.progress import show_progress
from scangate.scan import scan
from scangate.scanners.registry import SCANNERS
from scangate.settings import load_settings


def run(path: Path, *, config: Path | None, flags: Mapping[str, Any]) -> int:
    """Scan, judge and report; everything that can be wrong with the words is found before anything runs."""
    settings = load_settings(path, config=config, flags=flags, scanners=frozenset(SCANNERS))
    policy = choose_policy(settings)
    destinations(settings)
    with show_progress(sys.stderr, quiet=settings.quiet, color=use_color(settings.color, sys.stderr)) as notify:
        broken = {}
        if settings.doctor:
            asked = {name: s for name, s in SCANNERS.items() if not settings.scanner or name in settings.scanner}
            broken = {d.scanner: d.detail for d in diagnose_all(asked, settings, notify=notify) if not d.well}
        results = scan(path, settings, scanners=SCANNERS, notify=notify, broken=broken)
    return finish(results, settings, policy, root=path, required=settings.scanner)
