"""Manifests and lock files: exact versions with their place, and nothing that cannot be audited left unsaid."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from scangate.model import LedgerState
from scangate.scanners.interface import Output, ScannerError
from scangate.scanners.manifests import is_locked, read_manifest
from scangate.scanners.pins import Manifest
from scangate.scanners.pyproject import poetry_to_pep440
from scangate.scanners.resolve import read_resolution, resolving_command
from scangate.scanners.source import SourceTree

Read = Callable[..., Manifest]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Writes files below a root and reads the first: `read({"requirements.txt": "a==1"})`."""

    def reader(files: dict[str, str]) -> Manifest:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return read_manifest(SourceTree(tmp_path), next(iter(files)))

    return reader


def pins(manifest: Manifest) -> list[str]:
    return [f"{pin.name}=={pin.version}" for pin in manifest.pinned]


def reasons(manifest: Manifest) -> str:
    return "\n".join(skip.reason for skip in manifest.skipped)


@pytest.mark.parametrize(
    ("line", "pin"),
    [
        ("jinja2==2.10", "jinja2==2.10"),
        ("Jinja2 == 2.10.0  # pinned", "jinja2==2.10.0"),
        ("Zope.Interface[test]==5.0", "zope-interface==5.0"),
        ("a==1.0-beta1", "a==1.0b1"),
        ("a===1.0", "a==1.0"),
        ("a==1.0,>=0.9", "a==1.0"),
        ("torch==2.0+cu118", "torch==2.0+cu118"),
        ("a==1 ; python_version < '3'", "a==1"),
        ("a==1 --hash=sha256:0000 --hash=sha256:1111", "a==1"),
        ("a==1 \\\n    --hash=sha256:0000 \\\n    --hash=sha256:1111", "a==1"),
    ],
)
def test_an_exact_version_is_a_pin(read: Read, line: str, pin: str) -> None:
    manifest = read({"requirements.txt": f"{line}\n"})
    assert (pins(manifest), manifest.skipped) == ([pin], ())


@pytest.mark.parametrize("line", ["a", "a>=1", "a==1.*", "a~=1.4", "a<2 ; python_version > '3'"])
def test_anything_else_is_open(read: Read, line: str) -> None:
    manifest = read({"requirements.txt": line})
    assert [dependency.requirement for dependency in manifest.open] == [str(Requirement(line))]


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "--editable=git+https://example.com/x#egg=x",
        "git+https://example.com/x.git@v1",
        "./local/package",
        "wheels/a-1.0-py3-none-any.whl",
        "a @ https://example.com/a-1.0.tar.gz",
        "a==${VERSION}",
        "a==not a version",
        "--requir=other.txt",
        "--unknown-option",
        "((((((",
        f"a ; {'(' * 5000}",
    ],
)
def test_what_cannot_be_audited_is_skipped_with_its_line(read: Read, line: str) -> None:
    manifest = read({"requirements.txt": f"b==1\n{line}\n"})
    assert pins(manifest) == ["b==1"]
    (skip,) = manifest.skipped
    assert skip.path == "requirements.txt" and skip.reason.startswith("line 2: ")


def test_a_password_in_a_url_is_not_shown(read: Read) -> None:
    assert "hunter2" not in reasons(read({"requirements.txt": "git+https://me:hunter2@example.com/x\n"}))


def test_lines_count_from_one_through_comments_and_continuations(read: Read) -> None:
    manifest = read({"requirements.txt": "# top\n\na==1 \\\n  --hash=sha256:0\nb==2\n# c==3 \\\nd==4\n"})
    assert [(pin.name, pin.origin.line) for pin in manifest.pinned] == [("a", 3), ("b", 5), ("d", 7)]


def test_includes_are_followed_relative_to_their_file_and_once(read: Read) -> None:
    manifest = read(
        {
            "requirements/dev.txt": "-r base.txt\n--requirement=../more.txt\nc==3\n",
            "requirements/base.txt": "a==1\n-r dev.txt\n",
            "more.txt": "b==2\n-r requirements/base.txt\n",
        }
    )
    places = [(pin.name, pin.origin.manifest, pin.origin.line, pin.origin.scope) for pin in manifest.pinned]
    assert places == [
        ("a", "requirements/base.txt", 1, "runtime"),
        ("b", "more.txt", 1, "runtime"),
        ("c", "requirements/dev.txt", 3, "dev"),
    ]
    assert manifest.skipped == ()


