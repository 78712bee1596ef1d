"""What a policy may say: the models behind the published JSON Schema.

A policy file reaches these models as the text that was written (`document.py`), so that `1.10`, `off` and dates mean
what they look like; numbers are read from that text here and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from scangate.model import Category, Model
from scangate.policies.words import OneOrMany, WithoutNull, Worded, whole_number, yes_or_no

_ORDER = r"(?:>=|<=|>|<)?\s*"

T = TypeVar("T")
Many = Annotated[tuple[T, ...], OneOrMany(minimum=1)]
"""One value, or a list that means any of them."""

SeverityTest = Annotated[
    str,
    Worded(
        _ORDER + "(?:critical|high|medium|low|info)",
        allowed="a severity (critical, high, medium, low, info), alone or compared as in '>=high'",
    ),
]
ConfidenceTest = Annotated[
    str,
    Worded(_ORDER + "(?:high|medium|low)", allowed="a confidence (high, medium, low), alone or as in '>=medium'"),
]
ScoreTest = Annotated[
    str,
    Worded(
        _ORDER + r"[0-9]{1,2}(?:\.[0-9]{1,2})?",
        allowed="a CVSS score from 0 to 10, alone or compared as in '>=7'",
        types=("string", "number"),
    ),
]
Weakness = Annotated[
    str,
    Worded(
        "(?:[Cc][Ww][Ee]-)?[0-9]{1,6}",
        allowed="a CWE number such as 79 or CWE-79",
        types=("string", "integer"),
    ),
]
PackageGlob = Annotated[
    str,
    Worded(
        r"(?:pkg:|\*)[^\s@?#]*(?:/@[^\s@?#]*)?",
        allowed="a package URL without version such as 'pkg:pypi/jinja2' or 'pkg:npm/*'",
    ),
]
Text = Annotated[str, Worded(r"[\s\S]*\S[\s\S]*", allowed="a text that is not empty")]
RuleId = Annotated[
    str, Worded("[a-z][a-z0-9-]+", allowed="a name of lower-case letters, digits and '-', such as 'web-secrets'")
]
Age = Annotated[str, Worded("[1-9][0-9]{0,4}[dh]", allowed="a time in days or hours such as 7d or 24h")]
Count = Annotated[
    int, BeforeValidator(whole_number), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 999_999_999})
]
Share = Annotated[
    str, Worded(r"(?:100|[0-9]{1,2})(?:\.[0-9]{1,2})?%", allowed="a share in percent such as 90% or 2.5%")
]
YesNo = Annotated[bool, BeforeValidator(yes_or_no), WithJsonSchema({"type": "boolean"})]
Version = Annotated[Literal[1], BeforeValidator(whole_number)]
Level = Literal["critical", "high", "medium", "low", "info"]


class Fields(Model):
    """Fields of a finding that must all hold. A list means any of its values; globs know `*` and `?`.

    In `path`, `*` stays within one folder and `**` spans folders; the path starts at the repository's root.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    category: Many[Category] | None = None
    tool: Many[Text] | None = None
    rule: Many[Text] | None = None
    id: Many[Text] | None = None
    severity: Many[SeverityTest] | None = None
    confidence: Many[ConfidenceTest] | None = None
    cvss: Many[ScoreTest] | None = None
    cwe: Many[Weakness] | None = None
    package: Many[PackageGlob] | None = None
    fix: Many[Literal["available", "none", "wont-fix", "unknown"]] | None = None
    path: Many[Text] | None = None
    resource: Many[Text] | None = None
    image: Many[Text] | None = None

    @model_validator(mode="after")
    def _names_a_field(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("names no field of a finding")
        return self

    def tests(self) -> dict[str, tuple[str, ...]]:
        """The fields that were named, with the words to test them by."""
        named = {name: getattr(self, name) for name in Fields.model_fields}
        return {name: words for name, words in named.items() if words is not None}


class Match(Fields):
    """What a rule looks for: fields that must all hold, and with `any` at least one of some alternatives."""

    any: Many[Fields] | None = None


class PolicyRule(Model):
    """One rule. `skip` removes an inherited rule of the same id; up to `max` findings are tolerated."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"then": {"const": "skip"}}, "required": ["then"]},
            "else": {"required": ["match"]},
        }
    )

    id: RuleId
    match: Match | None = None
    unless: Many[Fields] | None = None
    then: Literal["fail", "warn", "info", "skip"] = "fail"
    max: Count = 0
    why: str = ""

    @model_validator(mode="after")
    def _matches_something(self) -> Self:
        if self.match is None and self.then != "skip":
            raise ValueError("needs 'match': the findings that it is about")
        return self


class Accept(Model):
    """A gap in coverage that is accepted: an inventory kind, a scanner's name, or `nothing` (nothing to look at)."""

    what: Text
    why: Text


class Coverage(Model):
    """What the run must have looked at. Ages are of a scanner's vulnerability data."""

    required: Annotated[tuple[Text, ...], OneOrMany()] = ()
    on_error: Literal["fail", "warn"] = "fail"
    max_db_age: Age | None = None
    parse_errors: Literal["warn", "fail"] = "warn"
    min_files: Count = 0
    accept: tuple[Accept, ...] = ()


class Dast(Model):
    """What a scan of a running application must have reached: below it the run is incomplete.

    `active` allows or forbids active scans, which attack the application; where it is not said, they are allowed for
    every environment but `prod`.
    """

    min_endpoints: Count | None = None
    min_operations: Share | None = None
    require_login: YesNo | None = None
    max_error_rate: Share | None = None
    active: YesNo | None = None


class PolicyDocument(Model):
    """A policy file. `extends` names built-in policies or files beside this one; rules merge by their id."""

    model_config = ConfigDict(title="scangate policy")

    version: Version
    name: str = ""
    extends: Annotated[tuple[Text, ...], OneOrMany()] = ()
    judge: Literal["all"] = "all"
    unknown_severity: Level = "high"
    coverage: Coverage = Field(default_factory=Coverage)
    dast: Dast = Field(default_factory=Dast)
    rules: tuple[PolicyRule, ...] = ()


class Policy(Model):
    """A resolved policy: nothing left to extend, no rule that is only there to be skipped.

    `sources` are the documents it came from, furthest ancestor first; `origins` names the source of each part
    (`unknown_severity`, `coverage.KEY`, `dast.KEY`, `rules.ID`).
    """

    name: str
    unknown_severity: Level
    coverage: Coverage
    dast: Dast = Field(default_factory=Dast)
    rules: tuple[PolicyRule, ...]
    sources: tuple[str, ...] = ()
    origins: dict[str, str] = Field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """What the policy says, as a document that extends nothing and leaves out what is not set."""
        body = self.model_dump(mode="json", exclude={"sources", "origins"}, exclude_none=True)
        rules = [{k: v for k, v in rule.items() if v or k == "id"} for rule in body.pop("rules")]
        if not body["dast"]:
            del body["dast"]
        return {"version": 1, "judge": "all", **body, "rules": rules}

    @property
    def digest(self) -> str:
        """`sha256:` and the hash of the content as canonical JSON; the order of rules does not change it."""
        content = self.content()
        content["rules"].sort(key=lambda rule: str(rule["id"]))
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def policy_json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a policy file, for editors."""
    schema = PolicyDocument.model_json_schema(schema_generator=WithoutNull)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
