"""What a scanner is: a value that says what to run and how to read what came out. Both are pure.

Only the runner in `scangate/execute.py` touches processes. A scanner that cannot be described by one command
(it needs a server, or two steps) also fits `Driven` and is handed a `Workbench` that runs commands for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from scangate.model import Category, Finding, LedgerState, Skip, WebProof


@dataclass(frozen=True)
class ToolSpec:
    """The program behind a scanner. `name` is its folder in `locks/`, `versions` a PEP 440 range we know to work.

    `module` is the Go module that the program is built from, empty for others; `refused` maps a PEP 440 range of
    releases that must never run (known to be compromised) to the reason. An empty `executable` says that the scanner
    finds its program itself, since that may be a server which runs already.
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
    `git-history`, a URL for `web-application`; its `name` is the subject as reports show it.
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
class WebLogin:
    """How one user logs in to the application under test. Secrets are values here, so that no command line has them.

    `url` takes the credentials: the form's action, the JSON endpoint, or for `oauth2` the token endpoint (client
    credentials: `username` is the client's id, `password` its secret). `page` is where the form stands (empty: `url`).
    `body` is what is sent, with `{username}` and `{password}` in it, for `form` (URL-encoded) and `json`. `bearer`
    sends `token` in the header `Authorization`; `command` is a program that prints such a token, run with
    `environment`. `logged_in` and `logged_out` are regular expressions, one of which fits each answer, and `check_url`
    is a page that only users see. `role` is the user's name in reports.
    """

    kind: Literal["form", "json", "basic", "digest", "bearer", "oauth2", "command"]
    url: str = ""
    page: str = ""
    body: str = ""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    scope: str = ""
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    logged_in: str = ""
    logged_out: str = ""
    check_url: str = ""
    role: str = "user"


Strength = Literal["low", "medium", "high", "insane"]
Threshold = Literal["off", "low", "medium", "high"]


@dataclass(frozen=True)
class WebLimits:
    """How long, how fast and how hard a running application is scanned; None is no limit of ours.

    `minutes` is for all of it and `rule_minutes` for one active rule; after them the scan stops and is partial. `depth`
    is how many links deep the crawl goes. `strength` and `threshold` are for all rules, `thresholds` for single ones by
    their number, where `off` keeps one from running.
    """

    minutes: float = 60.0
    rule_minutes: float | None = None
    requests_per_second: int | None = None
    depth: int = 5
    strength: Strength = "medium"
    threshold: Threshold = "medium"
    thresholds: Mapping[int, Threshold] = field(default_factory=dict)


@dataclass(frozen=True)
class WebOptions:
    """What trusted settings say about scanning a running application (the URL is the target's `subject`).

    `include` and `exclude` are regular expressions that whole URLs must and must not match, beside the target's own
    and the usual dangerous ones. `openapi`, `urls` (one a line) and `har` are files, absolute, that say what there is.
    `users` log in, the first of them for all that one user can do. `allowed` says that this host may be attacked: the
    core has decided, and without it only `baseline` runs. ZAP is reached at `zap_url` with `zap_key`, or launched from
    `zap_path` (a folder or `zap.sh`; None: where it is usually installed) with `memory_mb` of heap. `keep_traffic` is a
    folder for redacted requests and responses; `anchor` the repository file under which findings are shown.
    """

    profile: Literal["baseline", "api", "full"] = "baseline"
    allowed: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    openapi: Path | None = None
    urls: Path | None = None
    har: Path | None = None
    users: tuple[WebLogin, ...] = ()
    limits: WebLimits = WebLimits()
    zap_url: str = ""
    zap_key: str = field(default="", repr=False)
    zap_path: Path | None = None
    memory_mb: int = 512
    keep_traffic: Path | None = None
    anchor: str = ""

    @property
    def login(self) -> WebLogin | None:
        """The user whom most of the scan is done for, if any."""
        return next(iter(self.users), None)


@dataclass(frozen=True)
class Job:
    """One scanner on one target (or on one share of its files).

    `root` is the scanned tree, absolute; `work` an empty private folder that is deleted afterwards;
    `threads` how many cores the tool may use; `rules` more rule folders, `advisories` a folder of OSV records and
    `database` the folder of the tool's own vulnerability database (None: where the tool has it by default), all from
    trusted settings and given only to scanners that take them; `offline` forbids any look-up outside this machine.
    `web` comes with the kind `web-application`. `tool` is None when an existing output is read, and for scanners that
    find their program themselves.
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
    web: WebOptions | None = None

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

    `files` are written, readable to nobody else, below the job's `work` folder, which is also the working directory;
    `links` are files of the scanned tree (absolute) that shall lie there too, for tools that must see those files and
    no others.
    `report` names the file below `work` that the tool writes; empty means standard output. A program that serves has
    no report; what it names is a log, watched so that it cannot fill the disk.
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
    `unseen` names the target's files that were not looked at even in part. `web` is what a scan of a running
    application reached. `tool` says which program ran, where the scanner found it itself.
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
    web: WebProof | None = None
    tool: str = ""


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


class Service(Protocol):
    """A program that serves while a job runs. It is ended when its `with` block is left, with all that it started."""

    @property
    def ended(self) -> str:
        """How it ended, in words (`exit code 1`, `killed by SIGKILL`); empty while it serves."""
        ...

    def said(self) -> str:
        """The end of its output and of its error output. It may quote secrets that it was given."""
        ...

    def stop(self, patience: float) -> None:
        """Wait `patience` seconds for its end (it was asked to end in its own way), then end it."""
        ...


class Workbench(Protocol):
    """What a job works with: calling it runs a command to its end. All of it raises `ScannerError`."""

    def __call__(self, command: Command, /) -> Output: ...

    def start(self, command: Command) -> AbstractContextManager[Service]:
        """A program that serves while the `with` block runs. It ends with the job's time, or when the user interrupts;
        `check` then says so.
        """
        ...

    def tell(self, note: str) -> None:
        """Report progress, such as `active scan 45 %, 1,204 requests, 12 alerts`."""
        ...

    def check(self) -> None:
        """Raises `ScannerError` when the user has interrupted, or when the job's time is over."""
        ...


@runtime_checkable
class Driven(Protocol):
    """A scanner that needs more than one command: it drives the work itself.

    One that only runs commands may declare its second parameter as `Callable[[Command], Output]`.
    """

    def run(self, job: Job, workbench: Workbench, /) -> Parsed: ...
