"""What every test shares: nothing of the user's own settings or runs, and the real tools from the tool store."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from scangate.execute import Context, Inputs, run_in_private
from scangate.scanners.interface import Parsed, Scanner, Target, Tool
from scangate.scanners.locks import locked_tools
from scangate.scanners.registry import SCANNERS
from scangate.toolstore import ToolStore, resolve

# No test depends on how fast a machine is; CI tries the same examples each time, people new ones.
settings.register_profile("scangate", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("scangate")

_SCRUBBED = ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")


@pytest.fixture(autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and runs of their own for each test; CI's own variables do not reach it."""
    home = tmp_path_factory.mktemp("user")
    monkeypatch.setenv("SCANGATE_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("SCANGATE_CONFIG_DIR", str(home / "config"))
    for name in [*_SCRUBBED, *(name for name in os.environ if name.startswith("GITHUB_"))]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def tools() -> Callable[[str], Tool]:
    """The real tool of a scanner, from the tool store, installed on first use; from PATH where we have no lock."""
    store = ToolStore()

    def tool(name: str) -> Tool:
        spec = SCANNERS[name].tool
        if spec.name not in locked_tools():
            return resolve(spec, store=store, configured=None, say=lambda note: None)
        return store.find(spec) or store.install(spec, say=lambda note: None)

    return tool


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference material beside the checkout; tests that need it are skipped where it is absent."""
    folder = Path(__file__).parents[2] / "shared"
    if not (folder / "samples").is_dir():
        pytest.skip("the reference material is not here")
    return folder


@pytest.fixture(scope="session")
def run_scanner(tools: Callable[[str], Tool]) -> Callable[..., Parsed]:
    """Runs a real scanner on some files of a tree, as the runner does: `run_scanner(scanner, root, *files)`.

    By name come `kinds` (all of the scanner's by default), a `subject` in place of files, `offline`, and what settings
    give: `rules`, `advisories`, `database`.
    """

    def run(
        scanner: Scanner,
        root: Path,
        *files: str,
        kinds: Iterable[str] = (),
        subject: str = "",
        offline: bool = False,
        **inputs: Any,
    ) -> Parsed:
        tools(scanner.name)
        context = Context(
            root=root.resolve(),
            cores=2,
            find_tool=lambda spec, say: tools(spec.name),
            notify=lambda event: None,
            cancel=threading.Event(),
            inputs={scanner.name: Inputs(**inputs)},
            offline=offline,
        )
        name = subject or (files[0] if scanner.per_file else ".")
        target = Target(name, tuple(kinds) or tuple(sorted(scanner.kinds)), files, subject)
        return run_in_private(scanner, target, tools(scanner.name), context)

    return run
