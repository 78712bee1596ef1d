"""Lock files as their own package managers read them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.scanners.exact_keys import exact_json, exact_toml

LOCK = {"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0", "dev": True}}}


@pytest.mark.parametrize(
    "odd",
    [{"Packages": {}}, {"PACKAGES": {}}, {"pac\u212aages": {}}, {"Dependencies": {}}, {"lockfileversion": 1}],
)
def test_keys_in_another_case_are_taken_out(odd: dict[str, object]) -> None:
    exact, keys = exact_json(json.dumps(LOCK | odd).encode())
    assert (json.loads(exact), keys) == (LOCK, tuple(odd))


def test_keys_are_taken_out_of_entries_but_packages_may_have_their_names() -> None:
    entry = {"version": "1.0.0", "Version": "2.0.0"}
    exact, keys = exact_json(json.dumps({"dependencies": {"Version": entry}}).encode())
    assert (json.loads(exact), keys) == ({"dependencies": {"Version": {"version": "1.0.0"}}}, ("Version",))


@pytest.mark.parametrize("content", [json.dumps(LOCK).encode(), b"", b"\xff", b"[" * 100_000, b'{"Packages": ,}'])
def test_other_content_stays_to_the_byte(content: bytes) -> None:
    assert exact_json(content) == (content, ())


def test_cargos_keys_and_tables_get_another_name() -> None:
    lock = '[[package]]\nname = "a"\nversion = "1.0.0"\nVersion = "2.0.0"\n[[Package]]\nname = "a"\n'
    lock += '"Ver\\u0073ion" = "3"\n'
    exact, keys = exact_toml(lock.encode())
    assert keys == ("Version", "Package", '"Ver\\u0073ion" = "3"')
    assert (
        exact
        == b'[[package]]\nname = "a"\nversion = "1.0.0"\nother-Version = "2.0.0"\n[[other-Package]]\nname = "a"\n\n'
    )


@given(st.binary())
def test_what_has_no_such_key_stays_to_the_byte(content: bytes) -> None:
    for exact, keys in (exact_json(content), exact_toml(content)):
        assert keys or exact == content
