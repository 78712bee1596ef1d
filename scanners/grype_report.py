"""What Grype prints (`grype -o json`), as far as we read it. Written against Grype 0.120; 0.7 to 0.119 say less.

Lists are null or absent where they are empty.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scangate.scanners.grype_errors import explain
from scangate.scanners.interface import Output, unreadable
from scangate.scanners.json_report import load_json


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


class Cvss(_Part):
    """A CVSS vector and who states it, such as `nvd@nist.gov`."""

    source: str = ""
    vector: str = ""


class Cwe(_Part):
    cwe: str = ""


class Record(_Part):
    """What one database says of a vulnerability. `namespace` names the database, in one of two ways by version:
    `debian:distro:debian:12` or `debian:12`, `github:language:python` or `github:python`, `nvd:cpe` or `nvd`.
    """

    id: str = Field(min_length=1)
    source: str = Field("", alias="dataSource")
    namespace: str = ""
    severity: str = ""
    description: str = ""
    cvss: tuple[Cvss, ...] = ()
    cwes: tuple[Cwe, ...] = ()

    @property
    def database(self) -> str:
        """The database's short name, such as `github`, `nvd` or `debian`."""
        return self.namespace.partition(":")[0]

    @property
    def is_of_vendor(self) -> bool:
        """Whether a distribution says this of its own package."""
        languages = self.database == "github" or ":language:" in self.namespace
        return self.database not in ("", "nvd") and not languages


class FixState(_Part):
    """`state` is `fixed`, `not-fixed`, `wont-fix`, `unknown` or empty."""

    versions: tuple[str, ...] = ()
    state: str = ""


class Vulnerability(Record):
    fix: FixState = FixState()


class Place(_Part):
    """Where a package is installed: its file, and in an image the diff ID of the layer."""

    path: str = ""
    layer: str = Field("", alias="layerID")


class Artifact(_Part):
    """A package. `type` is Syft's word for it: `deb`, `python`, `npm`, `java-archive`, …"""

    name: str
    version: str = ""
    type: str = ""
    purl: str = ""
    places: tuple[Place, ...] = Field((), alias="locations")


class Match(_Part):
    """One vulnerability of one package; `related` is what other databases say under other names or the same."""

    vulnerability: Vulnerability
    related: tuple[Record, ...] = Field((), alias="relatedVulnerabilities")
    artifact: Artifact


class IgnoreRule(_Part):
    reason: str = ""
    vex_status: str = Field("", alias="vex-status")
    vulnerability: str = ""
    namespace: str = ""
    fix_state: str = Field("", alias="fix-state")
    package: dict[str, Any] = {}

    @property
    def words(self) -> str:
        """The rule on one line: what it says why, or else what it names."""
        named = (self.vulnerability, self.fix_state, self.namespace, *map(str, self.package.values()))
        return " ".join(filter(None, [self.vex_status, self.reason or " ".join(filter(None, named))]))[:200]


class IgnoredMatch(Match):
    """A match that Grype leaves out of what it counts."""

    rules: tuple[IgnoreRule, ...] = Field((), alias="appliedIgnoreRules")


class Distribution(_Part):
    """The distribution that most packages are of; without a name where Grype knows none."""

    name: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


class Alert(_Part):
    type: str = ""
    about: Distribution = Field(Distribution(), alias="metadata")


class PackageAlerts(_Part):
    alerts: tuple[Alert, ...] = ()


class Source(_Part):
    """What was scanned: `image`, `directory`, `sbom-file`, … and its description, or only its name."""

    type: str = ""
    target: dict[str, Any] | str = ""

    @property
    def name(self) -> str:
        return self.target if isinstance(self.target, str) else str(self.target.get("userInput") or "")

    @property
    def digests(self) -> list[str]:
        """The image's names with digests, as registries know it."""
        found = self.target.get("repoDigests") if isinstance(self.target, dict) else None
        return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []

    @property
    def image_config(self) -> dict[str, Any]:
        """The image's configuration, with its build history and its layers' diff IDs; empty where it is not told."""
        encoded = self.target.get("config") if isinstance(self.target, dict) else None
        try:
            config = json.loads(base64.b64decode(encoded or ""))
        except (TypeError, ValueError, RecursionError):
            return {}
        return config if isinstance(config, dict) else {}


class DatabaseStatus(_Part):
    """The state of the vulnerability database. `built` is RFC 3339, and `error` why it cannot be used."""

    built: str = ""
    valid: bool = True
    error: str = ""


class Database(_Part):
    status: DatabaseStatus = DatabaseStatus()
    built: str = ""


class Descriptor(_Part):
    version: str = ""
    database: Database = Field(Database(), alias="db")

    @property
    def database_date(self) -> str:
        """When the database was built, RFC 3339; empty where it is not told."""
        return self.database.status.built or self.database.built


class Report(_Part):
    matches: tuple[Match, ...]
    ignored: tuple[IgnoredMatch, ...] = Field((), alias="ignoredMatches")
    alerts: tuple[PackageAlerts, ...] = Field((), alias="alertsByPackage")
    source: Source = Source()
    distribution: Distribution = Field(Distribution(), alias="distro")
    descriptor: Descriptor = Descriptor()

    @property
    def ended_distributions(self) -> tuple[Distribution, ...]:
        """The distributions in it that are past their end of life."""
        alerts = (alert for package in self.alerts for alert in package.alerts)
        return tuple(dict.fromkeys(alert.about for alert in alerts if alert.type == "distro-eol"))


def read_report(output: Output) -> Report:
    """The report of an output.

    Raises:
        ScannerError: Grype failed, or what it printed is no report.
    """
    if output.exit_code not in (0, None):
        raise explain(output)
    document = load_json(output, "grype")
    try:
        return Report.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))[:200]
        raise unreadable(f"Grype's output is not of its form: {first['msg']} ({where})") from error


def read_status(output: Output) -> DatabaseStatus:
    """What `grype db status -o json` says, which ends with exit code 1 where the database cannot be used."""
    try:
        return DatabaseStatus.model_validate(load_json(output, "grype db status"))
    except ValidationError as error:
        raise unreadable("what grype db status says is not of its form") from error
