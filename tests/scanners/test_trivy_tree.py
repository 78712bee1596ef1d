"""What Trivy is given of a tree and told where to find, without running it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from scangate.model import LedgerState
from scangate.scanners.interface import Command, Job, Output, Parsed, ScannerError, Target, Tool
from scangate.scanners.source import SourceTree
from scangate.scanners.trivy import Trivy
from scangate.scanners.trivy_database import database_date, lay_out_cache, write_empty_java_database
from scangate.scanners.trivy_inline import hide_marks, inline_relief

TRIVY = Trivy()
IN_TREE = tuple(sorted(TRIVY.kinds - {"container-image", "sbom"}))
DEPENDENCIES = tuple(kind for kind in IN_TREE if kind.endswith("-dependencies"))


def job(root: Path, *files: str, kinds: tuple[str, ...] = IN_TREE, subject: str = "", **more: Any) -> Job:
    work = root.parent / "work"
    work.mkdir(exist_ok=True)
    tool = Tool(Path("/nowhere/trivy"), "0.74.0", "a test")
    return Job("trivy", Target(subject or ".", kinds, files, subject), root, work, tool, **more)


def option(command: Command, name: str) -> str:
    return command.argv[command.argv.index(name) + 1]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"#trivy:ignore:DS-0002", b"#trivy_ignore:DS-0002"),
        (b"# tfsec:ignore:*", b"# tfsec_ignore:*"),
        (b"x //trivy:exp:2099-01-01:ignore:a", b"x //trivy_exp:2099-01-01:ignore:a"),
        (b"a trivy:ignore:b trivy:ignore:c", b"a trivy_ignore:b trivy_ignore:c"),
        (b"image: trivy:0.74", b"image: trivy:0.74"),
        (b"trivy: ignore:a", b"trivy: ignore:a"),
    ],
)
def test_marks_are_hidden_and_nothing_else_changes(before: bytes, after: bytes) -> None:
    assert hide_marks(before) == after


YESTERDAY, TOMORROW = (date.today() + timedelta(days=days) for days in (-1, 1))


@pytest.mark.parametrize(
    ("above", "marked"),
    [
        ("#trivy:ignore:AWS-0086", True),
        ("# trivy:ignore:aws-0086", True),
        ("#trivy:ignore:AVD-AWS-0086 we know", True),
        ("#tfsec:ignore:AWS-*", True),
        ("#trivy:ignore:*", True),
        (f"#trivy:ignore:AWS-0086:exp:{TOMORROW}", True),
        (f"#trivy:ignore:AWS-0086:exp:{YESTERDAY}", False),
        ("#trivy:ignore:AWS-0087", False),
        ("#trivy:ignore:AWS-0086:ws:production", False),
        ("#trivy:ignore:AWS-0086[name=b]", False),
        ("#trivy:ignore:AWS-0086\n#another comment", True),
        ("#trivy:ignore:AWS-0086\n", False),
        ("# nothing", False),
    ],
)
def test_a_mark_above_a_block_counts_for_all_that_is_in_it(root: Path, above: str, marked: bool) -> None:
    text = f'{above}\nresource "a" "b" {{\n  # why\n  c {{\n    public = true\n  }}\n}}\n'
    (root / "main.tf").write_text(text)
    line = text.split("\n").index("    public = true") + 1
    assert bool(inline_relief(SourceTree(root), "main.tf", line, {"AWS-0086", "AVD-AWS-0086"})) is marked
    assert not inline_relief(SourceTree(root), "main.tf", None, {"AWS-0086"})
    assert not inline_relief(SourceTree(root), "absent.tf", 1, {"AWS-0086"})


def test_a_comment_at_the_margin_ends_no_block(root: Path) -> None:
    (root / "main.tf").write_text('#trivy:ignore:*\nresource "a" "b" {\n# at the margin\n  public = true\n}\n')
    assert inline_relief(SourceTree(root), "main.tf", 4, {"AWS-0086"})


def test_a_mark_in_another_block_does_not_count(root: Path) -> None:
    (root / "main.tf").write_text('#trivy:ignore:*\nresource "a" "b" {\n}\n\nresource "a" "c" {\n  public = true\n}\n')
    assert not inline_relief(SourceTree(root), "main.tf", 6, {"AWS-0086"})


def test_only_the_targets_files_are_laid_out_and_none_at_the_top(root: Path) -> None:
    for name in ("dev/Dockerfile", "main.tf", "notes.md", "trivy.yaml", ".trivyignore"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("#trivy:ignore:*\n")
    command = TRIVY.command(job(root, "dev/Dockerfile", "main.tf", "notes.md"))
    assert command.files["tree/files/dev/Dockerfile"] == b"#trivy_ignore:*\n"
    assert command.files["tree/files/main.tf"] == b"#trivy_ignore:*\n"
    assert command.links == {"tree/files/notes.md": root / "notes.md"}
    assert command.argv[-1] == str(root.parent / "work" / "tree")
    assert not any("trivyignore" in name or name.endswith("trivy.yaml") for name in (*command.files, *command.links))


def test_without_checks_nothing_is_copied(root: Path) -> None:
    (root / "package.json").write_text("{}")
    command = TRIVY.command(job(root, "package.json", kinds=("npm-dependencies",)))
    assert list(command.links) == ["tree/files/package.json"]


@pytest.mark.parametrize(
    ("path", "staged"),
    [
        ("requirements.txt", "requirements.txt"),
        ("requirements/dev.txt", "requirements/dev.txt/requirements.txt"),
        ("requirements-dev.txt", "requirements-dev.txt/requirements.txt"),
        ("notes.txt", "notes.txt"),
        ("Dockerfile.prod", "Dockerfile.prod"),
        ("web.dockerfile", "web.dockerfile"),
        ("DOCKERFILE", "DOCKERFILE/Dockerfile"),
        ("Dockerfile.a.b", "Dockerfile.a.b/Dockerfile"),
        ("Dockerfile.md", "Dockerfile.md"),
        ("cfn.template", "cfn.template/template.yaml"),
    ],
)
def test_names_that_trivy_does_not_know(root: Path, path: str, staged: str) -> None:
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text("x\n")
    command = TRIVY.command(job(root, path))
    assert f"tree/files/{staged}" in {*command.files, *command.links}


@pytest.mark.parametrize(
    ("kinds", "scanners"),
    [
        (("npm-dependencies",), "vuln"),
        (("dockerfile", "helm"), "misconfig"),
        (("files",), "secret,license"),
        (IN_TREE, "vuln,misconfig,secret,license"),
    ],
)
def test_what_is_looked_for_follows_from_what_there_is(root: Path, kinds: tuple[str, ...], scanners: str) -> None:
    assert option(TRIVY.command(job(root, kinds=kinds)), "--scanners") == scanners


def test_an_image_in_a_file_and_a_reference(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("TRIVY_PASSWORD", "made-up")
    monkeypatch.setenv("TRIVY_SEVERITY", "CRITICAL")
    file = TRIVY.command(job(root, kinds=("container-image",), subject="/images/app.tar"))
    assert option(file, "--input") == "/images/app.tar"
    assert not file.network
    assert "TRIVY_PASSWORD" not in file.env
    reference = TRIVY.command(job(root, kinds=("container-image",), subject="-x"))
    assert reference.argv[-2:] == ("--", "-x")
    assert reference.network
    told = {name: value for name, value in reference.env.items() if value != "true"}
    assert told == {"DOCKER_CONFIG": str(tmp_path), "TRIVY_PASSWORD": "made-up"}
    assert option(reference, "--image-src") == "docker,containerd,podman,remote"


def test_offline_no_registry_is_asked(root: Path) -> None:
    command = TRIVY.command(job(root, kinds=("container-image",), subject="debian:12", offline=True))
    assert option(command, "--image-src") == "docker,containerd,podman"
    assert not command.network


def result(path: str, *packages: dict[str, Any], kind: str = "lang-pkgs", **more: Any) -> dict[str, Any]:
    return {"Target": f"files/{path}", "Class": kind, "Packages": list(packages)} | more


def scan(job: Job, *results: dict[str, Any], log: str = "") -> Parsed:
    document = {"SchemaVersion": 2, "ArtifactType": "filesystem", "Results": list(results)}
    return TRIVY.parse(Output(json.dumps(document).encode(), 0, log), job)


PACKAGE = {"Name": "a", "Version": "1"}


@pytest.mark.parametrize(
    ("files", "named", "unseen"),
    [
        (("package.json", "package-lock.json"), ("package-lock.json",), set()),
        (("web/package.json", "package-lock.json"), ("package-lock.json",), set()),
        (("package.json", "web/package-lock.json"), ("web/package-lock.json",), {"package.json"}),
        (("package.json", "yarn.lock"), ("yarn.lock",), set()),
        (("Cargo.toml", "Cargo.lock"), ("Cargo.lock",), set()),
        (("Gemfile", "gems.locked", "go.mod"), ("go.mod",), {"Gemfile", "gems.locked"}),
        (("pom.xml", "go.mod"), ("go.mod",), {"pom.xml"}),
        (("app.csproj", "packages.lock.json"), ("packages.lock.json",), set()),
        (("build.gradle.kts", "pom.xml"), ("pom.xml",), {"build.gradle.kts"}),
    ],
)
def test_a_manifest_counts_where_its_lock_file_was_read(
    root: Path, files: tuple[str, ...], named: tuple[str, ...], unseen: set[str]
) -> None:
    parsed = scan(job(root, *files, kinds=DEPENDENCIES), *(result(path, PACKAGE) for path in named))
    assert parsed.unseen == unseen
    assert parsed.state is (LedgerState.PARTIAL if unseen else LedgerState.RAN)


def test_a_dependency_without_a_version_was_not_looked_up(root: Path) -> None:
    project = {"Name": "g:project", "Relationship": "root"}
    parsed = scan(job(root, "pom.xml", kinds=DEPENDENCIES), result("pom.xml", project, PACKAGE, {"Name": "g:managed"}))
    assert [skip.reason for skip in parsed.skipped] == ["1 dependencies have no version in it: g:managed"]
    assert (parsed.state, parsed.unseen) == (LedgerState.PARTIAL, frozenset())


def test_an_open_requirement_was_not_looked_up(root: Path) -> None:
    (root / "requirements.txt").write_text("a==1\nb>=2\n")
    given = job(root, "requirements.txt", "go.mod", kinds=DEPENDENCIES)
    parsed = scan(given, result("go.mod", PACKAGE), result("requirements.txt", PACKAGE))
    assert [skip.reason for skip in parsed.skipped] == ["1 requirements have no exact version: b>=2"]
    assert (parsed.state, parsed.unseen) == (LedgerState.PARTIAL, frozenset())
    assert scan(given, result("go.mod", PACKAGE)).unseen == {"requirements.txt"}


MANIFEST = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
BROKEN = (
    'ERROR\t[terraform parser] Error parsing file\tmodule="root" file_path="files/a b/{name}.tf" cause="x"\n'
    "ERROR\t[terraform parser] Error parsing file\tfile_path=files/{name}.tf err=x\n"
)


@pytest.mark.parametrize(
    ("path", "text", "unseen"),
    [
        ("pod.yaml", MANIFEST, True),
        ("cfn.json", '{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}', True),
        ("mkdocs.yml", "site_name: x\n", False),
        ("Dockerfile", "FROM\n", True),
        ("Dockerfile.md", "# How we build\n", False),
        ("chart/Chart.yaml", "apiVersion: v2\nname: c\n", True),
        ("empty.tf", "", False),
        ("bad.tf", "{{{", True),
        ("a b/bad.tf", "{{{", True),
        ("app.py", "pass\n", False),
    ],
)
def test_silence_about_a_file_with_something_to_check_is_no_answer(
    root: Path, path: str, text: str, unseen: bool
) -> None:
    for name, content in {path: text, "good.tf": ""}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    parsed = scan(job(root, path, "good.tf"), log=BROKEN.format(name="bad"))
    assert parsed.unseen == ({path} if unseen else set())


def test_a_chart_counts_where_one_of_its_templates_was_checked(root: Path) -> None:
    files = ("chart/Chart.yaml", "chart/values.yaml", "chart/templates/pod.yaml")
    for path in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(MANIFEST)
    assert scan(job(root, *files), result("chart/templates/pod.yaml", kind="config")).state is LedgerState.RAN
    assert scan(job(root, *files)).state is LedgerState.FAILED


def test_a_log_that_is_too_long_tells_nothing(root: Path) -> None:
    (root / "main.tf").write_text("")
    parsed = scan(job(root, "main.tf", kinds=("terraform",)), log="x" * 20_000)
    assert parsed.state is LedgerState.PARTIAL
    assert "too long" in parsed.skipped[0].reason


def write_database(folder: Path, updated: object = "2026-11-01T02:03:04.123456789Z") -> Path:
    (folder / "db").mkdir(parents=True)
    (folder / "db" / "trivy.db").write_bytes(b"")
    (folder / "db" / "metadata.json").write_text(json.dumps({"Version": 2, "UpdatedAt": updated}))
    return folder


@pytest.mark.parametrize(
    ("updated", "told"),
    [("2026-11-01T02:03:04.123456789Z", "2026-11-01T02:03:04Z"), ("soon", ""), (None, ""), ([], "")],
)
def test_the_date_of_the_database(root: Path, tmp_path: Path, updated: object, told: str) -> None:
    assert database_date(job(root, database=write_database(tmp_path / "c", updated))) == told


def test_the_database_is_looked_for_where_trivy_has_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIVY_CACHE_DIR", str(write_database(tmp_path / "named")))
    assert database_date(job(root))
    monkeypatch.delenv("TRIVY_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert not database_date(job(root))
    write_database(tmp_path / "trivy")
    assert database_date(job(root))


def test_a_run_has_a_cache_of_its_own_with_links_to_the_users(root: Path, tmp_path: Path) -> None:
    given = job(root, database=write_database(tmp_path / "c"))
    lay_out_cache(given)
    cache = given.work / "cache"
    assert (cache / "db" / "metadata.json").read_text() == (tmp_path / "c/db/metadata.json").read_text()
    assert {path.name for path in cache.iterdir()} == {"db"}
    write_empty_java_database(given)
    assert (cache / "java-db" / "trivy-java.db").stat().st_size
    assert {path.name for path in (tmp_path / "c").iterdir()} == {"db"}


@pytest.mark.parametrize("damaged", ["db/trivy.db", "db/metadata.json"])
@pytest.mark.parametrize("kind", ["sbom", "container-image"])
def test_without_a_database_nothing_runs_and_the_download_is_named(
    root: Path, tmp_path: Path, damaged: str, kind: str
) -> None:
    (write_database(tmp_path / "c") / damaged).unlink()
    given = job(root, kinds=(kind,), subject="/x", database=tmp_path / "c")
    with pytest.raises(ScannerError) as caught:
        TRIVY.run(given, lambda command: pytest.fail("it ran"))
    assert caught.value.state is LedgerState.FAILED
    assert caught.value.mend == f"{given.program} image --download-db-only --cache-dir {tmp_path / 'c'}"


def test_what_needs_no_database_is_looked_at_all_the_same_and_the_rest_failed(root: Path, tmp_path: Path) -> None:
    (root / "Dockerfile").write_text("FROM a\n")
    given = job(root, "Dockerfile", kinds=("dockerfile", "npm-dependencies"), database=tmp_path / "none")
    commands: list[Command] = []

    def execute(command: Command) -> Output:
        commands.append(command)
        check = {"ID": "DS-0002", "Status": "FAIL"}
        found = result("Dockerfile", kind="config", Misconfigurations=[check])
        return Output(json.dumps({"SchemaVersion": 2, "Results": [found]}).encode(), 0)

    parsed = TRIVY.run(given, execute)
    assert [option(command, "--scanners") for command in commands] == ["misconfig"]
    assert (parsed.state, len(parsed.findings)) == (LedgerState.FAILED, 1)
    assert "no vulnerability database" in parsed.reason
