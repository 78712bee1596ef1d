"""The bbolt writer behind the tests' Trivy database: read back by the format's own rules."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vulnerabilities.bbolt import MOST_KEYS, PAGE, Bucket, write_bbolt

keys = st.text(min_size=1, max_size=40)
buckets = st.recursive(
    st.dictionaries(keys, st.binary(max_size=3 * PAGE)),
    lambda inner: st.dictionaries(keys, st.binary(max_size=30) | inner),
    max_leaves=8,
)


@given(buckets)
def test_bbolt_gives_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, bucket: Bucket) -> None:
    file = tmp_path_factory.mktemp("bbolt") / "file.db"
    write_bbolt(file, bucket)
    assert dict(read_bbolt(file.read_bytes())) == bucket


def test_bbolt_buckets_reach_over_many_pages(tmp_path: Path) -> None:
    bucket = {f"key {number:05}": b"value" * number for number in range(500)}
    write_bbolt(tmp_path / "file.db", {"large": bucket, "small": {}})
    assert dict(read_bbolt((tmp_path / "file.db").read_bytes())) == {"large": bucket, "small": {}}


def test_bbolt_refuses_more_keys_than_a_leaf_holds(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="more than a leaf holds"):
        write_bbolt(tmp_path / "file.db", dict.fromkeys(map(str, range(MOST_KEYS + 1)), b""))


def read_bbolt(data: bytes, page: int | None = None) -> Iterator[tuple[str, Any]]:
    """The items of the bucket whose leaf starts at that page, or of the root that the meta page names."""
    number = struct.unpack_from("<Q", data, 32)[0] if page is None else page
    start = number * PAGE
    stated, flags, count, overflow = struct.unpack_from("<QHHI", data, start)
    assert (stated, flags) == (number, 2)
    for index in range(count):
        element = start + 16 + 16 * index
        bucket, distance, key_size, value_size = struct.unpack_from("<IIII", data, element)
        key = data[element + distance :][:key_size]
        value = data[element + distance + key_size :][:value_size]
        assert element + distance + key_size + value_size <= start + (overflow + 1) * PAGE
        yield key.decode(), dict(read_bbolt(data, struct.unpack("<QQ", value)[0])) if bucket else value