@pytest.mark.parametrize(
    "value",
    ["../outside.txt", "/etc/hostname", "x/../../outside.txt", "https://h/r.txt", "no.txt", "link.txt", "dir", ""],
)
def test_an_include_that_leaves_the_tree_or_is_missing_is_skipped(tmp_path: Path, value: str) -> None:
    root = tmp_path / "root"
    (root / "dir").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("secret==1\n")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "requirements.txt").write_text(f"a==1\n-r {value}\n")
    manifest = read_manifest(SourceTree(root), "requirements.txt")
    assert pins(manifest) == ["a==1"]
    assert len(manifest.skipped) == 1 and "line 2" in manifest.skipped[0].reason


def test_constraints_are_not_dependencies(read: Read) -> None:
    manifest = read({"requirements.txt": "-c constraints.txt\na\n", "constraints.txt": "a==1\nunused==9\n"})
    assert pins(manifest) == [] and [dependency.name for dependency in manifest.open] == ["a"]
    assert manifest.constraints == ("a==1", "unused==9")


@pytest.mark.parametrize("line", ["-i http://evil", "--index-url=http://evil", "--extra-index-url http://evil", "-f x"])
def test_an_index_of_the_scanned_tree_is_noted_and_never_asked(read: Read, line: str) -> None:
    manifest = read({"requirements.txt": f"{line}\na>=1\n"})
    assert "indexes of its own" in manifest.note
    command = resolving_command(manifest, offline=False)
    assert command.files["open.in"] == b"a>=1\n" and "--no-config" in command.argv
    assert "evil" not in " ".join((*command.argv, *command.env.values()))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "a ; os_name == 'x\x0b--index-url http://evil'"),
        ("requirements.txt", "a ; os_name == 'x\x85--index-url http://evil'"),
        ("pyproject.toml", "[project]\ndependencies = [\"a ; os_name == 'x\\n--index-url http://evil'\"]"),
        ("pyproject.toml", '[project]\ndependencies = ["a\\n--index-url http://evil"]'),
        ("uv.lock", 'version = 1\n[[package]]\nname = "a==1\\n-r /etc/x"\nversion = "1"\nsource = {registry = "x"}'),
        ("poetry.lock", '[[package]]\nname = "a"\nversion = "1\\n--index-url http://evil"\n[metadata]\n'),
        ("Pipfile.lock", json.dumps({"_meta": {}, "default": {"a\n-r x": {"version": "==1"}}})),
    ],
)
def test_nothing_smuggles_a_second_line_into_a_file_of_ours(read: Read, name: str, text: str) -> None:
    manifest = read({name: text})
    assert manifest.dependencies == () and len(manifest.skipped) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "a==1\0"),
        ("uv.lock", "not toml"),
        ("uv.lock", "x = 1"),
        ("uv.lock", "version = 1\npackage = 'none'"),
        ("uv.lock", "a = " + "[" * 5000),
        ("poetry.lock", "[metadata]\n[[package]]\nname = 'a'"),
        ("poetry.lock", ""),
        ("pylock.toml", "packages = []"),
        ("pylock.dev.toml", "lock-version = '1.0'\npackages = [3]"),
        ("pyproject.toml", "[project]\ndependencies = 'a'"),
        ("pyproject.toml", "dependency-groups = 3"),
        ("Pipfile.lock", "{"),
        ("Pipfile.lock", "[]"),
        ("Pipfile.lock", '{"default": {}}'),
        ("Pipfile.lock", '{"_meta": {}, "default": {"a": "==1"}}'),
        ("Pipfile.lock", "[" * 100_000),
    ],
)
def test_a_damaged_manifest_is_an_error_and_not_a_project_without_dependencies(
    read: Read, name: str, text: str
) -> None:
    with pytest.raises(ScannerError) as caught:
        read({name: text})
    assert caught.value.state in (LedgerState.FAILED, LedgerState.UNREADABLE)
    assert name in caught.value.reason


