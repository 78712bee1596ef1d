"""Folders whose files are not the project's own: installed dependencies, and what tools cache or build.

A name alone is easily borrowed to hide code, so most need a mark that their maker leaves behind. What git tracks in
an environment, a cache or a build folder is looked at all the same: nobody commits those, and anybody can commit a
mark. Comments such as "generated, do not edit" skip nothing, since anybody can write them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class FolderRule:
    """A folder called one of `names` (any, when empty) that holds all of `marks`.

    `tracked` says whether files that git tracks count as well; `marks` are paths from the folder.
    """

    reason: str
    names: frozenset[str] = frozenset()
    marks: tuple[str, ...] = ()
    tracked: bool = True

    def fits(self, full: str, name: str) -> bool:
        """Whether the folder at the path `full`, called `name`, is of this rule."""
        if self.names and name not in self.names:
            return False
        return all(os.path.lexists(f"{full}/{mark}") for mark in self.marks)


RULES = (
    FolderRule("installed npm packages", frozenset({"node_modules"})),
    FolderRule("installed Bower packages", frozenset({"bower_components"})),
    FolderRule("vendored Go modules", frozenset({"vendor"}), ("modules.txt",)),
    FolderRule("installed Composer packages", frozenset({"vendor"}), ("autoload.php", "composer/installed.json")),
    FolderRule("installed gems", frozenset({"bundle"}), ("ruby",)),
    FolderRule("installed CocoaPods", frozenset({"Pods"}), ("Manifest.lock",)),
    FolderRule("downloaded Terraform modules and providers", frozenset({".terraform"})),
    FolderRule("Python virtual environment", marks=("pyvenv.cfg", "bin/python"), tracked=False),
    FolderRule("Python virtual environment", marks=("pyvenv.cfg", "Scripts/python.exe"), tracked=False),
    FolderRule("conda environment", marks=("conda-meta/history",), tracked=False),
    FolderRule("Cargo's build output", frozenset({"target"}), ("../Cargo.toml",), tracked=False),
    FolderRule("Maven's build output", frozenset({"target"}), ("../pom.xml",), tracked=False),
    FolderRule("Gradle's build output", frozenset({"build"}), ("../build.gradle",), tracked=False),
    FolderRule("Gradle's build output", frozenset({"build"}), ("../build.gradle.kts",), tracked=False),
    FolderRule("Next.js build output", frozenset({".next"}), tracked=False),
    FolderRule("Nuxt build output", frozenset({".nuxt"}), tracked=False),
    FolderRule(
        "a tool's cache",
        frozenset({".gradle", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox", ".eggs"}),
        tracked=False,
    ),
)


def rule_for(folder: str) -> FolderRule | None:
    """The rule that a folder falls under, by its full path."""
    name = folder.rpartition("/")[2]
    return next((rule for rule in RULES if rule.fits(folder, name)), None)


def is_minified(head: bytes) -> bool:
    """Whether JavaScript looks minified: lines of more than 500 bytes on average, in its beginning."""
    return len(head) > 500 * (head.count(b"\n") + 1)
