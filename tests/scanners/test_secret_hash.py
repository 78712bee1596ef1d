"""The keyed hash of secrets: the same for the same secret everywhere, and nothing of the secret in it."""

from __future__ import annotations

import re

import pytest

from scangate.scanners.secret_hash import secret_hash


def test_a_hash_is_the_same_on_every_machine() -> None:
    assert secret_hash("correct horse battery staple") == "keenzvciqdcsrm7f"


def test_a_hash_is_80_bits_of_base32() -> None:
    assert re.fullmatch(r"[a-z2-7]{16}", secret_hash("x"))


@pytest.mark.parametrize("same", ["BEGIN\r\nabc\r\nEND\r\n", "BEGIN\nabc\nEND", "  BEGIN\rabc\rEND"])
def test_line_ends_and_space_around_a_secret_do_not_count(same: str) -> None:
    assert secret_hash(same) == secret_hash("BEGIN\nabc\nEND")


def test_other_secrets_have_other_hashes() -> None:
    assert len({secret_hash(text) for text in ("a", "A", "a b", "ab", "")}) == 5


def test_half_a_surrogate_pair_has_a_hash_too() -> None:
    assert secret_hash("\ud800")
