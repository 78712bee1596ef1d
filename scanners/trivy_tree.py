"""What Trivy is given of a tree, and what it looked at of that.

It passes over files in silence: what it cannot parse, manifests without a lock file, names that it does not know. So a
file that no result names counts as looked at only where there is nothing in it for Trivy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from scangate.model import Skip
from scangate.scanners.interface import Job
from scangate.scanners.pins import read_requirements
from scangate.scanners.source import SourceTree
from scangate.scanners.staging import read_files
from scangate.scanners.trivy_inline import hide_marks
from scangate.scanners.trivy_report import Report

FOLDER = "tree"
"""The scanned folder below `work`. The files lie one level deeper, as Trivy passes over `dev` and `sys` at the top."""
_FILES = "files"

_REQUIREMENTS = re.compile(r"(?:.*/)?requirements/[^/]+\.(?:txt|in)|(?:.*[/_.-])?requirements[^/]*\.(?:txt|in)")
_DOCKERFILE = re.compile(r"(?:.*/)?(?:dockerfile|containerfile)(?:\.[^/]*)?|.*\.(?:dockerfile|containerfile)")
_KNOWN_DOCKERFILE = re.compile(r"(?:.*/)?(?:Dockerfile|Containerfile)(?:\.[^./]*)?|.*\.(?i:dockerfile|containerfile)")
_CHECKED = re.compile(r".*\.(?:tf|tofu|tfvars|json|ya?ml|template|tpl|txt)", re.IGNORECASE)
_TERRAFORM = (".tf", ".tfvars", ".tofu", ".tf.json", ".tofu.json", ".tfvars.json")
_BROKEN = re.compile(r'Error parsing file\b.*?\bfile_path=(?:"(?P<quoted>[^"]+)"|(?P<plain>\S+))')
_LOG_KEPT = 20_000
"""Characters of the log that are kept; of a longer one the beginning is lost."""

_LOCKS = {
    r"package\.json": "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock",
    r"pyproject\.toml": "poetry.lock uv.lock pylock.toml",
    r"cargo\.toml": "cargo.lock",
    r"gemfile|.*\.gemspec": "gemfile.lock",
    r"composer\.json": "composer.lock",
    r"build\.gradle(?:\.kts)?|libs\.versions\.toml": "gradle.lockfile",
    r".*\.(?:cs|fs|vb)proj": "packages.lock.json packages.config directory.packages.props",
}
"""Manifests that Trivy does not read by themselves, as lower-case patterns, and the lock files that speak for them."""
_READ_ALONE = re.compile(
    r"package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|poetry\.lock|uv\.lock|pipfile\.lock"
    r"|pylock(?:\.[^.]+)?\.toml|pom\.xml|gradle\.lockfile|go\.mod|cargo\.lock|gemfile\.lock|gems\.(?:rb|locked)"
    r"|composer\.lock|packages\.config|packages\.lock\.json|directory\.packages\.props"
)
"""Manifests that a result should name, as lower-case patterns."""
_MANIFEST_OF_IAC = re.compile(
    r"""^\s*["']?(?:apiVersion|AWSTemplateFormatVersion)["']?\s*:|\bAWS::\w+::\w+""", re.MULTILINE
)


def staged(job: Job, *, checked: bool) -> tuple[dict[str, bytes], dict[str, Path]]:
    """The target's files below `work`, as contents and as links: content where Trivy must not see inline marks."""
    names = {path: f"{FOLDER}/{_FILES}/{name}" for path, name in _names(job).items()}
    content = [path for path in job.target.files if checked and _is_checked(path)]
    files = {names[path]: hide_marks(data) for path, data in read_files(job.root, content)}
    return files, {names[path]: job.root / path for path in job.target.files if path not in set(content)}


def _is_checked(path: str) -> bool:
    return bool(_CHECKED.fullmatch(path) or _DOCKERFILE.fullmatch(path.lower()))


def _names(job: Job) -> dict[str, str]:
    """The name that each file is staged under: below its own name, where Trivy does not know that."""
    return {path: path + _suffix(path, job.target.kinds) for path in job.target.files}


def _suffix(path: str, kinds: Collection[str]) -> str:
    lower, name = path.lower(), PurePosixPath(path).name
    if "pypi-dependencies" in kinds and _REQUIREMENTS.fullmatch(lower) and name != "requirements.txt":
        return "/requirements.txt"
    if "dockerfile" in kinds and _DOCKERFILE.fullmatch(lower) and not _KNOWN_DOCKERFILE.fullmatch(path):
        return "" if lower.endswith((".dockerignore", ".md", ".txt")) else "/Dockerfile"
    return "/template.yaml" if "cloudformation" in kinds and lower.endswith(".template") else ""


