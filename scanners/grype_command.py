"""How Grype is run: on links to some files, on an image or an SBOM, with settings of ours and none of anybody else's.

It runs in an empty folder, where there is no `.grype.yaml`, and is told to read our settings instead of those of the
user and of the machine (https://oss.anchore.com/docs/reference/grype/configuration/).
"""

from __future__ import annotations

import json
import os
import re
import tarfile
from pathlib import Path

from platformdirs import user_cache_path

from scangate.scanners.grype_tree import FOLDER, staged, staged_without_odd_keys
from scangate.scanners.interface import Command, Job, failed

IMAGE, SBOM = "container-image", "sbom"
DEPENDENCIES = tuple(
    f"{name}-dependencies" for name in ("npm", "pypi", "maven", "gradle", "go", "rust", "rubygems", "composer", "nuget")
)
PACKAGES = "packages.cdx.json"
"""The file below `work` that lists what Grype took for packages, which its own report does not."""

_SETTINGS = "grype.yaml"
_DAEMONS = ("docker", "podman", "containerd")
_DOCKER_INDEX, _OCI_INDEX = "manifest.json", "oci-layout"
"""The files by which an archive of `docker save` and an OCI archive are known; the first may hold both."""
_HOST = r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?"
_REFERENCE = re.compile(
    rf"(?:{_HOST}/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{{0,127}})?(?:@[a-z0-9]+:[0-9a-fA-F]{{32,}})?"
)
_PASSED_ON = (
    "DOCKER_HOST",
    "GRYPE_REGISTRY_AUTH_AUTHORITY",
    "GRYPE_REGISTRY_AUTH_USERNAME",
    "GRYPE_REGISTRY_AUTH_PASSWORD",
    "GRYPE_REGISTRY_AUTH_TOKEN",
)


def scan_command(job: Job) -> Command:
    """The run on a job's target. Raises `ScannerError` for an image whose name is no reference."""
    output = ("-o", "json", "-o", f"cyclonedx-json={PACKAGES}")
    if SBOM in job.target.kinds:
        return _command(job, *output, "--", f"sbom:{job.target.subject}")
    if IMAGE in job.target.kinds:
        return _image_command(job, output)
    command = _command(job, *output, "--", f"dir:{FOLDER}")
    contents = staged_without_odd_keys(job)
    links = {name: path for name, path in staged(job).items() if name not in contents}
    return Command(command.argv, files={**command.files, **contents}, links=links)


def status_command(job: Job) -> Command:
    """What is wrong with the database."""
    return _command(job, "db", "status", "-o", "json")


def knows_command(job: Job, distribution: str) -> Command:
    """A search of the database that fails where it holds nothing about a distribution, such as `debian-12`."""
    return _command(job, "db", "search", "--pkg", "any", f"--distro={distribution}", "-o", "json")


def download(job: Job) -> str:
    """The command that fetches the database to where this job looks for it."""
    named = job.database or os.environ.get("GRYPE_DB_CACHE_DIR")
    command = f"{job.program} db update"
    return f"GRYPE_DB_CACHE_DIR={named} {command}" if named else command


def database_folder(job: Job) -> Path:
    """The folder that settings name, else the one that Grype itself uses."""
    named = os.environ.get("GRYPE_DB_CACHE_DIR")
    return (job.database or (Path(named) if named else user_cache_path("grype") / "db")).absolute()


def _command(job: Job, *words: str) -> Command:
    settings = {
        "check-for-app-update": False,
        "db": {"cache-dir": str(database_folder(job)), "auto-update": False, "validate-age": False},
    }
    files = {_SETTINGS: json.dumps(settings).encode()}  # JSON is YAML
    return Command((job.program, "--config", str(job.work / _SETTINGS), *words), files=files)


def _image_command(job: Job, output: tuple[str, ...]) -> Command:
    """A file or folder (subjects that are have absolute paths), or a reference that is looked for with the daemons of
    this machine and then in its registry.
    """
    subject = job.target.subject
    path = Path(subject)
    if path.is_absolute():
        return _command(job, *output, "--", f"{_form(path)}:{subject}")
    if not _REFERENCE.fullmatch(subject):
        raise failed("it is no image reference", mend="name it as REGISTRY/NAME:TAG")
    sources = [*_DAEMONS, *(() if job.offline else ("registry",))]
    named = (word for source in sources for word in ("--from", source))
    command = _command(job, *output, *named, "--", subject)
    return Command(command.argv, _credentials(), command.files, network=not job.offline)


def _form(path: Path) -> str:
    """Grype's word for the form of an image on disk. It is named, since Grype itself would also take it for an SBOM."""
    if path.is_dir():
        return "oci-dir"
    try:
        with tarfile.open(path, "r:") as archive:
            names = {member.name.removeprefix("./") for member in archive}
    except (OSError, tarfile.TarError, ValueError):
        names = set()
    return "oci-archive" if _OCI_INDEX in names and _DOCKER_INDEX not in names else "docker-archive"


def _credentials() -> dict[str, str]:
    """What registries and daemons want to know: the folder of docker's settings, and no other of the user's."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    passed_on = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
    return passed_on | ({"DOCKER_CONFIG": str(folder.absolute())} if folder.is_dir() else {})
