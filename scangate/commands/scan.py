"""`scangate scan`: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from scangate.application import Application, running, with_url
from scangate.commands.common import choose_policy, destinations, finish, refuse_to_leave, use_color
from scangate.doctor import diagnose_all
from scangate.errors import UsageError
from scangate.execute import Event
from scangate.progress import show_progress
from scangate.reports.encoders import visible
from scangate.scan import scan
from scangate.scanners.custom import Custom
from scangate.scanners.interface import Scanner
from scangate.scanners.registry import SCANNERS, TAKES
from scangate.settings import Settings
from scangate.settings_files import load_settings
from scangate.web_options import web_options


def run(path: Path | None, *, config: Path | None, flags: Mapping[str, Any]) -> int:
    """Scan, judge and report; everything that can be wrong with the words is found before anything runs.

    Without a path the tree is the working folder, unless images or SBOMs are named: then there is none.
    """
    root = path or Path()
    settings = load_settings(root, config=config, flags=flags, takes=TAKES)
    policy = choose_policy(settings)
    refuse_to_leave([destination.file for destination in destinations(settings)], root)
    settings = with_url(settings)
    _refuse_lone_flags(settings, flags)
    web = web_options(settings, policy, root=root, environment=os.environ)
    broken = _broken(settings) if settings.doctor else {}
    tree = path is not None or not (settings.image or settings.sbom or settings.url)
    required = policy.coverage.required
    scanners = SCANNERS | _custom(settings)
    with _application(settings) as url, _progress(settings) as notify:
        settings = settings.model_copy(update={"url": url})
        results = scan(
            root,
            settings,
            scanners=scanners,
            notify=notify,
            tree=tree,
            web=web,
            whole=not flags.get("scanner"),
            asked=required,
            broken=broken,
        )
    return finish(results, settings, policy, root=root, required=settings.scanner)


def _refuse_lone_flags(settings: Settings, flags: Mapping[str, Any]) -> None:
    """Settings may say how an application is scanned when one is; who says so on the command line means this scan."""
    if not settings.url and (said := [*flags.get("dast", ()), *(f"zap-{name}" for name in flags.get("zap", ()))]):
        raise UsageError(
            f"--{said[0].replace('_', '-')} is about a running application, and none is named", hint="add --url"
        )


def _application(settings: Settings) -> AbstractContextManager[str | None]:
    """The URL of the application under test, which runs meanwhile where settings say how to start it."""
    if settings.app is None:
        return nullcontext(settings.url)
    return running(Application(settings.app, settings.wait_for or ""), settings.url or "", _say)


def _say(note: str) -> None:
    print(f"scangate: {visible(note)}", file=sys.stderr)


def _custom(settings: Settings) -> dict[str, Scanner]:
    """The scanners that settings describe."""
    return {
        name: Custom(name, tuple(own.command), frozenset(own.kinds), frozenset(own.exit_codes))
        for name, own in settings.scanners.custom.items()
    }


def _broken(settings: Settings) -> dict[str, str]:
    """Those scanners that miss their canary, each with what is wrong."""
    if not settings.quiet:
        print("first, each scanner on its canary:", file=sys.stderr)
    with _progress(settings) as notify:
        diagnoses = diagnose_all(SCANNERS, settings, asked=settings.scanner, notify=notify)
    return {d.scanner: d.detail for d in diagnoses if not d.well}


def _progress(settings: Settings) -> AbstractContextManager[Callable[[Event], None]]:
    return show_progress(sys.stderr, quiet=settings.quiet, color=use_color(settings.color, sys.stderr))
