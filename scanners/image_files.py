"""Images on disk that hold more than the one image that scanners look at, and say nothing of the rest.

Sources: the OCI image layout 1.0 (`index.json`), and what `docker save` writes (`manifest.json`).
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ATTESTATION = "vnd.docker.reference.type"


def other_images(subject: str) -> Iterator[str]:
    """Why an archive or layout folder may hold images that are not looked at; nothing for a reference."""
    path = Path(subject)
    if not path.is_absolute():
        return
    count = sum(map(_is_image, _layout(path)))
    if count > 1:
        yield f"the layout holds {count} images, of which one was looked at"
    if path.is_file() and _manifests(path) > 1:
        yield "the archive holds several manifests under one name, and programs differ on which counts"


def _layout(folder: Path) -> list[Any]:
    """What a layout's index names; nothing where there is none that can be read."""
    try:
        index = json.loads((folder / "index.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    named = index.get("manifests") if isinstance(index, dict) else None
    return named if isinstance(named, list) else []


def _is_image(entry: Any) -> bool:
    annotations = entry.get("annotations") if isinstance(entry, dict) else None
    return not (isinstance(annotations, dict) and _ATTESTATION in annotations)


def _manifests(archive: Path) -> int:
    try:
        with tarfile.open(archive, "r:") as members:
            return sum(member.name.removeprefix("./") == "manifest.json" for member in members)
    except (OSError, tarfile.TarError, ValueError):
        return 0
