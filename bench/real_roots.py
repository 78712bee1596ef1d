"""Real old packages under all that look at dependencies, images and secrets, against the bare tools side by side:

    real_roots.py [RUNS]

Prints what each tool reported and what became of it by merging, and lists every finding in FINDINGS for a look by
hand. All tools read the same databases, made of `WITH_OLD_PACKAGES`.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs
from common import SCANGATE, compare, seconds, tool
from real_packages import write_image, write_repository

from scangate.scanners.advisories import load_advisories
from scangate.scanners.osv_service import OsvService
from tests.vulnerabilities.grype_database import write_grype_database
from tests.vulnerabilities.old_packages import WITH_OLD_PACKAGES, records_of_each_database
from tests.vulnerabilities.trivy_database import write_trivy_database

FINDINGS = platformdirs.user_cache_path("scangate") / "bench" / "findings.txt"
SCANNERS = ("gitleaks", "grype", "osv-scanner", "pip-audit", "trivy")
SETTINGS = 'advisories = "advisories"\n[scanners.trivy]\ndatabase = "trivy"\n[scanners.grype]\ndatabase = "grype"\n'


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_repository(folder / "tree")
        write_image(folder / "image.tar")
        write_databases(folder)
        scan = [*SCANGATE, "scan", str(folder / "tree"), "--image", str(folder / "image.tar"), "--quiet"]
        scan += ["--config", str(folder / "scangate.toml"), "--format", f"json={folder / 'results.json'}"]
        scan += [word for scanner in SCANNERS for word in ("--scanner", scanner)]
        script = folder / "bare.sh"
        with OsvService(load_advisories(folder / "advisories")) as service:
            script.write_text(shell_script(folder, osv_url=service.url))
            bare = ["sh", str(script)]
            print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
            compare("real roots", lambda: seconds(scan), lambda: seconds(bare), runs=runs, aim=1.0)
        report(json.loads((folder / "results.json").read_text()))
        print(f"the bare tools by themselves: {dict(bare_counts(folder))}")


def write_databases(folder: Path) -> None:
    """The databases of all tools, and the settings that name them."""
    for advisory in WITH_OLD_PACKAGES:
        for record in records_of_each_database(advisory):
            place = folder / "advisories" / record["affected"][0]["package"]["ecosystem"].partition(":")[0]
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{record['id']}.json").write_text(json.dumps(record))
    for ecosystem in ("Go", "Maven", "PyPI", "npm"):
        place = folder / "osv" / "osv-scanner" / ecosystem / "all.zip"
        place.parent.mkdir(parents=True)
        with zipfile.ZipFile(place, "w") as archive:
            for record in (folder / "advisories" / ecosystem).iterdir():
                archive.write(record, record.name)
    write_trivy_database(folder / "trivy", WITH_OLD_PACKAGES)
    write_grype_database(folder / "grype", WITH_OLD_PACKAGES, grype=Path(tool("grype")))
    (folder / "scangate.toml").write_text(SETTINGS)


def shell_script(folder: Path, *, osv_url: str) -> str:
    """All bare tools at once, each told to look at what scangate looks at, with its report in the folder."""
    tree, image = str(folder / "tree"), str(folder / "image.tar")
    offline = ["--skip-db-update", "--skip-java-db-update", "--skip-check-update", "--offline-scan", "--quiet"]
    trivy = ["--cache-dir", str(folder / "trivy"), *offline, "--format=json"]
    inside = ["--cache-backend=memory", "--scanners=vuln,secret", "--image-config-scanners=misconfig,secret"]
    leaks = ["--no-banner", "--report-format=json", f"--report-path={folder / 'leaks.json'}"]
    osv = ["scan", "source", "--offline", "--no-resolve", "--all-packages", "--recursive", "--format=json"]
    audit = ["--no-deps", "--disable-pip", "-f", "json", "--progress-spinner=off", "-s", "osv", "--osv-url", osv_url]
    commands = {
        "trivy-image": [tool("trivy"), "image", *trivy, *inside, "--list-all-pkgs", "--input", image],
        "trivy-tree": [tool("trivy"), "fs", *trivy, "--scanners=vuln,secret,license", "--include-dev-deps", tree],
        "grype-image": [tool("grype"), "-o", "json", f"docker-archive:{image}"],
        "grype-tree": [tool("grype"), "-o", "json", f"dir:{tree}"],
        "osv-scanner": [tool("osv-scanner"), *osv, "--local-db-path", str(folder / "osv"), tree],
        "pip-audit": [tool("pip-audit"), "-r", f"{tree}/requirements.txt", *audit],
        "gitleaks": [tool("gitleaks"), "dir", tree, *leaks],
    }
    grype = {"GRYPE_DB_CACHE_DIR": folder / "grype", "GRYPE_DB_AUTO_UPDATE": "false"}
    settings = "".join(f"export {name}={value}\n" for name, value in grype.items())
    lines = (f"{shlex.join(command)} > {folder / name}.json &\n" for name, command in commands.items())
    return f"{settings}export GRYPE_CHECK_FOR_APP_UPDATE=false\n{''.join(lines)}wait\n"


def report(results: dict[str, Any]) -> None:
    """The ledger, reports and findings, and who reported the findings; each finding goes to FINDINGS."""
    for entry in results["ledger"]:
        if entry["state"] not in ("disabled", "not-applicable"):
            words = (entry["scanner"], Path(entry["target"]).name, entry["state"], f"{entry['findings']} findings")
            print("  ", *words, entry.get("reason", ""))
    findings, told = results["findings"], sum(entry["findings"] for entry in results["ledger"])
    records = Counter(source["scanner"] for finding in findings for source in finding["sources"])
    print(f"{told} findings of the tools ({records.total()} records: {dict(records)}) became {len(findings)} findings")
    together = Counter(" ".join(sorted({s["scanner"] for s in finding["sources"]})) for finding in findings)
    for names, count in together.most_common():
        print(f"   {count} findings by {names}")
    FINDINGS.write_text("\n".join(described(finding) for finding in findings))
    print(f"merged groups: {sum(len(finding['sources']) > 1 for finding in findings)}, listed in {FINDINGS}")


def described(finding: dict[str, Any]) -> str:
    """One finding with all that was said of it."""
    place = finding["location"]
    where = [place.get(key) for key in ("purl", "package", "manifest", "path", "line") if place.get(key)]
    lines = [f"{finding['rule']['id']} {finding['severity']} {where} ids {finding.get('ids')}"]
    lines += [f"   {s['scanner']}: {s['rule_id']} {s.get('place', '')} {s.get('severity')}" for s in finding["sources"]]
    return "\n".join([*lines, *(f"   why: {why}" for why in finding.get("joined", ()))]) + "\n"


def bare_counts(folder: Path) -> Iterator[tuple[str, int]]:
    """How many findings the bare tools' own reports hold."""
    for part in ("image", "tree"):
        found = json.loads((folder / f"trivy-{part}.json").read_text()).get("Results", ())
        kinds = ("Vulnerabilities", "Secrets", "Misconfigurations", "Licenses")
        yield f"trivy {part}", sum(len(result.get(kind) or ()) for result in found for kind in kinds)
        yield f"grype {part}", len(json.loads((folder / f"grype-{part}.json").read_text())["matches"])
    osv = json.loads((folder / "osv-scanner.json").read_text())["results"]
    yield "osv-scanner", sum(len(package.get("groups", ())) for one in osv for package in one["packages"])
    audit = json.loads((folder / "pip-audit.json").read_text())["dependencies"]
    yield "pip-audit", sum(len(one.get("vulns", ())) for one in audit)
    yield "gitleaks", len(json.loads((folder / "leaks.json").read_text()))


if __name__ == "__main__":
    main()
