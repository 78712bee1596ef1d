"""The files that name dependencies: which of them osv-scanner reads, and what speaks for those that it does not.

A manifest (`package.json`) says what a project asks for, a lock file what it gets. Only the second can be compared with
advisories, so a manifest is looked at where a lock file speaks for it, and a gap where none does.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LockFile:
    """A format that osv-scanner reads. `name` is what it must be called for that; `ecosystem` is OSV's name.

    `mark` is a pattern that every such file holds, and `entry` one that each of its dependencies brings: a file with
    the first and without the second is truly empty. `places` are forms, with `{name}` and `{version}`, in which it
    names a package at the start of its entry. `tells_dev` says that what is not marked as for development is not.
    """

    name: str
    ecosystem: str
    mark: str
    entry: str
    places: tuple[str, ...] = ()
    tells_dev: bool = False

    def is_empty(self, text: str) -> bool:
        """Whether the file is of this format and names no dependency."""
        return bool(re.search(self.mark, text, re.MULTILINE)) and not re.search(self.entry, text, re.MULTILINE)


_JSON_KEY = ('"{name}":', '/{name}":')
_NPM_LOCK = LockFile(
    "package-lock.json", "npm", r'"lockfileVersion"', r'"(?:resolved|integrity)"\s*:', _JSON_KEY, tells_dev=True
)

LOCK_FILES: dict[str, LockFile] = {
    lock.name.lower(): lock
    for lock in (
        _NPM_LOCK,
        LockFile("npm-shrinkwrap.json", "npm", _NPM_LOCK.mark, _NPM_LOCK.entry, _NPM_LOCK.places, tells_dev=True),
        LockFile("yarn.lock", "npm", r"^# yarn lockfile v1|^__metadata:", r"^ +(?:resolved|checksum)\b", ("{name}@",)),
        LockFile(
            "pnpm-lock.yaml",
            "npm",
            r"^lockfileVersion:",
            r"^ +resolution:",
            ("{name}@{version}", "/{name}/{version}"),
        ),
        LockFile("bun.lock", "npm", r'"lockfileVersion"', r'"sha512-', ('"{name}@{version}"',)),
        LockFile("gradle.lockfile", "Maven", r"^empty=", r"^[^#:\s]+:[^:\s]+:", ("{name}:{version}=",)),
        LockFile("go.mod", "Go", r"^module\s", r"^\s*(?:require\s)?\s*\S+ v\d", ("{name} v{version}",)),
        LockFile("Cargo.lock", "crates.io", r"^version = |@generated", r"^source = ", ('name = "{name}"',)),
        LockFile(
            "Gemfile.lock", "RubyGems", r"^(?:GEM|PLATFORMS|DEPENDENCIES)$", r"^    \S+ \(", ("    {name} ({version}",)
        ),
        LockFile(
            "gems.locked", "RubyGems", r"^(?:GEM|PLATFORMS|DEPENDENCIES)$", r"^    \S+ \(", ("    {name} ({version}",)
        ),
        LockFile("composer.lock", "Packagist", r'"packages"', r'"version"\s*:', ('"name": "{name}"',), tells_dev=True),
        LockFile("packages.lock.json", "NuGet", r'"dependencies"', r'"resolved"', _JSON_KEY),
        LockFile("packages.config", "NuGet", r"<packages\b", r"<package\s", ('id="{name}"',)),
        LockFile("pubspec.lock", "Pub", r"^(?:packages|sdks):", r"^    version:", ("  {name}:\n",)),
        LockFile("mix.lock", "Hex", r"%\{", r"\{:hex", ('"{name}":',)),
    )
}
"""By name in lower case."""


@dataclass(frozen=True)
class Unlocked:
    """A manifest that osv-scanner does not read. `declares` is a pattern that any dependency in it brings.

    A lock file of one of these names speaks for it: beside it, also above it (workspaces), or anywhere in the tree.
    """

    declares: str
    locks: tuple[str, ...]
    reach: Literal["beside", "above", "anywhere"]
    mend: str


_NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock")
_GRADLE = Unlocked(
    r"\bdependencies\b",
    ("gradle.lockfile",),
    "beside",
    "lock the dependencies (`gradle dependencies --write-locks`) and commit gradle.lockfile",
)
_NUGET = Unlocked(
    r"<Package(?:Reference|Version)\b",
    ("packages.lock.json", "packages.config"),
    "beside",
    "`dotnet restore --use-lock-file`, and commit packages.lock.json",
)
_BUNDLER = Unlocked(
    r"^\s*gem\b|\bgemspec\b", ("gemfile.lock", "gems.locked"), "beside", "`bundle lock`, and commit Gemfile.lock"
)
_UNLOCKED: dict[str, Unlocked] = {
    "package.json": Unlocked(
        "", _NPM_LOCKS, "above", "`npm install --package-lock-only`, and commit package-lock.json"
    ),
    "bun.lockb": Unlocked("", ("bun.lock",), "beside", "`bun install --save-text-lockfile`, and commit bun.lock"),
    "build.gradle": _GRADLE,
    "build.gradle.kts": _GRADLE,
    "libs.versions.toml": Unlocked(r"^\[(?:libraries|plugins)\]", _GRADLE.locks, "anywhere", _GRADLE.mend),
    "cargo.toml": Unlocked(
        r"dependencies\b", ("cargo.lock",), "above", "`cargo generate-lockfile`, and commit Cargo.lock"
    ),
    "gemfile": _BUNDLER,
    "gems.rb": _BUNDLER,
    ".gemspec": Unlocked(r"\.add\w*_dependency\b", _BUNDLER.locks, "beside", _BUNDLER.mend),
    "composer.json": Unlocked(
        r'"[\w.-]+/[\w.-]+"\s*:',
        ("composer.lock",),
        "beside",
        "`composer update --no-install`, and commit composer.lock",
    ),
    ".csproj": _NUGET,
    ".fsproj": _NUGET,
    ".vbproj": _NUGET,
    "directory.packages.props": Unlocked(_NUGET.declares, _NUGET.locks, "anywhere", _NUGET.mend),
    "pubspec.yaml": Unlocked(
        r"^\w*dependencies:", ("pubspec.lock",), "above", "`dart pub get`, and commit pubspec.lock"
    ),
    "mix.exs": Unlocked(r"\{:\w+,", ("mix.lock",), "above", "`mix deps.get`, and commit mix.lock"),
}
"""By name or suffix in lower case."""

_ENTRY = 200
"""Characters after a package's name in which its version must stand."""


