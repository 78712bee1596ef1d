"""No credential gets through, whoever it belongs to and however it is written."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scangate.scanners.interface import ScannerError
from scangate.scanners.zap_har import redacted_har
from scangate.scanners.zap_redact import Redactor, clip

SECRET = "s3cret!&\"x' <é>"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a URL": lambda s: quote(s, safe=""),
    "in a form": quote_plus,
    "twice in a URL": lambda s: quote(quote(s, safe=""), safe=""),
    "with small hexadecimal digits": lambda s: quote(s, safe="").lower(),
    "in HTML": html.escape,
    "twice in HTML": lambda s: html.escape(html.escape(s)),
    "as numbers in HTML": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "as hexadecimal numbers in HTML": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "in JSON": escaped,
    "in JSON, quoted again": lambda s: escaped(escaped(s)),
    "as hexadecimal digits": lambda s: s.encode().hex(),
    "in JavaScript": lambda s: "".join(f"\\x{ord(c):02X}" for c in s),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
    "basic auth": lambda s: base64.b64encode(f"alice:{s}".encode()).decode(),
    "basic auth of another": lambda s: base64.b64encode(f"bobby5:{s}:x".encode()).decode(),
    "basic auth of a third": lambda s: base64.b64encode(f"carol56:{s}".encode()).decode(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_known_secret_is_masked_however_it_is_written(encoding: str) -> None:
    written = ENCODINGS[encoding](SECRET)
    masked = Redactor([SECRET]).known(f"before {written} after")
    assert written not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert len(masked) < len("before **** after") + 20  # of base64, no more than what stood around the secret


secrets = st.text(st.characters(codec="utf-8", exclude_characters="*", exclude_categories=["Cc"]), min_size=4).filter(
    lambda s: s.strip() == s
)


@given(secrets, st.sampled_from(sorted(ENCODINGS)), st.text("ab &/", max_size=5), st.text("ab &/", max_size=5))
def test_no_secret_survives(secret: str, encoding: str, before: str, after: str) -> None:
    redactor = Redactor([secret])
    written = ENCODINGS[encoding](secret)
    for masked in (
        redactor.known(f"{before}{written}{after}"),
        redactor.text(f"{before}{written}{after}"),
        redactor.url(f"http://a.example/{written}?q={written}#{written}"),
        redactor.value("X-Anything", written),
    ):
        assert secret not in masked
        assert quote(secret, safe="") not in masked
        assert base64.b64encode(secret.encode()).decode().rstrip("=") not in masked


def test_a_very_short_secret_is_masked_where_it_stands_alone() -> None:
    assert Redactor(["pin"]).known("pin=pin, but spinning") == "****=****, but spinning"


def test_nothing_is_masked_for_blank_secrets() -> None:
    assert Redactor(["", " ", "\t"]).known("a b\tc") == "a b\tc"


def test_a_long_secret_is_masked_before_a_short_one_in_it() -> None:
    assert Redactor(["open", "open-sesame"]).known("open-sesame!") == "****!"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Set-Cookie: sid=abc; Path=/; HttpOnly", "Set-Cookie: sid=****; Path=/; HttpOnly"),
        ("Set-Cookie: sid", "Set-Cookie: sid"),
        ("Cookie: a=b; theme=c\r\nHost: x", "Cookie: a=****; theme=****\r\nHost: x"),
        ("Authorization: Basic YWxpY2U6b3Blbg==", "Authorization: Basic ****"),
        ("Authorization: abc", "Authorization: ****"),
        ('{"headers": {"Cookie": "sid=abc"}}', '{"headers": {"Cookie": "sid=****"}}'),
        ("X-Api-Key: abc", "X-Api-Key: ****"),
        ('{"password": "hello world", "n": 1}', '{"password": "****", "n": 1}'),
        ('{"token":"a\\"b","n":1}', '{"token":"****","n":1}'),
        ("{'refreshToken': 'x'}", "{'refreshToken': '****'}"),
        ("&quot;secret&quot;:&quot;x&quot;,", "&quot;secret&quot;:&quot;****&quot;,"),
        ("user=a&pass=b;c&q=1", "user=a&pass=****&q=1"),
        ('<input type="hidden" name="csrf_token" value="abc">', '<input type="hidden" name="csrf_token" value=****>'),
        ("<input value='abc' name=authenticity_token>", "<input value=**** name=authenticity_token>"),
        ('<meta name="csrf-token" content="abc">', '<meta name="csrf-token" content=****>'),
        (f"sent {JWT} back", "sent **** back"),
        ("Bearer 0123456789", "Bearer ****"),
        ("https://ann:word@a.example/", "https://****@a.example/"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "****"),
        ("-----BEGIN PRIVATE KEY-----\nMII", "****"),
        ("id Zk3vQ81hGx0pLm29TtYw.", "id ****."),
        ("hash d41d8cd98f00b204e9800998ecf8427e", "hash ****"),
        ("hash abcdefabcdefabcdefabcdefabcdefab", "hash ****"),
    ],
)
def test_what_reads_like_a_credential_is_masked(said: str, shown: str) -> None:
    assert Redactor().text(said) == shown


@pytest.mark.parametrize(
    "text",
    [
        "basic authentication is used",
        "passive=1 design=2 inside=3 author=4",
        "X-Content-Type-Options: nosniff",
        'sqlite3.OperationalError: near "\'": syntax error',
        '<input name="q" value="x">',
        "265151019, which evaluates to: 1978-05-27 22:03:39",
        "<script>alert(1)</script>",
        "123e4567-e89b-12d3-a456-426614174000",
        "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'",
    ],
)
def test_evidence_stays_readable(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a.example/search?q=%3Cb%3E&page=2", "http://a.example/search?q=%3Cb%3E&page=2"),
        ("http://a.example/?access_token=x&q=1", "http://a.example/?access_token=****&q=1"),
        ("http://a.example/cb#id_token=x&state=1", "http://a.example/cb#id_token=****&state=1"),
        ("http://ann:word@a.example:8080/x", "http://****@a.example:8080/x"),
        ("http://a.example/cart;jsessionid=AB12?x", "http://a.example/cart;jsessionid=****?x"),
        ("http://a.example/reset/Zk3vQ81hGx0pLm29TtYw", "http://a.example/reset/****"),
        ("http://a.example/?d=%7B%22password%22%3A%22x%22%7D", "http://a.example/?d=%7B%22password%22%3A%22****%22%7D"),
        (
            "http://a.example/?to=http%3A%2F%2Fb.example%2F%3Ftoken%3Dx",
            "http://a.example/?to=http%3A%2F%2Fb.example%2F%3Ftoken%3D****",
        ),
        ("http://a.example/?Zk3vQ81hGx0pLm29TtYw", "http://a.example/?****"),
        ("http://a.example/?p%61ssword=x", "http://a.example/?p%61ssword=****"),
        ("http://[", "http://["),
    ],
)
def test_urls_keep_all_but_credentials(url: str, shown: str) -> None:
    assert Redactor().url(url) == shown


def test_urls_in_urls_in_urls_are_masked_too() -> None:
    masked = Redactor().url("http://a.example/?to=" * 2_000 + "?token=abcdef")
    assert "abcdef" not in masked


fragments = st.sampled_from(
    [
        *("password", "token", "sid", "name=", "value=", "Cookie: ", "Authorization", "Bearer ", "a=b", "abc", "****"),
        *("=", ":", '"', "'", "&", ";", "\n", " ", ">", "%3D", "\\", "<input ", "http://", "u:p@", "eyJhbGci."),
        *("0123456789abcdef", "-----BEGIN X-----"),
    ]
)


@given(st.lists(fragments, max_size=12).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    redactor = Redactor(["open-sesame"])
    assert redactor.text(redactor.text(text)) == redactor.text(text)


@given(st.text(max_size=30), st.integers(min_value=1, max_value=40))
def test_what_is_cut_is_no_longer_than_asked(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= limit
    assert clip(text, limit) == text or clip(text, limit).endswith("…")


def har(**entry: object) -> dict[str, object]:
    request = {
        "method": "POST",
        "url": f"http://a.example/in?p%61ss=abc&q={quote(SECRET)}",
        "headers": [{"name": "Authorization", "value": "Bearer abc"}, {"name": "Accept", "value": "text/html"}],
        "cookies": [{"name": "theme", "value": "dark", "path": "/"}],
        "queryString": [{"name": "token", "value": "abc"}, {"name": "q", "value": SECRET}],
        "postData": {"mimeType": "application/json", "text": '{"password": "abc", "q": 1}', "params": []},
    }
    content = {"mimeType": "text/html", "encoding": "base64", "text": base64.b64encode(SECRET.encode()).decode()}
    response = {"status": 200, "headers": [{"name": "Set-Cookie", "value": "sid=abc; Path=/"}], "content": content}
    return {"log": {"version": "1.2", "entries": [{"request": request, "response": response} | entry]}}


def test_recorded_traffic_is_kept_without_credentials() -> None:
    data = json.dumps(har()).encode("utf-8-sig")
    masked = json.loads(redacted_har(data, [SECRET]))
    (entry,) = masked["log"]["entries"]
    request, response = entry["request"], entry["response"]
    assert request["url"] == "http://a.example/in?p%61ss=****&q=****"
    assert [header["value"] for header in request["headers"]] == ["Bearer ****", "text/html"]
    assert request["cookies"] == [{"name": "theme", "value": "****", "path": "/"}]
    assert [pair["value"] for pair in request["queryString"]] == ["****", "****"]
    assert request["postData"]["text"] == '{"password": "****", "q": 1}'
    assert response["headers"][0]["value"] == "sid=****; Path=/"
    assert response["content"] == {"mimeType": "text/html", "text": "****"}
    assert response["status"] == 200


def test_a_body_that_is_no_text_is_left_out() -> None:
    content = {"encoding": "base64", "text": base64.b64encode(b"\xff\xfe\x00" + SECRET.encode()).decode(), "size": 9}
    masked = json.loads(redacted_har(json.dumps(har(response={"content": content})).encode(), [SECRET]))
    kept = masked["log"]["entries"][0]["response"]["content"]
    assert kept == {"size": 9, "text": "", "comment": "left out: it is no text"}


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"{", b'{"log": []}', b'{"code": "internal_error"}'])
def test_what_is_no_har_is_refused(data: bytes) -> None:
    with pytest.raises(ScannerError):
        redacted_har(data)


@given(secrets, st.sampled_from(sorted(ENCODINGS)))
def test_no_secret_survives_in_traffic(secret: str, encoding: str) -> None:
    assume(secret not in "name value comment url cookies headers content text log")
    written = ENCODINGS[encoding](secret)
    values = [{"name": written, "value": written, "comment": written}, {written: written}, [written], 1, None]
    document = {"log": {"url": written, "cookies": values, "headers": values, "content": {"text": written}}}
    masked = json.loads(redacted_har(json.dumps(document).encode(), [secret]))
    assert not [text for text in texts(masked) if secret in text]


def texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for item in value for text in texts(item)]
        case dict():
            return [text for pair in value.items() for item in pair for text in texts(item)]
        case _:
            return []
