"""What osv-scanner is given to read, and what it read of that.

Every file lies in a numbered folder of its own, under the name that the tool knows its format by: nothing else of the
tree is there (no `osv-scanner.toml`), and no folder's name (`node_modules`) or neighbour keeps a file from being read.
Poms and Python's files are given as the exact dependencies that we read in them, in the plainest form that the tool
knows: it guesses at ranges, and takes only the last of two versions.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from scangate.model import Skip
from scangate.scanners.dependency_files import LockFile, Unlocked, lock_file, locks_for, unlocked
from scangate.scanners.exact_keys import exact_lock
from scangate.scanners.interface import Job, ScannerError
from scangate.scanners.manifests import read_manifest
from scangate.scanners.maven import MEND as SCAN_AN_SBOM
from scangate.scanners.maven import MavenTree
from scangate.scanners.osv import ECOSYSTEM as PYPI
from scangate.scanners.osv_scanner_report import Result
from scangate.scanners.pins import Origin, skip
from scangate.scanners.source import SourceTree
from scangate.scanners.staging import read_files

FOLDER = "tree"
_NUMBERED = re.compile(rf"(?:^|/){FOLDER}/(\d+)/[^/]+$")
_NAMED_ERROR = re.compile(rf"(?:^|[\s/]){FOLDER}/(\d+)/[^/:\n]+: (.+)$", re.MULTILINE)

_PYTHON = re.compile(r".+\.(?:txt|in)|pyproject\.toml|poetry\.lock|uv\.lock|pipfile\.lock|pylock\.(?:.+\.)?toml")
_OLD_GO = re.compile(r"^go 1\.(?:\d|1[0-6])(?:\.\d+)?\s*$", re.MULTILINE)
_SHOWN, _LONGEST = 3, 100
_LONGEST_TOML = 64 * 1024
"""Python's parser takes quadratic time for some hostile texts."""
_NPM_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies")
_NPM_LOCAL = ("file:", "link:", "portal:", "workspace:", ".", "/", "~/")


@dataclass(frozen=True)
class Gap:
    """Something that was not looked at. `what` names its sort in a reason; `unseen` says that it is a whole file."""

    skip: Skip
    what: str
    mend: str = ""
    unseen: bool = False


@dataclass(frozen=True)
class Staged:
    """A file that the tool is given under `name`, below `work`. `lock` is its format as it stands in the tree.

    `pins` are the dependencies that were handed on instead of the file, by name and version, with where they stand.
    """

    path: str
    name: str
    ecosystem: str
    lock: LockFile | None = None
    pins: Mapping[tuple[str, str], Origin] = field(default_factory=dict)


@dataclass
class Stage:
    """What is laid out for one run: `files` and `links` are as in `Command`."""

    staged: list[Staged] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, Path] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    unlocked: list[tuple[str, Unlocked]] = field(default_factory=list)
    names_direct_only: bool = False
    """Whether a pom names dependencies; what these depend on in turn is not known."""


def stage(job: Job) -> Stage:
    """Sort out the target's files."""
    stage, tree, poms = Stage(), SourceTree(job.root), MavenTree(job.root, _poms(job.target.files))
    for number, path in enumerate(job.target.files):
        if lock := lock_file(path):
            _stage_lock(stage, job, path, f"{FOLDER}/{number}/{lock.name}", lock)
        elif manifest := unlocked(path):
            stage.unlocked.append((path, manifest))
        elif _is_pom(path):
            _stage_pom(stage, poms, path, f"{FOLDER}/{number}/gradle.lockfile")
        elif _PYTHON.fullmatch(posixpath.basename(path).lower()):
            _stage_pins(stage, tree, path, f"{FOLDER}/{number}/requirements.txt")
        else:
            reason = "osv-scanner reads no such file"
            stage.gaps.append(Gap(Skip(path=path, reason=reason), "unread", unseen=True))
    return stage


def _poms(files: Iterable[str]) -> list[str]:
    return [path for path in files if _is_pom(path)]