def lock_file(path: str) -> LockFile | None:
    """The format of a file, where it is one that osv-scanner reads."""
    return LOCK_FILES.get(_name(path))


def unlocked(path: str) -> Unlocked | None:
    """What a manifest is that osv-scanner does not read."""
    name = _name(path)
    return _UNLOCKED.get(name) or _UNLOCKED.get(posixpath.splitext(name)[1])


def locks_for(path: str, manifest: Unlocked, files: Iterable[str]) -> list[str]:
    """The lock files among `files` that may speak for the manifest, nearest first."""
    candidates = [other for other in files if _name(other) in manifest.locks]
    folder = posixpath.dirname(path)
    if manifest.reach == "beside":
        candidates = [other for other in candidates if posixpath.dirname(other) == folder]
    elif manifest.reach == "above":
        candidates = [other for other in candidates if _is_at_or_above(posixpath.dirname(other), folder)]
    return sorted(candidates, key=lambda other: (-other.count("/"), other))


def line_of(lock: LockFile, text: str, name: str, version: str) -> int | None:
    """The line, from 1, where a lock file names a package at a version; None where it is not found at once."""
    for form in lock.places:
        place = form.format(name=name, version=version)
        for start in _occurrences(text, place):
            if version in text[start : start + len(place) + _ENTRY]:
                return text.count("\n", 0, start) + 1
    return None


def _occurrences(text: str, place: str) -> Iterable[int]:
    start = text.find(place)
    while start >= 0:
        yield start
        start = text.find(place, start + 1)


def _is_at_or_above(folder: str, other: str) -> bool:
    return folder in ("", other) or other.startswith(f"{folder}/")


def _name(path: str) -> str:
    return posixpath.basename(path).lower()
