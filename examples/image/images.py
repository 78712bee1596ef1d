"""Writes container images without a container engine, and the example image as `OUT.tar`:

    python examples/image/images.py OUT.tar

An image is its layers and its configuration; `write_docker_archive` writes the form of `docker save`,
`write_oci_layout` the folder of the OCI image layout 1.0. Both are the same to the byte each time.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

CREATED = "2024-01-01T00:00:00Z"
_STARTS_OF_PROGRAMS = (b"\x7fELF", b"#!")


@dataclass(frozen=True)
class Layer:
    """One step of an image's history: the files that it adds, by absolute path without the first slash.

    A step without files adds no layer (`ENV`, `CMD`). `dir/.wh.NAME` takes `dir/NAME` of an earlier layer away.
    """

    created_by: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def tar(self) -> bytes:
        """The layer's archive, uncompressed, folders included. Programs (ELF or `#!`) are executable."""
        parents = {str(parent) for path in self.files for parent in PurePosixPath(path).parents} - {"."}
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path in sorted({*self.files, *parents}):
                archive.addfile(*_member(path, self.files.get(path)))
        return buffer.getvalue()


@dataclass(frozen=True)
class Image:
    """Layers, the first one at the bottom, and what the image's configuration says. No `user` means root."""

    layers: tuple[Layer, ...]
    name: str = "shop.example/image:1.0"
    user: str = ""
    env: tuple[str, ...] = ("PATH=/usr/local/bin:/usr/bin:/bin",)
    command: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def tars(self) -> tuple[bytes, ...]:
        return tuple(layer.tar for layer in self.layers if layer.files)

    @property
    def config(self) -> bytes:
        """The image's configuration, with the digest of each layer and the history of all steps."""
        history = [
            {"created": CREATED, "created_by": layer.created_by} | ({} if layer.files else {"empty_layer": True})
            for layer in self.layers
        ]
        settings: dict[str, Any] = {"Env": self.env, "Cmd": self.command, "Labels": dict(self.labels)}
        return to_json(
            {
                "architecture": "amd64",
                "os": "linux",
                "created": CREATED,
                "config": settings | ({"User": self.user} if self.user else {}),
                "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in self.tars]},
                "history": history,
            }
        )

    @property
    def blobs(self) -> tuple[tuple[str, bytes], ...]:
        """Media type and bytes of the configuration and then of each layer, as registries hold them."""
        kind = "application/vnd.oci.image"
        layers = [(f"{kind}.layer.v1.tar+gzip", gzip.compress(tar, mtime=0)) for tar in self.tars]
        return ((f"{kind}.config.v1+json", self.config), *layers)

    @property
    def manifest(self) -> bytes:
        """The OCI manifest that names those blobs."""
        config, *layers = [descriptor(kind, blob) for kind, blob in self.blobs]
        return to_json({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers})


MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def write_docker_archive(path: Path, image: Image) -> Path:
    """Write the image as one tar file, as `docker save` does; returns the file."""
    layers = {f"{_hexadecimal(tar)}.tar": tar for tar in image.tars}
    config = f"{_hexadecimal(image.config)}.json"
    names = [f"{_hexadecimal(tar)}.tar" for tar in image.tars]
    manifest = to_json([{"Config": config, "RepoTags": [image.name], "Layers": names}])
    path.write_bytes(Layer("", {**layers, config: image.config, "manifest.json": manifest}).tar)
    return path


def write_oci_layout(folder: Path, image: Image) -> Path:
    """Write the image as an OCI layout; returns the folder."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    for content in (image.manifest, *(content for _, content in image.blobs)):
        (blobs / _hexadecimal(content)).write_bytes(content)
    tag = image.name.rpartition(":")[2]
    entry = descriptor(MANIFEST, image.manifest) | {"annotations": {"org.opencontainers.image.ref.name": tag}}
    (folder / "index.json").write_bytes(to_json({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_bytes(to_json({"imageLayoutVersion": "1.0.0"}))
    return folder


def descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    """How a manifest names a blob."""
    return {"mediaType": media_type, "digest": digest(blob), "size": len(blob)}


def digest(blob: bytes) -> str:
    return f"sha256:{_hexadecimal(blob)}"


def to_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _member(path: str, content: bytes | None) -> tuple[tarfile.TarInfo, io.BytesIO | None]:
    """An archive's entry for a file, or for a folder if there is no content."""
    member = tarfile.TarInfo(path)
    if content is None:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        return member, None
    member.size = len(content)
    member.mode = 0o755 if content.startswith(_STARTS_OF_PROGRAMS) else 0o644
    return member, io.BytesIO(content)


