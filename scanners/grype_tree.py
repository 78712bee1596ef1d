"""What Grype is given of a tree, and what it looked at of that.

It passes over files in silence: those that it does not know by their name, that it cannot parse, that lock nothing; and
it leaves out what is for development. So a file from which it took no package counts as looked at only where there is
nothing in it for Grype.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from packaging.utils import canonicalize_name

from scangate.model import Skip
from scangate.scanners.dependency_files import lock_file, unlocked
from scangate.scanners.exact_keys import exact_lock
from scangate.scanners.grype_packages import Package
from scangate.scanners.interface import Job, ScannerError
from scangate.scanners.manifests import read_manifest
from scangate.scanners.maven import MEND as SCAN_AN_SBOM
from scangate.scanners.npm_lock import read_npm_lock
from scangate.scanners.osv_scanner_tree import Speakers
from scangate.scanners.source import SourceTree
from scangate.scanners.staging import read_files

FOLDER = "tree"
"""The scanned folder below `work`."""

_KNOWN_NAMES = {
    **{
        name.lower(): name
        for name in (
            *("package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"),
            *("poetry.lock", "uv.lock", "Pipfile.lock", "pom.xml", "gradle.lockfile", "go.mod"),
            *("Cargo.lock", "Gemfile.lock", "composer.lock", "packages.lock.json"),
        )
    },
    "npm-shrinkwrap.json": "package-lock.json",
    "gems.locked": "Gemfile.lock",
}
"""The name that Grype knows a format by, by the file's own in lower case."""
_REQUIREMENTS = re.compile(r"(?:.*/)?requirements/[^/]+\.(?:txt|in)|(?:.*[/_.-])?requirements[^/]*\.(?:txt|in)")
_KNOWN_REQUIREMENTS = re.compile(r"[^/]*requirements[^/]*\.txt")
_PYPI = re.compile(r"(?:.*/)?(?:poetry\.lock|uv\.lock|pipfile\.lock|pyproject\.toml|pylock(?:\.[^./]+)?\.toml)")
_FOR_DEVELOPMENT = {"pnpm-lock.yaml": r"^\s+dev: true$", "composer.lock": r'"packages-dev":\s*\[\s*\{'}
"""By the name of the format: what a lock file holds where it names packages that Grype leaves out."""
_SHOWN = 3
_ASKS = "<dependency>"


def staged(job: Job) -> dict[str, Path]:
    """The target's files as links below `work`, each under a name that Grype knows its format by."""
    return {f"{FOLDER}/{name}": job.root / path for name, path in _originals(job).items()}


def staged_without_odd_keys(job: Job) -> dict[str, bytes]:
    """The content, instead of a link, of lock files with keys that Grype and no package manager reads."""
    names = {path: name for name, path in _originals(job).items() if posixpath.basename(name) in _KNOWN_NAMES.values()}
    exact = (
        (names[path], *exact_lock(posixpath.basename(names[path]), content))
        for path, content in read_files(job.root, names)
    )
    return {f"{FOLDER}/{name}": content for name, content, odd in exact if odd}


def _originals(job: Job) -> dict[str, str]:
    """The tree's own path of each file, by the one that Grype sees."""
    return {_name(path): path for path in job.target.files}


def _name(path: str) -> str:
    name = posixpath.basename(path)
    known = _KNOWN_NAMES.get(name.lower(), "")
    if not known and _REQUIREMENTS.fullmatch(path.lower()) and not _KNOWN_REQUIREMENTS.fullmatch(name):
        known = "requirements.txt"
    return f"{path}/{known}" if known not in ("", name) else path


class ScannedTree:
    """The tree as Grype saw it: `packages` are what it took from the files."""

    def __init__(self, job: Job, packages: Sequence[Package]) -> None:
        self._job, self._tree = job, SourceTree(job.root)
        self._paths = _originals(job)
        self._found: dict[str, set[str]] = {}
        for package in packages:
            self._found.setdefault(self.path(package.path), set()).add(package.name)

    def path(self, seen: str) -> str:
        """The path below the root that a path in Grype's output stands for."""
        return self._paths.get(seen.lstrip("/"), seen.lstrip("/"))

    @cached_property
    def skips(self) -> tuple[Skip, ...]:
        """The files that Grype did not look at, or not wholly."""
        gaps = ((path, self._gap(path)) for path in sorted(self._job.target.files))
        return tuple(Skip(path=path, reason=reason) for path, reason in gaps if reason)

    @property
    def unseen(self) -> frozenset[str]:
        """The files that were not looked at even in part."""
        return frozenset(skip.path for skip in self.skips if skip.path not in self._found)

    def _gap(self, path: str) -> str:
        """Why a file was not looked at, or not wholly; empty where it was."""
        try:
            declared = self._declared(path)
        except ScannerError as error:
            return error.reason
        found = self._found.get(path, set())
        if declared is not None:
            missing = sorted(declared - {canonicalize_name(name) for name in found} - found)
            some = f"{', '.join(missing[:_SHOWN])}{', …' if len(missing) > _SHOWN else ''}"
            return f"{len(missing)} of {len(declared)} dependencies were not looked up: {some}" if missing else ""
        return self._left_out(path) if found else self._unread(path)

    def _declared(self, path: str) -> frozenset[str] | None:
        """The names of what a file asks for, where we can read it ourselves."""
        if posixpath.basename(_name(path)) == "package-lock.json":
            return frozenset(package.name for package in read_npm_lock(self._tree, path).packages)
        if not (_REQUIREMENTS.fullmatch(path.lower()) or _PYPI.fullmatch(path.lower())):
            return None
        manifest = read_manifest(self._tree, path)
        return frozenset(each.name for each in manifest.dependencies if each.origin.manifest == path)

    def _left_out(self, path: str) -> str:
        """What Grype did not take of a file that it read."""
        name, text = posixpath.basename(_name(path)), self._text(path)
        if (mark := _FOR_DEVELOPMENT.get(name)) and re.search(mark, text, re.MULTILINE):
            return "Grype leaves out its packages for development"
        if name == "pom.xml" and _ASKS in text:
            return f"it names direct dependencies only ({SCAN_AN_SBOM})"
        return ""

    def _unread(self, path: str) -> str:
        """Why Grype took nothing of a file; empty where there is nothing in it, or a lock file speaks for it."""
        lock, manifest = lock_file(path), unlocked(path)
        if lock and posixpath.basename(_name(path)) in _KNOWN_NAMES.values() and lock.is_empty(self._text(path)):
            return ""
        if manifest:
            return "no lock file that Grype reads speaks for it" if self._speakers.gap(path, manifest) else ""
        return "Grype took no packages from it: it does not know its format, or could not parse it"

    @cached_property
    def _speakers(self) -> Speakers:
        """What lock files hold, with what Grype leaves out of them: that is a gap of theirs."""
        locks = {path: names | self._locked(path) for path, names in self._found.items() if lock_file(path)}
        return Speakers(self._job, {path: frozenset(names) for path, names in locks.items()})

    def _locked(self, path: str) -> frozenset[str]:
        try:
            return self._declared(path) or frozenset()
        except ScannerError:
            return frozenset()

    def _text(self, path: str) -> str:
        return "\n".join(self._tree.lines(path) or ())
