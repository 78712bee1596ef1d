"""A real container registry on loopback, which tests push our images to. Needs Debian's docker-registry.

    with serve_registry(tmp_path / "registry", locked=True) as registry:
        reference = registry.push(image)             # 127.0.0.1:PORT/shop/image:1.0
        write_docker_config(tmp_path / "docker", registry)     # for DOCKER_CONFIG

It speaks plain HTTP: Trivy wants `--insecure`, Grype GRYPE_REGISTRY_INSECURE_USE_HTTP=true.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.vulnerabilities.images import MANIFEST, Image, digest

USER, PASSWORD = "shopkeeper", "made-up"
NO_REGISTRY = "the tests of registries need docker-registry: apt-get install --no-install-recommends docker-registry"

_IN_CI = bool(os.environ.get("CI"))
_LISTENS = re.compile(r"listening on (127\.0\.0\.1:\d+)")
_STARTS_WITHIN = 20.0
# The registry takes bcrypt only; this is PASSWORD, as `htpasswd -nbB` writes it.
_HTPASSWD = f"{USER}:$2y$05$IFeLAUUU8kUYx8b9vjZNmeJcoWDGUMm0yzaKCBtTtl0Rr7L82geji\n"


@dataclass(frozen=True)
class Registry:
    """A running registry. `host` is its address and port; a locked one wants USER and PASSWORD."""

    host: str
    locked: bool

    def push(self, image: Image) -> str:
        """Upload the image under the last part of its name; returns the reference to scan."""
        name, _, tag = image.name.rpartition("/")[2].partition(":")
        auth = (USER, PASSWORD) if self.locked else None
        with httpx.Client(base_url=f"http://{self.host}", auth=auth, trust_env=False) as client:
            for _, blob in image.blobs:
                _upload(client, f"/v2/shop/{name}/blobs/uploads/", blob)
            place = f"/v2/shop/{name}/manifests/{tag}"
            client.put(place, content=image.manifest, headers={"Content-Type": MANIFEST}).raise_for_status()
        return f"{self.host}/shop/{name}:{tag}"


def write_docker_config(folder: Path, registry: Registry) -> Path:
    """Write the credentials as `docker login` keeps them; returns the folder, for DOCKER_CONFIG."""
    folder.mkdir(parents=True, exist_ok=True)
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": credentials}}}))
    return folder


@contextmanager
def serve_registry(folder: Path, *, locked: bool = False) -> Iterator[Registry]:
    """Run a registry on a free port, with its files in the folder, until the end of the block.

    Where docker-registry is not installed the test is skipped, and fails in CI.
    """
    program = shutil.which("docker-registry")
    if program is None:
        (pytest.fail if _IN_CI else pytest.skip)(NO_REGISTRY)
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "registry.json"
    configuration.write_text(json.dumps(_configuration(folder, locked=locked)))
    log = folder / "registry.log"
    with log.open("wb") as output, subprocess.Popen([program, "serve", configuration], stderr=output) as process:
        try:
            yield Registry(_address(process, log), locked)
        finally:
            process.terminate()


def _upload(client: httpx.Client, uploads: str, blob: bytes) -> None:
    place = client.post(uploads).raise_for_status().headers["Location"]
    client.put(httpx.URL(place).copy_merge_params({"digest": digest(blob)}), content=blob).raise_for_status()


def _configuration(folder: Path, *, locked: bool) -> dict[str, Any]:
    """The registry's settings (JSON is YAML). Port 0 lets the system choose a free one, which the log then tells."""
    accounts = folder / "htpasswd"
    accounts.write_text(_HTPASSWD)
    settings: dict[str, Any] = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
        "http": {"addr": "127.0.0.1:0", "secret": "made-up"},
    }
    return settings | ({"auth": {"htpasswd": {"realm": "shop", "path": str(accounts)}}} if locked else {})


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the registry listens, once it does.

    Raises:
        RuntimeError: it ended, or did not start in time; with its log.
    """
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        if found := _LISTENS.search(log.read_text()):
            return found[1]
        time.sleep(0.02)
    raise RuntimeError(f"the registry does not start: {log.read_text()}")