class StagedTree:
    """The tree as Trivy's results name it."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._originals = {name: path for path, name in _names(job).items()}
        self._tree = SourceTree(job.root)
        self._depends = any(kind.endswith("-dependencies") for kind in job.target.kinds)

    def path(self, target: str) -> str:
        """The path below the root that a path in the output stands for."""
        name = target.removeprefix(f"{_FILES}/")
        return self._originals.get(name, name)

    def unread(self, report: Report, log: str) -> tuple[tuple[Skip, ...], frozenset[str]]:
        """What Trivy did not look at or not wholly, and which of the files it did not look at even in part."""
        files = self._job.target.files
        named = {self.path(result.target) for result in report.results}
        reasons = dict(self._unresolved(report)) if self._depends else {}
        unseen = reasons.keys() - named
        broken = {self.path(match["quoted"] or match["plain"]) for match in _BROKEN.finditer(log)}
        for path in files:
            if reason := self._unread(path, named, broken):
                reasons[path] = reason
                unseen.add(path)
        if len(log) >= _LOG_KEPT and any(path.lower().endswith(_TERRAFORM) for path in files):
            reasons.setdefault("*.tf", "Trivy's log is too long to tell which files it could not parse")
        skips = (Skip(path=path, reason=reason) for path, reason in sorted(reasons.items()))
        return tuple(skips), frozenset(unseen)

    def _unresolved(self, report: Report) -> Iterator[tuple[str, str]]:
        """Manifests of which dependencies were passed over, since nobody knows their version."""
        for result in report.results:
            without = [p.name for p in result.packages if p.name and not p.version and p.relationship != "root"]
            if without:
                shown = ", ".join(sorted(without)[:3])
                yield self.path(result.target), f"{len(without)} dependencies have no version in it: {shown}"
        for path in self._job.target.files:
            if "pypi-dependencies" in self._job.target.kinds and _REQUIREMENTS.fullmatch(path.lower()):
                unpinned = [dependency.requirement for dependency in read_requirements(self._tree, path).open]
                if unpinned:
                    yield path, f"{len(unpinned)} requirements have no exact version: {', '.join(unpinned[:3])}"

    def _unread(self, path: str, named: Collection[str], broken: Collection[str]) -> str:
        if path in broken:
            return "Trivy could not parse it"
        if path in named:
            return ""
        name = PurePosixPath(path).name.lower()
        if self._depends and (reason := _unread_manifest(path, name, named)):
            return reason
        return self._unread_configuration(path, name, named)

    def _unread_configuration(self, path: str, name: str, named: Collection[str]) -> str:
        kinds = self._job.target.kinds
        chart = next((folder for folder in self._charts() if _is_below(path, folder)), None)
        if "helm" in kinds and chart is not None:
            return "" if any(_is_below(other, chart) for other in named) else "its chart could not be rendered"
        if (
            "dockerfile" in kinds
            and _DOCKERFILE.fullmatch(name)
            and not name.endswith((".dockerignore", ".md", ".txt"))
        ):
            return "Trivy could not parse it"
        if name.endswith((".yaml", ".yml", ".json", ".template")) and {"kubernetes", "cloudformation"}.intersection(
            kinds
        ):
            text = "\n".join(self._tree.lines(path) or ())
            return "Trivy could not parse it, or has no check for it" if _MANIFEST_OF_IAC.search(text) else ""
        return ""

    def _charts(self) -> Iterator[str]:
        for path in self._job.target.files:
            if PurePosixPath(path).name.lower() == "chart.yaml":
                yield str(PurePosixPath(path).parent)


def _unread_manifest(path: str, name: str, named: Collection[str]) -> str:
    """Why a manifest that no result names was not read; nothing where a lock file speaks for it."""
    locks = next((locks for pattern, locks in _LOCKS.items() if re.fullmatch(pattern, name)), "")
    if locks:
        return "" if _is_locked(path, locks.split(), named) else "there is no lock file for it that Trivy reads"
    return "Trivy found no packages in it, or could not parse it" if _READ_ALONE.fullmatch(name) else ""


def _is_locked(path: str, locks: Collection[str], named: Collection[str]) -> bool:
    """Whether one of these lock files was read beside a manifest or above it (as workspaces have it)."""
    folders = {str(folder) for folder in PurePosixPath(path).parents}
    places = (PurePosixPath(other) for other in named)
    return any(place.name.lower() in locks and str(place.parent) in folders for place in places)


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")
