"""Finding exact versions for open dependencies, as an installation today would, without building anything.

`uv` reads only files that we write: neither the scanned project's settings nor its package indexes reach it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import uv
from packaging.requirements import Requirement
from platformdirs import user_cache_path

from scangate.model import Skip
from scangate.scanners.interface import Command, Output, failed, unreadable
from scangate.scanners.pins import Dependency, Manifest, Origin, hide_passwords, read_requirement

MEND = "commit a lock file (uv lock, poetry lock, pip-compile), so that what is audited is what is installed"

_OPTIONS = (
    *("--no-config", "--no-build", "--no-python-downloads", "--universal", "--no-strip-extras"),
    *("--no-header", "--no-annotate", "--no-progress", "--color", "never"),
)


def resolving_command(manifest: Manifest, *, offline: bool) -> Command:
    """`uv pip compile` of the open dependencies; the pins and constraints hold for what they draw in.

    `--no-build` matters: building a source distribution would run its code.
    """
    held = [*(dependency.requirement for dependency in manifest.pinned), *manifest.constraints]
    options = (
        *(("--constraints", "constraints.txt") if held else ()),
        *(("--offline",) if offline else ()),
        *("--python", sys.executable),
    )
    return Command(
        (_uv(), "pip", "compile", "open.in", *options, *_OPTIONS),
        env=_registry_environment(),
        files={
            "open.in": _lines(dependency.requirement for dependency in manifest.open),
            "constraints.txt": _lines(_without_extras(requirement) for requirement in held),
        },
        network=not offline,
    )


def _uv() -> str:
    try:
        return uv.find_uv_bin()
    except FileNotFoundError as error:
        raise failed("uv, which resolves open dependencies, is missing", mend="install scangate again") from error


def _registry_environment() -> dict[str, str]:
    """What the user's environment says of the package registry beyond what every command with network gets: uv does
    not know pip's name for the index, and our private home would hide its cache.
    """
    ours = Path(os.environ.get("SCANGATE_CACHE_DIR") or user_cache_path("scangate", appauthor=False))
    environment = {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(ours / "uv")}
    for pip_name, uv_names in _PIP_NAMES.items():
        if pip_name in os.environ and not any(name in os.environ for name in uv_names):
            environment[uv_names[0]] = os.environ[pip_name]
    return environment


_PIP_NAMES = {
    "PIP_INDEX_URL": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "PIP_EXTRA_INDEX_URL": ("UV_EXTRA_INDEX_URL", "UV_INDEX"),
    "PIP_CERT": ("SSL_CERT_FILE",),
}


def _without_extras(text: str) -> str:
    """A requirement as a constraint, which may have no extras."""
    requirement = Requirement(text)
    requirement.extras = set()
    return str(requirement)


def _lines(texts: Iterable[str]) -> bytes:
    return "".join(f"{text}\n" for text in dict.fromkeys(texts)).encode()


def read_resolution(output: Output, manifest: Manifest, path: str) -> tuple[Dependency, ...]:
    """What uv resolved: named dependencies keep their place, what they draw in belongs to the manifest as a whole.

    Raises:
        ScannerError: uv failed; the reason is what it said.
    """
    if output.exit_code != 0:
        said = hide_passwords(" ".join(output.stderr.split()))[:500]
        raise failed(f"open dependencies cannot be resolved: {said or f'exit code {output.exit_code}'}", mend=MEND)
    named = {dependency.name: dependency.origin for dependency in manifest.open}
    scopes = {dependency.origin.scope for dependency in manifest.open}
    drawn_in = Origin(path, scope=scopes.pop() if len(scopes) == 1 else "unknown", direct=False)
    known = {(dependency.name, dependency.version) for dependency in manifest.pinned}
    found: list[Dependency] = []
    for line in output.report.decode("utf-8", errors="replace").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        item = read_requirement(line.strip(), drawn_in)
        if isinstance(item, Skip) or not item.version:
            raise unreadable(f"uv's output has a line without a version: {line[:100]}")
        if (item.name, item.version) not in known:
            found.append(replace(item, origin=replace(named.get(item.name, drawn_in), direct=item.name in named)))
    return tuple(found)
