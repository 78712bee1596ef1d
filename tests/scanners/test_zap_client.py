"""What ZAP's API answers, and what is made of it: with a stand-in for what no ZAP answers on demand, and a real ZAP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import LedgerState
from scangate.scanners.interface import ScannerError
from scangate.scanners.zap_client import ZapClient, ZapError, ZapGone, number_of, rows_of, text_of
from tests.zap.daemon import RunningZap, free_port

pytest_plugins = ["tests.zap.fixtures"]

Answer = Callable[[BaseHTTPRequestHandler], None]


class StandIn:
    """Answers on loopback in ZAP's place: each question by the next of `answers`, the last one again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, list[str]], str]] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = (self.path, parse_qs(body, keep_blank_values=True), self.headers["X-ZAP-API-Key"])
                stand_in.asked.append(asked)
                stand_in.answers[min(len(stand_in.asked), len(stand_in.answers)) - 1](self)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def answering(*answers: Answer) -> Iterator[StandIn]:
    stand_in = StandIn(*answers)
    thread = threading.Thread(target=stand_in.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.server.shutdown()
        stand_in.server.server_close()
        thread.join()


def says(body: bytes, status: int = 200, *, length: int | None = None, location: str = "") -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        if location:
            request.send_header("Location", location)
        request.end_headers()
        request.wfile.write(body)

    return answer


def hangs_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def breaks_off(request: BaseHTTPRequestHandler) -> None:
    says(b'{"version"', length=1000)(request)
    hangs_up(request)


def drips(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    with_pauses = (b" " for _ in range(200))
    try:
        for byte in with_pauses:
            request.wfile.write(byte)
            time.sleep(0.02)
    except OSError:
        pass


def client(stand_in: StandIn, **options: Any) -> ZapClient:
    return ZapClient(stand_in.url, "k3y", **options)


GOOD = says(b'{"version": "2.17.0"}')


def test_the_key_and_parameters_stand_in_no_address() -> None:
    with answering(GOOD) as zap, client(zap) as asking:
        asking.action("core", "newSession", name="a&b=ü c/%41", overwrite=True, count=3)
    ((path, parameters, key),) = zap.asked
    assert path == "/JSON/core/action/newSession/"
    assert parameters == {"name": ["a&b=ü c/%41"], "overwrite": ["true"], "count": ["3"]}
    assert key == "k3y"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(b'{"code":"bad_api_key","message":"Invalid or missing API key"}', 400), "bad_api_key"),
        (says(b'{"code":"internal_error","message":"Internal Error"}', 500), "internal_error"),
        (says(b'{"code":"internal_error","message":"Internal Error"}', 200), "internal_error"),
        (says(b'{"code":"no_implementor","message":"No Implementor"}', 400), "no_implementor"),
        (says(b""), "empty_answer"),
        (says(b"<html>Hello</html>"), "not_json"),
        (says(b"[1, 2]"), "not_json"),
        (says(b"[" * 100_000), "not_json"),
        (says(b"\xff\xfe{}"), "not_json"),
        (says(b"", 302, location="http://127.0.0.1:1/"), "http_302"),
        (says(b"An exception occurred while attempting to connect", 502), "http_502"),
        (says(b"Bad Format", 400), "http_400"),
    ],
)
@pytest.mark.parametrize("kind", ["view", "action"])
def test_what_is_no_answer_is_an_error(answer: Answer, code: str, kind: str) -> None:
    with answering(answer) as zap, client(zap) as asking, pytest.raises(ZapError) as raised:
        getattr(asking, kind)("core", "version")
    assert raised.value.code == code
    assert raised.value.state is LedgerState.FAILED
    assert f"core/{kind}/version" in raised.value.reason
    assert len(zap.asked) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(b'{"code":"internal_error","message":"Internal Error"}'), "internal_error"),
        (says(b'{"code":"bad_other","message":"Bad Other"}'), "bad_other"),
        (says(b""), "empty_answer"),
    ],
)
def test_a_document_that_is_an_error_is_none(answer: Answer, code: str) -> None:
    with answering(answer) as zap, client(zap) as asking, pytest.raises(ZapError) as raised:
        asking.other("core", "jsonreport")
    assert raised.value.code == code


def test_a_document_comes_back_as_it_is() -> None:
    with answering(says(b"\x00\x01anything")) as zap, client(zap) as asking:
        assert asking.other("core", "messagesHar") == b"\x00\x01anything"
    assert zap.asked[0][0] == "/OTHER/core/other/messagesHar/"


def test_what_mends_it_is_said() -> None:
    refusal = says(b'{"code":"no_implementor","message":"No Implementor"}', 400)
    with answering(refusal) as zap, client(zap) as asking, pytest.raises(ZapError) as raised:
        asking.action("openapi", "importFile", file="/x")
    assert "add-on for openapi" in raised.value.mend


@pytest.mark.parametrize(("detail", "shown"), [("contextName", True), ("password=hunter2 is wrong", False)])
def test_a_detail_is_shown_only_where_it_names_a_parameter(detail: str, shown: bool) -> None:
    body = f'{{"code":"illegal_parameter","message":"Illegal","detail":"{detail}"}}'.encode()
    with answering(says(body, 400)) as zap, client(zap) as asking, pytest.raises(ZapError) as raised:
        asking.view("core", "alerts")
    assert (detail in raised.value.reason) is shown


@pytest.mark.parametrize("answer", [hangs_up, breaks_off])
def test_a_lost_answer_is_asked_for_again_only_where_nothing_was_done(answer: Answer) -> None:
    with answering(answer, answer, GOOD) as zap, client(zap) as asking:
        assert text_of(asking.view("core", "version")) == "2.17.0"
        assert len(zap.asked) == 3
    with answering(answer, GOOD) as zap, client(zap) as asking, pytest.raises(ZapGone) as raised:
        asking.action("core", "newSession")
    assert (raised.value.how, len(zap.asked)) == ("closed", 1)


