"""All findings of one report of Trivy's, each in its place: in an image, an SBOM or files of the tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scangate.model import Finding, Location, PackageLocation
from scangate.scanners.source import SourceTree
from scangate.scanners.trivy_image import Image, end_of_life
from scangate.scanners.trivy_misconfiguration import (
    FAILED,
    NOTED_LICENSES,
    Place,
    license_finding,
    misconfiguration_finding,
    secret_finding,
)
from scangate.scanners.trivy_report import OS_PACKAGES, Layer, Origin, Report, Result
from scangate.scanners.trivy_vulnerability import PackageResult, vulnerability_finding

IMAGE = "container_image"
SBOMS = ("cyclonedx", "spdx")
PACKAGES = (OS_PACKAGES, "lang-pkgs")


@dataclass(frozen=True)
class Reading:
    """How a report is read: `name` is the image or SBOM as it was named (empty: as Trivy names it), `path_of` the
    tree's own path for one of Trivy's, `tree` what is quoted from; `obeys` as in `Place`.
    """

    origin: Origin
    tree: SourceTree
    path_of: Callable[[str], str]
    name: str = ""
    obeys: bool = False

    def findings(self, report: Report) -> Iterator[Finding]:
        """Every finding of the report, in its order."""
        image = self._image(report)
        for result in report.results:
            yield from self._findings(result, report, image)
        yield from end_of_life(report, self._system(report, image), self.origin)

    def _image(self, report: Report) -> Image | None:
        if report.type == IMAGE:
            return Image(self.name or report.artifact, report.metadata)
        # A cluster's resources have no type; the packages are those of the image that one runs.
        name = next((result.target for result in report.results if result.kind == OS_PACKAGES), "")
        return Image(name.partition(" (")[0], report.metadata) if name and not report.type else None

    def _system(self, report: Report, image: Image | None) -> Location:
        system = report.metadata.system
        name = f"pkg:generic/{system.family}@{system.name}" if system else ""
        if image:
            return image.location(Layer.model_validate({}), package=name)
        return PackageLocation(purl=name, name=system.family if system else "", manifest=self.name or report.artifact)

    def _findings(self, result: Result, report: Report, image: Image | None) -> Iterator[Finding]:
        if not report.type and result.kind not in PACKAGES:
            image = None  # what a cluster's resource runs, not what it is
        path = result.target if image else self.path_of(result.target)
        manifest = (self.name or report.artifact) if report.type in SBOMS else path
        among = PackageResult(result, manifest=manifest, image=image)
        for vulnerability in result.vulnerabilities:
            yield vulnerability_finding(vulnerability, among, self.origin)
        inside = "" if image and result.target == report.artifact else path
        place = Place(inside, result.target, result.type, image, self.tree, self.obeys)
        for check in result.misconfigurations:
            if check.status in (FAILED, ""):
                yield misconfiguration_finding(check, place, self.origin)
        for secret in result.secrets:
            yield secret_finding(secret, place, self.origin)
        packages = _packages_of(result, report, manifest=manifest, image=image)
        for record in result.licenses:
            if record.severity in NOTED_LICENSES:
                yield license_finding(record, packages, self.origin)


def _packages_of(result: Result, report: Report, *, manifest: str, image: Image | None) -> PackageResult:
    """The packages that a result of licences speaks of: another result of the same target lists them."""
    listing = (other for other in report.results if other.kind in PACKAGES and other.target == result.target)
    return PackageResult(next(listing, result), manifest=manifest, image=image)