def test_an_absent_or_linked_manifest_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").symlink_to("/etc/hostname")
    for name in ("requirements.txt", "uv.lock"):
        with pytest.raises(ScannerError):
            read_manifest(SourceTree(tmp_path), name)


UV_LOCK = """version = 1

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "Flask" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[[package]]
name = "Flask"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "jinja2" }]

[[package]]
name = "jinja2"
version = "2.10"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "pytest"
version = "7.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "jinja2" }, { name = "iniconfig" }]

[[package]]
name = "iniconfig"
version = "1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "forked"
version = "1.0"
source = { git = "https://example.com/forked" }
"""


def test_uv_lock_tells_scope_and_directness(read: Read) -> None:
    manifest = read({"uv.lock": UV_LOCK})
    found = {p.name: (p.version, p.origin.line, p.origin.scope, p.origin.direct) for p in manifest.pinned}
    assert found == {
        "flask": ("1.0", 13, "runtime", True),
        "jinja2": ("2.10", 19, "runtime", False),
        "pytest": ("7.0", 24, "dev", True),
        "iniconfig": ("1.0", 30, "dev", False),
    }
    assert "forked" in reasons(manifest) and len(manifest.skipped) == 1


def test_poetry_lock_of_both_generations(read: Read) -> None:
    text = """[[package]]
name = "a"
version = "1"
groups = ["main", "dev"]

[[package]]
name = "b"
version = "2"
category = "dev"

[[package]]
name = "c"
version = "3"

[[package]]
name = "d"
version = "4"
[package.source]
type = "legacy"
url = "https://mirror.example.com/simple"

[[package]]
name = "e"
version = "5"
[package.source]
type = "directory"
url = "../e"

[metadata]
lock-version = "2.0"
"""
    manifest = read({"poetry.lock": text})
    found = [(p.name, p.version, p.origin.line, p.origin.scope) for p in manifest.pinned]
    assert found == [
        ("a", "1", 2, "runtime"),
        ("b", "2", 7, "dev"),
        ("c", "3", 12, "unknown"),
        ("d", "4", 16, "unknown"),
    ]
    assert reasons(manifest).startswith("line 23: e: ")


def test_pipfile_lock(read: Read) -> None:
    lock = {
        "_meta": {"hash": {}},
        "default": {
            "a": {"version": "==1", "hashes": []},
            "b": {"git": "https://x", "ref": "1"},
            "c": {"version": "*"},
        },
        "develop": {"d": {"version": "==4"}, "a": {"version": "==1"}},
    }
    manifest = read({"Pipfile.lock": json.dumps(lock, indent=4)})
    found = [(p.name, p.version, p.origin.line, p.origin.scope) for p in manifest.dependencies]
    assert found == [("a", "1", 6, "runtime"), ("c", "", 14, "runtime"), ("d", "4", 19, "dev")]
    assert reasons(manifest).startswith("line 10: b: ")


@pytest.mark.parametrize("name", ["pylock.toml", "pylock.web.toml"])
def test_pylock(read: Read, name: str) -> None:
    text = """lock-version = "1.0"
[[packages]]
name = "a"
version = "1"
[[packages]]
name = "b"
version = "2"
marker = "'dev' in dependency_groups"
[[packages]]
name = "c"
directory = { path = "." }
"""
    manifest = read({name: text})
    found = [(p.name, p.version, p.origin.line, p.origin.scope) for p in manifest.pinned]
    assert found == [("a", "1", 3, "unknown"), ("b", "2", 6, "dev")]
    assert "c: " in reasons(manifest)


def test_pyproject_of_the_standards(read: Read) -> None:
    text = """[project]
name = "x"
dependencies = [
  "a==1",
  "b[extra]>=2",
  "c @ https://example.com/c.whl",
]
dynamic = ["version", "optional-dependencies"]
[dependency-groups]
dev = ["d==4", { include-group = "more" }]
more = ["e"]
"""
    manifest = read({"pyproject.toml": text})
    found = [(p.name, p.version, p.origin.line, p.origin.scope, p.origin.direct) for p in manifest.dependencies]
    assert found == [
        ("a", "1", 4, "runtime", True),
        ("b", "", 5, "runtime", True),
        ("d", "4", 10, "dev", True),
        ("e", "", 11, "dev", True),
    ]
    assert "line 6: c @" in reasons(manifest) and "optional-dependencies: dynamic" in reasons(manifest)