@pytest.mark.parametrize("answer", [drips, lambda request: time.sleep(1)])
def test_a_slow_answer_is_waited_for_once(answer: Answer) -> None:
    with answering(answer) as zap, client(zap, timeout=0.3) as asking, pytest.raises(ZapGone) as raised:
        asking.view("core", "version")
    assert (raised.value.how, len(zap.asked)) == ("slow", 1)


def test_a_huge_answer_is_not_read_to_its_end() -> None:
    with (
        answering(says(b'{"x": "' + b"a" * 3_000_000 + b'"}')) as zap,
        client(zap, cap=1_000_000) as asking,
        pytest.raises(ScannerError, match="larger than 1 MB") as raised,
    ):
        asking.view("core", "alerts")
    assert raised.value.state is LedgerState.UNREADABLE


def test_nobody_there() -> None:
    with ZapClient(f"http://127.0.0.1:{free_port()}", "k") as asking, pytest.raises(ZapGone) as raised:
        asking.view("core", "version")
    assert raised.value.how == "unreachable"
    assert raised.value.reason == "ZAP does not answer core/view/version: Connection refused"


def test_no_proxy_of_the_environment_sees_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with answering(GOOD) as zap, client(zap) as asking:
        assert asking.view("core", "version") == {"version": "2.17.0"}


@pytest.mark.parametrize(
    ("answer", "text"), [({"status": "45"}, "45"), ({"Result": "OK"}, "OK"), ({"sourceMessageId": 7}, "7")]
)
def test_an_answer_with_one_value(answer: dict[str, Any], text: str) -> None:
    assert text_of(answer) == text


@pytest.mark.parametrize("answer", [{}, {"a": "1", "b": "2"}, {"a": None}, {"a": ["1"]}, {"a": {"b": "1"}}])
@pytest.mark.parametrize("read", [text_of, number_of, rows_of])
def test_an_answer_of_another_shape_is_unreadable(answer: dict[str, Any], read: Callable[[Any], Any]) -> None:
    with pytest.raises(ScannerError) as raised:
        read(answer)
    assert raised.value.state is LedgerState.UNREADABLE


@pytest.mark.parametrize("text", ["", "x", "1.5", "٣", "1e9", " 1", "9" * 30])
def test_a_number_is_only_digits(text: str) -> None:
    with pytest.raises(ScannerError):
        number_of({"status": text})
    assert number_of({"status": "-1"}) == -1


@given(st.binary(max_size=200), st.sampled_from([200, 400, 404, 500]))
def test_whatever_is_answered_ends_in_an_object_or_a_reason(any_stand_in: StandIn, body: bytes, status: int) -> None:
    any_stand_in.answers = (says(body, status),)
    with client(any_stand_in) as asking:
        try:
            assert isinstance(asking.view("core", "version"), dict)
        except ScannerError as error:
            assert error.reason


@pytest.fixture(scope="module")
def any_stand_in() -> Iterator[StandIn]:
    """A stand-in whose answer each example sets."""
    with answering(hangs_up) as stand_in:
        yield stand_in


@pytest.mark.real
def test_a_real_zap_takes_every_character(zap: RunningZap) -> None:
    zap.call("core/action/newSession")
    name = "a & b = ü + %41 ? # 🙂 'quoted' \"twice\""
    with ZapClient(zap.url, zap.key) as asking:
        asking.action("context", "newContext", contextName=name)
        assert name in asking.view("context", "contextList")["contextList"]


@pytest.mark.real
@pytest.mark.parametrize(
    ("call", "parameters", "code"),
    [
        ("nothing/view/version", {}, "no_implementor"),
        ("core/view/nothing", {}, "bad_view"),
        ("core/action/nothing", {}, "bad_action"),
        ("core/action/accessUrl", {}, "missing_parameter"),
        ("core/action/accessUrl", {"url": "http://127.0.0.1:1/"}, "internal_error"),
        ("spider/view/status", {"scanId": 99}, "does_not_exist"),
        ("core/view/alerts", {"riskId": 9}, "illegal_parameter"),
        ("core/other/jsonreport", {}, "internal_error"),
        ("core/other/nothing", {}, "bad_other"),
    ],
)
def test_a_real_zap_refuses(zap: RunningZap, call: str, parameters: dict[str, Any], code: str) -> None:
    component, kind, name = call.split("/")
    with ZapClient(zap.url, zap.key) as asking, pytest.raises(ZapError) as raised:
        getattr(asking, kind)(component, name, **parameters)
    assert raised.value.code == code


@pytest.mark.real
def test_a_real_zap_wants_its_key(zap: RunningZap) -> None:
    with ZapClient(zap.url, "wrong") as asking, pytest.raises(ZapError) as raised:
        asking.view("core", "version")
    assert (raised.value.code, "ZAP_API_KEY" in raised.value.mend) == ("bad_api_key", True)


@pytest.mark.real
def test_a_real_zap_answers_many_threads_at_once(zap: RunningZap) -> None:
    answers: list[str] = []
    with ZapClient(zap.url, zap.key) as asking:

        def ask() -> None:
            answers.extend(text_of(asking.view("core", "version")) for _ in range(10))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == ["2.17.0"] * 80


@pytest.mark.real
def test_a_real_zap_gives_documents_that_are_not_its_own_json(zap: RunningZap) -> None:
    with ZapClient(zap.url, zap.key) as asking:
        assert b'"creator"' in asking.other("core", "messagesHar")
