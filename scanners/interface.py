"""What a scanner is: a value that says what to run and how to read what came out. Both are pure.

Only the runner in `scangate/execute.py` touches processes. A scanner that cannot be described by one command
(it needs a server, or two steps) also fits `Driven` and is handed a function that runs commands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from scangate.model import Category, Finding, LedgerState, Skip


@dataclass(frozen=True)
class ToolSpec:
    """The program behind a scanner. `name` is its folder in `locks/`, `versions` a PEP 440 range we know to work.

    `module` is the Go module that the program is built from, empty for others; `refused` maps a PEP 440 range of
    releases that must never run (known to be compromised) to the reason.
    """

    name: str
    executable: str
    versions: str
    module: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """A program that was found: `origin` is `store`, `settings: PATH` or `PATH: PATH`, as the ledger shows it."""

    path: Path
    version: str
    origin: str


@dataclass(frozen=True)
class Target:
    """What one job looks at. `files` are relative to the root, POSIX; `name` is `.` or the one file.

    A target that is not of the tree's files has none and a `subject` instead: an image (reference, archive or OCI
    layout folder) for `container-image`, a file for `sbom`, a range of commits (`all` or `BASE..HEAD`) for
    `git-history`; its `name` is the subject as reports show it.
    """

    name: str
    kinds: tuple[str, ...]
    files: tuple[str, ...] = ()
    subject: str = ""


class Input(StrEnum):
    """What a scanner can be given by trusted settings beside what it looks at."""

    RULES = "rules"
    ADVISORIES = "advisories"
    DATABASE = "database"


@dataclass(frozen=True)
class Job:
    """One scanner on one target (or on one share of its files).

    `root` is the scanned tree, absolute; `work` an empty private folder that is deleted afterwards;
    `threads` how many cores the tool may use; `rules` more rule folders, `advisories` a folder of OSV records and
    `database` the folder of the tool's own vulnerability database (None: where the tool has it by default), all from
    trusted settings and given only to scanners that take them; `offline` forbids any look-up outside this machine.
    `tool` is None when an existing output is read.
    """

    scanner: str
    target: Target
    root: Path
    work: Path
    tool: Tool | None = None
    threads: int = 1
    rules: tuple[Path, ...] = ()
    advisories: Path | None = None
    database: Path | None = None
    offline: bool = False

    @property
    def program(self) -> str:
        """The tool's path as an argument; only jobs that run have one."""
        if self.tool is None:
            raise ValueError(f"{self.scanner}: a job that only reads has no program")
        return str(self.tool.path)

    @property
    def version(self) -> str:
        """The tool's version, empty when unknown."""
        return self.tool.version if self.tool else ""


@dataclass(frozen=True)
class Command:
    """One process: an argument list (never a shell), additions to the minimal environment, and files to write first.

    `files` are written below the job's `work` folder, which is also the working directory; `links` are files of the
    scanned tree (absolute) that shall lie there too, for tools that must see those files and no others.
    `report` names the file below `work` that the tool writes; empty means standard output.
    `network` lets the settings for proxies, certificates and package indexes through, for what needs a registry.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    links: Mapping[str, Path] = field(default_factory=dict)
    report: str = ""
    network: bool = False


@dataclass(frozen=True)
class Output:
    """What a process left behind. `exit_code` is None when an existing output is read, and never trusted alone."""

    report: bytes
    exit_code: int | None = None
    stderr: str = ""


@dataclass(frozen=True)
class Parsed:
    """What a scanner said, and what it looked at.

    `considered` counts what there was to look at, files or dependencies (None: the target's files); `scanned` counts
    what was looked at (None: all of it). Any state but `ran` needs a `reason`. Findings of a failed scanner are kept.
    `unseen` names the target's files that were not looked at even in part.
    """

    findings: tuple[Finding, ...] = ()
    scanned: int | None = None
    skipped: tuple[Skip, ...] = ()
    state: LedgerState = LedgerState.RAN
    reason: str = ""
    mend: str = ""
    version: str = ""
    database_date: str = ""
    considered: int | None = None
    unseen: frozenset[str] = frozenset()


class ScannerError(Exception):
    """A scanner did not do its work: becomes the job's ledger state, with the reason and the step that mends it."""

    def __init__(self, state: LedgerState, reason: str, *, mend: str = "") -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason
        self.mend = mend


def failed(reason: str, *, mend: str = "") -> ScannerError:
    """The tool said that it failed."""
    return ScannerError(LedgerState.FAILED, reason, mend=mend)


def unreadable(reason: str) -> ScannerError:
    """The tool's output is not what its format promises."""
    return ScannerError(LedgerState.UNREADABLE, reason)


@dataclass(frozen=True)
class Canary:
    """A tiny tree with one known finding: `rule` must be reported. `advisories` names a folder among `files`."""

    files: Mapping[str, str]
    rule: str
    advisories: str = ""


@dataclass(frozen=True)
class Cost:
    """A rough estimate to plan by: seconds to start, and seconds per megabyte of input on one core."""

    start: float
    per_megabyte: float


class Reader(Protocol):
    """Reads outputs that exist already, of one tool or of several: what each said, by its name.

    Raises `ScannerError` where it cannot.
    """

    def read(self, output: Output, job: Job) -> Mapping[str, Parsed]: ...


class Scanner(Protocol):
    """A scanner adapter. `parse` raises `ScannerError` where the output is not what it should be.

    `kinds` are the inventory kinds it can look at, and `by_default` those of them that it looks at without being
    asked for; `per_file` makes every file a target of its own (manifests); `splits` says that a target's files may be
    shared out over several processes; `takes` is what trusted settings may give it.
    """

    @property
    def name(self) -> str: ...
    @property
    def category(self) -> Category: ...
    @property
    def tool(self) -> ToolSpec: ...
    @property
    def kinds(self) -> frozenset[str]: ...
    @property
    def by_default(self) -> frozenset[str]: ...
    @property
    def takes(self) -> frozenset[Input]: ...
    @property
    def per_file(self) -> bool: ...
    @property
    def splits(self) -> bool: ...
    @property
    def cost(self) -> Cost: ...
    @property
    def canary(self) -> Canary: ...

    def command(self, job: Job) -> Command: ...
    def parse(self, output: Output, job: Job) -> Parsed: ...


@runtime_checkable
class Driven(Protocol):
    """A scanner that needs more than one command: it drives the work itself through `execute`."""

    def run(self, job: Job, execute: Callable[[Command], Output]) -> Parsed: ...
