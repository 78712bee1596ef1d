"""The files that name dependencies: which of them osv-scanner reads, and what speaks for those that it does not.

A manifest (`package.json`) says what a project asks for, a lock file what it gets. Only the second can be compared with
advisories, so a manifest is looked at where a lock file speaks for it, and a gap where none does.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class LockFile:
    """A format that osv-scanner reads. `name` is what it must be called for that; `ecosystem` is OSV's name.

    `mark` is a pattern that every such file holds, and `entry` one that each of its dependencies brings: a file with
    the first and without the second is truly empty. Where it names a package, one of the characters `before` stands
    before the name, and behind it what `after` matches, a pattern with `{version}`. `tells_dev` says that what is not
    marked as for development is not.
    """

    name: str
    ecosystem: str
    mark: str
    entry: str
    before: str
    after: str
    tells_dev: bool = False

    def is_marked(self, text: str) -> bool:
        """Whether the file is of this format."""
        return bool(re.search(self.mark, text, re.MULTILINE))

    def is_empty(self, text: str) -> bool:
        """Whether the file is of this format and names no dependency."""
        return self.is_marked(text) and not re.search(self.entry, text, re.MULTILINE)


class Places:
    """Where a lock file names its packages."""

    def __init__(self, lock: LockFile, text: str) -> None:
        self._lock, self._text = lock, text
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def line_of(self, name: str, version: str) -> int | None:
        """The line, from 1, where the file names a package at a version; None where that is not found."""
        text, before = self._text, self._lock.before
        after = re.compile(self._lock.after.format(version=re.escape(version)))
        start = text.find(name)
        while name and start >= 0:
            if text[max(start - 1, 0) : start] in before and after.match(text, start + len(name)):
                return bisect_left(self._ends, start) + 1
            start = text.find(name, start + 1)
        return None


_NPM_LOCK = LockFile(
    "package-lock.json",
    "npm",
    mark=r'"lockfileVersion"',
    entry=r'"(?:resolved|integrity)"\s*:',
    before='"/',
    after=r'":\s*\{{\s*(?:"name":\s*"[^"]{{1,250}}",\s*)?"version":\s*"{version}"',
    tells_dev=True,
)
_GEM_LOCK = LockFile(
    "Gemfile.lock",
    "RubyGems",
    mark=r"^(?:GEM|PLATFORMS|DEPENDENCIES)$",
    entry=r"^    \S+ \(",
    before=" ",
    after=r" \({version}[-)]",
)

LOCK_FILES: dict[str, LockFile] = {
    lock.name.lower(): lock
    for lock in (
        _NPM_LOCK,
        replace(_NPM_LOCK, name="npm-shrinkwrap.json"),
        LockFile(
            "yarn.lock",
            "npm",
            mark=r"^# yarn lockfile v1|^__metadata:",
            entry=r"^ +(?:resolved|checksum)\b",
            before='"\n',
            after=r'@[^\n]{{1,2000}}:\n +version:? "?{version}"?\n',
        ),
        LockFile(
            "pnpm-lock.yaml",
            "npm",
            mark=r"^lockfileVersion:",
            entry=r"^ +resolution:",
            before=" /'\"",
            after=r"[@/]{version}[^\n]*:\n +resolution:",
        ),
        LockFile("bun.lock", "npm", mark=r'"lockfileVersion"', entry=r'"sha\d+-', before='"', after=r'@{version}"'),
        LockFile("gradle.lockfile", "Maven", mark=r"^empty=", entry=r"^[^#:\s]+:", before="\n", after=":{version}="),
        LockFile(
            "go.mod",
            "Go",
            mark=r"^module\s",
            entry=r"^\s*(?:require\s+)?\S+ v\d",
            before="\t ",
            after=r" v{version}\b",
        ),
        LockFile(
            "Cargo.lock",
            "crates.io",
            mark=r"^version = |@generated",
            entry=r"^source = ",
            before='"',
            after=r'"\nversion = "{version}"',
        ),
        _GEM_LOCK,
        replace(_GEM_LOCK, name="gems.locked"),
        LockFile(
            "composer.lock",
            "Packagist",
            mark=r'"packages"',
            entry=r'"version"\s*:',
            before='"',
            after=r'",\s*"version":\s*"{version}"',
            tells_dev=True,
        ),
        LockFile(
            "packages.lock.json",
            "NuGet",
            mark=r'"dependencies"',
            entry=r'"resolved"',
            before='"',
            after=r'":\s*\{{[^{{}}]{{0,300}}"resolved":\s*"{version}"',
        ),
        LockFile(
            "packages.config",
            "NuGet",
            mark=r"<packages\b",
            entry=r"<package\s",
            before='"',
            after=r'"\s+version="{version}"',
        ),
        LockFile(
            "pubspec.lock",
            "Pub",
            mark=r"^(?:packages|sdks):",
            entry=r"^    version:",
            before=" ",
            after=r":\n(?:    [^\n]*\n){{0,12}}?    version: \"{version}\"",
        ),
        LockFile("mix.lock", "Hex", mark=r"%\{", entry=r"\{:hex", before='"', after=r'": \{{:hex, :\w+, "{version}"'),
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
    r"\bdependencies\b|\bapply\b[^\n]{0,20}\bfrom\b",
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
    **dict.fromkeys(
        ("directory.build.props", "directory.build.targets"),
        Unlocked(_NUGET.declares, _NUGET.locks, "anywhere", _NUGET.mend),
    ),
    "directory.packages.props": Unlocked(_NUGET.declares, _NUGET.locks, "anywhere", _NUGET.mend),
    "pubspec.yaml": Unlocked(
        r"^\w*dependencies:", ("pubspec.lock",), "above", "`dart pub get`, and commit pubspec.lock"
    ),
    "mix.exs": Unlocked(r"\{:\w+,", ("mix.lock",), "above", "`mix deps.get`, and commit mix.lock"),
}
"""By name or suffix in lower case."""


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


def _is_at_or_above(folder: str, other: str) -> bool:
    return folder in ("", other) or other.startswith(f"{folder}/")


def _name(path: str) -> str:
    return posixpath.basename(path).lower()
