"""The real Trivy on images, SBOMs and trees of ours: what it finds, what it passes over, and that it is not steered."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from scangate.model import Category, ImageLocation, LedgerState, PackageLocation
from scangate.scanners.interface import Parsed, ScannerError
from scangate.scanners.trivy import Trivy
from tests.vulnerabilities.images import (
    Image,
    Layer,
    debian_files,
    debian_release,
    digest,
    write_docker_archive,
    write_oci_layout,
)
from tests.vulnerabilities.registry import PASSWORD, USER, serve_registry, write_docker_config
from tests.vulnerabilities.roots import ROOTS, Root, debian, java, python
from tests.vulnerabilities.trivy_database import STALE, write_trivy_database

pytestmark = pytest.mark.real

TRIVY = Trivy()
IN_TREE = tuple(sorted(TRIVY.kinds - {"container-image", "sbom"}))
KEY = "AKIA" + "QYLPMN5HGYTRDSZX"


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trivy_database(tmp_path_factory.mktemp("trivy"))


@pytest.fixture
def look(run_scanner: Callable[..., Parsed], database: Path, tmp_path: Path) -> Callable[..., Parsed]:
    """Runs Trivy on an image or SBOM, or on files of the folder `tree`."""

    def run(subject: object = "", *files: str, kinds: tuple[str, ...] = ("container-image",), **more: Any) -> Parsed:
        root = tmp_path / "tree"
        root.mkdir(exist_ok=True)
        return run_scanner(TRIVY, root, *files, kinds=kinds, subject=str(subject), **{"database": database} | more)

    return run


def failure(look: Callable[..., Parsed], *arguments: object, **more: Any) -> ScannerError:
    with pytest.raises(ScannerError) as caught:
        look(*arguments, **more)
    assert caught.value.state is LedgerState.FAILED
    return caught.value


def vulnerable(parsed: Parsed) -> set[tuple[str, str, str]]:
    """CVE, package URL without qualifiers, and layer of everything vulnerable in an image."""
    places = [(f.rule.id, f.location) for f in parsed.findings if f.rule.id.startswith("CVE-")]
    return {
        (rule, unquote(place.package.partition("?")[0]), place.layer)
        for rule, place in places
        if isinstance(place, ImageLocation)
    }


TYPES = {"debian": "deb/debian", "alpine": "apk/alpine", "distroless": "deb/debian", "python": "pypi", "go": "golang"}


def purl(root: Root, package: str, version: str) -> str:
    name = package.replace(":", "/")
    return f"pkg:{TYPES.get(root.name, {'node': 'npm', 'java': 'maven'}.get(root.name))}/{name}@{version}"


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_images_hold_exactly_what_we_put_in(look: Callable[..., Parsed], tmp_path: Path, root: Root) -> None:
    image = root.image()
    parsed = look(write_docker_archive(tmp_path / "image.tar", image))
    assert vulnerable(parsed) == {
        (each.cve, purl(root, each.package, each.version), digest(image.tars[each.layer])) for each in root.truth
    }
    wholly = root.os not in ("", "none") and root.name != "empty status"
    assert parsed.state is (LedgerState.RAN if wholly else LedgerState.PARTIAL)
    assert wholly or (parsed.reason and parsed.mend)
    assert parsed.scanned or not wholly


def test_an_oci_layout_is_the_same_as_an_archive(look: Callable[..., Parsed], tmp_path: Path) -> None:
    archive, layout = write_docker_archive(tmp_path / "a.tar", python()), write_oci_layout(tmp_path / "l", python())
    assert vulnerable(look(layout)) == vulnerable(look(archive)) != set()


def test_a_second_image_in_a_layout_is_not_clean(look: Callable[..., Parsed], tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    entries = []
    for image in (Image(debian().layers, name="a:1"), Image(debian().layers, name="a:2", user="app")):
        index = json.loads((write_oci_layout(layout, image) / "index.json").read_text())
        entries += index["manifests"]
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    parsed = look(layout)
    assert (parsed.state, "holds 2 images" in parsed.reason) == (LedgerState.PARTIAL, True)


def test_a_second_manifest_in_an_archive_is_not_clean(look: Callable[..., Parsed], tmp_path: Path) -> None:
    archive = write_docker_archive(tmp_path / "image.tar", debian())
    with tarfile.open(archive, "a") as members:
        members.addfile(tarfile.TarInfo("manifest.json"))
    parsed = look(archive)
    assert (parsed.state, "several manifests" in parsed.reason) == (LedgerState.PARTIAL, True)


def test_layers_of_the_base_image_are_told_from_own_ones(look: Callable[..., Parsed], tmp_path: Path) -> None:
    parsed = look(write_docker_archive(tmp_path / "app.tar", python()))
    places = {f.location for f in parsed.findings if f.category is Category.CONTAINER}
    assert {(p.base, p.created_by) for p in places if isinstance(p, ImageLocation)} == {
        (False, "RUN /bin/sh -c pip install -r requirements.txt # buildkit")
    }


def test_a_configuration_without_a_user_and_a_key_in_a_layer_are_found(
    look: Callable[..., Parsed], tmp_path: Path
) -> None:
    own = Layer("COPY key /app/key # buildkit", {"app/key.txt": f"aws_access_key_id = {KEY}\n".encode()})
    parsed = look(write_docker_archive(tmp_path / "app.tar", Image((*debian().layers, own))))
    assert {"DS-0002", "aws-access-key-id"} <= {finding.rule.id for finding in parsed.findings}
    assert KEY not in "".join(finding.model_dump_json() for finding in parsed.findings)


def test_an_image_cannot_tell_trivy_to_ignore_its_configuration_unseen(
    look: Callable[..., Parsed], tmp_path: Path
) -> None:
    own = Layer("RUN /bin/sh -c true #trivy:ignore:DS-0002 # buildkit", {"a": b"x"})
    parsed = look(write_docker_archive(tmp_path / "app.tar", Image((*debian().layers, own))))
    assert parsed.state is LedgerState.PARTIAL
    assert "ignore" in parsed.reason


def test_an_old_debian_is_past_its_end_of_life(look: Callable[..., Parsed], tmp_path: Path) -> None:
    status = b"Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    image = Image((Layer("ADD / # buildkit", debian_release("9") | {"var/lib/dpkg/status": status}),))
    parsed = look(write_docker_archive(tmp_path / "old.tar", image))
    assert "EOSL" in {finding.rule.id for finding in parsed.findings}


def test_jars_without_a_java_database_are_told_apart_as_far_as_they_say(
    look: Callable[..., Parsed], tmp_path: Path
) -> None:
    bare = write_trivy_database(tmp_path / "bare")
    for file in (bare / "java-db").iterdir():
        file.unlink()
    (bare / "java-db").rmdir()
    parsed = look(write_docker_archive(tmp_path / "app.tar", java()), database=bare)
    assert "CVE-2021-44228" in {finding.rule.id for finding in parsed.findings}
    assert parsed.state is LedgerState.PARTIAL
    assert parsed.mend == "trivy image --download-java-db-only"
    assert [path.name for path in bare.iterdir()] == ["db"]


def test_without_jars_no_java_database_is_missed(look: Callable[..., Parsed], tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "db").symlink_to(write_trivy_database(tmp_path / "whole") / "db")
    assert look(write_docker_archive(tmp_path / "app.tar", python()), database=bare).state is LedgerState.RAN


@pytest.mark.parametrize("locked", [False, True])
def test_an_image_in_a_registry(
    look: Callable[..., Parsed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    with serve_registry(tmp_path / "registry", locked=locked) as registry:
        reference = registry.push(python())
        if locked:
            monkeypatch.setenv("DOCKER_CONFIG", str(write_docker_config(tmp_path / "docker", registry)))
        parsed = look(reference)
        assert {rule for rule, _, _ in vulnerable(parsed)} == {"CVE-2019-10906", "CVE-2099-1001"}
        place = next(f.location for f in parsed.findings if isinstance(f.location, ImageLocation))
        assert (place.ref, place.digest) == (reference, digest(python().manifest))
        unknown = failure(look, reference.replace(":1.0", ":2.0"))
        assert "does not know" in unknown.reason


def test_a_locked_registry_opens_by_name_and_password_and_to_nobody_else(
    look: Callable[..., Parsed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_registry(tmp_path / "registry", locked=True) as registry:
        reference = registry.push(python())
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nothing"))
        refused = failure(look, reference)
        assert "unauthorised" in refused.reason
        assert "docker login" in refused.mend
        monkeypatch.setenv("TRIVY_USERNAME", USER)
        monkeypatch.setenv("TRIVY_PASSWORD", PASSWORD)
        assert look(reference).findings


@pytest.mark.parametrize(
    ("reference", "reason"),
    [("127.0.0.1:9/a/b:1", "cannot be reached"), ("B::", "no image reference"), ("-x", ""), ("--help", "")],
)
def test_references_that_lead_nowhere(look: Callable[..., Parsed], reference: str, reason: str) -> None:
    assert reason in failure(look, reference).reason


def test_offline_no_registry_is_asked(look: Callable[..., Parsed]) -> None:
    assert "no registry was asked" in failure(look, "127.0.0.1:9/a/b:1", offline=True).reason


@pytest.mark.parametrize("content", [b"", b"not an image", None])
def test_files_that_are_no_images(look: Callable[..., Parsed], tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.tar"
    path.mkdir() if content is None else path.write_bytes(content)
    error = failure(look, path)
    assert "neither a docker archive nor an OCI layout" in error.reason
    assert error.mend


def test_a_damaged_database_is_no_clean_image(look: Callable[..., Parsed], tmp_path: Path) -> None:
    damaged = write_trivy_database(tmp_path / "damaged")
    (damaged / "db" / "trivy.db").write_bytes(b"x" * 5000)
    archive = write_docker_archive(tmp_path / "app.tar", python())
    assert "damaged" in failure(look, archive, database=damaged).reason


def test_the_database_is_dated_and_not_written_to(look: Callable[..., Parsed], tmp_path: Path) -> None:
    old = write_trivy_database(tmp_path / "old", updated=STALE)
    before = {path: path.stat().st_mtime_ns for path in old.rglob("*")}
    parsed = look(write_docker_archive(tmp_path / "app.tar", python()), database=old)
    assert parsed.database_date == "2020-01-01T00:00:00Z"
    assert {path: path.stat().st_mtime_ns for path in old.rglob("*")} == before


def write_sbom(path: Path, *purls: str) -> Path:
    names = [(unquote(purl).partition("/")[2] or "nameless@1").rpartition("@") for purl in purls]
    components = [
        {"type": "library", "name": name, "version": version, "purl": purl}
        for purl, (name, _, version) in zip(purls, names, strict=True)
    ]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("purls", "state", "reason"),
    [
        (["pkg:pypi/jinja2@2.10", "pkg:npm/%40teapots/kettle@1.0.0"], LedgerState.RAN, ""),
        (["pkg:pypi/jinja2@2.10", ""], LedgerState.PARTIAL, "1 of 2 components were not looked up"),
        (["pkg:pypi/jinja2@2.10", "pkg:swid/x@1"], LedgerState.PARTIAL, "1 of 2 components were not looked up"),
        ([], LedgerState.PARTIAL, "it names no packages"),
    ],
)
def test_an_sbom(
    look: Callable[..., Parsed], tmp_path: Path, purls: list[str], state: LedgerState, reason: str
) -> None:
    parsed = look(write_sbom(tmp_path / "bom.json", *purls), kinds=("sbom",))
    assert (parsed.state, "CVE-2019-10906" in {f.rule.id for f in parsed.findings}) == (state, bool(purls))
    assert reason in parsed.reason
    assert all(isinstance(f.location, PackageLocation) and f.category is Category.DEPENDENCY for f in parsed.findings)


LODASH = {"name": "lodash", "version": "4.17.11"}
HIDING: dict[str, dict[str, Any]] = {
    "no package URL": {"components": [{"type": "application", **LODASH}]},
    "no version": {"components": [{"type": "library", **LODASH, "purl": "pkg:npm/lodash"}]},
    "another version": {"components": [{"type": "library", **LODASH, "purl": "pkg:npm/lodash@4.17.21"}]},
    "part of the subject": {
        "metadata": {"component": {"type": "application", "name": "a", "components": [{"type": "library", **LODASH}]}}
    },
}


@pytest.mark.parametrize("hiding", HIDING)
def test_an_sbom_cannot_hide_a_component_in_its_form(look: Callable[..., Parsed], tmp_path: Path, hiding: str) -> None:
    document = json.loads(write_sbom(tmp_path / "bom.json", "pkg:npm/%40teapots/kettle@1.0.0").read_text())
    components = [*document["components"], *HIDING[hiding].get("components", ())]
    (tmp_path / "bom.json").write_text(json.dumps(document | HIDING[hiding] | {"components": components}))
    parsed = look(tmp_path / "bom.json", kinds=("sbom",))
    assert (parsed.state, "lodash 4.17.11" in parsed.reason) == (LedgerState.PARTIAL, True)


def test_an_sbom_that_programs_read_differently_is_not_clean(look: Callable[..., Parsed], tmp_path: Path) -> None:
    text = write_sbom(tmp_path / "bom.json", "pkg:npm/lodash@4.17.11").read_text().rstrip("}")
    (tmp_path / "bom.json").write_text(text + ', "Components": [{"type": "library", "purl": "pkg:npm/a@1"}]}')
    parsed = look(tmp_path / "bom.json", kinds=("sbom",))
    assert parsed.state is LedgerState.PARTIAL
    assert "it states 'components' twice" in parsed.reason


def test_an_sbom_that_we_cannot_count_is_not_clean(look: Callable[..., Parsed], tmp_path: Path) -> None:
    head = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: x\n"
    made = "DocumentNamespace: https://x.example\nCreator: Tool: x\nCreated: 2026-01-01T00:00:00Z\n"
    kettle = "PackageName: kettle\nSPDXID: SPDXRef-a\nPackageVersion: 1.0.0\nPackageDownloadLocation: NONE\n"
    purl = "FilesAnalyzed: false\nExternalRef: PACKAGE-MANAGER purl pkg:npm/kettle@1.0.0\n"
    (tmp_path / "bom.spdx").write_text(f"{head}{made}\n{kettle}{purl}")
    parsed = look(tmp_path / "bom.spdx", kinds=("sbom",))
    assert (parsed.state, "JSON alone" in parsed.reason) == (LedgerState.PARTIAL, True)


def test_a_release_that_the_database_does_not_know_is_not_clean(look: Callable[..., Parsed], tmp_path: Path) -> None:
    new = Image((Layer("ADD rootfs.tar /", debian_files("99", {"curl": ("7.88.1-10+deb12u3", "curl")})),), user="app")
    parsed = look(write_docker_archive(tmp_path / "new.tar", new))
    assert (parsed.state, "does not know this release" in parsed.reason) == (LedgerState.PARTIAL, True)


def test_an_sbom_in_spdx(look: Callable[..., Parsed], tmp_path: Path) -> None:
    purls = {"jinja2": "pkg:pypi/jinja2@2.10", "odd": ""}
    packages = [
        {
            "SPDXID": f"SPDXRef-{name}",
            "name": name,
            "versionInfo": "2.10",
            "downloadLocation": "NONE",
            "primaryPackagePurpose": "LIBRARY",
            "externalRefs": [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
            ]
            if purl
            else [],
        }
        for name, purl in purls.items()
    ]
    head = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "dataLicense": "CC0-1.0"}
    creation = {"creators": ["Tool: x"], "created": "2026-01-01T00:00:00Z"}
    document = head | {"documentNamespace": "https://x.example", "creationInfo": creation, "packages": packages}
    (tmp_path / "bom.spdx.json").write_text(json.dumps(document))
    parsed = look(tmp_path / "bom.spdx.json", kinds=("sbom",))
    assert {finding.rule.id for finding in parsed.findings} == {"CVE-2019-10906"}
    assert (parsed.state, parsed.reason[:10]) == (LedgerState.PARTIAL, "1 of 2 com")


def test_what_is_no_sbom(look: Callable[..., Parsed], tmp_path: Path) -> None:
    (tmp_path / "bom.json").write_text('{"a": 1}')
    assert "no SBOM" in failure(look, tmp_path / "bom.json", kinds=("sbom",)).reason


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: nginx}\n"
BUCKET = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: x\n"
LOCK = '{"name": "a", "lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.11"}}}'
POM = """<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version>
<properties><log4j>2.14.1</log4j></properties><dependencies><dependency><groupId>org.apache.logging.log4j</groupId>
<artifactId>log4j-core</artifactId><version>${log4j}</version></dependency></dependencies></project>"""
TREE = {
    "Dockerfile": "FROM debian:12\nUSER root\n",
    "dev/web.dockerfile": "FROM debian:12\n#trivy:ignore:DS-0002\nUSER root\n",
    "proc/DOCKERFILE": "FROM debian:12\nUSER root\n",
    "tf/main.tf": '#tfsec:ignore:*\nresource "aws_s3_bucket" "b" {\n}\n',
    "k8s/pod.yaml": POD,
    "cfn.yaml": BUCKET,
    "cfn.template": BUCKET,
    "chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
    "chart/values.yaml": "image: nginx\n",
    "chart/templates/pod.yaml": POD.replace("nginx", "{{ .Values.image }}"),
    "web/package.json": '{"name": "a", "dependencies": {"lodash": "4.17.11"}}',
    "web/package-lock.json": LOCK,
    "yarn/yarn.lock": '# yarn lockfile v1\n\nlodash@4.17.11:\n  version "4.17.11"\n',
    "pnpm/pnpm-lock.yaml": "lockfileVersion: 5.4\ndependencies: {lodash: 4.17.11}\n"
    "packages:\n  /lodash/4.17.11:\n    resolution: {integrity: x}\n    dev: false\n",
    "requirements-dev.txt": "jinja2==2.10\n",
    "poetry.lock": '[[package]]\nname = "jinja2"\nversion = "2.10"\n',
    "pom.xml": POM,
    "gradle.lockfile": "org.apache.logging.log4j:log4j-core:2.14.1=runtimeClasspath\nempty=\n",
    "go.mod": "module x\n\ngo 1.20\n\nrequire golang.org/x/text v0.3.5\n",
    "tests/vendor/key.md": f"aws_access_key_id = {KEY}\n",
    "node_modules/x/key.txt": f"aws_access_key_id = {KEY}\n",
}
EXPECTED = {
    ("Dockerfile", "DS-0002"),
    ("dev/web.dockerfile", "DS-0002"),
    ("proc/DOCKERFILE", "DS-0002"),
    ("tf/main.tf", "AWS-0086"),
    ("k8s/pod.yaml", "KSV-0012"),
    ("cfn.yaml", "AWS-0086"),
    ("cfn.template", "AWS-0086"),
    ("chart/templates/pod.yaml", "KSV-0012"),
    ("web/package-lock.json", "CVE-2019-10744"),
    ("yarn/yarn.lock", "CVE-2019-10744"),
    ("pnpm/pnpm-lock.yaml", "CVE-2019-10744"),
    ("requirements-dev.txt", "CVE-2019-10906"),
    ("poetry.lock", "CVE-2019-10906"),
    ("pom.xml", "CVE-2021-44228"),
    ("gradle.lockfile", "CVE-2021-44228"),
    ("go.mod", "CVE-2022-32149"),
    ("tests/vendor/key.md", "aws-access-key-id"),
    ("node_modules/x/key.txt", "aws-access-key-id"),
}
STEERING = {
    "trivy.yaml": "severity: [CRITICAL]\nscan: {skip-files: ['**/*'], skip-dirs: ['**']}\nexit-code: 5\n",
    ".trivyignore": "DS-0002\nAWS-0086\nCVE-2019-10744\naws-access-key-id\n",
    ".trivyignore.yaml": "vulnerabilities: [{id: CVE-2019-10906}]\nmisconfigurations: [{id: KSV-0012}]\n",
    "trivy-secret.yaml": "disable-rules: [aws-access-key-id]\nskip-patterns: ['**']\n",
    ".trivy.rego": "package trivy\nignore = true\n",
}


def write(root: Path, files: dict[str, str]) -> list[str]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return list(files)


@pytest.mark.parametrize("steering", [{}, STEERING], ids=["plain", "steered"])
def test_a_tree_of_all_kinds(look: Callable[..., Parsed], tmp_path: Path, steering: dict[str, str]) -> None:
    files = write(tmp_path / "tree", TREE | steering)
    parsed = look("", *files, kinds=IN_TREE)
    found = {(finding.path, finding.rule.id) for finding in parsed.findings}
    assert found >= EXPECTED
    assert (parsed.state, parsed.skipped) == (LedgerState.RAN, ())
    marked = {(finding.path, finding.rule.id) for finding in parsed.findings if finding.relief}
    assert marked >= {("dev/web.dockerfile", "DS-0002"), ("tf/main.tf", "AWS-0086")}
    assert {path for path, _ in marked} == {"dev/web.dockerfile", "tf/main.tf"}
    assert KEY not in "".join(finding.model_dump_json() for finding in parsed.findings)


def test_excluded_files_are_not_read(look: Callable[..., Parsed], tmp_path: Path) -> None:
    write(tmp_path / "tree", TREE)
    parsed = look("", "Dockerfile", kinds=IN_TREE)
    assert {finding.path for finding in parsed.findings} == {"Dockerfile"}


BROKEN = {
    "main.tf": "resource {{{",
    "pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: [a\n",
    "package.json": '{"name": "a", "dependencies": {"lodash": "4.17.11"}}',
    "composer.lock": '{"broken',
    "gems.locked": "GEM\n  specs:\n    rack (1.0.0)\n",
    "requirements.txt": "jinja2>=2\n",
}


def test_what_trivy_passes_over_in_silence_is_named(look: Callable[..., Parsed], tmp_path: Path) -> None:
    files = write(tmp_path / "tree", BROKEN | {"Dockerfile": TREE["Dockerfile"]})
    parsed = look("", *files, kinds=IN_TREE)
    assert parsed.state is LedgerState.PARTIAL
    assert {skip.path for skip in parsed.skipped} == parsed.unseen == set(BROKEN)


@contextmanager
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port on loopback, and what is said to it."""
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    said.append(connection.recv(4096))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], said
        server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)


