"""What a run looks at besides the files of a tree: images, SBOMs, commits of the history, a running application."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from scangate.errors import UsageError
from scangate.inventory import Inventory
from scangate.settings import Settings

_REVISION = r"[0-9A-Za-z_][0-9A-Za-z_./@{}^~+-]*"
_RANGE = re.compile(rf"(?!.*\.\.\.){_REVISION}\.\.{_REVISION}")
_LOOKS_LIKE_A_FILE = re.compile(r"[./~].*|.*\.(tar|tgz|tar\.gz)", re.DOTALL)
WHOLE_HISTORY = "all"


def find_subjects(settings: Settings, inventory: Inventory) -> dict[str, Mapping[str, str]]:
    """By kind, each subject's name as reports show it and what a scanner is handed (files by their absolute path).

    Raises:
        UsageError: an image or SBOM that is a file does not exist, or there is no history to search.
    """
    found: dict[str, Mapping[str, str]] = {
        "container-image": {name: _image(name) for name in settings.image},
        "sbom": {name: _sbom(name) for name in settings.sbom},
        "git-history": _commits(settings, inventory),
        "web-application": {settings.url: settings.url} if settings.url else {},
    }
    return {kind: subjects for kind, subjects in found.items() if subjects}


def _image(name: str) -> str:
    """An archive or layout folder by its absolute path; anything else is a reference for a registry."""
    if os.path.lexists(name):
        return str(Path(name).resolve())
    if not name or name.startswith("-") or not name.isprintable() or _LOOKS_LIKE_A_FILE.fullmatch(name):
        raise UsageError(
            f"image {name!r} is no file or folder that exists, and no reference",
            hint="name an archive (docker save), an OCI layout folder, or a reference such as debian:12",
        )
    return name


def _sbom(name: str) -> str:
    if not Path(name).is_file():
        raise UsageError(f"SBOM {name!r} is no file that exists", hint="name a CycloneDX or SPDX document")
    return str(Path(name).resolve())


def _commits(settings: Settings, inventory: Inventory) -> dict[str, str]:
    if not (settings.history or settings.commits):
        return {}
    if not (inventory.root / ".git").exists():
        raise UsageError(
            f"{inventory.root.name!r} is not the top folder of a git repository, so it has no history to search",
            hint="scan the repository's top folder, or leave out --history and --commits",
        )
    if settings.commits and not _RANGE.fullmatch(settings.commits):
        raise UsageError(f"--commits {settings.commits!r} is no range of commits", hint="write it as BASE..HEAD")
    commits = WHOLE_HISTORY if settings.history else str(settings.commits)
    return {f"history ({commits})": commits}


def commits_of_change(root: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """The commits that a CI job is about as `BASE..HEAD`, and a note where they cannot be had; both are mostly empty.

    Known are pull requests of GitHub Actions (`GITHUB_BASE_REF`) and merge requests of GitLab
    (`CI_MERGE_REQUEST_DIFF_BASE_SHA`), in a clone that has its history.
    """
    branch, sha = environment.get("GITHUB_BASE_REF", ""), environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    # In full: a tag or branch that is called origin/main would win over the short name.
    base = f"refs/remotes/origin/{branch}" if branch else sha
    if not base or not (root / ".git").exists() or not _RANGE.fullmatch(f"{base}..HEAD"):
        return "", ""
    if (root / ".git" / "shallow").exists():
        return "", "the commits of this change were not searched for secrets: the clone is shallow (fetch-depth: 0)"
    return f"{base}..HEAD", ""
