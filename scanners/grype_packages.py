"""What Grype took for packages, and why nobody can say that these are all and were looked up.

Its report names only packages with matches: an image in which it found none, or whose distribution it has no
advisories for, looks clean in it. So each run also writes an SBOM (CycloneDX) of what was found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scangate.scanners.grype_report import Distribution, Report
from scangate.scanners.interface import unreadable

_SYSTEM_TYPES = frozenset({"deb", "rpm", "apk", "alpm", "portage"})
_NO_PACKAGES = ("file", "operating-system")
_SHOWN = 3
BESIDES = "look at it with another scanner as well (trivy), or at the SBOM of its build"
_KEEP = "leave the package database in the image: /var/lib/dpkg, /lib/apk/db or /var/lib/rpm"


@dataclass(frozen=True)
class Package:
    """A package that Grype found. `type` is Syft's word for its kind and `path` the file that names it."""

    name: str
    version: str
    type: str
    path: str

    @property
    def is_system(self) -> bool:
        """Whether it is a package of a distribution."""
        return self.type in _SYSTEM_TYPES

    @property
    def is_known(self) -> bool:
        """Whether it can be looked up at all."""
        return bool(self.version) and self.type not in ("", "UnknownPackage")


@dataclass(frozen=True)
class Gap:
    """Something that was not looked at, and what mends that."""

    reason: str
    mend: str = ""


def read_packages(file: Path) -> tuple[Package, ...]:
    """The packages of an SBOM that Grype wrote.

    Raises:
        ScannerError: there is none, or it is damaged.
    """
    try:
        document = json.loads(file.read_bytes())
        components = document.get("components") or ()
        return tuple(_package(component) for component in components if component["type"] not in _NO_PACKAGES)
    except OSError as error:
        raise unreadable(f"Grype did not write what packages it found: {error.strerror}") from error
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise unreadable(f"what Grype wrote of the packages that it found is damaged: {error}") from error


def _package(component: dict[str, Any]) -> Package:
    facts = {str(fact["name"]): str(fact["value"]) for fact in component.get("properties") or ()}
    return Package(
        str(component["name"]),
        str(component.get("version") or ""),
        facts.get("syft:package:type", ""),
        facts.get("syft:location:0:path", ""),
    )


def knows_distribution(report: Report) -> bool:
    """Whether a match shows that the database holds advisories for the packages of the distribution."""
    found = (*report.matches, *report.ignored)
    return any(match.artifact.type in _SYSTEM_TYPES and match.vulnerability.is_of_vendor for match in found)


def gaps(report: Report, packages: Sequence[Package], *, image: bool) -> Iterator[Gap]:
    """Why nobody can say that Grype found all packages of an image or SBOM, and can look them up."""
    unknown = sorted(package.name for package in packages if not package.is_known)
    languages = sum(not package.is_system for package in packages)
    if unknown:
        shown = ", ".join(unknown[:_SHOWN])
        reason = f"{len(unknown)} of {len(packages)} packages cannot be looked up, as Grype does not know them: {shown}"
        yield Gap(reason, BESIDES)
    if not packages:
        yield Gap("Grype found no packages in it", BESIDES)
    elif image and languages == len(packages) and not report.distribution.name:
        yield Gap(f"Grype knows no distribution in it, and looked up {languages} packages of languages", BESIDES)
    if image and languages == len(packages) and report.distribution.name:
        yield Gap(f"there is no package database of {report.distribution} in it, or an empty one", _KEEP)


def no_advisories(distribution: Distribution, why: str) -> Gap:
    """The gap of a distribution that the database does not know; `why` is what Grype says."""
    if "OS not present" in why:
        return Gap(f"Grype's database has no advisories for {distribution}", BESIDES)
    return Gap(f"whether Grype's database has advisories for {distribution} cannot be told: {why[:200]}", BESIDES)
