"""Outputs of Grype's for its tests, as Grype 0.120.1 writes them, about made-up packages."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

LAYER, BASE = "sha256:" + "a" * 64, "sha256:" + "b" * 64
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"

NVD = {
    "id": "CVE-2099-0001",
    "dataSource": "https://advisories.example/CVE-2099-0001",
    "namespace": "nvd:cpe",
    "severity": "High",
    "urls": [],
    "description": "The kettle boils over",
    "cvss": [{"source": "nvd@nist.gov", "type": "Primary", "version": "3.1", "vector": VECTOR, "metrics": {}}],
    "cwes": [{"cve": "CVE-2099-0001", "cwe": "CWE-400", "source": "nvd@nist.gov", "type": "Primary"}],
}
GITHUB = {
    "id": "GHSA-2099-aaaa-bbbb",
    "dataSource": "https://github.com/advisories/GHSA-2099-aaaa-bbbb",
    "namespace": "github:language:javascript",
    "severity": "Medium",
    "urls": [],
    "description": "kettle boils over. It is wet then.",
    "cvss": [],
    "fix": {"versions": ["1.0.1"], "state": "fixed"},
    "advisories": [],
    "risk": 1.5,
}
DEBIAN = GITHUB | {
    "id": "CVE-2099-0001",
    "namespace": "debian:distro:debian:12",
    "severity": "Negligible",
    "fix": {"versions": [], "state": "wont-fix"},
}
KETTLE = {
    "id": "4adc6b51d9fd8da5",
    "name": "kettle",
    "version": "1.0.0",
    "type": "npm",
    "locations": [
        {"path": "/app/node_modules/kettle/package.json", "layerID": LAYER, "annotations": {"evidence": "primary"}},
        {"path": "/app/package-lock.json", "layerID": LAYER},
    ],
    "language": "javascript",
    "licenses": [],
    "cpes": [],
    "purl": "pkg:npm/kettle@1.0.0",
    "upstreams": [],
}
LIBKETTLE = KETTLE | {
    "name": "libkettle1",
    "type": "deb",
    "purl": "pkg:deb/debian/libkettle1@1.0.0?arch=amd64&distro=debian-12&upstream=kettle",
    "locations": [{"path": "/var/lib/dpkg/status", "layerID": BASE}],
}
CONFIG = {
    "rootfs": {"type": "layers", "diff_ids": [BASE, LAYER]},
    "history": [
        {"created_by": "ADD rootfs.tar / # buildkit"},
        {"created_by": 'CMD ["bash"]', "empty_layer": True},
        {"created_by": "/bin/sh -c npm ci"},
        {"created_by": 'CMD ["kettle"]', "empty_layer": True},
    ],
}
IMAGE = {
    "type": "image",
    "target": {
        "userInput": "shop/kettle:1.0",
        "repoDigests": ["shop/kettle@sha256:" + "c" * 64],
        "config": base64.b64encode(json.dumps(CONFIG).encode()).decode(),
    },
}
TREE = {"type": "directory", "target": "."}
DEBIAN_12 = {"name": "debian", "version": "12.4", "idLike": None}
NO_DISTRIBUTION = {"name": "", "version": "", "idLike": None}


def match(
    vulnerability: Mapping[str, Any] = GITHUB, *related: Any, artifact: Any = KETTLE, **more: Any
) -> dict[str, Any]:
    return {
        "vulnerability": vulnerability,
        "relatedVulnerabilities": list(related),
        "matchDetails": [],
        "artifact": artifact,
        **more,
    }


def report(*matches: Any, source: Any = IMAGE, distro: Any = DEBIAN_12, **changes: Any) -> bytes:
    status = {"schemaVersion": "v6.1.10", "built": "2026-11-20T18:33:12.5+00:00", "path": "/db", "valid": True}
    document = {
        "matches": list(matches),
        "source": source,
        "distro": distro,
        "descriptor": {"name": "grype", "version": "0.120.1", "db": {"status": status, "providers": {}}},
    }
    return json.dumps(document | changes).encode()


def components(*found: tuple[str, str, str]) -> list[dict[str, Any]]:
    """A CycloneDX component for each name, version and type, and those that are no packages."""
    packages = [
        {
            "type": "library",
            "name": name,
            "version": version,
            "properties": [
                {"name": "syft:package:type", "value": kind},
                {"name": "syft:location:0:path", "value": f"/{name}"},
            ],
        }
        for name, version, kind in found
    ]
    return [*packages, {"type": "operating-system", "name": "debian"}, {"type": "file", "name": "/var/lib/dpkg/status"}]
