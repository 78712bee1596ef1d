"""The keyed hash by which a secret is known again without being kept.

scrypt (RFC 7914) with n = 16,384, r = 8, p = 1 and a salt of scangate's own, cut to 80 bits: one guess costs about
50 ms and 16 MB. It is the same on every machine, so that baselines and waivers hold everywhere.

What it protects against: nobody reads a random secret (an API key, a private key) out of a report, and guessing one is
hopeless. What it does not protect against: the salt is public, so that whoever has a report can try passwords from a
list at that price, and can tell whether a secret that they already hold is the one that was found.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

_SALT = b"scangate/secret/v1"
_BYTES = 10


@lru_cache(maxsize=4096)
def secret_hash(secret: str) -> str:
    """The keyed hash of a secret: 16 characters of base32. Line ends and the space around it do not count."""
    data = normal_form(secret).encode("utf-8", errors="replace")
    key = hashlib.scrypt(data, salt=_SALT, n=2**14, r=8, p=1, dklen=_BYTES)
    return base64.b32encode(key).decode().lower()


def normal_form(text: str) -> str:
    """The text as it is hashed: lines end in LF, no space around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