SOURCES = (
    "git::http://127.0.0.1:{0}/x.git",
    "https://127.0.0.1:{0}/x.zip",
    "hg::http://127.0.0.1:{0}/x",
    "s3::http://127.0.0.1:{0}/bucket/x.zip",
    "127.0.0.1:{0}/a/b/c",
)


def test_modules_of_other_repositories_are_not_fetched(look: Callable[..., Parsed], tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other, {"main.tf": 'resource "aws_s3_bucket" "b" {}\n'})
    git = ("git", "-C", str(other), "-c", "user.name=x", "-c", "user.email=x@x.example", "-c", "commit.gpgsign=false")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "x")):
        subprocess.run([*git, *words], check=True)
    files = write(tmp_path / "tree", {"main.tf": f'module "m" {{\n  source = "git::file://{other}"\n}}\n'})
    assert not look("", *files, kinds=("terraform",)).findings


def test_modules_that_a_tree_names_are_not_fetched(look: Callable[..., Parsed], tmp_path: Path) -> None:
    """A registry of modules is greeted (a TLS handshake that fails), and nothing is asked of anybody."""
    with listener() as (port, said):
        modules = (f'module "m{n}" {{\n  source = "{s.format(port)}"\n}}\n' for n, s in enumerate(SOURCES))
        files = write(tmp_path / "tree", {"main.tf": "".join(modules) + 'resource "aws_s3_bucket" "b" {}\n'})
        parsed = look("", *files, kinds=("terraform",))
    assert "AWS-0086" in {finding.rule.id for finding in parsed.findings}
    assert not [words for words in said if re.search(rb"GET|POST|HTTP/|git-", words.replace(b"http/1.1", b""))]
