"""The real Grype on images, SBOMs and trees of ours: what it finds, what it passes over, and that it is not steered."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scangate.model import Finding, ImageLocation, LedgerState
from scangate.scanners.grype import Grype
from scangate.scanners.interface import Parsed, ScannerError, Tool
from tests.vulnerabilities.grype_database import write_grype_database
from tests.vulnerabilities.images import (
    Image,
    Layer,
    debian_files,
    debian_release,
    digest,
    write_docker_archive,
    write_oci_layout,
)
from tests.vulnerabilities.registry import PASSWORD, serve_registry, write_docker_config
from tests.vulnerabilities.roots import ROOTS, Root, debian, python

pytestmark = pytest.mark.real

GRYPE = Grype()
IN_TREE = tuple(sorted(GRYPE.kinds - {"container-image", "sbom"}))
BUILT = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)

Look = Callable[..., Parsed]


@pytest.fixture(scope="session")
def database(tools: Callable[[str], Tool], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_grype_database(tmp_path_factory.mktemp("grype"), grype=tools("grype").path, built=BUILT)


@pytest.fixture
def look(run_scanner: Callable[..., Parsed], database: Path, tmp_path: Path) -> Look:
    """Runs Grype on an image or SBOM, or on files of the folder `tree`."""

    def run(subject: object = "", *files: str, kinds: tuple[str, ...] = ("container-image",), **more: Any) -> Parsed:
        root = tmp_path / "tree"
        root.mkdir(exist_ok=True)
        return run_scanner(GRYPE, root, *files, kinds=kinds, subject=str(subject), **{"database": database} | more)

    return run


def failure(look: Look, *arguments: object, **more: Any) -> ScannerError:
    with pytest.raises(ScannerError) as caught:
        look(*arguments, **more)
    assert caught.value.state is LedgerState.FAILED
    return caught.value


def told(finding: Finding) -> tuple[str, str, str]:
    """CVE, path and layer of a finding in an image."""
    assert isinstance(finding.location, ImageLocation)
    return finding.ids[0], finding.location.path, finding.location.layer


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_it_finds_exactly_the_truth_of_an_image(look: Look, tmp_path: Path, root: Root) -> None:
    image = root.image()
    parsed = look(write_docker_archive(tmp_path / "image.tar", image))
    assert sorted(map(told, parsed.findings)) == sorted(
        (each.cve, each.path, digest(image.tars[each.layer])) for each in root.truth
    )
    assert parsed.database_date == "2026-03-01T12:30:15Z"
    unknown = root.name in ("unknown distribution", "no packages", "empty status")
    assert parsed.state is (LedgerState.PARTIAL if unknown else LedgerState.RAN), parsed.reason
    assert bool(parsed.scanned) is not unknown


def test_oci_layouts_and_archives_are_read_too(look: Look, tmp_path: Path) -> None:
    layout = write_oci_layout(tmp_path / "layout", debian())
    with tarfile.open(tmp_path / "image.tar", "w") as archive:
        for path in sorted(layout.iterdir()):
            archive.add(path, arcname=path.name)
    found = [look(form).findings for form in (layout, tmp_path / "image.tar")]
    assert [len(findings) for findings in found] == [3, 3]


def test_layers_tell_what_the_base_image_brought(look: Look, tmp_path: Path) -> None:
    own = look(write_docker_archive(tmp_path / "image.tar", python())).findings[0].location
    assert isinstance(own, ImageLocation)
    assert (own.base, own.created_by) == (False, "RUN /bin/sh -c pip install -r requirements.txt # buildkit")


def test_a_release_that_the_database_does_not_know_is_partial(look: Look, tmp_path: Path) -> None:
    files = debian_files("99", {"curl": ("7.88.1-10+deb12u4", "curl")})
    parsed = look(write_docker_archive(tmp_path / "image.tar", Image((Layer("ADD", files),))))
    assert (parsed.state, parsed.considered, parsed.scanned) == (LedgerState.PARTIAL, 1, 0)
    assert "no advisories for debian 99" in parsed.reason


def test_a_known_release_without_matches_is_clean(look: Look, tmp_path: Path) -> None:
    files = debian_files("12", {"curl": ("99.0-1", "curl")})
    parsed = look(write_docker_archive(tmp_path / "image.tar", Image((Layer("ADD", files),))))
    assert (parsed.state, parsed.considered, parsed.scanned, parsed.findings) == (LedgerState.RAN, 1, 1, ())


def test_a_registry_is_asked_with_the_credentials_of_docker(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_registry(tmp_path / "registry", locked=True) as registry:
        reference = registry.push(python())
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nowhere"))
        refused = failure(look, reference)
        assert "the registry wants a login" in refused.reason
        assert refused.mend
        monkeypatch.setenv("DOCKER_CONFIG", str(write_docker_config(tmp_path / "docker", registry)))
        parsed = look(reference)
        assert len(parsed.findings) == 2
        assert PASSWORD not in parsed.findings[0].model_dump_json()
        assert "does not know the image" in failure(look, f"{reference}9").reason
        assert "no registry was asked" in failure(look, reference, offline=True).reason


def test_a_registry_that_cannot_be_reached_is_a_failure(look: Look) -> None:
    assert "cannot be reached" in failure(look, "127.0.0.1:1/shop/kettle:1.0").reason


@pytest.mark.parametrize(
    "content", [b"", b"no archive", b"\0" * 2048, b'{"bomFormat": "CycloneDX", "specVersion": "1.5"}']
)
def test_a_file_that_is_no_image_is_a_failure(look: Look, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "image.tar").write_bytes(content)
    assert "neither a docker archive" in failure(look, tmp_path / "image.tar").reason


def test_a_damaged_archive_is_never_clean(look: Look, tmp_path: Path) -> None:
    archive = write_docker_archive(tmp_path / "image.tar", python())
    archive.write_bytes(archive.read_bytes()[:12_000])
    assert failure(look, archive).reason


LODASH = {"type": "library", "name": "lodash", "version": "4.17.11", "purl": "pkg:npm/lodash@4.17.11"}
LIBSSL = {
    "type": "library",
    "name": "libssl3",
    "version": "3.0.17-1~deb12u2",
    "purl": "pkg:deb/debian/libssl3@3.0.17-1~deb12u2?upstream=openssl",
}


def sbom(folder: Path, *components: dict[str, Any]) -> Path:
    path = folder / "-bom.json"
    path.write_text(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components})
    )
    return path


def test_an_sbom_is_looked_up(look: Look, tmp_path: Path) -> None:
    known = LIBSSL | {"purl": f"{LIBSSL['purl']}&distro=debian-12"}
    parsed = look(sbom(tmp_path, LODASH, known), kinds=("sbom",))
    assert (parsed.state, parsed.considered, parsed.scanned) == (LedgerState.RAN, 2, 2)
    assert {finding.ids[0] for finding in parsed.findings} == {"CVE-2019-10744", "CVE-2025-9230"}
    assert {finding.path for finding in parsed.findings} == {str(tmp_path / "-bom.json")}


def test_what_of_an_sbom_cannot_be_looked_up_is_told(look: Look, tmp_path: Path) -> None:
    mystery = {"type": "library", "name": "mystery", "version": "1"}
    parsed = look(sbom(tmp_path, LODASH, LIBSSL, mystery), kinds=("sbom",))
    assert (parsed.state, parsed.considered, parsed.scanned) == (LedgerState.PARTIAL, 3, 1)
    assert "does not know them: mystery" in parsed.reason
    assert "did not look up 1 packages" in parsed.reason
    assert look(sbom(tmp_path), kinds=("sbom",)).state is LedgerState.PARTIAL


def test_what_is_no_sbom_is_a_failure(look: Look, tmp_path: Path) -> None:
    (tmp_path / "bom.json").write_text('{"components": []}')
    assert "no SBOM that Grype reads" in failure(look, tmp_path / "bom.json", kinds=("sbom",)).reason


TREE = {
    "requirements.txt": "jinja2==2.10\n",
    "api/requirements/base.in": "jinja2==2.10\nflask>=1\n",
    "web/npm-shrinkwrap.json": json.dumps(
        {
            "lockfileVersion": 3,
            "packages": {
                "node_modules/lodash": {
                    "version": "4.17.11",
                    "resolved": "https://r.example/l",
                    "integrity": "sha512-x",
                },
                "node_modules/debug": {"version": "2.0.0", "dev": True},
            },
        }
    ),
    "web/package.json": '{"dependencies": {"lodash": "4.17.11"}, "devDependencies": {"debug": "2.0.0"}}',
    "yarn/yarn.lock": '# yarn lockfile v1\n\n\nlodash@4.17.11:\n  version "4.17.11"\n  resolved "https://r.example/l"\n',
    "go/go.mod": "module x\n\ngo 1.20\n\nrequire golang.org/x/text v0.3.5\n",
    "go2/go.mod": "module empty\n\ngo 1.20\n",
    "java/pom.xml": (
        "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version>"
        "<dependencies><dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId>"
        "<version>2.14.1</version></dependency></dependencies></project>"
    ),
    "rust/Cargo.toml": '[package]\nname = "x"\n[dependencies]\nserde = "1"\n',
    "net/packages.config": '<packages><package id="jQuery" version="1.0.0"/></packages>',
    "broken/package-lock.json": "{",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"


def test_every_file_of_a_tree_is_accounted_for(look: Look, tree: Path) -> None:
    parsed = look("", *TREE, kinds=IN_TREE)
    assert {(finding.ids[0], finding.path) for finding in parsed.findings} == {
        ("CVE-2019-10906", "requirements.txt"),
        ("CVE-2019-10906", "api/requirements/base.in"),
        ("CVE-2019-10744", "web/npm-shrinkwrap.json"),
        ("CVE-2019-10744", "yarn/yarn.lock"),
        ("CVE-2022-32149", "go/go.mod"),
        ("CVE-2021-44228", "java/pom.xml"),
    }
    skipped = {skip.path: skip.reason for skip in parsed.skipped}
    assert skipped["api/requirements/base.in"] == "1 of 2 dependencies were not looked up: flask"
    assert skipped["web/npm-shrinkwrap.json"] == "1 of 2 dependencies were not looked up: debug"
    assert "direct dependencies only" in skipped["java/pom.xml"]
    unseen = {"rust/Cargo.toml", "net/packages.config", "broken/package-lock.json"}
    assert skipped.keys() == {"api/requirements/base.in", "web/npm-shrinkwrap.json", "java/pom.xml", *unseen}
    assert set(parsed.unseen) == unseen
    assert (parsed.state, parsed.considered, parsed.scanned) == (LedgerState.PARTIAL, len(TREE), len(TREE) - 3)


def test_where_it_reads_none_of_the_files_it_failed(look: Look, tree: Path) -> None:
    parsed = look("", "rust/Cargo.toml", kinds=IN_TREE)
    assert (parsed.state, parsed.scanned) == (LedgerState.FAILED, 0)


def test_the_scanned_tree_cannot_steer_it(look: Look, tree: Path) -> None:
    ignore = "ignore:\n  - vulnerability: GHSA-462w-v97r-4m45\nexclude: ['**']\nonly-fixed: true\nquiet: true\n"
    for name in (".grype.yaml", ".grype/config.yaml", "grype.yaml", ".syft.yaml", "-x/.grype.yaml"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(ignore)
    (tree / "-x" / "requirements.txt").write_text("jinja2==2.10\n")
    (tree / "hidden").mkdir()
    (tree / "hidden" / "requirements.txt").write_text("requests==2.19.1\n")
    parsed = look("", "requirements.txt", "-x/requirements.txt", kinds=IN_TREE)
    assert parsed.state is LedgerState.RAN
    assert {finding.path for finding in parsed.findings} == {"requirements.txt", "-x/requirements.txt"}


def test_a_lock_file_is_read_as_its_package_manager_does(look: Look, tree: Path) -> None:
    lodash = {"node_modules/lodash": {"version": "4.17.11"}}
    other = {"node_modules/lodash": {"version": "99.0.0"}}
    lock = {"name": "a", "lockfileVersion": 3, "packages": lodash, "Packages": other}
    (tree / "odd").mkdir(parents=True)
    (tree / "odd/package-lock.json").write_text(json.dumps(lock))
    parsed = look("", "odd/package-lock.json", kinds=("npm-dependencies",))
    assert {finding.title.split(":")[0] for finding in parsed.findings} == {"lodash 4.17.11"}


def test_an_image_cannot_steer_it(look: Look, tmp_path: Path) -> None:
    ignore = b"ignore:\n  - vulnerability: CVE-2025-9230\n"
    files = dict.fromkeys((".grype.yaml", "root/.grype.yaml", "etc/xdg/grype/config.yaml"), ignore)
    own = debian_files("12", {"libssl3": ("3.0.17-1~deb12u2", "openssl")})
    parsed = look(write_docker_archive(tmp_path / "image.tar", Image((Layer("ADD", own | files),))))
    assert [finding.ids[0] for finding in parsed.findings] == ["CVE-2025-9230"]
    assert not parsed.findings[0].relief


def test_a_hostile_release_file_is_no_option(look: Look, tmp_path: Path) -> None:
    release = b'ID=debian\nVERSION_ID="--config=/x 12;$(touch /tmp/x)"\n'
    own = debian_files("12", {"libssl3": ("3.0.17-1~deb12u2", "openssl")}) | {"etc/os-release": release}
    parsed = look(write_docker_archive(tmp_path / "image.tar", Image((Layer("ADD", own | {"x": b""}),))))
    assert parsed.state is LedgerState.PARTIAL or parsed.findings


def test_without_a_database_it_failed_with_the_command_that_fetches_one(
    look: Look, tools: Callable[[str], Tool], tmp_path: Path
) -> None:
    archive = write_docker_archive(tmp_path / "image.tar", debian())
    error = failure(look, archive, database=tmp_path / "none")
    assert error.reason == f"there is no vulnerability database in {tmp_path / 'none'}"
    assert error.mend == f"GRYPE_DB_CACHE_DIR={tmp_path / 'none'} {tools('grype').path} db update"


def test_a_database_that_was_changed_is_not_believed(look: Look, tools: Callable[[str], Tool], tmp_path: Path) -> None:
    changed = write_grype_database(tmp_path / "changed", grype=tools("grype").path)
    (file,) = changed.rglob("vulnerability.db")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    error = failure(look, write_docker_archive(tmp_path / "image.tar", debian()), database=changed)
    assert "cannot be used: bad db checksum" in error.reason
    assert str(changed) in error.mend


def test_the_users_own_database_is_where_grype_has_it(
    run_scanner: Callable[..., Parsed], database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = str(write_docker_archive(tmp_path / "image.tar", debian()))
    monkeypatch.setenv("GRYPE_DB_CACHE_DIR", str(database))
    assert len(run_scanner(GRYPE, tmp_path, kinds=["container-image"], subject=archive).findings) == 3
    monkeypatch.delenv("GRYPE_DB_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ScannerError, match="there is no vulnerability database") as caught:
        run_scanner(GRYPE, tmp_path, kinds=["container-image"], subject=archive)
    assert caught.value.mend.endswith("/grype db update")


def test_an_image_without_release_file_is_partial(look: Look, tmp_path: Path) -> None:
    files = {
        name: data
        for name, data in debian_files("12", {"curl": ("1-1", "curl")}).items()
        if name not in debian_release("12")
    }
    parsed = look(write_docker_archive(tmp_path / "image.tar", Image((Layer("ADD", files),))))
    assert parsed.state is LedgerState.PARTIAL
    assert "knows no distribution" in parsed.reason
