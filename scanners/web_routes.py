"""What a URL says of the application: its site, and its route, the path with all that varies as `{}`."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit

from scangate.scanners.random_text import looks_random

WHOLE_SITE = "*"
"""The route of what is true of every response; so HTTP names a server as a whole (RFC 9112, asterisk-form)."""

VARIABLE = "{}"

_LONGEST_ROUTE = 500
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HEX_ID = re.compile(r"(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}", re.IGNORECASE)
_FIXED_FORMS = re.compile(
    r"[-+]?\d+(?:,\d+)*"
    r"|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|\d{4}-\d\d(?:-\d\d(?:[T _]\d\d[:.]?\d\d.*)?)?"
    r"|\d\d?[.]\d\d?[.]\d{4}"
    r"|[0-7][0-9A-HJKMNP-TV-Z]{25}"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    re.IGNORECASE | re.DOTALL,
)
"""Numbers, UUIDs, dates and times, ULIDs, mail addresses."""
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}")


def split_url(url: str) -> SplitResult:
    """The parts of a URL, all but the path empty where it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", url, "", "")


def site_of(url: str) -> str:
    """`scheme://host:port` of a URL in lower case, without user and without the scheme's own port."""
    parts = split_url(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host.removesuffix(f':{_DEFAULT_PORTS.get(parts.scheme, 0)}')}"


def route_of(url: str, *, attack: str = "") -> str:
    """A URL's path with numbers, identifiers, dates and what an attack put there as `{}`; no host and no query.

    A literal name stays, and so does the extension of a file: `/orders/17/bill-3.pdf` is `/orders/{}/bill-3.pdf`,
    `/photos/17.jpg` is `/photos/{}.jpg`.
    """
    segments = (split_url(url).path or "/").split("/")
    return "/".join(_segment(segment, attack) for segment in segments)[:_LONGEST_ROUTE]


def _segment(segment: str, attack: str) -> str:
    name = segment.partition(";")[0]
    text = unquote(name, errors="replace")
    if attack and "/" not in attack and attack in text:
        return VARIABLE
    if _varies(text):
        return VARIABLE
    stem, dot, extension = text.rpartition(".")
    if stem and _EXTENSION.fullmatch(dot + extension) and _varies(stem):
        return f"{VARIABLE}.{extension}"
    return name


def _varies(text: str) -> bool:
    return bool(_FIXED_FORMS.fullmatch(text) or _HEX_ID.fullmatch(text)) or looks_random(text)