def _hexadecimal(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def debian_files(release: str, packages: Mapping[str, tuple[str, str]]) -> dict[str, bytes]:
    """The files by which scanners know a Debian and its packages: name to version and source package."""
    entries = [_dpkg_entry(name, version, source) for name, (version, source) in packages.items()]
    return {**debian_release(release), "var/lib/dpkg/status": b"\n".join(entries)}


def debian_release(release: str) -> dict[str, bytes]:
    words = f'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="{release}"\nPRETTY_NAME="Debian GNU/Linux {release}"\n'
    return {"etc/os-release": words.encode(), "etc/debian_version": f"{release}.4\n".encode()}


def python_package(name: str, version: str, place: str = "usr/local/lib/python3.11/site-packages") -> dict[str, bytes]:
    """What pip leaves of an installed package."""
    folder = f"{place}/{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: BSD-3-Clause\n"
    return {
        f"{folder}/METADATA": metadata.encode(),
        f"{folder}/INSTALLER": b"pip\n",
        f"{folder}/RECORD": f"{name.lower()}/__init__.py,,\n".encode(),
    }


def node_package(name: str, version: str, place: str = "app/node_modules") -> dict[str, bytes]:
    """What npm leaves of an installed package."""
    return {f"{place}/{name}/package.json": to_json({"name": name, "version": version, "license": "MIT"})}


def _dpkg_entry(name: str, version: str, source: str) -> bytes:
    lines = {
        "Package": name,
        "Status": "install ok installed",
        "Architecture": "amd64",
        "Source": source if source != name else "",
        "Version": version,
        "Maintainer": "Nobody <nobody@debian.example>",
        "Description": f"{name}, as far as a scanner looks at it",
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items() if value).encode()


def example() -> Image:
    """A shop's application on an old Debian: vulnerable packages in both parts, a secret, and no user of its own."""
    packages = {
        "base-files": ("12.4+deb12u1", "base-files"),
        "curl": ("7.88.1-10+deb12u3", "curl"),
        "libc6": ("2.36-9+deb12u3", "glibc"),
        "libcurl4": ("7.88.1-10+deb12u3", "curl"),
        "libssl3": ("3.0.17-1~deb12u2", "openssl"),
        "openssl": ("3.0.17-1~deb12u2", "openssl"),
        "zlib1g": ("1:1.2.13.dfsg-1", "zlib"),
    }
    # In pieces, so that what looks for secrets finds this one in the image and not here.
    token = "_".join(["ghp", "".join(["Vq7mTz2Kx9", "Rb4Nw8Yd1", "Hc6Js3Lf5", "Gp0AeQuX"])])
    settings = f'"""Settings of the shop."""\n\nDEBUG = False\nUPDATES_TOKEN = "{token}"\n'
    return Image(
        name="shop.example/shop:1.0",
        command=("python3", "-m", "app"),
        labels={"org.opencontainers.image.base.name": "debian.example/debian:12"},
        layers=(
            Layer("/bin/sh -c #(nop) ADD file:rootfs.tar in / ", debian_files("12", packages)),
            Layer('/bin/sh -c #(nop)  CMD ["bash"]'),
            Layer(
                "RUN /bin/sh -c pip install jinja2==2.10 requests==2.32.4 # buildkit",
                {
                    **python_package("Jinja2", "2.10"),
                    **python_package("requests", "2.32.4"),
                },
            ),
            Layer("RUN /bin/sh -c npm install lodash@4.17.11 # buildkit", node_package("lodash", "4.17.11")),
            Layer("COPY app /app # buildkit", {"app/settings.py": settings.encode()}),
            Layer('CMD ["python3" "-m" "app"]'),
        ),
    )


if __name__ == "__main__":
    write_docker_archive(Path(sys.argv[1]), example())
