"""The one model that every part speaks: findings, the ledger, and the parts of the results document.

All values are frozen. Text comes from scanners and repositories and is hostile: encoders in `reports/` escape it
for their sink; nothing here does.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Base of every value: frozen, closed to unknown keys, and built when first used, so that commands start soon."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Severity(StrEnum):
    """How bad a finding is. `unknown` is a fact of its own and never sorts as zero."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """Position for sorting, worst highest; `unknown` sorts between high and medium, so that it is seen."""
        return _SEVERITY_RANK[self]


_SEVERITY_RANK = {
    Severity.CRITICAL: 5,
    Severity.HIGH: 4,
    Severity.UNKNOWN: 3,
    Severity.MEDIUM: 2,
    Severity.LOW: 1,
    Severity.INFO: 0,
}

SEVERITY_SCALE = (Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
"""The ordered scale that comparisons such as `>=high` use; `unknown` has no place on it."""


class Confidence(StrEnum):
    """How sure the scanner is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"


class Category(StrEnum):
    """What kind of problem a finding is. `control` findings are about the gate itself."""

    CODE = "code"
    DEPENDENCY = "dependency"
    CONTAINER = "container"
    IAC = "iac"
    WEB = "web"
    SECRET = "secret"  # noqa: S105 (a category's name)
    LICENSE = "license"
    CONTROL = "control"


class Rule(Model):
    """The rule that fired: `id` in its scanner's own words, `cwe` as numbers."""

    id: str
    name: str = ""
    help_uri: str = ""
    cwe: tuple[int, ...] = ()


class Rating(Model):
    """One opinion on severity. `method` is `word` or a CVSS version such as `CVSS:3.1`."""

    source: str
    severity: Severity
    method: str = "word"
    word: str = ""
    vector: str = ""
    score: float | None = None


class Commit(Model):
    """The commit that brought something in. `date` is RFC 3339; `gone` says that today's tree holds it no more."""

    id: str
    author: str = ""
    date: str = ""
    gone: bool = False


class FileLocation(Model):
    """A place in a file. Lines and columns count from 1 (columns in code points); `end_column` is exclusive.

    `path` is relative to the repository's root, POSIX, NFC. `line` is None for a finding about the whole file.
    """

    kind: Literal["file"] = "file"
    path: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    snippet: str = ""
    scope: str = ""
    """Qualified name of the enclosing definition, where known."""
    commit: Commit | None = None
    """The commit that brought it in. Where it is `gone`, the place is one of the history: the file as it was then."""


class PackageLocation(Model):
    """A package as a manifest or lock file names it."""

    kind: Literal["package"] = "package"
    purl: str
    name: str
    version: str = ""
    manifest: str = ""
    line: int | None = None
    direct: bool | None = None
    scope: Literal["runtime", "dev", "build", "unknown"] = "unknown"
    fixed_in: tuple[str, ...] = ()


class ImageLocation(Model):
    """A package or file inside a container image. `ref` is the image as it was named, `digest` that of its manifest.

    `package` is a purl with its version; `path` the file that holds the package or is the problem itself; `layer` a
    diff ID, `created_by` the build step that made the layer, and `base` says that it came with the base image.
    """

    kind: Literal["image"] = "image"
    ref: str
    digest: str = ""
    layer: str = ""
    created_by: str = ""
    base: bool | None = None
    package: str = ""
    path: str = ""
    line: int | None = None
    fixed_in: tuple[str, ...] = ()


class ResourceLocation(Model):
    """An infrastructure resource: its address (`aws_s3_bucket.logs`) and the lines that define it."""

    kind: Literal["resource"] = "resource"
    address: str
    path: str
    line: int | None = None
    end_line: int | None = None
    snippet: str = ""


class WebInstance(Model):
    """One place of several where a running application shows the same problem. `evidence` is redacted."""

    url: str
    method: str = ""
    param: str = ""
    attack: str = ""
    evidence: str = ""


class WebLocation(Model):
    """A place in a running application; `url` is where it was first seen, and everything quoted is redacted.

    `route` is the path with what varies as `{}`; `instances` are the places where it was seen (a first few of
    `count`); `curl` is a command that shows it again. `path` and `line` name the repository file that reports show it
    under: the operation in the OpenAPI document, or a file that settings name.
    """

    kind: Literal["web"] = "web"
    url: str
    method: str = ""
    param: str = ""
    evidence: str = ""
    route: str = ""
    attack: str = ""
    count: int = 1
    instances: tuple[WebInstance, ...] = ()
    curl: str = ""
    path: str = ""
    line: int | None = None


Location = Annotated[
    FileLocation | PackageLocation | ImageLocation | ResourceLocation | WebLocation,
    Field(discriminator="kind"),
]


class Fix(Model):
    """Whether something can be done: `versions` that mend a package, or a text for anything else."""

    state: Literal["available", "none", "wont-fix", "unknown"] = "unknown"
    versions: tuple[str, ...] = ()
    text: str = ""


class Source(Model):
    """One scanner's report of the finding, in its own words.

    `title`, `message` and `place` (`PATH:LINE`, an address, a package) are kept where several reports became one
    finding; `id` is then the fingerprint that the report has by itself, so that what names it still finds it.
    """

    scanner: str
    rule_id: str
    severity: str = ""
    version: str = ""
    database_date: str = ""
    title: str = ""
    message: str = ""
    place: str = ""
    id: str = ""


