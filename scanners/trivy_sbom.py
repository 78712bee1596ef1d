"""What of an SBOM Trivy looked up. It passes over components whose package URL is absent or unknown to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packageurl import PackageURL

from scangate.scanners.trivy_image import Gap, package_gaps
from scangate.scanners.trivy_report import OS_PACKAGES, Report

_CYCLONEDX_PACKAGES = ("library", "framework")
_SHOWN = 3


def sbom_gaps(report: Report, file: str) -> Iterator[Gap]:
    """Why nobody can say that all packages of an SBOM were looked up; nothing where they were."""
    components = dict(_components(Path(file)))
    known = {_essence(package.identifier.purl) for package in report.packages}
    passed = sorted(name for name, purl in components.items() if _essence(purl) not in known)
    if passed:
        shown = ", ".join(passed[:_SHOWN])
        reason = (
            f"{len(passed)} of {len(components)} components were not looked up, as Trivy does not know them: {shown}"
        )
        yield Gap(reason, "make the SBOM with package URLs, which most tools write")
    if any(result.kind == OS_PACKAGES for result in report.results):
        yield from package_gaps(report)
    if not report.packages:
        yield Gap("it names no packages that Trivy knows")


def _components(file: Path) -> Iterator[tuple[str, str]]:
    """Name and version, and package URL, of each component that is a package; nothing where it is no JSON."""
    try:
        document = json.loads(file.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return
    if isinstance(document, dict):
        yield from _cyclonedx(document)
        yield from _spdx(document)


def _cyclonedx(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    pending = [document.get("components")]
    while pending:
        for component in _objects(pending.pop()):
            pending.append(component.get("components"))
            purl = str(component.get("purl") or "")
            if purl or component.get("type") in _CYCLONEDX_PACKAGES:
                yield f"{component.get('name')} {component.get('version') or ''}".strip(), purl


def _spdx(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for package in _objects(document.get("packages")):
        references = _objects(package.get("externalRefs"))
        purls = [str(ref.get("referenceLocator")) for ref in references if ref.get("referenceType") == "purl"]
        if purls or package.get("primaryPackagePurpose") == "LIBRARY":
            yield f"{package.get('name')} {package.get('versionInfo') or ''}".strip(), purls[0] if purls else ""


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _essence(purl: str) -> str:
    """A package URL without qualifiers and subpath."""
    try:
        parsed = PackageURL.from_string(purl)
    except ValueError:
        return f"?{purl}"
    return PackageURL(parsed.type, parsed.namespace, parsed.name, parsed.version).to_string()