def _is_pom(path: str) -> bool:
    return posixpath.basename(path).lower() == "pom.xml"


def _stage_lock(stage: Stage, job: Job, path: str, name: str, lock: LockFile) -> None:
    stage.staged.append(Staged(path, name, lock.ecosystem, lock))
    stage.links[name] = job.root / path
    if odd := _odd_keys(stage, job, path, name, lock):
        reason = f"keys that no {lock.name} has, and scanners may take for others: {', '.join(odd[:_SHOWN])[:_LONGEST]}"
        stage.gaps.append(Gap(Skip(path=path, reason=reason), "with odd keys", "remove them"))
    if lock.name != "go.mod":
        return
    # Before Go 1.17 go.mod names direct dependencies only, and osv-scanner looks for the others in go.sum beside it.
    texts = dict(read_files(job.root, [path, beside := posixpath.join(posixpath.dirname(path), "go.sum")]))
    if beside in texts:
        stage.files[posixpath.join(posixpath.dirname(name), "go.sum")] = texts[beside]
    elif _OLD_GO.search(texts.get(path, b"").decode(errors="replace")):
        reason = "names direct dependencies only (as all do before Go 1.17), and there is no go.sum"
        mend = "`go mod tidy`, and commit go.sum"
        stage.gaps.append(Gap(Skip(path=path, reason=reason), "go.mod without go.sum", mend))


def _odd_keys(stage: Stage, job: Job, path: str, name: str, lock: LockFile) -> tuple[str, ...]:
    """Keys that the lock file's own program passes over and the tool does not; the tool gets the file without them."""
    for _, content in read_files(job.root, [path]):
        stripped, odd = exact_lock(lock.name, content)
        if odd:
            del stage.links[name]
            stage.files[name] = stripped
        return odd
    return ()


def _stage_pom(stage: Stage, poms: MavenTree, path: str, name: str) -> None:
    try:
        found = poms.dependencies(path)
    except ScannerError as error:
        stage.gaps.append(Gap(Skip(path=path, reason=error.reason), "unread", unseen=True))
        return
    artifacts = [item for item in found if not isinstance(item, Skip)]
    skips = [item for item in found if isinstance(item, Skip)]
    pins = {(f"{a.group}:{a.artifact}", a.version): a.origin for a in artifacts}
    text = "".join(f"{package}:{version}=runtimeClasspath\n" for package, version in pins)
    stage.names_direct_only |= bool(found)
    _hand_on(stage, Staged(path, name, "Maven", pins=pins), text, skips, SCAN_AN_SBOM)


def _stage_pins(stage: Stage, tree: SourceTree, path: str, name: str) -> None:
    try:
        manifest = read_manifest(tree, path)
    except ScannerError as error:
        stage.gaps.append(Gap(Skip(path=path, reason=error.reason), "unread", error.mend, unseen=True))
        return
    pins = {(one.name, one.version): one.origin for one in manifest.pinned}
    text = "".join(f"{package}=={version}\n" for package, version in pins)
    skips = [skip(one.origin, one.requirement, "has no exact version") for one in manifest.open]
    _hand_on(stage, Staged(path, name, PYPI, pins=pins), text, [*manifest.skipped, *skips], "pin exact versions")


def _hand_on(stage: Stage, staged: Staged, text: str, skips: Iterable[Skip], mend: str) -> None:
    """The pins of a file; where it has none, it counts as unseen with the first reason why."""
    unseen = not staged.pins
    for one in skips:
        stage.gaps.append(Gap(one, "without an exact version", mend, unseen=unseen))
    if staged.pins:
        stage.staged.append(staged)
        stage.files[staged.name] = text.encode()


def by_staged_file(results: Iterable[Result]) -> dict[int, Result]:
    """The results by the number of the folder that a file was staged in."""
    found = ((_NUMBERED.search(result.path), result) for result in results)
    return {int(match[1]): result for match, result in found if match}


