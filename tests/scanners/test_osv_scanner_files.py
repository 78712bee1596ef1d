"""Which files osv-scanner is given, and which lock files speak for manifests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate import kinds
from scangate.scanners.dependency_files import LOCK_FILES, Places, lock_file, unlocked
from scangate.scanners.interface import Job, Target
from scangate.scanners.osv_scanner import OsvScanner
from scangate.scanners.osv_scanner_tree import Speakers, stage, told_errors

NPM = '{"dependencies": {"react": "^18"}, "devDependencies": {"jest": "^29"}}'
CARGO = '[package]\nname = "app"\n[dependencies]\ntime = "1"\n'


def job(root: Path, files: dict[str, str]) -> Job:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return Job("osv-scanner", Target(".", (), tuple(sorted(files))), root, root)


def is_gap(root: Path, manifest: str, text: str, locks: dict[str, set[str]], **others: str) -> bool:
    """Whether a manifest is a gap beside lock files of some packages, by path."""
    known = unlocked(manifest)
    assert known is not None
    names = {path: frozenset(packages) for path, packages in locks.items()}
    more = {path.replace("__", "/").replace("_json", ".json"): other for path, other in others.items()}
    return Speakers(job(root, {manifest: text} | more), names).gap(manifest, known) is not None


@pytest.mark.parametrize(
    ("manifest", "text", "locks", "expected"),
    [
        ("package.json", NPM, {}, True),
        ("package.json", NPM, {"package-lock.json": {"react", "jest", "x"}}, False),
        ("package.json", NPM, {"package-lock.json": {"react"}}, True),
        ("package.json", NPM, {"package-lock.json": set()}, True),
        ("package.json", NPM, {"sub/package-lock.json": {"react", "jest"}}, True),
        ("packages/a/package.json", NPM, {"yarn.lock": {"react", "jest"}}, False),
        ("packages/a/package.json", NPM, {"packages/ab/yarn.lock": {"react", "jest"}}, True),
        ("packages/a/package.json", NPM, {"yarn.lock": {"react"}, "packages/a/bun.lock": {"jest"}}, True),
        ("package.json", '{"dependencies": {"a": "file:../a", "b": "workspace:*", "c": "../c"}}', {}, False),
        ("package.json", '{"dependencies": {"c": "me/c"}}', {}, True),
        ("package.json", '{"dependencies": {"c": "https://npm.example/c-1.0.0.tgz"}}', {}, True),
        ("package.json", '{"dependencies": {"c": "me/c"}}', {"yarn.lock": {"a"}}, False),
        ("package.json", '{"peerDependencies": {"c": "1.0.0"}}', {}, True),
        ("package.json", '{"peerDependencies": {"c": "1.0.0"}}', {"yarn.lock": {"a"}}, False),
        ("package.json", '{"dependencies": {"a": "npm:real@^1"}}', {"yarn.lock": {"real"}}, False),
        ("package.json", '{"dependencies": {"a": "npm:@x/real@^1"}}', {"yarn.lock": {"@x/real"}}, False),
        ("package.json", '{"dependencies": {"a": "npm:@x/real@^1"}}', {"yarn.lock": {"a"}}, True),
        ("package.json", '{"dependencies": ["a"]}', {}, False),
        ("package.json", "{", {"yarn.lock": {"a"}}, True),
        ("Cargo.toml", CARGO, {}, True),
        ("Cargo.toml", CARGO, {"Cargo.lock": {"app", "time"}}, False),
        ("crates/app/Cargo.toml", CARGO, {"Cargo.lock": {"app", "time"}}, False),
        ("examples/app/Cargo.toml", CARGO, {"Cargo.lock": {"other", "time"}}, True),
        ("Cargo.toml", '[workspace.dependencies]\ntime = "1"\n', {"Cargo.lock": {"app"}}, False),
        ("Cargo.toml", '[package]\nname = "app"\n', {}, False),
        ("Cargo.toml", "dependencies = [", {"Cargo.lock": {"app"}}, True),
        ("build.gradle", "dependencies {}", {"gradle.lockfile": {"a:b"}}, False),
        ("app/build.gradle.kts", "dependencies {}", {"gradle.lockfile": {"a:b"}}, True),
        ("build.gradle", "dependencies {}", {"gradle.lockfile": set()}, True),
        ("gradle/libs.versions.toml", "[libraries]\n", {"app/gradle.lockfile": {"a:b"}}, False),
        ("build.gradle", "apply from: 'deps.gradle'\n", {}, True),
        ("build.gradle.kts", 'apply(from = "deps.gradle.kts")\n', {}, True),
        ("build.gradle", "apply plugin: 'java'\n", {}, False),
        ("Directory.Build.props", '<PackageReference Include="a"/>', {}, True),
        ("Directory.Build.props", "<LangVersion>12</LangVersion>", {}, False),
        ("composer.json", '{"require": {"php": ">=8", "ext-json": "*"}}', {}, False),
        ("composer.json", '{"require": {"acme/a": "^1"}}', {"composer.lock": {"acme/a"}}, False),
        ("Gemfile", "source 'x'\n  gem 'rack'\n", {}, True),
        ("Gemfile", "source 'x'\n", {}, False),
        ("a.gemspec", "s.add_development_dependency 'rake'\n", {"Gemfile.lock": {"rake"}}, False),
        ("App.csproj", '<PackageReference Include="a"/>', {}, True),
        ("App.csproj", '<ProjectReference Include="b"/>', {}, False),
        ("App.csproj", '<PackageReference Include="a"/>', {"packages.lock.json": {"a"}}, False),
        ("Directory.Packages.props", '<PackageVersion Include="a"/>', {"src/packages.lock.json": {"a"}}, False),
        ("pubspec.yaml", "dev_dependencies:\n  a: any\n", {}, True),
        ("mix.exs", "defp deps do\n    [{:phoenix, \"~> 1\"}]\n", {}, True),
        ("apps/a/mix.exs", "defp deps do\n    [{:phoenix, \"~> 1\"}]\n", {"mix.lock": {"phoenix"}}, False),
        ("mix.exs", "defp deps do\n    []\n", {}, False),
        ("bun.lockb", "\0", {}, True),
        ("bun.lockb", "\0", {"bun.lock": {"a"}}, False),
    ],
)  # fmt: skip
def test_which_lock_files_speak_for_a_manifest(
    tmp_path: Path, manifest: str, text: str, locks: dict[str, set[str]], expected: bool
) -> None:
    assert is_gap(tmp_path, manifest, text, locks) is expected


def test_members_of_a_workspace_need_no_entry(tmp_path: Path) -> None:
    text = '{"dependencies": {"@acme/ui": "*", "react": "^18"}}'
    member = {"packages__ui__package_json": '{"name": "@acme/ui"}'}
    assert not is_gap(tmp_path, "packages/app/package.json", text, {"yarn.lock": {"react"}}, **member)
    assert is_gap(tmp_path, "packages/app/package.json", text, {"yarn.lock": {"redux"}}, **member)


def test_a_manifest_that_cannot_be_read_is_a_gap(tmp_path: Path) -> None:
    known = unlocked("package.json")
    assert known is not None
    gap = Speakers(job(tmp_path, {}), {}).gap("package.json", known)
    assert gap is not None and gap.unseen


def test_every_file_of_its_kinds_is_staged_or_told_about() -> None:
    """Names come from the inventory; a new one there must not be passed over here."""
    names = {name for name, kind in (kinds._NAMES | kinds._SUFFIXES).items() if kind in OsvScanner.by_default}
    assert names >= LOCK_FILES.keys() | {"pom.xml", "go.mod", ".gemspec"}
    for name in (*names, "package.json"):
        assert lock_file(name) or unlocked(f"a{name}" if name.startswith(".") else name) or name == "pom.xml", name


def test_a_file_of_no_known_name_is_a_gap(tmp_path: Path) -> None:
    laid_out = stage(job(tmp_path, {"deno.lock": "{}"}))
    assert [gap.unseen for gap in laid_out.gaps] == [True]


def test_files_are_staged_alone_and_under_the_tools_names(tmp_path: Path) -> None:
    files = {"a b/GEMFILE.LOCK": "", "é/go.mod": "module a\n", "é/go.sum": "sums", "pom.xml": "<project/>"}
    laid_out = stage(job(tmp_path, {path: text for path, text in files.items() if path != "é/go.sum"} | files))
    assert {staged.path: staged.name for staged in laid_out.staged} == {
        "a b/GEMFILE.LOCK": "tree/0/Gemfile.lock",
        "é/go.mod": "tree/2/go.mod",
    }
    assert laid_out.files == {"tree/2/go.sum": b"sums"}
    assert not any("osv-scanner.toml" in name for name in (*laid_out.files, *laid_out.links))


def test_errors_are_matched_to_their_files() -> None:
    stderr = (
        "Error during extraction: (extracting as javascript/packagelockjson) tmp/w/tree/2/package-lock.json: bad JSON\n"
        "Error during extraction: (extracting as python/x) \n\ttmp/w/tree/10/poetry.lock: bad: TOML\n"
        "\ttmp/w/tree/11/poetry.lock: worse\nScanned /tmp/w/tree/3/go.mod file and found 0 packages\n"
    )
    assert told_errors(stderr) == {2: "bad JSON", 10: "bad: TOML", 11: "worse"}


@pytest.mark.parametrize("name", LOCK_FILES)
@given(text=st.text(max_size=200), package=st.text(max_size=10), version=st.text(max_size=10))
def test_lines_are_found_or_not(name: str, text: str, package: str, version: str) -> None:
    line = Places(LOCK_FILES[name], text).line_of(package, version)
    assert line is None or 1 <= line <= text.count("\n") + 1


def test_lines_in_long_files_are_found_in_time() -> None:
    """A text that repeats the beginning of an entry; each must be given up on at once."""
    text = json.dumps({"a": 1}) + '\n"a": {\n' * 100_000 + '"a": {"version": "2"}'
    assert Places(LOCK_FILES["package-lock.json"], text).line_of("a", "2") == 200_001
    assert Places(LOCK_FILES["pubspec.lock"], "  a:\n" + "    x\n" * 100_000).line_of("a", "1") is None