def test_pyproject_of_poetry(read: Read) -> None:
    text = """[tool.poetry.dependencies]
python = "^3.11"
a = "1.2.3"
b = { version = "^2.1", extras = ["x", "y"], markers = "os_name == 'posix'" }
c = { git = "https://example.com/c" }
d = [{ version = "<2", python = "<3.8" }, { version = ">=2" }]
f = "^1 || ^2"
[tool.poetry.group.dev.dependencies]
e = "*"
"""
    manifest = read({"pyproject.toml": text})
    found = [(p.requirement, p.origin.line, p.origin.scope) for p in manifest.dependencies]
    assert found == [
        ("a==1.2.3", 3, "runtime"),
        ('b[x,y]<3,>=2.1; os_name == "posix"', 4, "runtime"),
        ('d<2; python_version < "3.8"', 6, "runtime"),
        ("d>=2", 6, "runtime"),
        ("e", 9, "dev"),
    ]
    assert "c: " in reasons(manifest) and "f^1 || ^2" in reasons(manifest)


@pytest.mark.parametrize(
    ("poetry", "pep440"),
    [
        ("*", ""),
        ("1.2.3", "==1.2.3"),
        ("1.*", "==1.*"),
        (">=1.2,<2", ">=1.2,<2"),
        ("~=1.4", "~=1.4"),
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
    ],
)
def test_poetry_constraints_as_poetry_documents_them(poetry: str, pep440: str) -> None:
    assert poetry_to_pep440(poetry) == pep440


def test_a_pin_counts_once_and_as_runtime_where_it_is_one(read: Read) -> None:
    manifest = read({"pyproject.toml": '[project]\ndependencies=["a==1"]\n[dependency-groups]\ndev=["A==1.0","a==1"]'})
    assert [(p.version, p.origin.scope) for p in manifest.pinned] == [("1", "runtime"), ("1.0", "dev")]


