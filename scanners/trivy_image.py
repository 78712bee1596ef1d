"""Images as Trivy reports them: places in them, base layers and own layers, and what could not be looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from scangate.model import Category, Finding, Fix, ImageLocation, Location, Rating, Rule, Severity, Source
from scangate.scanners.redact_configuration import mask_command
from scangate.scanners.trivy_inline import MARK
from scangate.scanners.trivy_report import OS_PACKAGES, Layer, Metadata, Origin, Report, Step

_CMD = re.compile(r"(?:/bin/sh -c #\(nop\)\s+)?CMD\b")
_LEGACY = re.compile(r"^/bin/sh -c (?:#\(nop\)\s+)?")
_LONGEST_STEP = 300
_UNKNOWN_RELEASE = "This OS version is not on the EOL list"
_THIRD_PARTY = "third-party"
_BESIDES = "look at it with another scanner as well (grype), or at the SBOM of its build"
_KEEP = "leave the package database in the image: /var/lib/dpkg, /lib/apk/db or /var/lib/rpm"

END_OF_LIFE = "EOSL"
"""Our rule id for what Trivy says in a field of this name."""


class Image:
    """One image: `ref` as it was named, and what its build history tells of its layers."""

    def __init__(self, ref: str, metadata: Metadata) -> None:
        self._ref = ref
        self._digest = next((name.partition("@")[2] for name in metadata.repo_digests if "@" in name), "")
        history = metadata.config.history
        steps = [step for step in history if not step.empty_layer]
        known = bool(steps) and len(steps) == len(metadata.diff_ids)
        self._steps = dict(zip(metadata.diff_ids, steps, strict=True)) if known else {}
        count = base_layers(history) if known else None
        self._base = None if count is None else frozenset(metadata.diff_ids[:count])

    def location(
        self,
        layer: Layer,
        *,
        package: str = "",
        path: str = "",
        line: int | None = None,
        fixed_in: tuple[str, ...] = (),
    ) -> ImageLocation:
        """A place in the image. `path` is without the leading slash that Trivy writes before some."""
        step = self._steps.get(layer.diff_id)
        return ImageLocation(
            ref=self._ref,
            digest=self._digest,
            layer=layer.diff_id or layer.digest,
            created_by=mask_command(_LEGACY.sub("", step.created_by).strip())[:_LONGEST_STEP] if step else "",
            base=layer.diff_id in self._base if step and self._base is not None else None,
            package=package,
            path=path.lstrip("/"),
            line=line,
            fixed_in=fixed_in,
        )


def base_layers(history: tuple[Step, ...]) -> int | None:
    """How many of the layers are those of the base image; None where the history does not tell.

    Base images end with a `CMD`, and a `CMD` counts once in a Dockerfile and by custom stands at its end: so the last
    one that a layer follows is the base image's. Trivy draws the line at the same place.
    """
    after = list(takewhile(lambda step: step.empty_layer, reversed(history)))
    inner = history[: len(history) - len(after)]
    last = max(
        (number for number, step in enumerate(inner) if step.empty_layer and _CMD.match(step.created_by)), default=-1
    )
    return sum(not step.empty_layer for step in inner[:last]) if last >= 0 else None


@dataclass(frozen=True)
class Gap:
    """Something that was not looked at, and what mends that."""

    reason: str
    mend: str = ""


def package_gaps(report: Report) -> Iterator[Gap]:
    """Why nobody can say that the packages of an image or SBOM are all known and looked up; nothing where they are."""
    system = report.metadata.system
    found = [package for result in report.results if result.kind == OS_PACKAGES for package in result.packages]
    name = f"{system.family} {system.name}".strip() if system else ""
    if system is None or system.family in ("", "none"):
        count = len(report.packages)
        yield Gap(f"Trivy knows no distribution in it, and looked up {count or 'no'} packages of languages", _BESIDES)
    elif not any(result.kind == OS_PACKAGES for result in report.results):
        yield Gap(f"Trivy has no advisories for {name}", _BESIDES)
    elif not found:
        yield Gap(f"there is no package database of {name} in it, or an empty one", _KEEP)
    if foreign := [package.name for package in found if package.repository.kind == _THIRD_PARTY]:
        shown = ", ".join(sorted(foreign)[:3])
        yield Gap(f"{len(foreign)} packages are not from {name}, which has no advisories for them: {shown}", _BESIDES)
    if any(MARK.search(step.created_by) for step in report.metadata.config.history):
        yield Gap("its build history tells Trivy to ignore checks", "build it without trivy:ignore comments")


def unknown_release(report: Report, log: str) -> Iterator[Gap]:
    """The gap of a release that Trivy's database may know nothing of: it says on standard error that it does not know
    the release itself, and finds nothing in it. A vulnerability of the distribution's packages shows that it does.
    """
    system = [result for result in report.results if result.kind == OS_PACKAGES]
    if _UNKNOWN_RELEASE in log and system and not any(result.vulnerabilities for result in system):
        name = f"{report.metadata.system.family} {report.metadata.system.name}" if report.metadata.system else "it"
        yield Gap(f"Trivy does not know this release, and may have no advisories for it: {name}", _BESIDES)


def end_of_life(report: Report, place: Location, origin: Origin) -> Iterator[Finding]:
    """A finding where the distribution is past its end of life: later flaws of it get no advisory, so it looks clean.

    Trivy says so without a severity; the severity is ours.
    """
    system = report.metadata.system
    if system is None or not system.ended:
        return
    name = f"{system.family} {system.name}".strip()
    rating = Rating(source="scangate", severity=Severity.HIGH, word="end of life")
    yield Finding(
        category=Category.CONTAINER if isinstance(place, ImageLocation) else Category.DEPENDENCY,
        rule=Rule(id=END_OF_LIFE, name="distribution past its end of life", cwe=(1104,)),
        title=f"{name} is past its end of life",
        message="Its distribution writes no advisories any more, so that flaws found since then are not reported.",
        severity=rating.severity,
        severity_from="scangate: a distribution without security updates",
        ratings=(rating,),
        location=place,
        fix=Fix(text="build on a release that still gets security updates"),
        sources=(
            Source(scanner="trivy", rule_id=END_OF_LIFE, version=origin.version, database_date=origin.database_date),
        ),
    )
