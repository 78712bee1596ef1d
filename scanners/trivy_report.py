"""What Trivy prints (`trivy … --format json`), as far as we read it. Written against Trivy 0.74 (SchemaVersion 2).

Lists are null or absent where they are empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

OS_PACKAGES = "os-pkgs"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if isinstance(value, dict) and None in value.values():
            return {key: item for key, item in value.items() if item is not None}
        return value


class Layer(_Part):
    """The image layer that something lies in. `digest` is that of the compressed layer."""

    diff_id: str = Field("", alias="DiffID")
    digest: str = Field("", alias="Digest")


class Identifier(_Part):
    purl: str = Field("", alias="PURL")


class Span(_Part):
    start: int = Field(0, alias="StartLine")


class Repository(_Part):
    kind: str = Field("", alias="Class")


class Package(_Part):
    """A package that Trivy found. One without a name is the project itself."""

    id: str = Field("", alias="ID")
    name: str = Field("", alias="Name")
    version: str = Field("", alias="Version")
    identifier: Identifier = Field(Identifier(), alias="Identifier")
    dev: bool = Field(False, alias="Dev")
    relationship: str = Field("", alias="Relationship")
    places: tuple[Span, ...] = Field((), alias="Locations")
    repository: Repository = Field(Repository(), alias="Repository")

    @property
    def line(self) -> int | None:
        """Where its lock file names it, from 1."""
        return next((place.start for place in self.places if place.start > 0), None)


class DataSource(_Part):
    """Where an advisory comes from; `base` is whose advisories it builds on."""

    id: str = Field("", alias="ID")
    base: str = Field("", alias="BaseID")


class Scores(_Part):
    """One source's CVSS vectors and base scores, by version."""

    v2: str = Field("", alias="V2Vector")
    v3: str = Field("", alias="V3Vector")
    v4: str = Field("", alias="V40Vector")
    v2_score: float = Field(0.0, alias="V2Score")
    v3_score: float = Field(0.0, alias="V3Score")
    v4_score: float = Field(0.0, alias="V40Score")


class Vulnerability(_Part):
    id: str = Field(alias="VulnerabilityID", min_length=1)
    vendor_ids: tuple[str, ...] = Field((), alias="VendorIDs")
    package_id: str = Field("", alias="PkgID")
    package: str = Field("", alias="PkgName")
    path: str = Field("", alias="PkgPath")
    identifier: Identifier = Field(Identifier(), alias="PkgIdentifier")
    version: str = Field("", alias="InstalledVersion")
    fixed: str = Field("", alias="FixedVersion")
    status: str = Field("", alias="Status")
    layer: Layer = Field(Layer(), alias="Layer")
    severity: str = Field("", alias="Severity")
    severity_source: str = Field("", alias="SeveritySource")
    source: DataSource = Field(DataSource(), alias="DataSource")
    url: str = Field("", alias="PrimaryURL")
    title: str = Field("", alias="Title")
    description: str = Field("", alias="Description")
    cwes: tuple[str, ...] = Field((), alias="CweIDs")
    severities: Mapping[str, int] = Field({}, alias="VendorSeverity")
    scores: Mapping[str, Scores] = Field({}, alias="CVSS")
    references: tuple[str, ...] = Field((), alias="References")


class Line(_Part):
    text: str = Field("", alias="Content")
    is_cause: bool = Field(False, alias="IsCause")


class Code(_Part):
    lines: tuple[Line, ...] = Field((), alias="Lines")


class Cause(_Part):
    """What a misconfiguration is about; line numbers are 0 where there are none."""

    resource: str = Field("", alias="Resource")
    start: int = Field(0, alias="StartLine")
    end: int = Field(0, alias="EndLine")
    code: Code = Field(Code(), alias="Code")


class Misconfiguration(_Part):
    id: str = Field(alias="ID", min_length=1)
    avd_id: str = Field("", alias="AVDID")
    title: str = Field("", alias="Title")
    description: str = Field("", alias="Description")
    message: str = Field("", alias="Message")
    resolution: str = Field("", alias="Resolution")
    severity: str = Field("", alias="Severity")
    url: str = Field("", alias="PrimaryURL")
    status: str = Field("", alias="Status")
    cause: Cause = Field(Cause(), alias="CauseMetadata")


class Secret(_Part):
    """`match` is the line with the secret masked by asterisks."""

    rule: str = Field(alias="RuleID", min_length=1)
    category: str = Field("", alias="Category")
    severity: str = Field("", alias="Severity")
    title: str = Field("", alias="Title")
    start: int = Field(0, alias="StartLine")
    end: int = Field(0, alias="EndLine")
    match: str = Field("", alias="Match")
    layer: Layer = Field(Layer(), alias="Layer")


class License(_Part):
    name: str = Field(alias="Name")
    severity: str = Field("", alias="Severity")
    category: str = Field("", alias="Category")
    package: str = Field("", alias="PkgName")
    path: str = Field("", alias="FilePath")
    link: str = Field("", alias="Link")


class Result(_Part):
    """What Trivy says of one target: the OS packages, a lock file, a configuration file, …"""

    target: str = Field("", alias="Target")
    kind: str = Field("", alias="Class")
    type: str = Field("", alias="Type")
    packages: tuple[Package, ...] = Field((), alias="Packages")
    vulnerabilities: tuple[Vulnerability, ...] = Field((), alias="Vulnerabilities")
    misconfigurations: tuple[Misconfiguration, ...] = Field((), alias="Misconfigurations")
    secrets: tuple[Secret, ...] = Field((), alias="Secrets")
    licenses: tuple[License, ...] = Field((), alias="Licenses")


class System(_Part):
    """The operating system of an image; `ended` says that its distribution writes no advisories any more."""

    family: str = Field("", alias="Family")
    name: str = Field("", alias="Name")
    ended: bool = Field(False, alias="EOSL")


class Step(_Part):
    """One step of an image's build history; a step without content makes no layer."""

    created_by: str = ""
    empty_layer: bool = False


class ImageConfig(_Part):
    history: tuple[Step, ...] = ()


class Metadata(_Part):
    system: System | None = Field(None, alias="OS")
    diff_ids: tuple[str, ...] = Field((), alias="DiffIDs")
    repo_digests: tuple[str, ...] = Field((), alias="RepoDigests")
    config: ImageConfig = Field(ImageConfig(), alias="ImageConfig")


class Tool(_Part):
    version: str = Field("", alias="Version")


class Report(_Part):
    tool: Tool = Field(Tool(), alias="Trivy")
    artifact: str = Field("", alias="ArtifactName")
    type: str = Field("", alias="ArtifactType")
    metadata: Metadata = Field(Metadata(), alias="Metadata")
    results: tuple[Result, ...] = Field((), alias="Results")

    @property
    def packages(self) -> tuple[Package, ...]:
        """Every package that Trivy found, without the projects themselves."""
        found = (package for result in self.results for package in result.packages)
        return tuple(package for package in found if package.name and package.relationship not in ("root", "workspace"))


@dataclass(frozen=True)
class Origin:
    """Who says it: Trivy's version and the date of its database."""

    version: str
    database_date: str
