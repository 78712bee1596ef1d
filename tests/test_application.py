"""The application under test: started on a free port, waited for, ended with its group, its log kept on failure."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from scangate.application import Application, ApplicationError, running, with_url
from scangate.errors import ExitCode, UsageError
from scangate.settings import Settings

URL = "http://127.0.0.1:{port}/"
SERVER = """
import http.server, subprocess, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
    def log_message(self, *_):
        print("asked for", self.path, flush=True)
child = subprocess.Popen(["sleep", "4322"])
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.serve_forever()
"""


@pytest.fixture
def server(tmp_path: Path) -> str:
    """A command that serves on `{port}` and leaves a child of its own behind."""
    (tmp_path / "server.py").write_text(SERVER)
    return f"{sys.executable} {tmp_path / 'server.py'} {{port}}"


def status(url: str) -> int:
    return httpx.get(url, trust_env=False).status_code


def test_it_runs_while_the_block_does_and_ends_with_its_children(server: str) -> None:
    notes: list[str] = []
    with running(Application(server, "/health"), URL, notes.append) as url:
        assert "{port}" not in url
        assert status(f"{url}health") == 200
    with pytest.raises(httpx.ConnectError):
        status(f"{url}health")
    assert subprocess.run(["pgrep", "-f", "sleep 4322"], check=False, capture_output=True).stdout == b""
    assert notes == []


def test_without_a_path_any_answer_will_do(server: str) -> None:
    with running(Application(server, ""), URL, print) as url:
        assert url.startswith("http://127.0.0.1:")


def test_one_that_ends_at_once_is_no_clean_run_and_leaves_its_log() -> None:
    command = f"{sys.executable} -c \"import sys; print('out'); sys.exit('no database')\""
    with pytest.raises(ApplicationError, match="ended before it answered") as caught:  # noqa: SIM117
        with running(Application(command, "/health"), URL, print):
            pytest.fail("it never came up")
    assert caught.value.exit_code is ExitCode.INCOMPLETE
    log = Path(str(caught.value).rpartition(": ")[2])
    assert log.read_text() == "out\nno database\n"
    assert log.stat().st_mode & 0o077 == 0


def test_one_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scangate.application._START_SECONDS", 0.5)
    with pytest.raises(ApplicationError, match=r"did not answer at http://127.0.0.1:\d+/up within"):  # noqa: SIM117
        with running(Application("sleep 600", "/up"), URL, print):
            pytest.fail("it never came up")


def test_one_that_answers_with_an_error_is_not_up(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scangate.application._START_SECONDS", 2.0)
    with pytest.raises(ApplicationError, match="did not answer"):  # noqa: SIM117
        with running(Application(server, "/nothing-here"), URL, print):
            pytest.fail("it is not up")


def test_one_that_ends_meanwhile_is_told() -> None:
    notes: list[str] = []
    server = "import http.server; http.server.HTTPServer(('127.0.0.1', {port}), http.server.BaseHTTPRequestHandler)"
    command = f'{sys.executable} -c "{server}.handle_request()"'
    with running(Application(command, ""), URL, notes.append):
        time.sleep(1)  # for its end, after the one answer that it gives, to be seen
    assert "ended during the scan; its log" in notes[0]


def test_a_page_without_end_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its body is not waited for."""
    monkeypatch.setattr("scangate.application._START_SECONDS", 1.0)
    head = "b'HTTP/1.1 200 OK\\r\\nContent-Length: 9999\\r\\n\\r\\n'"
    serve = f"s = socket.create_server(('127.0.0.1', {{port}})); c = s.accept()[0]; c.sendall({head})"
    code = f"import socket, time; {serve}; time.sleep(600)"
    with running(Application(f'{sys.executable} -c "{code}"', "/"), URL, print) as url:
        assert url.startswith("http://127.0.0.1:")


def test_it_does_not_know_the_key_of_zap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAP_API_KEY", "made-up-key")
    command = f"{sys.executable} -c \"import os; print(os.environ.get('ZAP_API_KEY'), 'PATH' in os.environ)\""
    with pytest.raises(ApplicationError) as caught:  # noqa: SIM117
        with running(Application(command, ""), URL, print):
            pytest.fail("it never came up")
    assert Path(str(caught.value).rpartition(": ")[2]).read_text() == "None True\n"


@pytest.mark.parametrize("command", ["nothing-of-that-name --x", "''", "'open", "/etc/passwd"])
def test_a_command_that_cannot_be_one_is_wrong_usage(command: str) -> None:
    with pytest.raises(UsageError):  # noqa: SIM117
        with running(Application(command, ""), URL, print):
            pytest.fail("it cannot be started")


def test_a_command_may_print_the_url() -> None:
    told = with_url(Settings(url_from_command="echo http://127.0.0.1:1/ and more"))
    assert told.url == "http://127.0.0.1:1/"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url_from_command": "false"}, "printed no URL: exit code 1"),
        ({"url_from_command": "true"}, "printed no URL"),
        ({"url_from_command": "nothing-of-that-name"}, "No such file"),
        ({"url": "http://a.example/", "url_from_command": "echo x"}, "both given"),
        ({"app": "serve {port}"}, "no --url says where it is"),
        ({"url": "http://127.0.0.1:{port}/"}, "no --app is started there"),
        ({"url": "http://a.example/", "wait_for": "/up"}, "--wait-for waits for an application"),
    ],
)
def test_what_does_not_go_together_is_told(settings: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        with_url(Settings.model_validate(settings))
