"""What of a running application a scan may touch: below the target's URL, and not what logs out or destroys.

The patterns are read by ZAP (Java) and by us alike. ZAP's contexts compare URLs without their query, so that patterns
which look at it only take effect as ZAP's own exclusions from the spider and the active scan (seen with ZAP 2.17.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from scangate.scanners.interface import ScannerError, WebOptions, failed
from scangate.scanners.web_routes import split_url

_ENDING_WORDS = ("log-out", "log-off", "sign-out", "sign-off", "end-session", "revoke")
_DESTROYING_WORDS = (
    *("delete", "remove", "destroy", "erase", "purge", "wipe", "truncate", "drop", "uninstall", "terminate", "kill"),
    *("deactivate", "unsubscribe", "unregister", "close-account"),
    *("shutdown", "power-off", "reboot", "restart", "factory-reset"),
)
_RUN_TOGETHER = ("logout", "signout", "delete", "remove", "destroy", "erase", "purge", "deactivate", "uninstall")
"""Those of them that also count within names such as `deleteuser` and `dologout`: others are in harmless names, too."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ENCODED_LETTER = "%(?:[46][1-9A-Fa-f]|[57][0-9Aa])"
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:[/;]|\Z)", re.IGNORECASE)
_FILE = re.compile(r"\.[A-Za-z]\w{0,4}$", re.ASCII)


@dataclass(frozen=True)
class Exclusion:
    """URLs that a scan leaves alone: those that `pattern` matches wholly, and why."""

    pattern: str
    reason: str


def _with_word(words: Iterable[str]) -> str:
    """Whole URLs that have one of the words in their path or query, also as part of a name such as `deleteUser`.

    A hyphen in a word may be an underscore or be absent.
    """
    words = tuple(words)
    parted = [word.split("-") for word in words]
    upper = ["[-_]?".join(map(str.upper, parts)) for parts in parted]
    mixed = ["[-_]?".join(f"[{part[0]}{part[0].upper()}]{part[1:]}" for part in parts) for parts in parted]
    whole = rf"(?<![A-Za-z])(?:{'|'.join(upper + mixed)})"
    inner = rf"(?<=[a-z0-9])(?=[A-Z])(?:{'|'.join(mixed)})"
    together = "|".join(f"[{word[0]}{word[0].upper()}]{word[1:]}" for word in _RUN_TOGETHER if _is_one_of(word, words))
    first = rf"(?<![A-Za-z])(?:{together})(?!e?[dr])[a-z]"
    last = rf"(?<=[a-z])(?<!un)(?:{together})(?![a-z])"
    return rf"https?://[^/?#]+(?-i:.*(?:(?:{whole}|{inner})(?![a-z])|{first}|{last}).*)"


def _is_one_of(word: str, words: Iterable[str]) -> bool:
    return word in (other.replace("-", "") for other in words)


USUAL_EXCLUSIONS = (
    Exclusion(_with_word(_ENDING_WORDS), "it ends the login"),
    Exclusion(_with_word(_DESTROYING_WORDS), "it may destroy data"),
    # Nobody has to write a letter so: `/%6cogout` is `/logout` to the application, and in no pattern.
    Exclusion(rf"https?://[^/?#]+.*{_ENCODED_LETTER}.*", "it hides letters behind percent signs"),
)
"""What no scan calls."""

EXCLUDED_WORDS = ", ".join((*_ENDING_WORDS, *_DESTROYING_WORDS))
"""The words in paths and queries that `USUAL_EXCLUSIONS` is about, for people."""


@dataclass(frozen=True)
class Scope:
    """`seed` is where a scan begins, `base` the site with the folder that it keeps to, and `own` matches all below."""

    seed: str
    site: str
    base: str
    own: str
    exclusions: tuple[Exclusion, ...]

    def covers(self, url: str) -> bool:
        """Whether a scan may request the URL."""
        return self.owns(url) and self.owns(_without_dots(url)) and not self.why_excluded(url)

    def owns(self, url: str) -> bool:
        """Whether the URL is of the target, be it excluded or not."""
        return _matches(self.own, url)

    def why_excluded(self, url: str) -> str:
        """Why the URL is left alone; empty where it is not."""
        return next((item.reason for item in self.exclusions if _matches(item.pattern, url)), "")


def scope_of(url: str, options: WebOptions) -> Scope:
    """The scope of the target's URL. Raises `ScannerError` where that is none, or where a pattern cannot be read."""
    parts = _split(url)
    folder = _folder(parts.path)
    site = f"{parts.scheme}://{_authority(parts)}"
    seed = f"{site}{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    for pattern in (*options.include, *options.exclude):
        _check(pattern)
    narrowed = Exclusion(rf"(?!(?:{'|'.join((*options.include, re.escape(seed)))})$).*", "settings do not include it")
    return Scope(
        seed=seed,
        site=site,
        base=f"{site}{folder}",
        own=rf"{_site_pattern(parts)}{re.escape(folder)}(?:[/?#].*)?",
        exclusions=(
            *USUAL_EXCLUSIONS,
            *(Exclusion(pattern, "settings exclude it") for pattern in options.exclude),
            *([narrowed] if options.include else []),
        ),
    )


def _without_dots(url: str) -> str:
    """What an application may take the URL for: `/admin` of `/shop/../admin`."""
    parts = split_url(url)
    if not _DOTS.search(parts.path):
        return url
    kept = [""]
    for part in re.sub(r";[^/]*", "", parts.path).split("/"):
        match unquote(part):
            case "..":
                kept = kept[:-1] or [""]
            case "." | "":
                pass
            case _:
                kept.append(part)
    return parts._replace(path="/".join(kept)).geturl()


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise failed("the target is not a URL that can be read") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0:
        raise failed("the target is not an http(s) URL with a host")
    return parts


def _authority(parts: SplitResult) -> str:
    """Host and port as ZAP writes them: without the port that the scheme has by itself, and without credentials."""
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return shown if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{shown}:{parts.port}"


def _site_pattern(parts: SplitResult) -> str:
    port = _DEFAULT_PORTS[parts.scheme]
    optional = rf"(?::{port})?" if parts.port in (None, port) else ""
    return re.escape(f"{parts.scheme}://{_authority(parts)}") + optional


def _folder(path: str) -> str:
    """`/shop` of `/shop`, `/shop/` and `/shop/index.html`; empty for the whole site."""
    parent, _, last = path.rpartition("/")
    return parent if _FILE.search(last) else path.rstrip("/")


def _check(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise _bad_pattern(pattern, str(error)) from None


def _bad_pattern(pattern: str, why: str) -> ScannerError:
    return failed(f"a pattern of the scope cannot be read: {pattern[:100]!r}: {why}", mend="correct it in the settings")


def _matches(pattern: str, url: str) -> bool:
    """As ZAP does it: the whole URL, in whatever case."""
    return re.fullmatch(pattern, url, re.IGNORECASE | re.DOTALL) is not None
