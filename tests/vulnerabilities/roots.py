"""Container images with known truth: for each, what is vulnerable in it as `advisories` state it.

for root in ROOTS:
    archive = write_docker_archive(tmp_path / "image.tar", root.image())
    assert {(cve, package, version) …} == {… for each in root.truth}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.vulnerabilities.images import (
    Image,
    Layer,
    alpine_files,
    debian_files,
    debian_release,
    distroless_files,
    go_program,
    jar,
    node_package,
    python_package,
)

_PYTHON = "usr/local/lib/python3.11/site-packages"
_NODE = "app/node_modules"
_BASE = '/bin/sh -c #(nop)  CMD ["bash"]'
_STATUS = "var/lib/dpkg/status"
_APK = "lib/apk/db/installed"


@dataclass(frozen=True)
class Vulnerable:
    """One vulnerability in an image: the package as its ecosystem names it, the file (absolute path without the first
    slash) that says it is installed, and the layer, counted from 0 at the bottom, that brought that file.
    """

    cve: str
    package: str
    version: str
    path: str
    layer: int = 0


@dataclass(frozen=True)
class Root:
    """One image. `os` is the distribution that Trivy reports: `none` where it does not know the one whose package
    database is there, empty where there is no sign of any.
    """

    name: str
    image: Callable[[], Image]
    truth: tuple[Vulnerable, ...] = ()
    os: str = ""


def debian() -> Image:
    return Image((Layer("ADD rootfs.tar / # buildkit", debian_files("12", _OLD_DEBIAN)), Layer(_BASE)))


_OLD_DEBIAN = {
    "base-files": ("12.4+deb12u1", "base-files"),
    "curl": ("7.88.1-10+deb12u4", "curl"),
    "libc6": ("2.36-9+deb12u3", "glibc"),
    "libssl3": ("3.0.17-1~deb12u2", "openssl"),
    "libteapot1": ("1.0-1", "teapot"),
}


def alpine() -> Image:
    packages = {
        "busybox": ("1.36.1-r15", "busybox"),
        "libssl3": ("3.1.4-r4", "openssl"),
        "musl": ("1.2.4_git20230717-r4", "musl"),
    }
    return Image((Layer("ADD alpine-minirootfs.tar.gz / # buildkit", alpine_files("3.19", packages)), Layer(_BASE)))


def distroless() -> Image:
    """A Debian without a package manager: one file per package, no status."""
    return Image(
        (Layer("bazel build", debian_release("12") | distroless_files("libssl3", "3.0.17-1~deb12u2", "openssl")),)
    )


def unknown_distribution() -> Image:
    """Debian's packages below a distribution that nobody has advisories for."""
    release = b'ID=kettleos\nNAME="Kettle OS"\nVERSION_ID="7"\nPRETTY_NAME="Kettle OS 7"\n'
    packages = {_STATUS: debian_files("12", _OLD_DEBIAN)[_STATUS]}
    return Image((Layer("ADD rootfs.tar / # buildkit", packages | {"etc/os-release": release}),))


def no_packages() -> Image:
    """A program and nothing that says what is in it."""
    return Image((Layer("COPY hello /hello # buildkit", {"hello": b"#!/bin/true\n"}),))


def empty_status() -> Image:
    """A Debian whose package database is empty, as some ways of making one leave it."""
    return Image((Layer("ADD rootfs.tar / # buildkit", debian_files("12", {})),))


def python() -> Image:
    packages = python_package("Jinja2", "2.10") | python_package("requests", "2.32.4") | python_package("teacup", "2.0")
    return _application(Layer("RUN /bin/sh -c pip install -r requirements.txt # buildkit", packages))


def node() -> Image:
    packages = node_package("lodash", "4.17.11") | node_package("@teapots/kettle", "1.0.0")
    return _application(Layer("RUN /bin/sh -c npm ci # buildkit", packages))


def java() -> Image:
    log4j = jar("org.apache.logging.log4j", "log4j-core", "2.14.1")
    return _application(Layer("COPY lib /app/lib # buildkit", {"app/lib/log4j-core-2.14.1.jar": log4j}))


def go() -> Image:
    """A real program with an old module in it. Raises as `go_program` does."""
    return _application(Layer("COPY greeter /app/greeter # buildkit", {"app/greeter": go_program()}))


def mended() -> Image:
    """A layer that takes away what is vulnerable in the layer below."""
    wrong = Layer("RUN /bin/sh -c npm ci # buildkit", node_package("lodash", "4.17.11"))
    gone = Layer("RUN /bin/sh -c rm -r node_modules # buildkit", {"app/node_modules/.wh.lodash": b""})
    return _application(wrong, gone)


def _application(*layers: Layer) -> Image:
    base = Layer("ADD rootfs.tar / # buildkit", debian_files("12", {"base-files": ("12.4+deb12u1", "base-files")}))
    return Image((base, Layer(_BASE), *layers, Layer('CMD ["run"]')), user="app", command=("run",))


ROOTS = (
    Root(
        "debian",
        debian,
        (
            Vulnerable("CVE-2025-9230", "libssl3", "3.0.17-1~deb12u2", _STATUS),
            Vulnerable("CVE-2018-20796", "libc6", "2.36-9+deb12u3", _STATUS),
            Vulnerable("CVE-2099-3001", "libteapot1", "1.0-1", _STATUS),
        ),
        os="debian",
    ),
    Root(
        "alpine",
        alpine,
        (
            Vulnerable("CVE-2024-0727", "libssl3", "3.1.4-r4", _APK),
            Vulnerable("CVE-2099-4001", "busybox", "1.36.1-r15", _APK),
        ),
        os="alpine",
    ),
    Root(
        "distroless",
        distroless,
        (Vulnerable("CVE-2025-9230", "libssl3", "3.0.17-1~deb12u2", "var/lib/dpkg/status.d/libssl3"),),
        os="debian",
    ),
    Root("unknown distribution", unknown_distribution, os="none"),
    Root("no packages", no_packages),
    Root("empty status", empty_status, os="debian"),
    Root(
        "python",
        python,
        (
            Vulnerable("CVE-2019-10906", "jinja2", "2.10", f"{_PYTHON}/Jinja2-2.10.dist-info/METADATA", layer=1),
            Vulnerable("CVE-2099-1001", "teacup", "2.0", f"{_PYTHON}/teacup-2.0.dist-info/METADATA", layer=1),
        ),
        os="debian",
    ),
    Root(
        "node",
        node,
        (
            Vulnerable("CVE-2019-10744", "lodash", "4.17.11", f"{_NODE}/lodash/package.json", layer=1),
            Vulnerable("CVE-2099-2001", "@teapots/kettle", "1.0.0", f"{_NODE}/@teapots/kettle/package.json", layer=1),
        ),
        os="debian",
    ),
    Root(
        "java",
        java,
        (
            Vulnerable(
                "CVE-2021-44228",
                "org.apache.logging.log4j:log4j-core",
                "2.14.1",
                "app/lib/log4j-core-2.14.1.jar",
                layer=1,
            ),
        ),
        os="debian",
    ),
    Root("go", go, (Vulnerable("CVE-2022-32149", "golang.org/x/text", "v0.3.5", "app/greeter", layer=1),), os="debian"),
    Root("mended", mended, os="debian"),
)
