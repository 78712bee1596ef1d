"""Real old packages from the package registries, and two roots made of them: a container image and a repository.

What is downloaded is kept by name in the user's cache folder, so that later runs need no network; nothing of it is ever
run. Needs npm and go on PATH, and apt-get for the image's Debian packages.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import httpx
import platformdirs
from uv import find_uv_bin

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.made_up_secrets import token
from tests.vulnerabilities.images import Image, Layer, debian_release, write_docker_archive

DEBIAN = {
    "curl": "7.88.1-10+deb12u5",
    "libc6": "",
    "libcurl4": "7.88.1-10+deb12u5",
    "libssl3": "3.0.17-1~deb12u2",
    "openssl": "3.0.17-1~deb12u2",
    "zlib1g": "",
}
PYTHON = (
    "certifi==2018.4.16",
    "flask==0.12.2",
    "idna==2.7",
    "jinja2==2.10",
    "pyyaml==5.3",
    "requests==2.19.1",
    "urllib3==1.24.1",
    "werkzeug==0.14.1",
)
NODE = ("axios@0.18.0", "express@4.16.0", "handlebars@4.0.11", "lodash@4.17.11", "minimist@1.2.0")
JAVA = (
    "com.fasterxml.jackson.core:jackson-databind:2.9.8",
    "org.apache.commons:commons-text:1.9",
    "org.apache.logging.log4j:log4j-core:2.14.1",
    "org.yaml:snakeyaml:1.26",
)
GO = (
    "github.com/dgrijalva/jwt-go@v3.2.0+incompatible",
    "github.com/gin-gonic/gin@v1.6.0",
    "golang.org/x/text@v0.3.5",
)

_DOWNLOADS = platformdirs.user_cache_path("scangate") / "bench"
_APT = ("apt-get", "download", "-qq", "-o=APT::Sandbox::User=root")
_MAVEN = "https://repo.maven.apache.org/maven2"
# Wheels for Windows as well, since an old package may have no other; they are not run.
_ANY_WHEEL = ("--no-deps", "--only-binary=:all:", "--python-platform=windows", "--python-version=3.8", "--target=.")
_ANY_NPM = ("--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved=false")
_SITE, _MODULES, _JARS = "usr/local/lib/python3.8/site-packages", "app/node_modules", "app/lib"


def write_image(path: Path) -> Path:
    """The image, with a layer for each registry, as `docker save` writes it; returns the file."""
    layers = (
        Layer("/bin/sh -c #(nop) ADD file:rootfs.tar in / ", debian_release("12") | dict(_debian_files())),
        Layer('/bin/sh -c #(nop)  CMD ["bash"]'),
        Layer(f"RUN /bin/sh -c pip install {' '.join(PYTHON)} # buildkit", dict(_python_files())),
        Layer(f"RUN /bin/sh -c npm install {' '.join(NODE)} # buildkit", dict(_node_files())),
        Layer("COPY lib /app/lib # buildkit", {f"{_JARS}/{jar.name}": jar.read_bytes() for jar in _jars()}),
        Layer("COPY settings.py /app/ # buildkit", {"app/settings.py": _settings()}),
    )
    return write_docker_archive(path, Image(layers, name="shop.example/real:1.0"))


def write_repository(folder: Path) -> Path:
    """A repository that depends on them, its lock files made by npm and go themselves; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requirements.txt").write_text("\n".join(PYTHON) + "\n")
    (folder / "pom.xml").write_text(_pom())
    (folder / "settings.py").write_bytes(_settings())
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_bytes((_npm_project() / name).read_bytes())
    for name in ("go.mod", "go.sum"):
        (folder / name).write_bytes((_go_project() / name).read_bytes())
    return folder


def _fetched(name: str, *commands: Sequence[str]) -> Path:
    """The cached folder that the commands fill, in turn, when it is not there yet."""
    place = _DOWNLOADS / name.replace("/", "_")
    if not place.exists():
        unfinished = place.with_name(f"{place.name}.new")
        unfinished.mkdir(parents=True, exist_ok=True)
        for command in commands:
            subprocess.run(command, cwd=unfinished, check=True, stdout=subprocess.DEVNULL)
        unfinished.rename(place)
    return place


def _debian_files() -> Iterator[tuple[str, bytes]]:
    """The packages' own files, and the database in which dpkg says that they are installed."""
    entries = []
    for name, version in DEBIAN.items():
        (package,) = _debian_package(name, version).glob("*.deb")
        control = subprocess.run(["dpkg-deb", "-f", package], check=True, capture_output=True).stdout
        entries.append(b"Status: install ok installed\n" + control)
        content = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, capture_output=True).stdout
        files = dict(_tar_files(content))
        yield from files.items()
        yield f"var/lib/dpkg/info/{name}.list", "".join(f"/{path}\n" for path in files).encode()
    yield "var/lib/dpkg/status", b"\n".join(entries)


def _debian_package(name: str, version: str) -> Path:
    """The folder with the package; in the version that Debian has today where the old one is gone."""
    try:
        wanted = f"{name}={version}" if version else name
        return _fetched(f"debian-{wanted}", [*_APT, wanted])
    except subprocess.CalledProcessError:
        print(f"Debian has no {name} {version} any more: the image gets the one of today", file=sys.stderr)
        return _fetched(f"debian-{name}", [*_APT, name])


def _python_files() -> Iterator[tuple[str, bytes]]:
    folder = _fetched(f"pypi-{'-'.join(PYTHON)}", [find_uv_bin(), "pip", "install", "--quiet", *_ANY_WHEEL, *PYTHON])
    for path in folder.rglob("*"):
        if path.is_file():
            yield f"{_SITE}/{path.relative_to(folder)}", path.read_bytes()


def _node_files() -> Iterator[tuple[str, bytes]]:
    for package in NODE:
        (archive,) = _fetched(f"npm-{package}", ["npm", "pack", "--silent", package]).glob("*.tgz")
        name = package.rpartition("@")[0]
        for path, content in _tar_files(archive.read_bytes()):
            yield f"{_MODULES}/{name}/{PurePosixPath(path).relative_to('package')}", content


def _jars() -> Iterator[Path]:
    for coordinates in JAVA:
        group, artifact, version = coordinates.split(":")
        place = _DOWNLOADS / f"{artifact}-{version}.jar"
        if not place.exists():
            url = f"{_MAVEN}/{group.replace('.', '/')}/{artifact}/{version}/{place.name}"
            answer = httpx.get(url, follow_redirects=True, timeout=60).raise_for_status()
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(answer.content)
        yield place


def _tar_files(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The regular files of an archive. Links are left out: an image of ours has none."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            if member.isfile() and (opened := archive.extractfile(member)):
                yield str(PurePosixPath(member.name)), opened.read()


def _npm_project() -> Path:
    return _fetched(f"npm-lock-{'-'.join(NODE)}", ["npm", "install", "--package-lock-only", *_ANY_NPM, *NODE])


def _go_project() -> Path:
    name = f"go-{'-'.join(GO)}"
    return _fetched(name, ["go", "mod", "init", "shop.example/real"], ["go", "get", *GO])


def _pom() -> str:
    parts = (coordinates.split(":") for coordinates in JAVA)
    dependencies = "".join(
        f"    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version></dependency>\n"
        for group, artifact, version in parts
    )
    return (
        "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>shop.example</groupId>\n"
        "  <artifactId>real</artifactId>\n  <version>1.0</version>\n"
        f"  <dependencies>\n{dependencies}  </dependencies>\n</project>\n"
    )


def _settings() -> bytes:
    return f'DEBUG = False\nUPDATES_TOKEN = "{token(20)}"\n'.encode()
