"""One encoder per sink: what is hostile becomes visible or harmless, what is plain stays as it is."""

from __future__ import annotations

import json
import unicodedata
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.reports.encoders import (
    clip,
    inert,
    json_line,
    markdown,
    one_line,
    relative_uri,
    sarif_text,
    visible,
    web_address,
    whole,
)

any_text = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("漢字 🙂 é\u00a0", "漢字 🙂 é\u00a0"),
        ("\x1b[31m\x07", "\\x1b[31m\\x07"),
        ("a\x00b\x9bc\x7f", "a\\x00b\\x9bc\\x7f"),
        ("\u202eexe.txt\u2069", "\\u202eexe.txt\\u2069"),
        ("pa\u200bss\ufeff\u3164", "pa\\u200bss\\ufeff\\u3164"),
        ("\U000e0041", "\\U000e0041"),
        (b"caf\xe9".decode(errors="surrogateescape"), "caf\\xe9"),
        ("\ud800", "\\ud800"),
    ],
)
def test_visible_shows_what_cannot_be_seen(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("category", ["Cc", "Cf", "Cs", "Zl", "Zp"])
def test_no_control_or_format_character_passes(category: str) -> None:
    for char in map(chr, range(0x110000)):
        if unicodedata.category(char) == category and char not in "\n\t":
            assert char not in visible(char)


@given(any_text)
def test_visible_text_is_encodable_and_stays_as_it_is(text: str) -> None:
    once = visible(text)
    once.encode()
    assert visible(once) == once


@given(any_text, st.integers(min_value=1, max_value=50))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_cut_shows() -> None:
    assert clip("abcdef", 4) == "abc…"
    assert clip("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("ok\n \t::add-mask::x", "ok\n \t\\x3a:add-mask::x"),
        ("\x1b[1m::error::x", "\x1b[1m\\x3a:error::x"),
        ("a ##[error]x", "a #\\x23[error]x"),
        ("###vso[task.x]", "##\\x23vso[task.x]"),
        ("std::vector and ## heading", "std::vector and ## heading"),
        ("a::b", "a::b"),
    ],
)
def test_inert_text_holds_no_command(text: str, harmless: str) -> None:
    assert inert(text) == harmless


@given(st.text(alphabet="#:[ \nvsoé\u202e\x7f\U000e0041"))
def test_json_means_the_same_when_it_is_made_harmless(text: str) -> None:
    line = json_line(json.dumps({"text": text}, ensure_ascii=False))
    assert json.loads(line) == {"text": text}
    assert "##" not in line
    assert "\u202e" not in line and "\x7f" not in line and "\U000e0041" not in line


def test_unpaired_surrogates_are_replaced() -> None:
    assert whole("a\ud800b\udc80 🙂") == "a\ufffdb\ufffd 🙂"


@pytest.mark.parametrize(
    "address",
    ["https://a.example", "http://a.example:8080/x?y=1#z", "https://osv.dev/vulnerability/PYSEC-2019-217(a)"],
)
def test_web_addresses_pass(address: str) -> None:
    assert web_address(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//a.example",
        "ftp://a.example",
        "https://a.example/<script>",
        'https://a.example/"onclick=',
        "https://a.example/\u202e",
        "https://user:word@a.example/",
        "https://a.example\n.evil",
        " https://a.example",
        "https://a.example/" + "x" * 3_000,
    ],
)
def test_anything_else_is_no_link(text: str) -> None:
    assert web_address(text) == ""


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b.py", "a/b.py"),
        ("a b/ü%#?.py", "a%20b/%C3%BC%25%23%3F.py"),
        ("http://evil.example/x", "http%3A/evil.example/x"),
        ("/etc/../etc//passwd", "etc/etc/passwd"),
        ("C:\\x", "C%3A%5Cx"),
        (b"caf\xe9.py".decode(errors="surrogateescape"), "caf%E9.py"),
        ("\ud800", "%EF%BF%BD"),
    ],
)
def test_relative_uris(path: str, uri: str) -> None:
    assert relative_uri(path) == uri


@given(any_text)
def test_a_relative_uri_stays_relative_and_means_its_path(path: str) -> None:
    uri = relative_uri(path)
    split = urlsplit(uri)
    assert (split.scheme, split.netloc, split.query, split.fragment) == ("", "", "", "")
    assert uri.isascii() and not uri.startswith("/")
    if not any("\ud800" <= char <= "\udfff" for char in path):
        parts = [part for part in path.split("/") if part not in ("", ".", "..")]
        assert unquote_to_bytes(uri).decode() == "/".join(parts)


@given(any_text, st.integers(min_value=1, max_value=60))
def test_sarif_text_keeps_its_limit_and_forms_no_link(text: str, limit: int) -> None:
    cut = sarif_text(text, limit)
    assert len(cut) <= limit
    assert "](" not in cut.replace("\\](", "")


def test_markdown_is_literal() -> None:
    assert markdown("<b>*x*</b> [a](b) `c` | #1") == r"\<b\>\*x\*\</b\> \[a\]\(b\) \`c\` \| \#1"
