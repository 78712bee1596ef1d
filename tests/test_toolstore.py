"""The tool store, tried by really installing bandit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from scangate.integrity import RECORD
from scangate.scanners.interface import Tool, ToolSpec
from scangate.toolerrors import ToolError
from scangate.toolstore import ToolStore, resolve

BANDIT = ToolSpec("bandit", executable="bandit", versions=">=1.7.5,<2")

INSTALL = """
import json, sys
from pathlib import Path
from scangate.scanners.interface import ToolSpec
from scangate.toolstore import ToolError, ToolStore
notes = []
try:
    spec = ToolSpec("bandit", executable="bandit", versions=">=1")
    tool = ToolStore(Path(sys.argv[1])).install(spec, say=notes.append)
    print(json.dumps({"path": str(tool.path), "notes": notes}))
except ToolError as error:
    print(json.dumps({"reason": error.reason, "mend": error.mend}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> ToolStore:
    """A store with bandit in it, shared by tests that leave it intact."""
    store = ToolStore(tmp_path_factory.mktemp("data") / "tools")
    store.install(BANDIT, say=_silent)
    return store


def _silent(note: str) -> None:
    """Takes progress and shows none."""


def _start(home: Path, *limit: str) -> subprocess.Popen[str]:
    """Install bandit in another process; `limit` is a command that comes before it."""
    return subprocess.Popen(
        [*limit, sys.executable, "-c", INSTALL, str(home)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def _finish(process: subprocess.Popen[str]) -> dict[str, str]:
    output, _ = process.communicate(timeout=300)
    answer: dict[str, str] = json.loads(output)
    return answer


def _resolve(store: ToolStore, *, configured: Path | None = None, notes: list[str] | None = None) -> Tool:
    return resolve(BANDIT, store=store, configured=configured, say=(notes if notes is not None else []).append)


def _works(tool: Tool) -> bool:
    ended = subprocess.run([tool.path, "--version"], capture_output=True, text=True, check=False)
    return ended.returncode == 0 and tool.version in ended.stdout


def _package(tool: Tool) -> Path:
    return next(tool.path.parent.parent.glob("lib/python3.*/site-packages/bandit"))


def _cut_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network, as far as uv is concerned, nothing in its cache, and no program on `PATH`."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty-cache"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


@pytest.mark.real
def test_an_installed_tool_is_found_and_works(installed: ToolStore) -> None:
    tool = installed.find(BANDIT)
    assert tool is not None
    assert tool.origin == "store"
    assert _works(tool)
    assert installed.problem(BANDIT, wholly=True) == ""


@pytest.mark.real
def test_using_the_tool_leaves_it_intact(installed: ToolStore, tmp_path: Path) -> None:
    tool = _resolve(installed)
    (tmp_path / "code.py").write_text("import subprocess\nsubprocess.call('true', shell=True)\n")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([tool.path, "-q", tmp_path / "code.py"], env=environment, capture_output=True, check=False)
    assert installed.problem(BANDIT, wholly=True) == ""


TAMPERING: dict[str, Callable[[Tool], object]] = {
    "edit": lambda tool: (_package(tool) / "__init__.py").write_text("raise SystemExit(0)\n"),
    "planted-bytecode": lambda tool: (_package(tool) / "__pycache__" / "evil.cpython-311.pyc").write_bytes(b"\0"),
    "deletion": lambda tool: (_package(tool) / "core" / "manager.py").unlink(),
    "no-program": lambda tool: tool.path.unlink(),
    "not-executable": lambda tool: tool.path.chmod(0o644),
    "no-record": lambda tool: (tool.path.parent.parent / RECORD).unlink(),
    "no-environment": lambda tool: shutil.rmtree(tool.path.parent.parent),
}


@pytest.mark.real
@pytest.mark.parametrize("name", TAMPERING)
def test_a_damaged_environment_is_built_anew(installed: ToolStore, name: str) -> None:
    TAMPERING[name](_resolve(installed))
    assert installed.find(BANDIT) is None
    notes: list[str] = []
    tool = _resolve(installed, notes=notes)
    assert notes[0].startswith(f"installing bandit {tool.version}")
    assert _works(tool)
    assert installed.problem(BANDIT, wholly=True) == ""


@pytest.mark.real
def test_processes_at_once_install_once(tmp_path: Path) -> None:
    answers = [_finish(process) for process in [_start(tmp_path) for _ in range(3)]]
    assert len({answer["path"] for answer in answers}) == 1
    assert sum("installing" in note for answer in answers for note in answer["notes"]) == 1
    assert ToolStore(tmp_path).problem(BANDIT, wholly=True) == ""


@pytest.mark.real
def test_threads_at_once_install_once(tmp_path: Path) -> None:
    store, notes = ToolStore(tmp_path), list[str]()
    threads = [threading.Thread(target=store.install, args=(BANDIT,), kwargs={"say": notes.append}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("installing" in note for note in notes) == 1
    assert store.find(BANDIT) is not None


@pytest.mark.real
def test_a_killed_installation_is_not_used_and_is_repaired(tmp_path: Path) -> None:
    process = _start(tmp_path)
    while not list(tmp_path.glob("bandit-*/lib/python3.*/site-packages/*")):
        assert process.poll() is None
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    store = ToolStore(tmp_path)
    assert store.find(BANDIT) is None
    tool = _resolve(store)
    assert _works(tool)
    time.sleep(2)
    assert store.find(BANDIT) == tool
    assert store.problem(BANDIT, wholly=True) == ""


@pytest.mark.real
def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path) -> None:
    answer = _finish(_start(tmp_path, "sh", "-c", 'ulimit -f 200; exec "$@"', "sh"))
    assert answer["reason"].startswith("cannot install bandit")
    assert answer["mend"] == "scangate tools install bandit"
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@pytest.mark.real
def test_a_store_that_cannot_be_written_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (tmp_path / "file").touch()
    with pytest.raises(ToolError, match="cannot install bandit") as caught:
        _resolve(ToolStore(tmp_path / "file" / "tools"))
    assert str(tmp_path / "file") in caught.value.reason


@pytest.mark.real
def test_without_network_the_error_names_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _cut_off(monkeypatch, tmp_path)
    with pytest.raises(ToolError, match="cannot install bandit") as caught:
        _resolve(ToolStore(tmp_path / "tools"))
    assert "network" in caught.value.reason
    assert caught.value.mend == "scangate tools install bandit"
    assert not [path for path in (tmp_path / "tools").iterdir() if path.is_dir()]


@pytest.mark.real
def test_without_network_the_program_on_path_is_taken(
    installed: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = _resolve(installed)
    _cut_off(monkeypatch, tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "bandit").symlink_to(ours.path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    notes: list[str] = []
    tool = _resolve(ToolStore(tmp_path / "tools"), notes=notes)
    assert (tool.path, tool.version) == (tmp_path / "bin" / "bandit", ours.version)
    assert tool.origin == f"PATH: {tool.path}"
    assert notes[-1].endswith(f"taking {tool.path} instead")


@pytest.mark.real
def test_an_older_python_does_where_the_newer_cannot_be_installed(
    installed: ToolStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = _resolve(installed)
    _cut_off(monkeypatch, tmp_path)
    newer = tmp_path / "python3.14"
    newer.write_bytes(Path("/bin/true").read_bytes())
    newer.chmod(0o755)
    monkeypatch.setattr(ToolStore, "newer_python", lambda *_, **__: newer)
    monkeypatch.setattr("scangate.pythontools.newest", lambda *_, **__: None)
    notes: list[str] = []
    assert _resolve(installed, notes=notes) == ours
    assert notes


@pytest.mark.real
def test_settings_come_before_the_store(installed: ToolStore) -> None:
    program = _resolve(installed).path
    tool = _resolve(installed, configured=program)
    assert tool.origin == f"settings: {program}"


@pytest.mark.real
def test_a_settings_program_that_is_absent_is_not_replaced_by_another(installed: ToolStore, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="does not exist"):
        _resolve(installed, configured=tmp_path / "absent")


@pytest.mark.real
def test_a_cancelled_installation_leaves_nothing(tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(ToolError, match="cancelled"):
        ToolStore(tmp_path).install(BANDIT, say=_silent, cancel=cancel)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@pytest.mark.real
def test_cancelling_ends_the_wait_for_another_process(installed: ToolStore) -> None:
    folder = _resolve(installed).path.parent.parent
    guard = installed.home / f"{folder.name.rpartition('-')[0]}.lock"
    cancel, notes = threading.Event(), list[str]()
    cancel.set()
    with FileLock(guard), pytest.raises(ToolError, match="gave up waiting"):
        installed.install(BANDIT, say=notes.append, cancel=cancel)
    assert notes == ["waiting for another process that installs it"]


@pytest.mark.real
def test_the_users_own_uv_settings_do_not_change_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "constraints.txt").write_text("bandit==1.7.5\n")
    monkeypatch.setenv("UV_CONSTRAINT", str(tmp_path / "constraints.txt"))
    monkeypatch.setenv("UV_OVERRIDE", str(tmp_path / "constraints.txt"))
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2020-01-01")
    monkeypatch.setenv("UV_PYTHON", "2.7")
    assert _works(ToolStore(tmp_path / "tools").install(BANDIT, say=_silent))


@pytest.mark.real
def test_a_project_where_we_stand_does_not_steer_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "uv.toml").write_text('index-url = "http://127.0.0.1:9/simple"\n')
    (tree / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\nrequires-python = "<3"\n')
    (tree / ".python-version").write_text("2.7\n")
    monkeypatch.chdir(tree)
    assert _works(ToolStore(tmp_path / "tools").install(BANDIT, say=_silent))


def test_a_tool_without_a_lock_cannot_be_installed(tmp_path: Path) -> None:
    theirs = ToolSpec("theirs", executable="theirs-which-nobody-has", versions=">=1")
    with pytest.raises(ToolError, match="no lock for theirs") as caught:
        ToolStore(tmp_path).install(theirs, say=_silent)
    assert "[scanners.theirs] path" in caught.value.mend


def test_a_tool_without_a_lock_is_looked_for_on_path_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = ToolSpec("theirs", executable="theirs-which-nobody-has", versions=">=1")
    notes: list[str] = []
    with pytest.raises(ToolError, match="no theirs-which-nobody-has that works is on PATH") as caught:
        resolve(theirs, store=ToolStore(tmp_path), configured=None, say=notes.append)
    assert "[scanners.theirs] path" in caught.value.mend
    program = tmp_path / "bin" / theirs.executable
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 1.2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert resolve(theirs, store=ToolStore(tmp_path), configured=None, say=notes.append).path == program
    assert notes == []


def test_a_lock_for_a_refused_release_is_not_installed(tmp_path: Path) -> None:
    taken_over = replace(BANDIT, refused={">=1": "CVE-2099-0001: it was taken over"})
    with pytest.raises(ToolError, match=r"lock for bandit names is bandit \S+, which is never run: CVE-2099-0001"):
        ToolStore(tmp_path).install(taken_over, say=_silent)
    with pytest.raises(ToolError, match="never run"):
        resolve(taken_over, store=ToolStore(tmp_path), configured=None, say=_silent)


@pytest.mark.real
def test_prune_removes_what_no_lock_names(installed: ToolStore) -> None:
    tool = _resolve(installed)
    earlier = installed.home / "bandit-1.0-0123456789ab-py3.11-01234567"
    building = installed.home / "osv-scanner-1.0-0123456789ab-go-01234567"
    for folder in (earlier, building):
        (folder / "bin").mkdir(parents=True)
    with FileLock(installed.home / "osv-scanner-1.0-0123456789ab-go.lock"):
        assert installed.prune() == (earlier,)
    assert not earlier.exists()
    assert building.exists()
    assert installed.find(BANDIT) == tool
    assert installed.prune() == (building,)


def test_an_empty_store(tmp_path: Path) -> None:
    store = ToolStore(tmp_path / "absent")
    assert store.find(BANDIT) is None
    assert store.problem(BANDIT) == "not installed"
    assert store.environments() == ()
    assert store.prune() == ()
    assert not (tmp_path / "absent").exists()


def test_the_store_lies_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCANGATE_DATA_DIR", str(tmp_path))
    assert ToolStore().home == tmp_path / "tools"
