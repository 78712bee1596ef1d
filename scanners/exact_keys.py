"""Lock files as their own package managers read them: `Packages` is not `packages`.

Go's libraries for JSON and TOML, and so the scanners that are written in Go, take a key in any case for the one that
they look for. npm, Composer, NuGet, Bun and Cargo do not: a file may name one version to them and another to a scanner.
Sources: https://pkg.go.dev/encoding/json#Unmarshal, https://pkg.go.dev/github.com/BurntSushi/toml#Unmarshal.
"""

from __future__ import annotations

import json
import re
from typing import Any

_JSON = ("package-lock.json", "npm-shrinkwrap.json", "bun.lock", "composer.lock", "packages.lock.json")
_TABLES = ("packages", "packages-dev", "dependencies", "requires", "dist", "source")
_KEYS = {
    key.casefold(): key
    for key in (*_TABLES, "lockfileVersion", "name", "version", "resolved", "integrity", "reference", "dev", "type")
}
"""The keys that scanners look for in JSON; `_TABLES` are those that hold objects."""
_IN_TOML = re.compile(
    r"""(?<![\w-])(?P<key>(?i:package|name|version|source|dependencies|replace))(?=["']?\s*(?:=|\]))"""
)
_ESCAPED_KEY = re.compile(r'^\s*(?:\[\[?\s*)?"[^"\n]*\\[^\n]*$', re.MULTILINE)


def exact_lock(name: str, content: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The content of a lock file without keys that only scanners would take for those of the format, and these keys.

    `name` is that of the format, such as `package-lock.json`. Formats with other libraries stay as they are.
    """
    if name == "Cargo.lock":
        return exact_toml(content)
    return exact_json(content) if name in _JSON else (content, ())


def exact_json(content: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The content without keys that only differ in case from those of lock files, and these keys; what is no JSON
    stays as it is.
    """
    odd: list[str] = []

    def kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        odd.extend(key for key, value in pairs if _is_odd(key, value))
        return {key: value for key, value in pairs if not _is_odd(key, value)}

    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=kept)
    except (ValueError, RecursionError):
        return content, ()
    return (json.dumps(document).encode(), tuple(odd)) if odd else (content, ())


def exact_toml(content: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The same for Cargo's lock file, in which such keys and tables get another name."""
    odd: list[str] = []

    def renamed(match: re.Match[str]) -> str:
        if match["key"].islower():
            return match[0]
        odd.append(match["key"])
        return f"other-{match['key']}"

    text = _IN_TOML.sub(renamed, content.decode(errors="surrogateescape"))
    odd += (line.strip() for line in _ESCAPED_KEY.findall(text))
    text = _ESCAPED_KEY.sub("", text)
    return (text.encode(errors="surrogateescape"), tuple(odd)) if odd else (content, ())


def _is_odd(key: str, value: Any) -> bool:
    """Whether a key is one of a lock file's but for its case. A package may be called so; its entry is an object."""
    known = _KEYS.get(key.casefold(), key)
    return known != key and (known in _TABLES or not isinstance(value, dict))