class Relief(Model):
    """A reason why a finding may not count. Relief marks a finding and never removes it."""

    kind: Literal["inline", "tool"]
    """`inline`: a comment in the scanned file; `tool`: a suppression that an imported output carries."""
    by: str
    """The comment or mark as written, such as `nosec B602`."""
    reason: str = ""


class Effect(StrEnum):
    """What the policy makes of a finding, strongest first; `relieved` is a finding that relief keeps from counting."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"
    RELIEVED = "relieved"
    NONE = "none"


class Finding(Model):
    """One problem, with everything that any scanner said of it.

    `severity` is the effective one of `ratings`; `severity_from` names the rating that won and why.
    `id` is the fingerprint (empty until identified) and `parts` is what it was made of. `secret` is a keyed hash of
    the secret that the finding is about, and nothing else of it is kept. `joined` tells why the reports of several
    scanners are one problem, and `related` holds the ids of findings that may be about the same.
    `state` is `unknown` until the finding is compared with a baseline.
    """

    category: Category
    rule: Rule
    title: str
    message: str = ""
    severity: Severity
    location: Location
    id: str = ""
    ratings: tuple[Rating, ...] = ()
    severity_from: str = ""
    confidence: Confidence = Confidence.UNKNOWN
    ids: tuple[str, ...] = ()
    fix: Fix = Fix()
    sources: tuple[Source, ...] = ()
    state: Literal["new", "existing", "fixed", "unknown"] = "unknown"
    relief: tuple[Relief, ...] = ()
    effect: Effect = Effect.NONE
    parts: tuple[str, ...] = ()
    secret: str = ""
    joined: tuple[str, ...] = ()
    related: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The repository file that the finding is shown under; empty for images, and for web pages without one."""
        match self.location:
            case FileLocation(path=path) | ResourceLocation(path=path) | WebLocation(path=path):
                return path
            case PackageLocation(manifest=manifest):
                return manifest
            case _:
                return ""

    @property
    def line(self) -> int | None:
        """First line of the finding in `path`, counted from 1, where there is one."""
        return getattr(self.location, "line", None)


class LedgerState(StrEnum):
    """What became of one scanner on one target. Only `ran` and `not-applicable` are wholly well."""

    RAN = "ran"
    PARTIAL = "partial"
    NOT_APPLICABLE = "not-applicable"
    DISABLED = "disabled"
    MISSING = "missing"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    UNREADABLE = "unreadable"
    STALE = "stale"
    DEFERRED = "deferred"

    @property
    def looked(self) -> bool:
        """Whether the scanner looked at its target at all."""
        return self in (LedgerState.RAN, LedgerState.PARTIAL, LedgerState.STALE)


_WORST_FIRST = (
    LedgerState.FAILED,
    LedgerState.TIMED_OUT,
    LedgerState.UNREADABLE,
    LedgerState.MISSING,
    LedgerState.STALE,
    LedgerState.PARTIAL,
    LedgerState.RAN,
    LedgerState.DEFERRED,
    LedgerState.DISABLED,
    LedgerState.NOT_APPLICABLE,
)


def worst_state(states: Iterable[LedgerState]) -> LedgerState:
    """The state that absorbs the others: once something did not run, no other part makes it whole."""
    return min(states, key=_WORST_FIRST.index)


class Skip(Model):
    """Something that was not looked at, and why."""

    path: str
    reason: str


class WebProof(Model):
    """What a scan of a running application reached: the evidence that it looked.

    `urls` counts the different ones that answered; `operations` those of the API description that were reached, of
    `operations_known`, with `operations_missing` by name (`GET /orders/{id}`). `responses` counts by class (`2xx` …
    `5xx`, `error` for none). `rules_cut` names active rules that did not come to their end, `rules_skipped` those that
    were not run. `alive` says that the application still answered at the end.
    """

    profile: str
    urls: int = 0
    operations: int = 0
    operations_known: int = 0
    operations_missing: tuple[str, ...] = ()
    requests: int = 0
    responses: dict[str, int] = {}
    rules_ran: int = 0
    rules_cut: tuple[str, ...] = ()
    rules_skipped: tuple[str, ...] = ()
    login: Literal["none", "held", "lost", "failed"] = "none"
    alive: bool = True


class LedgerEntry(Model):
    """Exactly one per scanner and target. `seconds` is wall time; `kinds` are the inventory kinds it looks at."""

    scanner: str
    target: str
    state: LedgerState
    reason: str = ""
    mend: str = ""
    """The command or step that mends a state which is not well."""
    kinds: tuple[str, ...] = ()
    seconds: float = 0.0
    version: str = ""
    tool: str = ""
    """Which tool ran: `store`, `settings: PATH`, `PATH: PATH`, `import: FILE`."""
    database_date: str = ""
    considered: int = 0
    scanned: int = 0
    skipped: tuple[Skip, ...] = ()
    findings: int = 0
    web: WebProof | None = None


def worst(severities: Iterable[Severity]) -> Severity:
    """The worst of some severities, `unknown` for none."""
    return max(severities, key=lambda s: s.rank, default=Severity.UNKNOWN)
