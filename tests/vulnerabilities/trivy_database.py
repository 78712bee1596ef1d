"""Trivy's vulnerability database, written by us: no download, and exactly what `advisories` states.

    cache = write_trivy_database(tmp_path / "trivy")
    trivy image --cache-dir CACHE --skip-db-update --skip-java-db-update --offline-scan … --input image.tar

`db/trivy.db` is a bbolt file of Trivy's schema 2 (values are JSON): `vulnerability` holds what is known of each CVE,
`debian 12` and `alpine 3.19` nest source packages and `pip::…`, `npm::…` nest packages, each with the CVEs that affect
it; `data-source` says who each of those buckets is from. `java-db/trivy-java.db` knows no jar: jars are then told by
their pom.properties.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cvss import CVSS3

from tests.vulnerabilities.advisories import ADVISORIES, Advisory
from tests.vulnerabilities.bbolt import write_bbolt

STALE = datetime(2020, 1, 1, tzinfo=UTC)

_SCHEMA, _JAVA_SCHEMA = 2, 1
_SEVERITIES = ("unknown", "low", "medium", "high", "critical")
_AFFECTED, _WILL_NOT_FIX = 2, 5
_LANGUAGES = {
    "pypi": ("pip", "GitHub Security Advisory Pip"),
    "npm": ("npm", "GitHub Security Advisory npm"),
    "maven": ("maven", "GitHub Security Advisory Maven"),
    "golang": ("go", "GitHub Security Advisory Go"),
}
_DISTRIBUTIONS = {"debian": "Debian Security Tracker", "alpine": "Alpine Secdb"}
_JAVA_TABLES = """
    CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
    CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT,
        FOREIGN KEY (artifact_id) REFERENCES artifacts(id));
"""


def write_trivy_database(
    cache: Path, advisories: Iterable[Advisory] = ADVISORIES, *, updated: datetime | None = None
) -> Path:
    """Write both databases into a cache folder for Trivy's `--cache-dir`; returns that folder.

    They are from `updated`, by default from now; `STALE` is far too old.
    """
    moment = updated or datetime.now(UTC)
    for folder, schema in (("db", _SCHEMA), ("java-db", _JAVA_SCHEMA)):
        (cache / folder).mkdir(parents=True, exist_ok=True)
        (cache / folder / "metadata.json").write_text(json.dumps(_metadata(schema, moment)))
    write_bbolt(cache / "db" / "trivy.db", _buckets(advisories))
    java_database = cache / "java-db" / "trivy-java.db"
    java_database.unlink(missing_ok=True)
    with closing(sqlite3.connect(java_database)) as java:
        java.executescript(_JAVA_TABLES)
    return cache


def _metadata(schema: int, moment: datetime) -> dict[str, Any]:
    written, due = moment.isoformat(), (moment + timedelta(days=1)).isoformat()
    return {"Version": schema, "UpdatedAt": written, "NextUpdate": due, "DownloadedAt": written}


def _buckets(advisories: Iterable[Advisory]) -> dict[str, Any]:
    tree: dict[str, Any] = {"vulnerability": {}, "data-source": {}}
    for advisory in advisories:
        bucket, source = _bucket(advisory)
        tree["data-source"][bucket] = _json(source)
        tree["vulnerability"][advisory.cve] = _json(_details(advisory))
        tree.setdefault(bucket, {}).setdefault(advisory.package, {})[advisory.cve] = _json(_affected(advisory))
    return tree


def _bucket(advisory: Advisory) -> tuple[str, dict[str, str]]:
    """The name of the bucket that an advisory belongs to, and whose data that is."""
    kind, _, release = advisory.ecosystem.partition(":")
    if release:
        return f"{kind} {release}", {"ID": kind, "Name": _DISTRIBUTIONS[kind], "URL": f"https://{kind}.example"}
    prefix, name = _LANGUAGES[kind]
    return f"{prefix}::{name}", {"ID": "ghsa", "Name": name, "URL": "https://ghsa.example"}


def _details(advisory: Advisory) -> dict[str, Any]:
    words = advisory.severities
    return {
        "Title": advisory.title,
        "Description": f"{advisory.title}.",
        "Severity": words.get("nvd", next(iter(words.values()), "unknown")).upper(),
        "CweIDs": [*advisory.cwes],
        "VendorSeverity": {vendor: _SEVERITIES.index(word) for vendor, word in words.items()},
        "CVSS": {
            vendor: {"V3Vector": vector, "V3Score": float(CVSS3(vector).base_score)}
            for vendor, vector in advisory.vectors.items()
        },
        "References": [f"https://advisories.example/{advisory.cve}"],
        "PublishedDate": "2025-01-01T00:00:00Z",
        "LastModifiedDate": "2026-01-01T00:00:00Z",
    }


def _affected(advisory: Advisory) -> dict[str, Any]:
    """Which versions of its package an advisory is about."""
    vendor, _, release = advisory.ecosystem.partition(":")
    vendor_ids = [alias for alias in advisory.aliases if alias.startswith(("DSA-", "GHSA-"))]
    if not release:
        lowest = [f">={advisory.introduced}"] if advisory.introduced != "0" else []
        below = [f"<{advisory.fixed}"] if advisory.fixed else [">=0"]
        patched = [advisory.fixed] if advisory.fixed else []
        constraint = ", ".join([*lowest, *below])
        return {"VendorIDs": vendor_ids, "PatchedVersions": patched, "VulnerableVersions": [constraint]}
    if advisory.fixed:
        return {"FixedVersion": advisory.fixed, "VendorIDs": vendor_ids}
    severity = _SEVERITIES.index(advisory.severities.get(vendor, "unknown"))
    return {"Severity": severity, "Status": _WILL_NOT_FIX if advisory.abandoned else _AFFECTED}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()
