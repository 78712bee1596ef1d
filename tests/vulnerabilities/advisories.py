"""The vulnerabilities that tests know of: stated once, and written in the form that each scanner reads.

`ADVISORIES` is the truth. `trivy_database.write_trivy_database`, `grype_database.write_grype_database` and
`write_osv_records` make databases of it, so that every scanner in a test knows the same. Entries with a
CVE-2099 number are made up; the others are public facts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ON_PYPI, _ON_NPM = "pypi", "npm"
_ANYONE_READS = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
_ANYONE_STOPS = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
_ANYONE_TAKES_OVER = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"

_OSV_NAMES = {"pypi": "PyPI", "npm": "npm", "maven": "Maven", "golang": "Go"}


@dataclass(frozen=True)
class Advisory:
    """One vulnerability of one package in one ecosystem.

    `ecosystem` is a purl type or a distribution (`debian:12`, `alpine:3.19`), where `package` is the source package.
    Affected is what is at least `introduced` and below `fixed`; without `fixed` there is no version that mends it,
    and `abandoned` says that its distribution will not make one. `severities` (lower-case words) and `vectors` (CVSS)
    are by vendor, as Trivy calls vendors: `nvd`, `ghsa`, `debian`, `redhat`.
    """

    cve: str
    package: str
    ecosystem: str
    title: str
    fixed: str = ""
    introduced: str = "0"
    aliases: tuple[str, ...] = ()
    severities: Mapping[str, str] = field(default_factory=dict)
    vectors: Mapping[str, str] = field(default_factory=dict)
    cwes: tuple[str, ...] = ()
    abandoned: bool = False

    @property
    def ghsa(self) -> str:
        """Its id in GitHub's database, or the CVE number where it has none there."""
        return next((alias for alias in self.aliases if alias.startswith("GHSA-")), self.cve)


