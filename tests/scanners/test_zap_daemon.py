"""Launching a real ZAP and attaching to one: what can go wrong does, and each time has a reason of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import LedgerState
from scangate.scanners import zap_daemon
from scangate.scanners.interface import Job, ScannerError, Target, WebOptions
from scangate.scanners.zap_address import check_address
from scangate.scanners.zap_client import text_of
from scangate.scanners.zap_daemon import attached, find_zap, launched
from scangate.scanners.zap_trouble import gave_up, why_ended, why_not_started
from scangate.workbench import PrivateWorkbench
from tests.zap.daemon import RunningZap, free_port, running_zap

pytest_plugins = ["tests.zap.fixtures"]


def job(work: Path, zap: Path, *, memory_mb: int = 256) -> Job:
    work.mkdir(mode=0o700, exist_ok=True)
    options = WebOptions(zap_path=zap, memory_mb=memory_mb)
    target = Target("http://127.0.0.1:1", ("web-application",), subject="http://127.0.0.1:1")
    return Job("zap", target, root=work / "tree", work=work, web=options)


def bench(job: Job, cancel: threading.Event | None = None) -> PrivateWorkbench:
    return PrivateWorkbench(job, timeout=120, cancel=cancel or threading.Event(), tell=lambda note: None)


def processes_of(home: Path) -> list[int]:
    """The processes that have the path in their command line, as everybody on the machine can see it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(str(home).encode() in argument for argument in arguments) and b"-daemon" in arguments:
            found.append(int(folder.name))
    return found


@pytest.mark.real
def test_a_zap_of_our_own_is_private_and_gone_afterwards(tmp_path: Path, zap_home: Path) -> None:
    mine = job(tmp_path / "work", zap_home)
    with launched(bench(mine), mine) as client:
        assert text_of(client.view("core", "version")) == "2.17.0"
        assert client.origin == f"launched: {zap_home}/zap.sh"
        (process,) = processes_of(mine.work)
        (home,) = mine.work.glob("zap-*")
        (key,) = re.findall(rb"api.key=(\w+)", (home / "scangate.properties").read_bytes())
        assert key not in Path(f"/proc/{process}/cmdline").read_bytes()
        assert key not in Path(f"/proc/{process}/environ").read_bytes()
        assert home.stat().st_mode & 0o777 == 0o700
        assert (home / "scangate.properties").stat().st_mode & 0o777 == 0o600
    assert processes_of(mine.work) == []
    assert list(mine.work.glob("zap-*")) == []


@pytest.mark.real
def test_a_zap_that_is_killed_midway_says_so(tmp_path: Path, zap_home: Path) -> None:
    mine = job(tmp_path / "work", zap_home)
    with pytest.raises(ScannerError) as raised, launched(bench(mine), mine) as client:
        os.kill(processes_of(mine.work)[0], signal.SIGKILL)
        client.view("core", "version")
    assert (raised.value.state, raised.value.reason) == (LedgerState.FAILED, "ZAP ended midway: killed by SIGKILL")
    assert list(mine.work.glob("zap-*")) == []


@pytest.mark.real
def test_an_interrupt_ends_zap_even_while_it_is_asked(tmp_path: Path, zap_home: Path) -> None:
    mine, cancel = job(tmp_path / "work", zap_home), threading.Event()
    with (
        pytest.raises(ScannerError, match="interrupted by the user"),
        launched(bench(mine, cancel), mine) as client,
        silent_server() as silent,
    ):
        threading.Timer(0.5, cancel.set).start()
        client.action("core", "accessUrl", url=silent)
    assert processes_of(mine.work) == []


@contextmanager
def silent_server() -> Iterator[str]:
    """An address that takes a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.real
def test_an_error_of_ours_ends_zap(tmp_path: Path, zap_home: Path) -> None:
    mine = job(tmp_path / "work", zap_home)
    with pytest.raises(ZeroDivisionError), launched(bench(mine), mine):
        raise ZeroDivisionError
    assert processes_of(mine.work) == []
    assert list(mine.work.glob("zap-*")) == []


@pytest.mark.real
def test_too_little_memory_is_named_at_the_start(tmp_path: Path, zap_home: Path) -> None:
    mine = job(tmp_path / "work", zap_home, memory_mb=24)
    with pytest.raises(ScannerError) as raised, launched(bench(mine), mine):
        pass
    assert (raised.value.reason, raised.value.mend) == ("ZAP ran out of memory (24 MB)", "[zap] memory_mb = 48")


@pytest.mark.real
def test_too_little_memory_is_named_midway(tmp_path: Path, zap_home: Path) -> None:
    """A page larger than all of ZAP's memory: without being told otherwise, ZAP would lose it and go on."""
    mine = job(tmp_path / "work", zap_home, memory_mb=64)
    with (
        pytest.raises(ScannerError) as raised,
        launched(bench(mine), mine) as client,
        serving(b"<html>" + b"a" * 50_000_000) as url,
    ):
        client.action("core", "accessUrl", url=url)
        client.view("core", "version")
    assert raised.value.reason == "ZAP ran out of memory (64 MB)"


