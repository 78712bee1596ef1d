"""What of an SBOM Trivy looked up. It passes over components whose package URL is absent or unknown to it, compares the
package URL's version whatever version the component states, and does not read components of the component that the
SBOM is about.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packageurl import PackageURL

from scangate.scanners.trivy_image import Gap, package_gaps
from scangate.scanners.trivy_report import OS_PACKAGES, Report

_CYCLONEDX_PACKAGES = ("library", "framework")
_SPDX_NO_PACKAGES = ("CONTAINER", "OPERATING-SYSTEM")
_EPOCH, _GO_PREFIX = re.compile(r"^\d+:"), re.compile(r"^v")
"""What some write before a version and others not."""
_SHOWN = 3
_WITH_PURLS = "make the SBOM with package URLs, which most tools write"


@dataclass(frozen=True)
class _Component:
    """A component that is a package; without a package URL where none is stated."""

    name: str
    version: str
    purl: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()

    @property
    def is_versioned(self) -> bool:
        """Whether its package URL, if any, has a version, and the one that the component states."""
        try:
            parsed = PackageURL.from_string(self.purl)
        except ValueError:
            return True
        prefix = _GO_PREFIX if parsed.type == "golang" else _EPOCH
        stated = (prefix.sub("", version, count=1) for version in (parsed.version or "", self.version))
        return bool(parsed.version) and (not self.version or len(set(stated)) == 1)


def sbom_gaps(report: Report, file: str) -> Iterator[Gap]:
    """Why nobody can say that all packages of an SBOM were looked up; nothing where they were."""
    document, ambiguous = _read(Path(file))
    components = [*_cyclonedx(document), *_spdx(document)]
    known = {_essence(package.identifier.purl) for package in report.packages}
    yield from _some(components, [c for c in components if _essence(c.purl) not in known], "Trivy does not know them")
    told = [c for c in components if not c.is_versioned]
    yield from _some(components, told, "their package URLs have no version, or another than they")
    if not document:
        yield Gap("whether all its components were looked up can be told of JSON alone", "write it as JSON")
    if ambiguous:
        yield Gap(f"it states {ambiguous!r} twice in one place, and programs differ on which counts", _WITH_PURLS)
    if any(result.kind == OS_PACKAGES for result in report.results):
        yield from package_gaps(report)
    if not report.packages:
        yield Gap("it names no packages that Trivy knows")


def _some(components: list[_Component], passed: list[_Component], why: str) -> Iterator[Gap]:
    if passed:
        shown = ", ".join(sorted(map(str, passed))[:_SHOWN])
        yield Gap(f"{len(passed)} of {len(components)} components were not looked up, as {why}: {shown}", _WITH_PURLS)


def _read(file: Path) -> tuple[dict[str, Any], str]:
    """The document, empty where it is no SBOM in JSON (tag-value, or wrapped in an attestation), and a key in it that
    stands twice in one object, in whatever case: Trivy does not mind.
    """
    twice: list[str] = []

    def checked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counted = Counter(name.casefold() for name, _ in pairs)
        twice.extend(name for name, _ in pairs if counted[name.casefold()] > 1)
        return dict(pairs)

    try:
        document = json.loads(file.read_bytes().decode("utf-8-sig"), object_pairs_hook=checked)
    except (OSError, ValueError, RecursionError):
        return {}, ""
    is_sbom = isinstance(document, dict) and ("bomFormat" in document or "spdxVersion" in document)
    return (document if is_sbom else {}), next(iter(twice), "")


def _cyclonedx(document: dict[str, Any]) -> Iterator[_Component]:
    pending = [document.get("components")]
    for metadata in _objects([document.get("metadata")]):
        pending += [about.get("components") for about in _objects([metadata.get("component")])]
    while pending:
        for component in _objects(pending.pop()):
            pending.append(component.get("components"))
            purl, version = str(component.get("purl") or ""), str(component.get("version") or "")
            kind = component.get("type")
            if purl or kind in _CYCLONEDX_PACKAGES or (kind == "application" and version):
                yield _Component(str(component.get("name")), version, purl)


def _spdx(document: dict[str, Any]) -> Iterator[_Component]:
    described = _described(document)
    for package in _objects(document.get("packages")):
        references = _objects(package.get("externalRefs"))
        purls = [str(ref.get("referenceLocator")) for ref in references if ref.get("referenceType") == "purl"]
        version, purpose = str(package.get("versionInfo") or ""), package.get("primaryPackagePurpose")
        is_other = purpose in _SPDX_NO_PACKAGES or package.get("SPDXID") in described
        if purls or purpose == "LIBRARY" or (version and not is_other):
            yield _Component(str(package.get("name")), version, purls[0] if purls else "")


def _described(document: dict[str, Any]) -> list[Any]:
    """The ids of what an SBOM is about."""
    relations = _objects(document.get("relationships"))
    described = [r.get("relatedSpdxElement") for r in relations if r.get("relationshipType") == "DESCRIBES"]
    named = document.get("documentDescribes")
    return [*described, *(named if isinstance(named, list) else ())]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _essence(purl: str) -> str:
    """A package URL without qualifiers and subpath."""
    try:
        parsed = PackageURL.from_string(purl)
        return PackageURL(parsed.type, parsed.namespace, parsed.name, parsed.version).to_string()
    except ValueError:
        return f"?{purl}"
