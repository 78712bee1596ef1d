"""Settings: strict, layered, and careful about who wrote them.

A file in the scanned tree (`scangate.toml`, or `[tool.scangate]` in `pyproject.toml`) may choose and narrow. What
names a program, a file to write or a weaker judgement is believed only from `--config FILE`, from the user's own
configuration folder, or from the command line: otherwise a pull request could wave itself through its own gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scangate.dast_settings import Dast, Zap


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class ScannerChoices(_Strict):
    """What any settings file may say of one scanner, under `[scanners.NAME]`."""

    enabled: bool | None = Field(
        None, description="Whether it runs; unset, it runs on what it looks at without being asked for."
    )
    timeout: float | None = Field(None, gt=0, description="Seconds that one process of the scanner may take.")


class ScannerSettings(ScannerChoices):
    """What a trusted settings file may say of one scanner."""

    path: str | None = Field(None, description="A program of your own instead of ours.")
    rules: list[str] = Field(default=[], description="More rule folders (semgrep only).")
    database: str | None = Field(
        None, description="Folder of its vulnerability database (trivy, grype); by default, where the tool has it."
    )


class CustomScanner(_Strict):
    """A scanner of your own under `[scanners.custom.NAME]`: a program that writes SARIF to its standard output."""

    command: list[str] = Field(
        min_length=1,
        description="The program and its arguments; `{files}` stands for the files, `{root}` for the scanned folder.",
    )
    output: Literal["sarif"] = Field(description="What it writes.")
    kinds: list[str] = Field(min_length=1, description="What it looks at, such as dockerfile or github-actions.")
    exit_codes: list[int] = Field(default=[0, 1], description="Exit codes that mean that it did its work.")
    timeout: float | None = Field(None, gt=0, description="Seconds that one process of it may take.")


class ScannerChoicesTable(_Strict):
    """What any settings file may say under `[scanners]`: a table for each scanner."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ScannerChoices]


class ScannerTable(ScannerChoicesTable):
    """What a trusted settings file may say under `[scanners]`."""

    __pydantic_extra__: dict[str, ScannerSettings]  # type: ignore[assignment]
    custom: Mapping[str, CustomScanner] = Field(default={}, description="Scanners of your own.")

    @property
    def named(self) -> Mapping[str, ScannerSettings]:
        """The settings of single scanners that the table holds."""
        return self.__pydantic_extra__


class When(_Strict):
    """What a gate is for."""

    env: str


class Gate(_Strict):
    """One line of the choice of policies: the first whose `when` holds is taken; without `when` it always holds."""

    when: When | None = None
    policy: str


class Choices(_Strict):
    """What any settings file may say, also one in the scanned tree: it chooses and narrows."""

    exclude: list[str] = Field(default=[], description="Glob patterns of paths that are not scanned; they are listed.")
    scanner: list[str] = Field(default=[], description="Run only these scanners.")
    jobs: int | None = Field(None, ge=1, description="Cores to use; all that this process may use by default.")
    timeout: float | None = Field(None, gt=0, description="Seconds that one process of any scanner may take.")
    offline: bool = Field(default=False, description="Ask nobody outside this machine.")
    doctor: bool = Field(default=False, description="Prove first that each scanner still finds its canary.")
    quiet: bool = Field(default=False, description="No progress and no report on standard output.")
    color: bool | None = Field(None, description="Colour on or off; by default, on a terminal.")
    history: bool = Field(default=False, description="Search all commits for secrets, too.")
    scanners: ScannerChoicesTable = Field(ScannerChoicesTable(), description="Settings of single scanners.")


class Settings(Choices):
    """Everything that a flag can say; beyond `Choices` only a trusted file or the command line is believed."""

    scanners: ScannerTable = Field(ScannerTable(), description="Settings of single scanners.")
    image: list[str] = Field(
        default=[], description="Container images to scan: references, archives or OCI layout folders."
    )
    sbom: list[str] = Field(default=[], description="SBOM files (CycloneDX, SPDX) to scan.")
    commits: str | None = Field(None, description="Commits to search for secrets, as BASE..HEAD.")
    url: str | None = Field(None, description="A running application to scan with OWASP ZAP.")
    url_from_command: str | None = Field(None, description="A command that prints this URL.")
    app: str | None = Field(None, description="The command that starts the application; {port} is a free port.")
    wait_for: str | None = Field(None, description="The path that the application answers at once it is up.")
    dast: Dast = Field(Dast(), description="How a running application is scanned.")
    zap: Zap = Field(Zap(), description="Where OWASP ZAP is.")
    max_file_bytes: int = Field(5_000_000, ge=1, description="Files larger than this are listed and not scanned.")
    format: list[str] = Field(default=[], description="Reports as NAME or NAME=FILE.")
    output: str | None = Field(None, description="Folder for the JSON, SARIF and HTML reports.")
    advisories: str | None = Field(None, description="Folder of OSV records to use offline.")
    env: str | None = Field(None, description="The environment that is judged for.")
    policy: str | None = Field(None, description="A policy's name or file.")
    fail_on: str | None = Field(None, description="The one-flag policy: fail from this severity on.")
    exit_zero: bool = Field(default=False, description="End with 0 although the policy fails.")
    gates: list[Gate] = Field(default=[], description="Policies by environment, first match.")

    def own(self, scanner: str) -> ScannerSettings:
        """The settings of one scanner."""
        return self.scanners.named.get(scanner, ScannerSettings())

    def timeout_of(self, scanner: str) -> float | None:
        """Seconds that one process of a scanner, ours or the user's, may take; None where nothing is said of it."""
        custom = self.scanners.custom.get(scanner)
        return (custom.timeout if custom else self.own(scanner).timeout) or self.timeout


def settings_json_schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of the settings."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}