@contextmanager
def serving(body: bytes, status: int = 200) -> Iterator[str]:
    """Answers every question the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):  # who asked may be gone
                self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.real
def test_a_port_that_is_taken_meanwhile_is_left_for_another(
    tmp_path: Path, zap_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = job(tmp_path / "work", zap_home)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [taken.getsockname()[1], free_port()]
        monkeypatch.setattr(zap_daemon, "free_port", lambda: ports.pop(0))
        with launched(bench(mine), mine) as client:
            assert text_of(client.view("core", "version")) == "2.17.0"
    assert ports == []


@pytest.mark.real
def test_an_installation_without_an_add_on_is_not_whole(tmp_path: Path, zap_home: Path) -> None:
    torn = shutil.copytree(zap_home, tmp_path / "zap", ignore=shutil.ignore_patterns("network-*"))
    mine = job(tmp_path / "work", torn)
    with (
        pytest.raises(ScannerError, match="add-on network is missing or broken") as raised,
        launched(bench(mine), mine),
    ):
        pass
    assert raised.value.mend == "install ZAP anew: its folder is not whole"


@pytest.mark.real
def test_java_that_is_absent_is_named(tmp_path: Path, zap_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("sh", "dirname"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    mine = job(tmp_path / "work", zap_home)
    with pytest.raises(ScannerError) as raised, launched(bench(mine), mine):
        pass
    assert (raised.value.state, raised.value.mend) == (
        LedgerState.MISSING,
        "apt-get install openjdk-17-jre-headless",
    )


def test_what_is_no_zap_is_told_by_its_last_word(tmp_path: Path) -> None:
    program = tmp_path / "zap.sh"
    program.write_text("#!/bin/sh\necho Hello\necho key is $(cat zap-0/scangate.properties)\nexit 0\n")
    program.chmod(0o755)
    mine = job(tmp_path / "work", program)
    with pytest.raises(ScannerError) as raised, launched(bench(mine), mine):
        pass
    assert raised.value.reason == "ZAP did not start: key is api.key=… api.reportpermerrors=true"


@pytest.mark.real
def test_attached_to_a_zap_that_runs(zap: RunningZap) -> None:
    with attached(zap.url, zap.key) as client:
        assert client.origin == f"attached: {zap.url}"
        assert client.view("core", "mode")
    assert zap.call("core/view/version") == {"version": "2.17.0"}


@pytest.mark.real
def test_a_wrong_key_is_named(zap: RunningZap) -> None:
    with pytest.raises(ScannerError) as raised:
        attached(zap.url, "wrong")
    assert "ZAP_API_KEY" in raised.value.mend


@pytest.mark.real
def test_a_wrong_key_is_named_by_a_zap_that_reports_no_errors(tmp_path: Path, zap_home: Path) -> None:
    """The default of a ZAP that somebody else started: it closes the connection without a word."""
    with running_zap(zap_home, tmp_path, "-config", "api.reportpermerrors=false") as zap:
        with pytest.raises(ScannerError, match="closed the connection") as raised:
            attached(zap.url, "wrong")
        assert "ZAP_API_KEY" in raised.value.mend
        attached(zap.url, zap.key).close()


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"<html>", 200, "is this ZAP?"),
        (b"not found", 404, "is this ZAP"),
        (b'{"version": "2.13.0"}', 200, "this is ZAP 2.13.0, and what it says is known from 2.14 on"),
        (b'{"version": "1.9"}', 200, "this is ZAP 1.9"),
        (b'{"version": ["2.17.0"]}', 200, "is not one value"),
    ],
)
def test_what_is_not_a_zap_that_we_know_is_refused(body: bytes, status: int, reason: str) -> None:
    with serving(body, status) as url, pytest.raises(ScannerError, match=re.escape(reason)):
        attached(url, "k")


@pytest.mark.parametrize("version", ["2.14.0", "2.17.0", "3.0", "D-2099-01-01", "2.18.0-SNAPSHOT", "Dev Build"])
def test_zaps_that_are_young_enough(version: str) -> None:
    with serving(json.dumps({"version": version}).encode()) as url:
        attached(url, "k").close()


def test_nobody_at_the_address() -> None:
    with pytest.raises(ScannerError, match="Connection refused"):
        attached(f"http://127.0.0.1:{free_port()}", "k")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:8080/", "http://[::1]:1", "http://10.0.0.7"]
)
def test_near_addresses_may_have_the_key(url: str) -> None:
    check_address(url, "k")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://8.8.8.8:8080", "in the clear to 8.8.8.8"),
        ("http://no-such-host.invalid", "has no address"),
        ("ftp://127.0.0.1", "not an address of ZAP"),
        ("127.0.0.1:8080", "not an address of ZAP"),
        ("http://", "not an address of ZAP"),
        ("http://127.0.0.1:99999", "not an address of ZAP"),
        ("http://127.0.0.1:0", "not an address of ZAP"),
        ("http://127.0.0.1/JSON?x", "not an address of ZAP"),
        ("http://[127.0.0.1", "not an address of ZAP"),
    ],
)
def test_other_addresses_may_not(url: str, reason: str) -> None:
    with pytest.raises(ScannerError, match=re.escape(reason)):
        check_address(url, "k")


def test_a_password_in_the_address_is_not_repeated() -> None:
    with pytest.raises(ScannerError) as raised:
        check_address("http://me:hunter2@127.0.0.1:8080", "k")
    assert "hunter2" not in raised.value.reason


@pytest.mark.parametrize("key", ["a b", "a\nb", "ключ", "a\0"])
def test_a_key_that_no_header_can_have(key: str) -> None:
    with pytest.raises(ScannerError, match="characters that no header may have"):
        check_address("https://zap.example", key)


@given(st.text(max_size=60))
def test_any_address_is_taken_or_refused_with_a_reason(text: str) -> None:
    try:
        check_address(f"ftp://{text}", text)
    except ScannerError as error:
        assert error.reason


def test_zap_is_what_settings_name_or_what_lies_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there, tree = (program_in(tmp_path / name) for name in ("here", "there", "tree"))
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, (".", tree.parent, here.parent))))
    monkeypatch.setattr(zap_daemon, "USUAL_PLACES", (there.parent,))
    assert find_zap(tree.parent, forbidden=tree.parent) == tree
    assert find_zap(tree, forbidden=tree.parent) == tree
    assert find_zap(None, forbidden=tree.parent) == here
    assert find_zap(None, forbidden=tmp_path / "nothing") == tree
    here.chmod(0o644)
    assert find_zap(None, forbidden=tree.parent) == there


def program_in(folder: Path) -> Path:
    folder.mkdir()
    (folder / "zap.sh").write_text("#!/bin/sh\n")
    (folder / "zap.sh").chmod(0o755)
    return folder / "zap.sh"


@pytest.mark.parametrize("named", ["empty", "zap.txt", "nowhere"])
def test_no_zap_has_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "zap.txt").write_text("")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(zap_daemon, "USUAL_PLACES", ())
    for path in (tmp_path / named, None):
        with pytest.raises(ScannerError) as raised:
            find_zap(path, forbidden=tmp_path)
        assert (raised.value.state, "--zap-url" in raised.value.mend) == (LedgerState.MISSING, True)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Exiting: ZAP requires a minimum of Java 17 to run, found 11.0.2", "ZAP needs Java 17 or later"),
        ("zap.sh: line 9: java: command not found", "ZAP needs Java 17 or later"),
        ("Exception java.lang.UnsupportedClassVersionError: org/zaproxy/zap/ZAP", "ZAP needs Java 17 or later"),
        ("Error: Could not reserve enough space for object heap", "ZAP ran out of memory (512 MB)"),
        ("The home directory is already in use. Ensure", "ZAP did not start: The home directory is already in use."),
        ("12 [ZAP-daemon] ERROR org.zaproxy.zap.X - Bad thing\n13 [x] INFO y - z", "ZAP did not start: Bad thing"),
        ("", "ZAP did not start: exit code 1"),
    ],
)
def test_why_zap_did_not_start(said: str, reason: str) -> None:
    assert why_not_started(said, "exit code 1", 512).reason.startswith(reason)


def test_an_option_that_zap_does_not_know_leaves_it_alive() -> None:
    said = "4436 [ZAP-daemon] ERROR org.zaproxy.zap.DaemonBootstrap - Unsupported option '-host'.;\njava.lang.Exception"
    assert gave_up(said)
    assert why_not_started(said, "", 512).reason == "ZAP did not start: Unsupported option '-host'.;"


def test_a_zap_that_lives_has_not_ended() -> None:
    assert why_ended("NOTE: Picked up JDK_JAVA_OPTIONS: -XX:+ExitOnOutOfMemoryError", "", 512) is None
