"""The seam to other programs, tried with programs that misbehave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scangate.process import Ended, NotStarted, Serving, minimal_environment, run, start

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


SERVES = "import time; print('serving', flush=True); time.sleep(60)"


def start_python(
    folder: Path, code: str, *, timeout: float = 20, cap: int = 50 * MEGABYTE, cancel: threading.Event | None = None
) -> AbstractContextManager[Serving]:
    return start(
        [sys.executable, "-c", code],
        cwd=folder,
        env=minimal_environment(folder),
        stdout=folder / "out",
        stderr=folder / "err",
        timeout=timeout,
        cap=cap,
        cancel=cancel,
    )


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.01)


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
    wait_for(lambda: not is_alive(grandchild))


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


GRANDCHILD = (
    "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
)


def test_a_program_serves_until_its_block_is_left(tmp_path: Path) -> None:
    with start_python(tmp_path, f"{GRANDCHILD}; {SERVES}") as serving:
        wait_for(lambda: "serving" in (tmp_path / "out").read_text())
        assert serving.ended is None
    assert serving.ended is not None
    assert serving.ended.cause == "cancelled"
    grandchild = int((tmp_path / "out").read_text().split()[0])
    wait_for(lambda: not is_alive(grandchild))


def test_an_exception_ends_what_serves(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), start_python(tmp_path, SERVES) as serving:
        raise ZeroDivisionError
    assert serving.ended is not None


def test_what_ends_by_itself_is_known_to(tmp_path: Path) -> None:
    with start_python(tmp_path, "import sys; sys.exit(7)") as serving:
        wait_for(lambda: serving.ended)
        assert serving.ended is not None
        assert (serving.ended.cause, serving.ended.exit_code) == ("exited", 7)


def test_what_was_asked_to_end_is_given_time(tmp_path: Path) -> None:
    code = f"import pathlib, time\nwhile not pathlib.Path('{tmp_path}/end').exists(): time.sleep(0.01)"
    with start_python(tmp_path, code) as serving:
        (tmp_path / "end").touch()
        serving.stop(20)
        assert serving.ended is not None
        assert serving.ended.exit_code == 0


@pytest.mark.parametrize(
    ("code", "bounds", "cause"),
    [
        (SERVES, {"timeout": 0.3}, "timeout"),
        ("while True: print('x' * 10_000)", {"cap": MEGABYTE}, "cap"),
    ],
)
def test_what_serves_has_bounds(tmp_path: Path, code: str, bounds: dict[str, Any], cause: str) -> None:
    with start_python(tmp_path, code, **bounds) as serving:
        wait_for(lambda: serving.ended)
        assert serving.ended is not None
        assert serving.ended.cause == cause


def test_a_cancelled_job_ends_what_serves_at_once(tmp_path: Path) -> None:
    cancel = threading.Event()
    with start_python(tmp_path, SERVES, cancel=cancel) as serving:
        cancel.set()
        wait_for(lambda: serving.ended)


def test_a_server_that_cannot_start_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(NotStarted) as raised,
        start(["/nowhere"], cwd=tmp_path, env={}, stdout=tmp_path / "o", stderr=tmp_path / "e", timeout=5, cap=1),
    ):
        pass
    assert raised.value.ended.cause == "missing"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP])
def test_what_serves_does_not_outlive_us(tmp_path: Path, how: signal.Signals) -> None:
    """Another process of ours starts a server with a child, and is killed."""
    code = f"""
import pathlib, sys, time
from scangate.process import start
here = pathlib.Path({str(tmp_path)!r})
program = [sys.executable, "-c", {f"{GRANDCHILD}; import os; print(os.getpid()); {SERVES}"!r}]
with start(program, cwd=here, env={{}}, stdout=here/"o", stderr=here/"e", timeout=60, cap=1_000_000):
    time.sleep(60)
"""
    ours = subprocess.Popen([sys.executable, "-c", code])
    wait_for(lambda: (tmp_path / "o").exists() and "serving" in (tmp_path / "o").read_text())
    wait_for(lambda: any(is_guard(child) for child in children_of(ours.pid)))
    ours.send_signal(how)
    ours.wait()
    for server in map(int, (tmp_path / "o").read_text().split()[:2]):
        wait_for(partial(lambda pid: not is_alive(pid), server))


def children_of(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]


def is_guard(pid: int) -> bool:
    return b"kill -s KILL" in Path(f"/proc/{pid}/cmdline").read_bytes()
