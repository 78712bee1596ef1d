"""The seam to other programs, tried with programs that misbehave."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from scangate.process import Ended, minimal_environment, run

MEGABYTE = 1_000_000


def run_python(
    folder: Path, code: str, *, timeout: float = 20, cap: int = 50 * MEGABYTE, cancel: threading.Event | None = None
) -> Ended:
    return run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=minimal_environment(folder),
        stdout=folder / "out",
        stderr=folder / "err",
        timeout=timeout,
        cap=cap,
        cancel=cancel,
    )


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_exit_code_and_output_come_back(tmp_path: Path) -> None:
    ended = run_python(tmp_path, "import sys; print('hello'); sys.exit(7)")
    assert (ended.exit_code, ended.cause) == (7, "exited")
    assert (tmp_path / "out").read_text() == "hello\n"


def test_a_megabyte_on_both_streams_blocks_nobody(tmp_path: Path) -> None:
    code = f"import sys; sys.stderr.write('e'*{MEGABYTE}); sys.stdout.write('o'*{MEGABYTE})"
    assert run_python(tmp_path, code).exit_code == 0
    assert [(tmp_path / name).stat().st_size for name in ("out", "err")] == [MEGABYTE, MEGABYTE]


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); time.sleep(60)"
    begun = time.monotonic()
    assert run_python(tmp_path, code, timeout=0.5).cause == "timeout"
    assert time.monotonic() - begun < 10


def test_a_grandchild_does_not_outlive_the_run(tmp_path: Path) -> None:
    code = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    assert run_python(tmp_path, code).exit_code == 0
    grandchild = int((tmp_path / "out").read_text())
    deadline = time.monotonic() + 5
    while is_alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(grandchild)


def test_output_over_the_cap_ends_the_process(tmp_path: Path) -> None:
    ended = run_python(tmp_path, "while True: print('x' * 10_000)", cap=MEGABYTE)
    assert (ended.cause, ended.exit_code) == ("cap", None)


def test_output_over_the_cap_is_seen_even_when_the_process_was_quicker(tmp_path: Path) -> None:
    assert run_python(tmp_path, f"print('x' * {2 * MEGABYTE})", cap=MEGABYTE).cause == "cap"


def test_a_cancelled_run_ends_at_once(tmp_path: Path) -> None:
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    begun = time.monotonic()
    assert run_python(tmp_path, "import time; time.sleep(60)", cancel=cancel).cause == "cancelled"
    assert time.monotonic() - begun < 10


def test_a_signal_is_told_apart_from_an_exit_code(tmp_path: Path) -> None:
    ended = run_python(tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert (ended.exit_code, ended.signal) == (None, 9)


@pytest.mark.parametrize(
    ("program", "cause"), [("/nowhere/tool", "missing"), (os.devnull, "not-startable"), ("a\0b", "not-startable")]
)
def test_a_program_that_cannot_start_is_an_ordinary_outcome(tmp_path: Path, program: str, cause: str) -> None:
    ended = run([program], cwd=tmp_path, env={}, stdout=tmp_path / "o", stderr=tmp_path / "e", timeout=5, cap=MEGABYTE)
    assert ended.cause == cause
    assert ended.detail


def test_secrets_of_the_environment_do_not_reach_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "not-for-scanners")
    monkeypatch.setenv("PATH", f".:relative{os.pathsep}/usr/bin")
    environment = minimal_environment(tmp_path)
    assert "GITHUB_TOKEN" not in environment
    assert environment["PATH"] == "/usr/bin"


def test_programs_of_the_scanned_tree_are_not_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`npm run` puts `node_modules/.bin` there, and checkov starts `helm`, semgrep `git`, by their names."""
    (tmp_path / "tree/bin").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "tree/bin")
    entries = [f"{tmp_path}/tree/bin", f"{tmp_path}/link", "/usr/bin", f"{tmp_path}/other"]
    monkeypatch.setenv("PATH", os.pathsep.join(entries))
    environment = minimal_environment(tmp_path, forbidden=tmp_path / "tree")
    assert environment["PATH"] == f"/usr/bin{os.pathsep}{tmp_path}/other"
