"""The writer of images that lies beside the example image, and more of what scanners look for in images.

write_docker_archive(tmp_path / "image.tar", Image((Layer("COPY a /a # buildkit", {"a": b"…"}),)))
"""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.vulnerabilities.go_programs import built_program

_WROTE_BYTECODE = sys.dont_write_bytecode
sys.dont_write_bytecode = True  # the examples' folder is scanned as it is
from examples.image.images import (  # noqa: E402
    MANIFEST,
    Image,
    Layer,
    debian_files,
    debian_release,
    digest,
    example,
    node_package,
    python_package,
    write_docker_archive,
    write_oci_layout,
)

sys.dont_write_bytecode = _WROTE_BYTECODE

__all__ = [
    "MANIFEST",
    "Image",
    "Layer",
    "alpine_files",
    "debian_files",
    "debian_release",
    "digest",
    "distroless_files",
    "example",
    "go_program",
    "jar",
    "node_package",
    "python_package",
    "write_docker_archive",
    "write_oci_layout",
]

_GO_PROGRAM = Path(__file__).with_name("go_program")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def alpine_files(release: str, packages: Mapping[str, tuple[str, str]]) -> dict[str, bytes]:
    """The files by which scanners know an Alpine and its packages: name to version and source package."""
    entries = []
    for name, (version, origin) in packages.items():
        checksum = base64.b64encode(hashlib.sha1(name.encode(), usedforsecurity=False).digest()).decode()
        entries.append(f"C:Q1{checksum}\nP:{name}\nV:{version}\nA:x86_64\nT:{name}\nL:MIT\no:{origin}\n")
    return {
        "etc/os-release": f'ID=alpine\nNAME="Alpine Linux"\nVERSION_ID={release}.0\n'.encode(),
        "etc/alpine-release": f"{release}.0\n".encode(),
        "lib/apk/db/installed": "\n".join(entries).encode(),
    }


def distroless_files(name: str, version: str, source: str) -> dict[str, bytes]:
    """One package of a Debian without a package manager: a file of its own, which states no status."""
    words = f"Package: {name}\nSource: {source}\nVersion: {version}\nArchitecture: amd64\nMaintainer: Nobody\n"
    return {f"var/lib/dpkg/status.d/{name}": words.encode()}


def jar(group: str, artifact: str, version: str) -> bytes:
    """A Java archive that says in its pom.properties what it is; the same to the byte each time."""
    files = {
        "META-INF/MANIFEST.MF": f"Manifest-Version: 1.0\nImplementation-Title: {artifact}\n",
        f"META-INF/maven/{group}/{artifact}/pom.properties": (
            f"groupId={group}\nartifactId={artifact}\nversion={version}\n"
        ),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content)
    return buffer.getvalue()


def go_program() -> bytes:
    """A real program with golang.org/x/text v0.3.5 in it. Raises as `built_program` does."""
    return built_program(_GO_PROGRAM).read_bytes()