def told_errors(stderr: str) -> dict[int, str]:
    """What the tool said of files that it could not read, by the number of their folder."""
    return {int(match[1]): match[2].strip()[:200] for match in _NAMED_ERROR.finditer(stderr)}


class Speakers:
    """Tells whether lock files speak for manifests. `names` are the packages of each lock file that was read."""

    def __init__(self, job: Job, names: Mapping[str, frozenset[str]]) -> None:
        self._root = job.root
        self._names = names
        self._members = frozenset(self._own_names(job.target.files))

    def gap(self, path: str, manifest: Unlocked) -> Gap | None:
        """What is wrong with a manifest that no lock file speaks for; None where one does, or it declares nothing."""
        text = self._text(path)
        if text is None:
            return Gap(Skip(path=path, reason="it cannot be read"), "unread", unseen=True)
        if not re.search(manifest.declares, text, re.MULTILINE) or self._is_spoken_for(path, text, manifest):
            return None
        name = posixpath.basename(path)
        reason = f"osv-scanner cannot tell versions from {name}, and no lock file speaks for it"
        return Gap(Skip(path=path, reason=reason), "without a lock file", manifest.mend, unseen=True)

    def _is_spoken_for(self, path: str, text: str, manifest: Unlocked) -> bool:
        locks = [self._names[lock] for lock in locks_for(path, manifest, self._names)]
        match posixpath.basename(path).lower():
            case "package.json":
                if not locks:
                    return _npm_fetches_nothing(text, self._members)
                wanted = _npm_wants(text)
                return wanted is not None and (
                    wanted <= self._members or any(wanted - self._members <= lock for lock in locks)
                )
            case "cargo.toml":
                crate = _crate(text)
                return any(crate is None or crate in lock for lock in locks if lock)
            case _:
                return any(locks)

    def _own_names(self, files: Iterable[str]) -> Iterator[str]:
        """The names of the npm packages that the tree holds: a workspace's members need no lock entry."""
        for path in files:
            if posixpath.basename(path) == "package.json":
                name = _json(self._text(path) or "").get("name")
                if isinstance(name, str):
                    yield name

    @cache  # noqa: B019 (lives as long as one job)
    def _text(self, path: str) -> str | None:
        content = dict(read_files(self._root, [path])).get(path)
        return None if content is None else content.decode("utf-8-sig", errors="replace")


def _npm_wants(text: str) -> frozenset[str] | None:
    """The names of what a `package.json` takes from the registry; None where it cannot be read."""
    document = _json(text)
    if not document:
        return None
    sections = [document.get(section) for section in _NPM_SECTIONS]
    wanted = (item for section in sections if isinstance(section, dict) for item in section.items())
    return frozenset(_npm_name(name, str(spec)) for name, spec in wanted) - {""}


def _npm_fetches_nothing(text: str, members: frozenset[str]) -> bool:
    """Whether an installation without a lock file gets nothing from anywhere: npm installs peers as well, and what
    comes from a repository or a URL may be just as vulnerable.
    """
    sections = [_json(text).get(section) for section in (*_NPM_SECTIONS, "peerDependencies")]
    wanted = [item for section in sections if isinstance(section, dict) for item in section.items()]
    others = (name for name, spec in wanted if not str(spec).startswith(_NPM_LOCAL))
    return bool(_json(text)) and members.issuperset(others)


def _npm_name(name: str, spec: str) -> str:
    """The registry's name for a dependency: an alias is another's, and a path or URL has none."""
    if spec.startswith("npm:"):
        return spec.removeprefix("npm:")[:1] + spec.removeprefix("npm:")[1:].partition("@")[0]
    return "" if ":" in spec or "/" in spec else name


def _crate(text: str) -> str | None:
    """The name of the crate that a `Cargo.toml` is about; None for a workspace alone."""
    try:
        package = tomllib.loads(text).get("package") if len(text) <= _LONGEST_TOML else ""
    except (ValueError, RecursionError):
        return ""
    if package is None:
        return None
    return str(package.get("name", "")) if isinstance(package, dict) else ""


def _json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