@pytest.mark.parametrize(
    ("lock", "text", "speaks"),
    [
        ("uv.lock", '[[package]]\nname="A"\nversion="1.5"\nsource={registry="r"}', True),
        ("uv.lock", '[[package]]\nname="a"\nversion="2.5"\nsource={registry="r"}', False),
        ("uv.lock", "", False),
        ("uv.lock", '[[package]]\nname="b"\nversion="1.5"\nsource={registry="r"}', False),
        ("uv.lock", '[[package]]\nname="a"\nversion="1.5"\nsource={editable="a"}', False),
        ("uv.lock", "[[package", False),
        ("poetry.lock", '[metadata]\n[[package]]\nname="a"\nversion="1.9"', True),
        ("poetry.lock", "[metadata]", False),
        ("pylock.toml", 'lock-version="1.0"\npackages=[]', False),
        ("pylock.toml", 'lock-version="1.0"\n[[packages]]\nname="a"\nversion="1.0"', True),
    ],
)
def test_a_lock_file_speaks_for_a_manifest_when_it_holds_what_that_asks_for(
    tmp_path: Path, lock: str, text: str, speaks: bool
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies=["a<2"]')
    (tmp_path / lock).write_text(f"version = 1\n{text}" if lock == "uv.lock" else text)
    assert is_locked(SourceTree(tmp_path), "pyproject.toml", lock) is speaks


def test_a_member_of_the_workspace_is_locked_without_a_version(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies=["a"]')
    (tmp_path / "uv.lock").write_text('version = 1\n[[package]]\nname="a"\nsource={editable="a"}')
    assert is_locked(SourceTree(tmp_path), "pyproject.toml", "uv.lock")


def test_what_a_manifest_hides_from_us_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.poetry.dependencies]\na = '1 || 1.0'")
    (tmp_path / "poetry.lock").write_text('[metadata]\n[[package]]\nname="b"\nversion="1"')
    assert not is_locked(SourceTree(tmp_path), "pyproject.toml", "poetry.lock")


def test_a_manifest_that_cannot_be_read_needs_a_lock_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text("version = 1")
    assert not is_locked(SourceTree(tmp_path), "setup.py", "uv.lock")
    (tmp_path / "uv.lock").write_text(UV_LOCK)
    assert is_locked(SourceTree(tmp_path), "setup.py", "uv.lock")


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r"])
def test_a_comment_ends_where_pip_sees_the_line_end(read: Read, end: str) -> None:
    assert pins(read({"requirements.txt": f"a==1\n# note {end}jinja2==2.10\nb==2"})) == ["a==1", "jinja2==2.10", "b==2"]


@pytest.mark.parametrize(
    "line",
    [
        "--pre -r more.txt",
        "--no-index --requirement=more.txt",
        "-i https://index.example/simple -r more.txt",
        "--trusted-host index.example -rmore.txt",
        "-r none.txt --requirement more.txt",
        "--pre --require-hashes -r 'more.txt'",
    ],
)
def test_an_include_behind_another_option_is_followed(read: Read, line: str) -> None:
    assert pins(read({"requirements.txt": line, "more.txt": "a==1"})) == ["a==1"]


def test_a_requirements_file_in_another_encoding_is_an_error(read: Read) -> None:
    for text in ("# coding: utf-7\n# +AAo-a==1", "#\r#\r# -*- coding=utf-7 -*-\n", "#\n# vim: fileencoding: latin-1"):
        with pytest.raises(ScannerError, match="not in UTF-8"):
            read({"requirements.txt": text})
    assert pins(read({"requirements.txt": "# coding: utf-8\n# coding: see below\na==1"})) == ["a==1"]
    included = read({"requirements.txt": "-r more.txt", "more.txt": "# coding: utf-7\n# +AAo-a==1"})
    assert [("not in UTF-8" in skip.reason) for skip in included.skipped] == [True]


@pytest.mark.parametrize("table", ["[tool.uv]\ndev-dependencies=['a==1']", "[tool.pdm.dev-dependencies]\nx=['a==1']"])
def test_development_dependencies_of_before_the_standard_are_read(read: Read, table: str) -> None:
    manifest = read({"pyproject.toml": table})
    assert [(pin.name, pin.origin.scope) for pin in manifest.pinned] == [("a", "dev")]


def test_resolving_builds_nothing_and_holds_the_pins(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.com/simple")
    command = resolving_command(read({"requirements.txt": "a[x]==1\nb>=2\n-c c.txt", "c.txt": "c<3"}), offline=True)
    assert {"--no-build", "--no-config", "--offline", "--no-python-downloads"} <= {*command.argv}
    assert command.files == {"open.in": b"b>=2\n", "constraints.txt": b"a==1\nc<3\n"}
    assert command.env["UV_DEFAULT_INDEX"] == "https://mirror.example.com/simple"
    assert command.network is False


def test_what_was_resolved_keeps_its_place(read: Read) -> None:
    manifest = read({"requirements.txt": "a>=1\nb==2\n"})
    resolved = read_resolution(
        Output(b"# c\na[x]==1.5 ; os_name == 'nt'\nb==2\nz==3\n", 0), manifest, "requirements.txt"
    )
    found = [(d.name, d.version, d.origin.line, d.origin.direct) for d in resolved]
    assert found == [("a", "1.5", 1, True), ("z", "3", None, False)]


@pytest.mark.parametrize(
    "output",
    [Output(b"", 1, "error: http://me:hunter2@h/ failed"), Output(b"", 2), Output(b"a>=1\n", 0), Output(b"{}", 0)],
)
def test_a_failed_resolution_is_an_error(read: Read, output: Output) -> None:
    with pytest.raises(ScannerError) as caught:
        read_resolution(output, read({"requirements.txt": "a>=1"}), "requirements.txt")
    assert "hunter2" not in caught.value.reason


LINES = st.text(st.sampled_from("ab-_.=<>!~ \\#;'\"[](){}:/@\n\t01.*,rec\x00\x0b\ud7ff\u2028$"), max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    LINES,
    st.sampled_from(["requirements.txt", "pyproject.toml", "poetry.lock", "uv.lock", "Pipfile.lock", "pylock.toml"]),
)
def test_reading_raises_nothing_but_a_scanner_error(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / name).write_text(text)
    try:
        manifest = read_manifest(SourceTree(tmp_path), name)
    except ScannerError:
        return
    for dependency in manifest.dependencies:
        assert dependency.requirement.isprintable()
        Requirement(dependency.requirement)
