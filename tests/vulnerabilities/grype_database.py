"""Grype's vulnerability database, written by us: no download, and exactly what `advisories` states.

    cache = write_grype_database(tmp_path / "grype", grype=tools("grype").path)
    GRYPE_DB_CACHE_DIR=CACHE GRYPE_DB_AUTO_UPDATE=false grype docker-archive:image.tar

The tables are made by Grype's own package `grype/db/v6`, in the small Go program beside this file; what goes into them
is decided here. As in the published database, a package's advisory is GitHub's or its distribution's, and what NVD
says of the same CVE is a record of its own that matches no package.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.vulnerabilities.advisories import ADVISORIES, Advisory
from tests.vulnerabilities.go_programs import built_program

_SOURCE = Path(__file__).with_name("grype_writer")
_TYPES = {
    "pypi": ("python", "python"),
    "npm": ("npm", "semver"),
    "maven": ("java-archive", "maven"),
    "golang": ("go-module", "go"),
    "debian": ("deb", "dpkg"),
    "alpine": ("apk", "apk"),
}


def write_grype_database(
    cache: Path, advisories: Iterable[Advisory] = ADVISORIES, *, grype: Path, built: datetime | None = None
) -> Path:
    """Write the database into a folder for `GRYPE_DB_CACHE_DIR`; returns that folder.

    It is from `built`, by default from now. `grype` is the program that imports it.
    """
    raw = cache / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    rows = _rows(tuple(advisories), built or datetime.now(UTC))
    subprocess.run([built_program(_SOURCE), raw], input=json.dumps(rows).encode(), check=True)
    if built:
        _date(raw / "vulnerability.db", built)
    environment = {**os.environ, "GRYPE_DB_CACHE_DIR": str(cache), "GRYPE_CHECK_FOR_APP_UPDATE": "false"}
    command = [str(grype), "db", "import", str(raw / "vulnerability.db")]
    subprocess.run(command, env=environment, check=True)
    shutil.rmtree(raw)
    return cache


def _date(database: Path, built: datetime) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        moment = built.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00:00")
        connection.execute("UPDATE db_metadata SET build_timestamp = ?", (moment,))


def _rows(advisories: tuple[Advisory, ...], captured: datetime) -> dict[str, Any]:
    """What the Go program reads: the fields of Grype's own structures, by their names in Go."""
    vulnerabilities = [*map(_vendors_record, advisories), *(_nvd_record(entry) for entry in _by_cve(advisories))]
    providers = sorted({row["ProviderID"] for row in vulnerabilities})
    date = captured.isoformat()
    return {
        "Providers": [{"ID": name, "Version": "1", "Processor": "tests", "DateCaptured": date} for name in providers],
        "Vulnerabilities": vulnerabilities,
    }


def _by_cve(advisories: tuple[Advisory, ...]) -> Iterable[Advisory]:
    return {advisory.cve: advisory for advisory in advisories if "nvd" in advisory.severities}.values()


def _vendors_record(advisory: Advisory) -> dict[str, Any]:
    """What GitHub or the distribution says, with the package that it is about."""
    kind, _, release = advisory.ecosystem.partition(":")
    name, vendor = (advisory.cve, kind) if release else (advisory.ghsa, "ghsa")
    ecosystem, versions = _TYPES[kind]
    major, _, minor = release.partition(".")
    package = {
        "Package": {"Ecosystem": ecosystem, "Name": advisory.package},
        "OperatingSystem": {"Name": kind, "MajorVersion": major, "MinorVersion": minor} if release else None,
        "BlobValue": {"cves": [advisory.cve], "ranges": [_range(advisory, versions)]},
    }
    aliases = [] if release else sorted({advisory.cve, *advisory.aliases} - {name})
    return _record(advisory, name, kind if release else "github", vendor=vendor, aliases=aliases) | {
        "Packages": [package]
    }


def _nvd_record(advisory: Advisory) -> dict[str, Any]:
    return _record(advisory, advisory.cve, "nvd", vendor="nvd")


def _record(
    advisory: Advisory, name: str, provider: str, *, vendor: str, aliases: Iterable[str] = ()
) -> dict[str, Any]:
    blob = {
        "id": name,
        "description": advisory.title,
        "refs": [{"url": f"https://advisories.example/{name}"}],
        "aliases": [*aliases],
        "severities": _severities(advisory, vendor),
    }
    return {"Name": name, "Status": "active", "ProviderID": provider, "BlobValue": blob}


def _severities(advisory: Advisory, vendor: str) -> list[dict[str, Any]]:
    """The vendor's word and its CVSS vector. Grype takes the first for the severity."""
    found: list[tuple[str, str | Mapping[str, str]]] = []
    if word := advisory.severities.get(vendor):
        found.append(("CHMLN", word))
    if vector := advisory.vectors.get(vendor):
        found.append(("CVSS", {"vector": vector, "version": vector.removeprefix("CVSS:")[:3]}))
    return [{"scheme": scheme, "value": value, "source": vendor, "rank": 1} for scheme, value in found]


def _range(advisory: Advisory, versions: str) -> dict[str, Any]:
    bounds = [f">= {advisory.introduced}"] if advisory.introduced != "0" else []
    bounds += [f"< {advisory.fixed}"] if advisory.fixed else []
    without = {"state": "wont-fix" if advisory.abandoned else "not-fixed"}
    return {
        "version": {"type": versions, "constraint": ", ".join(bounds)},
        "fix": {"state": "fixed", "version": advisory.fixed} if advisory.fixed else without,
    }
