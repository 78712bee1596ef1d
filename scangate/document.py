"""The results document: what a run found and looked at, and the verdict on it. Every report starts from it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from scangate.model import Effect, Finding, LedgerEntry, Model, Skip


class KindFound(Model):
    """A kind of thing that the inventory found: Python code, PyPI dependencies, Terraform, …

    `supported_by` names the scanners here that can look at it; `excluded` counts files that settings excluded, and
    `unread` those that no scanner can be given (unreadable, over the size cap). Under the kind `unknown` stands what
    cannot be read at all, so that nobody can tell what it is.
    """

    kind: str
    label: str
    files: int
    examples: tuple[str, ...] = ()
    excluded: int = 0
    unread: int = 0
    supported_by: tuple[str, ...] = ()


UNKNOWN_KIND = "unknown"
"""The kind of what cannot be read at all, so that nobody can tell what it is."""


class InventorySummary(Model):
    """What the scanned tree holds, as the results document keeps it."""

    root: str = ""
    """Name of the scanned folder (its last part only: reports travel)."""
    git: bool = False
    commit: str = ""
    files: int = 0
    kinds: tuple[KindFound, ...] = ()
    skipped: tuple[Skip, ...] = ()
    notes: tuple[str, ...] = ()


class RuleMatch(Model):
    """Why one policy rule matched one finding: field, its value, and where the value came from."""

    rule: str
    effect: Effect
    why: str = ""
    fields: tuple[str, ...] = ()


class Judgement(Model):
    """The policy's word on one finding. `would` is the effect that it would have had without its relief."""

    finding: str
    effect: Effect
    matches: tuple[RuleMatch, ...] = ()
    would: Effect | None = None


class Outcome(StrEnum):
    """The verdict in one word."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


class Verdict(Model):
    """The gate's decision. `incomplete` lists every reason why the run did not look as it should have."""

    outcome: Outcome
    exit_code: Literal[0, 1, 3]
    policy: str
    policy_digest: str = ""
    environment: str = ""
    judged: tuple[Judgement, ...] = ()
    incomplete: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    """Gaps in coverage that the policy accepts by name, with its reason."""
    warnings: tuple[str, ...] = ()
    counts: dict[str, int] = {}  # noqa: RUF012 (pydantic copies defaults)
    """Findings by effect."""


class ToolInfo(Model):
    """The program that wrote the results."""

    name: str = "scangate"
    version: str = ""


class RunInfo(Model):
    """When and how the run happened. Times are RFC 3339 in UTC; `seconds` is wall time."""

    id: str
    started: str
    seconds: float = 0.0
    command: Literal["scan", "import", "merge"] = "scan"
    interrupted: bool = False


SCHEMA_VERSION = "1.0"


class Results(Model):
    """The results document (`scangate-results.json`), from which every report and every later verdict starts."""

    schema_version: str = SCHEMA_VERSION
    tool: ToolInfo = ToolInfo()
    run: RunInfo
    inventory: InventorySummary = InventorySummary()
    ledger: tuple[LedgerEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    verdict: Verdict | None = None
