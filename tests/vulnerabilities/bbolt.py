"""A writer of bbolt files (the format of go.etcd.io/bbolt, version 2), for databases that Go programs read.

A file is a row of pages of 4,096 bytes, all numbers little-endian. Each page starts with a header of 16 bytes:

    id u64 · flags u16 (2 leaf, 4 meta, 16 free list) · count u16 · overflow u32 (pages that follow and belong to it)

Pages 0 and 1 are metas, each a copy of the other but for its transaction number; behind the header stand

    magic u32 · version u32 · page size u32 · flags u32 · root page u64 · sequence u64 · free list page u64
    · number of pages u64 · transaction u64 · FNV-1a of all that, from magic on, u64

Page 2 is the list of free pages, here empty. A leaf has after its header one element of 16 bytes per key

    flags u32 (1: the value is a bucket) · distance from this element to its key u32 · key size u32 · value size u32

and then the keys and values themselves, sorted by key. The value of a bucket is `root page u64 · sequence u64`.
bbolt splits large buckets over branch pages; one leaf with any number of overflow pages is as valid, and simpler.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Bucket: TypeAlias = "Mapping[str, bytes | Bucket]"

PAGE = 4096
MOST_KEYS = 0xFFFE

_HEADER = struct.Struct("<QHHI")
_META = struct.Struct("<IIIIQQQQQ")
_ELEMENT = struct.Struct("<IIII")
_REFERENCE = struct.Struct("<QQ")
_LEAF, _META_PAGE, _FREE_LIST_PAGE = 2, 4, 16
_MAGIC, _VERSION = 0xED0CDAED, 2
_FREE_LIST_AT, _FIRST_LEAF_AT = 2, 3


def write_bbolt(path: Path, root: Bucket) -> None:
    """Write a tree of buckets as a bbolt file; the same tree always gives the same bytes.

    Raises:
        ValueError: a bucket holds more keys than one leaf can.
    """
    leaves: list[bytes] = []
    root_at = _append_leaf(leaves, root)
    pages = _FIRST_LEAF_AT + sum(map(len, leaves)) // PAGE
    metas = [_meta(number, root_at, pages) for number in (0, 1)]
    path.write_bytes(b"".join([*metas, _page(_FREE_LIST_AT, _FREE_LIST_PAGE, 0, b""), *leaves]))


def _append_leaf(leaves: list[bytes], bucket: Bucket) -> int:
    """Append the leaf of a bucket, after those of the buckets in it; returns the number of its first page."""
    if len(bucket) > MOST_KEYS:
        raise ValueError(f"{len(bucket)} keys are more than a leaf holds")
    items = []
    for key, value in sorted((key.encode(), value) for key, value in bucket.items()):
        if isinstance(value, bytes):
            items.append((0, key, value))
        else:
            items.append((1, key, _REFERENCE.pack(_append_leaf(leaves, value), 0)))
    number = _FIRST_LEAF_AT + sum(map(len, leaves)) // PAGE
    leaves.append(_page(number, _LEAF, len(items), _leaf_body(items)))
    return number


def _leaf_body(items: list[tuple[int, bytes, bytes]]) -> bytes:
    elements, data = [], []
    distance = _ELEMENT.size * len(items)
    for flags, key, value in items:
        elements.append(_ELEMENT.pack(flags, distance, len(key), len(value)))
        data.append(key + value)
        distance += len(key) + len(value) - _ELEMENT.size
    return b"".join([*elements, *data])


def _meta(number: int, root_at: int, pages: int) -> bytes:
    body = _META.pack(_MAGIC, _VERSION, PAGE, 0, root_at, 0, _FREE_LIST_AT, pages, number)
    return _page(number, _META_PAGE, 0, body + struct.pack("<Q", _fnv_1a(body)))


def _page(number: int, flags: int, count: int, body: bytes) -> bytes:
    """A page with its overflow, filled up with zeros."""
    pages = -(-(_HEADER.size + len(body)) // PAGE)
    return (_HEADER.pack(number, flags, count, pages - 1) + body).ljust(pages * PAGE, b"\0")


def _fnv_1a(data: bytes) -> int:
    """The 64-bit hash of Fowler, Noll and Vo, in its 1a form."""
    digest = 0xCBF29CE484222325
    for byte in data:
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    return digest
