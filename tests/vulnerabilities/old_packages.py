"""More vulnerabilities of old packages that the registries still have, for benchmarks on real downloads.

They stand apart from `advisories.ADVISORIES`, on which the truth of the tests' made-up images rests. All are public
facts; the words are those of NVD and of GitHub, which often differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.vulnerabilities.advisories import ADVISORIES, Advisory, osv_record

# By ecosystem and package: CVE number, first version, version that mends it, other ids, words of NVD and of GitHub (or,
# of Debian's packages, NVD's alone).
_FACTS = {
    "pypi certifi": [
        ("CVE-2022-23491", "2017.11.5", "2022.12.7", "GHSA-43fp-rhv2-5gv8 PYSEC-2022-42986", "high medium"),
        ("CVE-2023-37920", "2015.4.28", "2023.7.22", "GHSA-xqr8-7jwr-rhp7 PYSEC-2023-135", "critical high"),
    ],
    "pypi flask": [
        ("CVE-2018-1000656", "0", "0.12.3", "GHSA-562c-5r94-xh97 PYSEC-2018-66", "high high"),
        ("CVE-2019-1010083", "0", "1.0", "GHSA-5wv5-4vpf-pj6m PYSEC-2019-179", "high high"),
        ("CVE-2023-30861", "0", "2.2.5", "GHSA-m2qf-hxjv-5gpq PYSEC-2023-62", "high high"),
    ],
    "pypi idna": [("CVE-2024-3651", "0", "3.7", "GHSA-jjg7-2v4v-x38h PYSEC-2024-60", "high medium")],
    "pypi jinja2": [
        ("CVE-2020-28493", "0", "2.11.3", "GHSA-g3rq-g295-4j3m PYSEC-2021-66", "medium medium"),
        ("CVE-2024-22195", "0", "3.1.3", "GHSA-h5c8-rqwp-cp95", "medium medium"),
        ("CVE-2024-34064", "0", "3.1.4", "GHSA-h75v-3vvj-5mfj", "medium medium"),
        ("CVE-2024-56326", "0", "3.1.5", "GHSA-q2x7-8rv6-6q7h", "high medium"),
        ("CVE-2025-27516", "0", "3.1.6", "GHSA-cpwx-vrp4-4pq7", "high medium"),
    ],
    "pypi pyyaml": [("CVE-2020-14343", "0", "5.4", "GHSA-8q59-q68h-6hv4 PYSEC-2021-142", "critical critical")],
    "pypi requests": [
        ("CVE-2023-32681", "2.3.0", "2.31.0", "GHSA-j8r2-6x86-q33q PYSEC-2023-74", "medium medium"),
        ("CVE-2024-35195", "0", "2.32.0", "GHSA-9wx4-h78v-vm56", "medium medium"),
        ("CVE-2024-47081", "0", "2.32.4", "GHSA-9hjg-9r4m-mvj7", "medium medium"),
    ],
    "pypi urllib3": [
        ("CVE-2018-25091", "0", "1.24.2", "GHSA-gwvm-45gx-3cf8 PYSEC-2023-207", "medium medium"),
        ("CVE-2019-11236", "0", "1.24.3", "GHSA-r64q-w8jr-g9qp PYSEC-2019-132", "medium medium"),
        ("CVE-2019-11324", "0", "1.24.2", "GHSA-mh33-7rrq-662w PYSEC-2019-133", "high high"),
        ("CVE-2020-26137", "0", "1.25.9", "GHSA-wqvq-5m8c-6g24 PYSEC-2020-148", "medium medium"),
        ("CVE-2023-43804", "0", "1.26.17", "GHSA-v845-jxx5-vc9f PYSEC-2023-192", "high medium"),
        ("CVE-2023-45803", "0", "1.26.18", "GHSA-g4mx-q9vg-27p4 PYSEC-2023-212", "medium medium"),
        ("CVE-2024-37891", "0", "1.26.19", "GHSA-34jh-p97f-mpxf", "medium medium"),
        ("CVE-2025-50181", "0", "2.5.0", "GHSA-pq67-6m6q-mj2v", "medium medium"),
    ],
    "pypi werkzeug": [
        ("CVE-2019-14806", "0", "0.15.3", "GHSA-gq9m-qvpx-68hc PYSEC-2019-140", "high high"),
        ("CVE-2023-23934", "0", "2.2.3", "GHSA-px8h-6qxv-m22q PYSEC-2023-57", "low low"),
        ("CVE-2023-25577", "0", "2.2.3", "GHSA-xg9f-g7g7-2323 PYSEC-2023-58", "high high"),
        ("CVE-2024-34069", "0", "3.0.3", "GHSA-2g68-c3qc-8985", "high high"),
    ],
    "npm axios": [
        ("CVE-2019-10742", "0", "0.18.1", "GHSA-42xw-2xvc-qx8m", "high high"),
        ("CVE-2020-28168", "0", "0.21.1", "GHSA-4w2v-q235-vp99", "medium medium"),
        ("CVE-2021-3749", "0", "0.21.2", "GHSA-cph5-m8f7-6c5x", "high high"),
        ("CVE-2023-45857", "0.8.1", "0.28.0", "GHSA-wf5p-g6vw-rhxx", "medium medium"),
    ],
    "npm body-parser": [("CVE-2024-45590", "0", "1.20.3", "GHSA-qwcr-r2fm-qrc7", "high high")],
    "npm cookie": [("CVE-2024-47764", "0", "0.7.0", "GHSA-pxg6-pf52-xh8x", "medium low")],
    "npm express": [
        ("CVE-2024-29041", "0", "4.19.2", "GHSA-rv95-896h-c2vc", "medium medium"),
        ("CVE-2024-43796", "0", "4.20.0", "GHSA-qw6h-vgh9-j6wx", "medium low"),
    ],
    "npm follow-redirects": [
        ("CVE-2022-0155", "0", "1.14.7", "GHSA-74fj-2j2h-c42q", "medium high"),
        ("CVE-2022-0536", "0", "1.14.8", "GHSA-pw2r-vq6v-hr8c", "medium medium"),
        ("CVE-2023-26159", "0", "1.15.4", "GHSA-jchw-25xp-jwwc", "medium medium"),
        ("CVE-2024-28849", "0", "1.15.6", "GHSA-cxjh-pqwp-8mfp", "medium medium"),
    ],
    "npm handlebars": [
        ("CVE-2019-19919", "0", "4.3.0", "GHSA-w457-6q6x-cgp9", "critical critical"),
        ("CVE-2021-23369", "0", "4.7.7", "GHSA-f2jv-r9rf-7988", "critical critical"),
        ("CVE-2021-23383", "0", "4.7.7", "GHSA-765h-qjxv-5f44", "critical critical"),
    ],
    "npm lodash": [
        ("CVE-2020-28500", "4.0.0", "4.17.21", "GHSA-29mw-wpgm-hmr9", "medium medium"),
        ("CVE-2020-8203", "3.7.0", "4.17.19", "GHSA-p6mc-m468-83gw", "high high"),
        ("CVE-2021-23337", "0", "4.17.21", "GHSA-35jh-r3h4-6jhm", "high high"),
    ],
    "npm minimist": [
        ("CVE-2020-7598", "1.0.0", "1.2.3", "GHSA-vh95-rmgr-6w4m", "medium medium"),
        ("CVE-2021-44906", "1.0.0", "1.2.6", "GHSA-xvch-5gv4-984h", "critical critical"),
    ],
    "npm path-to-regexp": [
        ("CVE-2024-45296", "0", "0.1.10", "GHSA-9wv6-86v2-598j", "high high"),
        ("CVE-2024-52798", "0", "0.1.12", "GHSA-rhx6-c78j-4q9w", "high high"),
    ],
    "npm qs": [("CVE-2022-24999", "6.5.0", "6.5.3", "GHSA-hrpp-h998-j3pp", "high high")],
    "npm send": [("CVE-2024-43799", "0", "0.19.0", "GHSA-m6fv-jmcg-4jfg", "medium low")],
    "npm serve-static": [("CVE-2024-43800", "0", "1.16.0", "GHSA-cm22-4g7w-348p", "medium low")],
    "maven com.fasterxml.jackson.core:jackson-databind": [
        ("CVE-2019-12086", "2.9.0", "2.9.9", "GHSA-5ww9-j83m-q7qx", "high high"),
        ("CVE-2020-36518", "0", "2.12.6.1", "GHSA-57j2-w4cx-62h2", "high high"),
    ],
    "maven org.apache.commons:commons-text": [
        ("CVE-2022-42889", "1.5", "1.10.0", "GHSA-599f-7c49-w659", "critical critical"),
    ],
    "maven org.apache.logging.log4j:log4j-core": [
        ("CVE-2021-44832", "2.13.0", "2.17.1", "GHSA-8489-44mv-ggj8", "medium medium"),
        ("CVE-2021-45046", "2.13.0", "2.16.0", "GHSA-7rjr-3q55-vv33", "critical critical"),
        ("CVE-2021-45105", "2.4", "2.17.0", "GHSA-p6xc-xr62-6r2g", "medium high"),
    ],
    "maven org.yaml:snakeyaml": [
        ("CVE-2022-1471", "0", "2.0", "GHSA-mjmj-j48q-9wg2", "critical high"),
        ("CVE-2022-25857", "0", "1.31", "GHSA-3mc7-4q67-w48m", "high high"),
        ("CVE-2022-38749", "0", "1.31", "GHSA-c4r9-r8fh-9vj2", "medium medium"),
        ("CVE-2022-38751", "0", "1.31", "GHSA-98wm-3w3q-mw94", "medium medium"),
        ("CVE-2022-38752", "0", "1.32", "GHSA-9w3m-gqgf-c4p9", "medium medium"),
        ("CVE-2022-41854", "0", "1.32", "GHSA-w37g-rhq8-7m4j", "medium medium"),
    ],
    "golang github.com/dgrijalva/jwt-go": [
        ("CVE-2020-26160", "0", "", "GHSA-w73w-5m7g-f7qc GO-2020-0017", "high high"),
    ],
    "golang github.com/gin-gonic/gin": [
        ("CVE-2020-28483", "0", "1.7.7", "GHSA-h395-qcrw-5vmq GO-2021-0052", "high high"),
        ("CVE-2023-26125", "0", "1.9.0", "GHSA-3vp4-m3rf-835h", "high medium"),
    ],
    "golang golang.org/x/text": [
        ("CVE-2021-38561", "0", "0.3.7", "GHSA-ppp9-7jff-5vj2 GO-2021-0113", "high high"),
    ],
    "debian:12 curl": [
        ("CVE-2024-2004", "0", "7.88.1-10+deb12u6", "", "low"),
        ("CVE-2024-2398", "0", "7.88.1-10+deb12u6", "", "high"),
        ("CVE-2024-7264", "0", "7.88.1-10+deb12u7", "", "medium"),
        ("CVE-2024-8096", "0", "7.88.1-10+deb12u8", "", "medium"),
    ],
    "debian:12 openssl": [("CVE-2025-9232", "0", "3.0.17-1~deb12u3", "", "medium")],
    "debian:12 zlib": [("CVE-2023-45853", "0", "", "", "critical")],
}


def _advisories() -> Iterator[Advisory]:
    for key, facts in _FACTS.items():
        ecosystem, package = key.split(" ")
        for cve, introduced, fixed, aliases, words in facts:
            yield Advisory(
                cve=cve,
                package=package,
                ecosystem=ecosystem,
                title=f"A known flaw of {package.rpartition(':')[2]}",
                fixed=fixed,
                introduced=introduced,
                aliases=tuple(aliases.split()),
                severities=dict(zip(("nvd", "ghsa"), words.split(), strict=False)),
                abandoned=not fixed and ecosystem.startswith("debian"),
            )


WITH_OLD_PACKAGES = (*ADVISORIES, *_advisories())


def records_of_each_database(advisory: Advisory) -> list[dict[str, Any]]:
    """The advisory as OSV publishes it: a record of GitHub's, and one of the ecosystem's own database where it is in
    that as well, each with the other's id as an alias.
    """
    first = osv_record(advisory)
    others = [alias for alias in advisory.aliases if alias.startswith(("PYSEC-", "GO-"))]
    names = {first["id"], *first["aliases"]}
    return [first, *(osv_record(replace(advisory, severities={}, vectors={})) | _named(name, names) for name in others)]


def _named(name: str, names: set[str]) -> dict[str, Any]:
    return {"id": name, "aliases": sorted(names - {name})}
