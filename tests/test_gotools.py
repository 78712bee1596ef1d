"""Go tools, tried by really building gitleaks with the user's own module and build caches.

Where a test needs a Go that this machine has not, a shell script stands in for it, and is called a fake.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from scangate.buildinfo import module_version
from scangate.gotools import find_go, go_builder
from scangate.scanners.interface import Tool, ToolSpec
from scangate.scanners.locks import GoLock, read_lock
from scangate.toolerrors import ToolError
from scangate.toolstore import ToolStore, resolve
from tests.go_program import write_program

MODULE = "github.com/zricethezav/gitleaks/v8"
GITLEAKS = ToolSpec("gitleaks", executable="gitleaks", versions=">=8.20,<9", module=MODULE)
NEWER_GO, OLD_GO = "go1.99.0", "go1.19.8"
WAYS = ("apt-get install golang", "scangate tools install gitleaks", "on PATH", "actions/setup-go")


@pytest.fixture
def lock() -> GoLock:
    lock = read_lock("gitleaks")
    assert isinstance(lock, GoLock)
    return lock


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> ToolStore:
    """A store with gitleaks in it, shared by tests that leave it intact."""
    store = ToolStore(tmp_path_factory.mktemp("data") / "tools")
    store.install(GITLEAKS, say=_silent)
    return store


@pytest.fixture
def store(tmp_path: Path) -> ToolStore:
    return ToolStore(tmp_path / "tools")


def _silent(note: str) -> None:
    """Takes progress and shows none."""


def _folders(store: ToolStore) -> list[Path]:
    return [path for path in store.home.glob("*") if path.is_dir()]


def _found(store: ToolStore) -> Tool:
    tool = store.find(GITLEAKS)
    assert tool is not None
    return tool


def _build(lock: GoLock, folder: Path) -> None:
    go_builder(GITLEAKS, lock).build(folder, cancel=None)


def _fake_go(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    version: str = NEWER_GO,
    install: str = "exit 0",
    settings: Mapping[str, str] | None = None,
) -> Path:
    """A `go`, alone on `PATH` with the system's own programs but Go, that answers and does `install`."""
    asked = (
        "GOPROXY GONOPROXY GOPRIVATE GOINSECURE GOAUTH GOVCS GOSUMDB GONOSUMDB GOTOOLCHAIN GOPATH GOMODCACHE GOCACHE"
    )
    answer = json.dumps({**dict.fromkeys(asked.split(), ""), "GOVERSION": version, **(settings or {})})
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "go"
    program.write_text(f"#!/bin/sh\nif [ $1 = env ]; then echo '{answer}'; exit; fi\n{install}\n")
    program.chmod(0o755)
    _only_on_path(monkeypatch, folder)
    return program


def _only_on_path(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, folders), "/usr/sbin"]))
    assert not Path("/usr/sbin/go").exists()


@pytest.mark.real
def test_a_built_tool_is_found_and_tells_its_version(installed: ToolStore, lock: GoLock) -> None:
    tool = _found(installed)
    assert (tool.version, tool.origin) == (lock.version, "store")
    said = subprocess.run([tool.path, "version"], capture_output=True, text=True, check=True).stdout
    assert said.strip() == lock.version
    assert installed.problem(GITLEAKS, wholly=True) == ""


@pytest.mark.real
def test_gos_own_reader_says_the_same_version(installed: ToolStore, lock: GoLock) -> None:
    program = _found(installed).path
    go = find_go()
    assert go is not None
    read = subprocess.run([go.path, "version", "-m", program], capture_output=True, text=True, check=True).stdout
    assert f"\tmod\t{MODULE}\tv{module_version(program, MODULE)}\t" in read
    assert module_version(program, MODULE) == lock.version