ADVISORIES = (
    Advisory(
        cve="CVE-2019-10906",
        package="jinja2",
        ecosystem=_ON_PYPI,
        title="str.format_map escapes the Jinja sandbox",
        fixed="2.10.1",
        aliases=("GHSA-462w-v97r-4m45", "PYSEC-2019-217"),
        severities={"nvd": "high", "ghsa": "high"},
        vectors={"nvd": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N"},
        cwes=("CWE-693",),
    ),
    Advisory(
        cve="CVE-2018-18074",
        package="requests",
        ecosystem=_ON_PYPI,
        title="Requests keeps the Authorization header when a redirect leaves https for http",
        fixed="2.20.0",
        aliases=("GHSA-x84v-xcm2-53pg", "PYSEC-2018-28"),
        severities={"nvd": "high", "ghsa": "high"},
        vectors={"nvd": _ANYONE_READS, "ghsa": _ANYONE_READS},
        cwes=("CWE-522",),
    ),
    Advisory(
        cve="CVE-2020-1747",
        package="pyyaml",
        ecosystem=_ON_PYPI,
        title="The full loader of PyYAML runs code from untrusted documents",
        fixed="5.3.1",
        aliases=("GHSA-6757-jp84-gxfx", "PYSEC-2020-96"),
        severities={"nvd": "critical", "ghsa": "critical"},
        vectors={"nvd": _ANYONE_TAKES_OVER, "ghsa": _ANYONE_TAKES_OVER},
        cwes=("CWE-20",),
    ),
    Advisory(
        cve="CVE-2099-1001",
        package="teacup",
        ecosystem=_ON_PYPI,
        title="A made-up flaw that its vendors judge very differently",
        fixed="99.0.0",
        introduced="2.0.0",
        aliases=("GHSA-2099-teac-up22",),
        severities={"nvd": "critical", "ghsa": "low"},
        vectors={"nvd": _ANYONE_TAKES_OVER, "ghsa": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"},
        cwes=("CWE-79",),
    ),
    Advisory(
        cve="CVE-2019-10744",
        package="lodash",
        ecosystem=_ON_NPM,
        title="defaultsDeep of lodash writes to the prototype of every object",
        fixed="4.17.12",
        aliases=("GHSA-jf85-cpcp-j695",),
        severities={"nvd": "critical", "ghsa": "critical"},
        vectors={"nvd": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H"},
        cwes=("CWE-1321",),
    ),
    Advisory(
        cve="CVE-2099-2001",
        package="@teapots/kettle",
        ecosystem=_ON_NPM,
        title="A made-up flaw of a scoped package, with no version that mends it",
        aliases=("GHSA-2099-kett-le22",),
        severities={"ghsa": "medium"},
        cwes=("CWE-400",),
    ),
    Advisory(
        cve="CVE-2021-44228",
        package="org.apache.logging.log4j:log4j-core",
        ecosystem="maven",
        title="Log4j runs code from an LDAP server that a logged text names",
        fixed="2.15.0",
        introduced="2.13.0",
        aliases=("GHSA-jfh8-c2jp-5v3q",),
        severities={"nvd": "critical", "ghsa": "critical"},
        vectors={"nvd": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"},
        cwes=("CWE-20", "CWE-502"),
    ),
    Advisory(
        cve="CVE-2022-32149",
        package="golang.org/x/text",
        ecosystem="golang",
        title="Parsing a crafted Accept-Language header takes very long",
        fixed="0.3.8",
        aliases=("GHSA-69ch-w2m2-3vjp", "GO-2022-1059"),
        severities={"nvd": "high", "ghsa": "high"},
        vectors={"nvd": _ANYONE_STOPS, "ghsa": _ANYONE_STOPS},
        cwes=("CWE-772",),
    ),
    Advisory(
        cve="CVE-2025-9230",
        package="openssl",
        ecosystem="debian:12",
        title="Decrypting a CMS message with a password reads and writes out of bounds",
        fixed="3.0.17-1~deb12u3",
        aliases=("DSA-6015-1",),
        severities={"nvd": "high", "redhat": "medium"},
        vectors={"nvd": _ANYONE_STOPS},
        cwes=("CWE-125", "CWE-787"),
    ),
    Advisory(
        cve="CVE-2023-38545",
        package="curl",
        ecosystem="debian:12",
        title="A long host name overflows a buffer in the handshake with a SOCKS5 proxy",
        fixed="7.88.1-10+deb12u4",
        aliases=("DSA-5523-1",),
        severities={"nvd": "critical", "redhat": "high"},
        vectors={"nvd": _ANYONE_TAKES_OVER, "redhat": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"},
        cwes=("CWE-787",),
    ),
    Advisory(
        cve="CVE-2018-20796",
        package="glibc",
        ecosystem="debian:12",
        title="A crafted regular expression makes glibc recurse without end",
        severities={"nvd": "high", "debian": "low"},
        vectors={"nvd": _ANYONE_STOPS},
        cwes=("CWE-674",),
    ),
    Advisory(
        cve="CVE-2099-3001",
        package="teapot",
        ecosystem="debian:12",
        title="A made-up flaw that Debian will not mend",
        severities={"nvd": "medium", "debian": "low"},
        cwes=("CWE-310",),
        abandoned=True,
    ),
    Advisory(
        cve="CVE-2024-0727",
        package="openssl",
        ecosystem="alpine:3.19",
        title="A crafted PKCS12 file makes OpenSSL crash",
        fixed="3.1.4-r5",
        severities={"nvd": "medium"},
        vectors={"nvd": "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H"},
        cwes=("CWE-476",),
    ),
    Advisory(
        cve="CVE-2099-4001",
        package="busybox",
        ecosystem="alpine:3.19",
        title="A made-up flaw of the shell",
        fixed="1.36.1-r99",
        severities={"nvd": "high"},
        vectors={"nvd": _ANYONE_STOPS},
        cwes=("CWE-787",),
    ),
)


def write_osv_records(folder: Path, advisories: Iterable[Advisory] = ADVISORIES) -> Path:
    """Write each advisory as `ECOSYSTEM/ID.json`, as `--advisories` wants them; returns the folder."""
    for advisory in advisories:
        record = osv_record(advisory)
        place = folder / str(record["affected"][0]["package"]["ecosystem"]).partition(":")[0]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{record['id']}.json").write_text(json.dumps(record, indent=1) + "\n")
    return folder


def osv_record(advisory: Advisory) -> dict[str, Any]:
    """The advisory as an OSV record (schema 1.7), named as its ecosystem's own database would."""
    name = f"DEBIAN-{advisory.cve}" if advisory.ecosystem.startswith("debian:") else advisory.ghsa
    return {
        "id": name,
        "modified": "2026-01-01T00:00:00Z",
        "published": "2025-01-01T00:00:00Z",
        "summary": advisory.title,
        "aliases": sorted({advisory.cve, *advisory.aliases} - {name}),
        "affected": [{"package": _osv_package(advisory), "ranges": [_osv_range(advisory)]}],
        "severity": [{"type": "CVSS_V3", "score": vector} for vector in [*advisory.vectors.values()][-1:]],
        "database_specific": {"severity": advisory.severities.get("ghsa", "").upper(), "cwe_ids": [*advisory.cwes]},
    }


def _osv_package(advisory: Advisory) -> dict[str, str]:
    kind, _, release = advisory.ecosystem.partition(":")
    distribution = f"Alpine:v{release}" if kind == "alpine" else f"Debian:{release}"
    return {"ecosystem": _OSV_NAMES.get(kind, distribution), "name": advisory.package}


def _osv_range(advisory: Advisory) -> dict[str, Any]:
    events = [{"introduced": advisory.introduced}, *([{"fixed": advisory.fixed}] if advisory.fixed else [])]
    return {"type": "SEMVER" if advisory.ecosystem in {"npm", "golang"} else "ECOSYSTEM", "events": events}
