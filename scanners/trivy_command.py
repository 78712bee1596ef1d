"""How Trivy is run: on a copy of some files, an image or an SBOM, with nothing that could steer it or call home.

It runs in an empty folder, where there is no `trivy.yaml`, `.trivyignore` or `trivy-secret.yaml`. It fetches Terraform
modules from wherever a file says, `--offline-scan` or not: so there is no folder to put them, and no host it trusts.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from scangate.scanners.interface import Command, Job
from scangate.scanners.trivy_database import CACHE
from scangate.scanners.trivy_tree import FOLDER, staged

IMAGE, SBOM, FILES = "container-image", "sbom", "files"
MISCONFIGURATION = ("terraform", "cloudformation", "kubernetes", "helm", "dockerfile")
"""Kinds that Trivy has checks for, by its own names for them."""
DEPENDENCIES = tuple(
    f"{name}-dependencies" for name in ("npm", "pypi", "maven", "gradle", "go", "rust", "rubygems", "composer", "nuget")
)

_SECRETS = "secrets.yaml"
_SECRET_RULES = b"""# Trivy passes over tests, examples, documentation and vendored files: we do not.
skip-patterns: []
disable-allow-rules: [tests, examples, vendor, usr-dirs, locale-dir, markdown, node.js, golang, python, rubygems,
  wordpress, anaconda-log, dist-info]
allow-rules:
  - {id: example-values, description: "values that say that they are examples", regex: "(?i)example"}
"""
_ALWAYS = ("--format", "json", "--no-progress", "--timeout", "24h")
_QUIET = {"TRIVY_SKIP_VERSION_CHECK": "true", "TRIVY_DISABLE_TELEMETRY": "true"}
"""No calls home. Releases before 0.63 know no such options, and pass over variables that they do not know."""
_OFFLINE = ("--skip-db-update", "--skip-java-db-update", "--offline-scan", "--skip-vex-repo-update", "--list-all-pkgs")
_NOWHERE = "http://127.0.0.1:9"
_DAEMONS = ("docker", "containerd", "podman")
_PASSED_ON = ("TRIVY_USERNAME", "TRIVY_PASSWORD", "DOCKER_HOST")


def needs_database(kinds: Collection[str]) -> bool:
    """Whether vulnerabilities are looked for in things of these kinds."""
    return not {IMAGE, SBOM, *DEPENDENCIES}.isdisjoint(kinds)


def trivy_command(job: Job, *, database: bool = True) -> Command:
    """The run on a job's target; without a `database` all but the vulnerabilities."""
    common = (*_ALWAYS, *_OFFLINE, "--cache-dir", str(job.work / CACHE))
    if IMAGE in job.target.kinds:
        return _image_command(job, common)
    if SBOM in job.target.kinds:
        return Command((job.program, "sbom", *common, "--", job.target.subject), _sealed(job))
    return _tree_command(job, common, database=database)


def _image_command(job: Job, common: tuple[str, ...]) -> Command:
    """A file or folder (subjects that are have absolute paths), or a reference that is looked for where Trivy itself
    looks: docker, containerd and podman on this machine, then the registry.
    """
    checks = ("--scanners", "vuln,secret", "--image-config-scanners", "misconfig,secret")
    argv = (job.program, "image", *common, *checks, "--skip-check-update", "--cache-backend", "memory")
    subject = job.target.subject
    if Path(subject).is_absolute():
        return Command((*argv, "--input", subject), _sealed(job))
    sources = _DAEMONS if job.offline else (*_DAEMONS, "remote")
    argv = (*argv, "--image-src", ",".join(sources), "--", subject)
    return Command(argv, _credentials(), network=not job.offline)


def _tree_command(job: Job, common: tuple[str, ...], *, database: bool) -> Command:
    kinds = set(job.target.kinds)
    checks = [name for name in MISCONFIGURATION if name in kinds]
    options = ["--scanners", ",".join(_scanners(kinds, database=database)), "--include-dev-deps"]
    options += ["--skip-check-update", "--parallel", str(job.threads), "--secret-config", _SECRETS]
    options += ["--misconfig-scanners", ",".join(checks)] if checks else []
    files, links = staged(job, checked=bool(checks))
    # Trivy keeps modules below this name in its folder for temporary files, and fetches none where it is no folder.
    files |= {_SECRETS: _SECRET_RULES, ".home/.aqua": b""}
    argv = (job.program, "fs", *common, *options, str(job.work / FOLDER))
    return Command(argv, _sealed(job), files, links)


def _scanners(kinds: Collection[str], *, database: bool) -> Iterator[str]:
    if database and needs_database(kinds):
        yield "vuln"
    if not set(MISCONFIGURATION).isdisjoint(kinds):
        yield "misconfig"
    if FILES in kinds:
        yield from ("secret", "license")


def _sealed(job: Job) -> dict[str, str]:
    """No way out, and nobody to trust."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE)
    return proxies | _QUIET | {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": str(job.work / "nothing")}


def _credentials() -> dict[str, str]:
    """What registries and daemons want to know: the folder of docker's settings, and no other of the user's."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    passed_on = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
    return _QUIET | passed_on | ({"DOCKER_CONFIG": str(folder.absolute())} if folder.is_dir() else {})