@pytest.mark.real
def test_what_the_user_and_the_folder_have_set_changes_no_byte(
    installed: ToolStore, store: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = find_go()
    assert go is not None
    tree = tmp_path / "tree"
    (tree / ".config" / "go").mkdir(parents=True)
    (tree / ".config" / "go" / "env").write_text("GOFLAGS=-tags=evil\nGOARCH=386\n")
    (tree / "go.work").write_text("go 1.24\nuse .\n")
    (tree / "go.mod").write_text(f"module example.org/tree\ngo 1.24\nreplace {MODULE} => ./evil\n")
    monkeypatch.chdir(tree)
    caches = {name: go.settings[name] for name in ("GOMODCACHE", "GOCACHE")}
    ours = {"HOME": str(tree), "GOWORK": str(tree / "go.work"), "GOFLAGS": "-mod=mod -race", "GOOS": "windows"}
    for name, value in {**caches, **ours}.items():
        monkeypatch.setenv(name, value)
    tool = store.install(GITLEAKS, say=_silent)
    assert tool.path.read_bytes() == _found(installed).path.read_bytes()


@pytest.mark.real
def test_where_modules_come_from_is_the_users_own_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("GOPROXY=https://proxy.example\nGOPRIVATE=example.org\n")
    monkeypatch.delenv("GOPROXY", raising=False)
    monkeypatch.setenv("GOENV", str(tmp_path / "env"))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    go = find_go()
    assert go is not None
    assert go.settings["GOPROXY"] == "https://proxy.example"
    assert go.settings["GOPRIVATE"] == "example.org"
    assert go.settings["GOMODCACHE"] == str(tmp_path / "modules")


def _edit_keeping_the_time(program: Path) -> None:
    status = program.stat()
    program.write_bytes(b"\x7fELF" + program.read_bytes()[4:-1] + b"!")
    os.utime(program, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.real
def test_a_damaged_program_is_noticed_and_built_anew(store: ToolStore) -> None:
    program = store.install(GITLEAKS, say=_silent).path
    _edit_keeping_the_time(program)
    assert store.problem(GITLEAKS, wholly=True) == "damaged: bin/gitleaks was changed"
    program.write_bytes(program.read_bytes()[:-100])
    assert store.problem(GITLEAKS) == "damaged: bin/gitleaks was changed"
    assert store.find(GITLEAKS) is None
    notes: list[str] = []
    assert resolve(GITLEAKS, store=store, configured=None, say=notes.append) == _found(store)
    assert notes[0].startswith("building gitleaks 8.") and "takes about 30 seconds" in notes[0]
    assert notes[0].endswith("(damaged: bin/gitleaks was changed)")
    assert store.problem(GITLEAKS, wholly=True) == ""
    assert len(_folders(store)) == 1


@pytest.mark.real
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [(r"h1:....", "h1:AAAA", "checksum mismatch"), ("cobra", "cobrb", "missing go.sum entry")],
    ids=["wrong-hash", "no-hash"],
)
def test_what_no_hash_vouches_for_is_not_built(lock: GoLock, tmp_path: Path, old: str, new: str, why: str) -> None:
    shutil.copy(lock.path, tmp_path / "go.mod")
    sums = lock.path.with_name("go.sum").read_text(encoding="utf-8").splitlines()
    changed = [re.sub(old, new, line) if line.startswith("github.com/spf13/cobra ") else line for line in sums]
    assert changed != sums
    (tmp_path / "go.sum").write_text("\n".join(changed) + "\n")
    with pytest.raises(ToolError, match=why):
        _build(replace(lock, path=tmp_path / "go.mod"), tmp_path / "environment")


@pytest.mark.real
def test_a_build_of_another_release_than_the_lock_says_is_not_taken(lock: GoLock, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=rf"built as gitleaks 8\.0\.0 is {MODULE} {lock.version}"):
        _build(replace(lock, version="8.0.0"), tmp_path / "environment")


@pytest.mark.real
def test_without_network_the_error_says_so(store: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    monkeypatch.setenv("GOPROXY", "off")
    with pytest.raises(ToolError, match=r"cannot install gitleaks .*module lookup disabled") as caught:
        store.install(GITLEAKS, say=_silent)
    assert caught.value.mend == "scangate tools install gitleaks"
    assert _folders(store) == []


@pytest.mark.real
def test_cancelling_ends_the_build_and_leaves_nothing(store: ToolStore) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(ToolError, match="cancelled"):
        store.install(GITLEAKS, say=_silent, cancel=cancel)
    assert _folders(store) == []


@pytest.mark.real
def test_an_installed_tool_needs_no_go(installed: ToolStore, monkeypatch: pytest.MonkeyPatch) -> None:
    _only_on_path(monkeypatch)
    assert installed.install(GITLEAKS, say=_silent) == _found(installed)
    assert resolve(GITLEAKS, store=installed, configured=None, say=_silent) == _found(installed)


def test_without_go_the_error_names_three_ways(store: ToolStore, monkeypatch: pytest.MonkeyPatch) -> None:
    _only_on_path(monkeypatch)
    with pytest.raises(ToolError, match="Go is missing") as caught:
        resolve(GITLEAKS, store=store, configured=None, say=_silent)
    assert "needs Go 1." in caught.value.reason
    for way in WAYS:
        assert way in caught.value.mend


def test_without_go_the_program_on_path_is_taken(
    store: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = write_program(tmp_path / "bin" / "gitleaks", MODULE, "v8.19.0")
    _only_on_path(monkeypatch, program.parent)
    notes: list[str] = []
    tool = resolve(GITLEAKS, store=store, configured=None, say=notes.append)
    assert tool == Tool(program, "8.19.0", f"PATH: {program} (outside >=8.20,<9)")
    assert "Go is missing" in notes[-1] and notes[-1].endswith(f"taking {program} instead")


def test_a_fitting_program_on_path_saves_the_build(
    store: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = write_program(tmp_path / "bin" / "gitleaks", MODULE, "v8.29.0")
    _only_on_path(monkeypatch, program.parent)
    notes: list[str] = []
    assert resolve(GITLEAKS, store=store, configured=None, say=notes.append) == Tool(
        program, "8.29.0", f"PATH: {program}"
    )
    assert notes == []


@pytest.mark.parametrize(
    ("version", "toolchain"),
    [(OLD_GO, ""), ("go1.21.0", "local"), ("go1.21.0", "go1.21.0")],
)
def test_a_fake_go_that_is_too_old_and_fetches_no_newer(
    store: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, toolchain: str
) -> None:
    go = _fake_go(tmp_path / "bin", monkeypatch, version=version, settings={"GOTOOLCHAIN": toolchain})
    with pytest.raises(ToolError, match=rf"needs Go 1\.\S+ or newer, and {go} is Go {version[2:]}") as caught:
        resolve(GITLEAKS, store=store, configured=None, say=_silent)
    assert (f"GOTOOLCHAIN={toolchain} keeps" in caught.value.reason) is bool(toolchain)
    for way in WAYS:
        assert way in caught.value.mend


@pytest.mark.parametrize("toolchain", ["auto", "path", "local+auto", "go1.21.0+auto", "go1.21.0+path"])
def test_a_fake_go_that_is_too_old_but_fetches_a_newer_one_may_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: GoLock, toolchain: str
) -> None:
    _fake_go(tmp_path / "bin", monkeypatch, version="go1.21.0", settings={"GOTOOLCHAIN": toolchain})
    assert go_builder(GITLEAKS, lock).runtime == "1.21.0"


def test_a_fake_go_that_fails_is_quoted_and_leaves_nothing(
    store: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "echo 'go: downloading example.org/x v1.0.0' >&2; echo 'the compiler broke' >&2; exit 1"
    _fake_go(tmp_path / "bin", monkeypatch, install=words)
    with pytest.raises(ToolError) as caught:
        store.install(GITLEAKS, say=_silent)
    assert caught.value.reason.endswith(": the compiler broke")
    assert _folders(store) == []


@pytest.mark.parametrize("install", ["exit 0", 'echo > "$GOBIN/gitleaks"'], ids=["nothing", "no-go-program"])
def test_what_a_fake_go_builds_is_looked_at(
    store: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: str
) -> None:
    _fake_go(tmp_path / "bin", monkeypatch, install=install)
    with pytest.raises(ToolError, match=f"is no release of {MODULE}"):
        store.install(GITLEAKS, say=_silent)
    assert _folders(store) == []


def test_a_fake_go_sees_the_lock_and_not_our_environment(
    store: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: GoLock
) -> None:
    seen = tmp_path / "seen"
    copies = f"/bin/mkdir {seen}; /bin/cp go.mod go.sum {seen}"
    _fake_go(tmp_path / "bin", monkeypatch, install=f'{copies}; export > {seen}/variables; echo "$@" > {seen}/words')
    monkeypatch.setenv("CI_TOKEN", "secret")
    monkeypatch.setenv("GOFLAGS", "-insecure")
    with pytest.raises(ToolError):
        store.install(GITLEAKS, say=_silent)
    variables, words = ((seen / name).read_text(encoding="utf-8") for name in ("variables", "words"))
    assert (seen / "go.mod").read_bytes() == lock.path.read_bytes()
    assert (seen / "go.sum").read_bytes() == lock.path.with_name("go.sum").read_bytes()
    assert words.startswith("install -mod=readonly -trimpath -ldflags=")
    assert f"-X {lock.version_variable}={lock.version}" in words
    assert "CGO_ENABLED='0'" in variables and "GOENV='off'" in variables
    assert "secret" not in variables and "insecure" not in variables


def test_a_go_of_the_scanned_tree_is_not_started(
    store: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, started = tmp_path / "tree", tmp_path / "started"
    _fake_go(tree / "bin", monkeypatch, install=f": > {started}")
    with pytest.raises(ToolError, match="Go is missing"):
        resolve(GITLEAKS, store=store, configured=None, say=_silent, forbidden=tree)
    assert not started.exists()


@pytest.mark.parametrize("answer", ["exit 1", "echo nonsense", "echo '[]'", "echo '{}'", "kill -9 $$"])
def test_a_fake_go_that_gives_no_answer_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    _fake_go(tmp_path, monkeypatch).write_text(f"#!/bin/sh\n{answer}\n")
    assert find_go() is None
