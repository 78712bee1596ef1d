"""`scangate merge` and `scangate gate`: judge results documents again, several as one or one by itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scangate.commands.common import choose_policy, destinations, finish
from scangate.document import RunInfo
from scangate.merging import merge_results
from scangate.results import read_results
from scangate.scan import now
from scangate.scanners.registry import TAKES
from scangate.settings_files import load_settings


def run(files: Sequence[Path], *, config: Path | None, flags: Mapping[str, Any]) -> int:
    """Read the documents, join them when they are several, judge and report."""
    settings = load_settings(Path(), config=config, flags=flags, takes=TAKES)
    policy = choose_policy(settings)
    destinations(settings)
    documents = [read_results(file) for file in files]
    if len(documents) == 1:
        return finish(documents[0], settings, policy, root=Path())
    merged = merge_results(
        documents,
        run=RunInfo(
            id=str(uuid.uuid4()),
            started=now(),
            seconds=sum(document.run.seconds for document in documents),
            command="merge",
            interrupted=any(document.run.interrupted for document in documents),
        ),
    )
    return finish(merged, settings, policy, root=Path())
