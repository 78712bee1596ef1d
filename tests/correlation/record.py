"""Records what the real scanners say of the projects beside this file, one scanner at a time:

    python -m tests.correlation.record [SCENE …]

Each scene becomes `recorded/SCENE.json`: findings of the model, by scanner. They are what the labels in
`labels/SCENE.txt` speak of; whoever records anew reads what changed and labels it by hand. Vulnerabilities are those of
`tests.vulnerabilities` and the made-up ones below; secrets are made up for the run.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from examples.image import images
from scangate.model import Effect, FileLocation, Finding, Fix, ResourceLocation, Rule
from scangate.scanners.registry import SCANNERS
from scangate.toolstore import ToolStore
from tests.made_up_secrets import token
from tests.vulnerabilities.advisories import ADVISORIES, Advisory, write_osv_records
from tests.vulnerabilities.grype_database import write_grype_database
from tests.vulnerabilities.trivy_database import write_trivy_database

HERE = Path(__file__).parent
RULES = HERE.parent / "rules" / "python"


def _made_up(number: int, package: str, ecosystem: str, *more: str) -> Advisory:
    """One of several problems of a package; `more` are names that it shares with others."""
    ghsa = f"GHSA-2099-aaaa-{number:04}"
    return Advisory(
        cve=f"CVE-2099-{number}",
        package=package,
        ecosystem=ecosystem,
        title=f"A made-up flaw, number {number}",
        fixed="9.0.0",
        aliases=(ghsa, *more),
        severities={"nvd": "high", "ghsa": "medium"},
    )


MORE = (
    *(_made_up(number, "github.com/teapots/Kettle", "golang", "GO-2099-0586") for number in range(7001, 7005)),
    *(_made_up(number, "soup", "npm") for number in range(7101, 7104)),
    *(_made_up(number, "teacup", "pypi") for number in range(7201, 7204)),
    *(_made_up(number, "lodash", "npm") for number in range(7301, 7303)),
)


def _python(root: Path) -> list[str]:
    for file in sorted((*RULES.glob("*.py"), *(HERE / "projects/python").glob("*.txt"))):
        shutil.copy(file, root / file.name.removesuffix(".txt"))
    return []


def _copied(name: str) -> Callable[[Path], list[str]]:
    def copy(root: Path) -> list[str]:
        shutil.copytree(HERE / "projects" / name, root, dirs_exist_ok=True)
        return []

    return copy


def _secrets(root: Path) -> list[str]:
    """Secrets on neighbouring lines, twice in a file, in two files, and one that only the history still has."""
    git = ["git", "-C", str(root), "-c", "user.name=somebody", "-c", "user.email=somebody@shop.example"]
    subprocess.run([*git, "init", "-q"], check=True)
    (root / "old.py").write_text(f'GITHUB = "{token(9)}"\n')
    (root / "kept.py").write_text(f'# first\nGITHUB = "{token(1)}"\n')
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    (root / "old.py").write_text("GITHUB = None\n")
    (root / "kept.py").write_text(f'# first\n\n\nGITHUB = "{token(1)}"\nOTHER = "{token(2)}"\n')
    (root / "twice.py").write_text(f'ONE = "{token(3)}"\nTWO = "{token(4)}"\nTHREE = "{token(3)}"\n')
    (root / "copy.py").write_text(f'ONE = "{token(3)}"\n')
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "second"], check=True)
    return ["--history"]


def _image(root: Path) -> list[str]:
    """The example image with a library twice, and another distribution's packages in a second image."""
    shop = images.example()
    copies = images.Layer("COPY old /opt/old", images.node_package("lodash", "4.17.11", place="opt/old/node_modules"))
    several = images.Layer("RUN pip install teacup", images.python_package("teacup", "2.5.0"))
    archive = root / "shop.tar"
    images.write_docker_archive(archive, images.Image(layers=(*shop.layers, copies, several), name=shop.name))
    return ["--image", str(archive)]


SCENES: dict[str, tuple[Callable[[Path], list[str]], Sequence[str]]] = {
    "code": (_python, ("bandit", "semgrep")),
    "infrastructure": (_copied("infrastructure"), ("checkov", "trivy")),
    "dependencies": (_copied("dependencies"), ("pip-audit", "osv-scanner", "trivy", "grype")),
    "image": (_image, ("trivy", "grype")),
    "secrets": (_secrets, ("gitleaks", "trivy")),
}


def main(names: Sequence[str]) -> None:
    for scene in names or SCENES:
        build, scanners = SCENES[scene]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            root = folder / scene
            root.mkdir()
            options = [*build(root), *_settings(folder, scanners)]
            told = {scanner: _findings(root, scanner, options) for scanner in scanners}
        (HERE / "recorded" / f"{scene}.json").write_text(_lines(told))
        print(scene, {scanner: len(findings) for scanner, findings in told.items()})


def _lines(told: dict[str, list[dict[str, Any]]]) -> str:
    """JSON with one finding on each line."""
    rows = [",\n".join(json.dumps(found, sort_keys=True) for found in findings) for findings in told.values()]
    scanners = (f'"{scanner}": [\n{row}\n]' for scanner, row in zip(told, rows, strict=True))
    return "{\n" + ",\n".join(scanners) + "\n}\n"


def _settings(folder: Path, scanners: Sequence[str]) -> list[str]:
    """Databases that all state the same, and the options that let scanners use them."""
    advisories = (*ADVISORIES, *MORE)
    databases = {"trivy": write_trivy_database(folder / "trivy-database", advisories)}
    if "grype" in scanners:
        store, spec = ToolStore(), SCANNERS["grype"].tool
        tool = store.find(spec) or store.install(spec, say=print)
        databases["grype"] = write_grype_database(folder / "grype-database", advisories, grype=tool.path)
    text = "".join(f'[scanners.{name}]\nenabled = true\ndatabase = "{path}"\n' for name, path in databases.items())
    (folder / "settings.toml").write_text(text)
    records = write_osv_records(folder / "advisories", advisories)
    return ["--config", str(folder / "settings.toml"), "--advisories", str(records), "--offline"]


def _findings(root: Path, scanner: str, options: Sequence[str]) -> list[dict[str, Any]]:
    report = root.parent / f"{root.name}-{scanner}.json"
    words = ["scan", "--quiet", "--scanner", scanner, "--format", f"json={report}", *options]
    where = [] if "--image" in options else [str(root)]
    subprocess.run([sys.executable, "-m", "scangate", *words, *where], check=False, cwd=root.parent)
    document = json.loads(report.read_text().replace(str(root.parent), ""))
    for entry in document["ledger"]:
        if entry["state"] not in ("ran", "not-applicable", "disabled"):
            print(f"{root.name}: {scanner}: {entry['state']}: {entry.get('reason')}")
    return [_short(Finding.model_validate(found)) for found in document["findings"]]


def _short(finding: Finding) -> dict[str, Any]:
    """What correlation reads of a finding, without the words that only people read."""
    unread = {
        "message": "",
        "effect": Effect.NONE,
        "fix": Fix(),
        "rule": Rule(id=finding.rule.id, cwe=finding.rule.cwe),
    }
    if isinstance(finding.location, FileLocation | ResourceLocation):
        unread["location"] = finding.location.model_copy(update={"snippet": ""})
    short = finding.model_copy(update=unread).model_dump(mode="json", exclude_defaults=True)
    return short | {"location": {"kind": finding.location.kind, **short["location"]}}


if __name__ == "__main__":
    main(sys.argv[1:])
