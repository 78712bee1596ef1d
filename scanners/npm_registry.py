"""The user's own settings for npm, as far as they say which registry to ask and how to reach it.

They are read from the user's `.npmrc` (https://docs.npmjs.com/cli/configuring-npm/npmrc) and environment, never from
the scanned tree. Only these few leave here: npm shall neither leave anything out of an audit nor start a program
because of a setting that was made for installing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_KEYS = re.compile(
    r"(?:registry|@[^:\s]+:registry|proxy|https?-proxy|noproxy|cafile|ca(?:\[\])?|strict-ssl|//\S+)", re.IGNORECASE
)
_VARIABLES = re.compile(
    r"npm_config_(?:registry|proxy|https?_proxy|noproxy|cafile|ca|strict_ssl)|NODE_EXTRA_CA_CERTS", re.IGNORECASE
)
_NAMED = re.compile(r"\$\{(?P<name>[^}?]+)\??\}")
_MAX_FILE = 1_000_000


@dataclass(frozen=True)
class RegistrySettings:
    """`npmrc` is a file for npm to read, `variables` are those of the environment that count with it."""

    npmrc: bytes
    variables: Mapping[str, str]


def registry_settings(environment: Mapping[str, str], *, forbidden: Path) -> RegistrySettings:
    """The settings of the user whose environment this is. No file in the folder `forbidden` is read."""
    file = _user_file(environment)
    text = "" if file is None or file.resolve().is_relative_to(forbidden.resolve()) else _read(file)
    lines = [line for line in text.splitlines() if _KEYS.fullmatch(line.partition("=")[0].strip())]
    named = {match["name"] for line in lines for match in _NAMED.finditer(line)}
    variables = {name: value for name, value in environment.items() if name in named or _VARIABLES.fullmatch(name)}
    return RegistrySettings("".join(f"{line}\n" for line in lines).encode(), variables)


def _user_file(environment: Mapping[str, str]) -> Path | None:
    """Where npm looks: `$NPM_CONFIG_USERCONFIG` in any spelling of case, or `.npmrc` in the home folder."""
    named = (value for name, value in environment.items() if name.lower() == "npm_config_userconfig")
    home = environment.get("HOME")
    return next((Path(name) for name in _absolute(named)), Path(home, ".npmrc") if home else None)


def _absolute(names: Iterator[str]) -> Iterator[str]:
    return (name for name in names if Path(name).is_absolute())


def _read(file: Path) -> str:
    try:
        with file.open("rb") as handle:
            return handle.read(_MAX_FILE).decode("utf-8-sig", errors="replace")
    except OSError:
        return ""
