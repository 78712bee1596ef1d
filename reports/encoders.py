"""One encoder per sink. Every string of a scanner, a repository or a web page passes one before it is written.

Characters that a reader cannot see, or that a terminal obeys, are shown as escapes such as `\\x1b` in every format
that people read. JSON keeps them, escaped, since there they are data.
"""

from __future__ import annotations

import re
from urllib.parse import quote

_KEPT = frozenset("\n\t\u00a0\u3000")
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters by their class that show as nothing: printable to Python, invisible to people."""
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_ODD_SURROGATES = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")
_WEB_ADDRESS = re.compile(r"""https?://[\w.-]+(?::\d+)?(?:[/?#][^\s"<>\\^`{|}\x00-\x1f\x7f-\U0010ffff]*)?""", re.ASCII)
_COMMAND_START = re.compile(r"^((?:[^\S\n]|\x1b\[[0-9;]*m)*):(?=:)", re.MULTILINE)
_COMMAND_INSIDE = re.compile(r"##(?=\w*\[)")
_JSON_HIDDEN = re.compile(
    r"[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
_MARKDOWN = re.compile(r"([\\`*_\[\]()#!|<>~&])")


def clip(text: str, limit: int) -> str:
    """At most `limit` characters; a cut shows as `…`."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def visible(text: str) -> str:
    """The text with control, bidirectional, zero-width and unpaired surrogate characters shown as escapes.

    New lines and tabs stay. A byte that was not UTF-8 (a surrogate from `surrogateescape`) shows as `\\xNN`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_plain(char) else _escape(char) for char in text)


def _is_plain(char: str) -> bool:
    return (char.isprintable() and char not in _FILLERS) or char in _KEPT


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def one_line(text: str, limit: int = 300) -> str:
    """Visible text on one line, white space collapsed, at most `limit` characters."""
    return clip(" ".join(visible(clip(text, 4 * limit)).split()), limit)


def inert(text: str) -> str:
    """The text with nothing in it that a CI runner would obey when it is printed to a build's log.

    GitHub obeys lines that begin with `::`; GitHub and Azure whatever holds `##[` or `##vso[`; TeamCity likewise.
    """
    return _COMMAND_INSIDE.sub(r"#\\x23", _COMMAND_START.sub(r"\1\\x3a", text))


def json_line(serialised: str) -> str:
    """Serialised JSON that is harmless in a terminal and a CI log. It means the same: only escapes are added."""
    harmless = serialised.replace("##", "#\\u0023")
    if harmless.isascii() and "\x7f" not in harmless:
        return harmless
    return _JSON_HIDDEN.sub(_json_escape, harmless)


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    return f"\\u{0xD7C0 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def whole(text: str) -> str:
    """The text with unpaired surrogates, which no UTF-8 can hold, replaced by U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def web_address(text: str, limit: int = 2_000) -> str:
    """The text when it is an absolute http or https address that is safe as a link, and not too long; else empty."""
    return text if len(text) <= limit and _WEB_ADDRESS.fullmatch(text) else ""


def relative_uri(path: str) -> str:
    """A repository path as a percent-encoded relative URI reference: no scheme, no leading slash, no `..`.

    Bytes that were not UTF-8 are encoded as the bytes they were.
    """
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    text = _ODD_SURROGATES.sub("\ufffd", "/".join(parts))
    return quote(text, safe="/~!$'()*,;=@+-._", errors="surrogateescape")


def sarif_text(text: str, limit: int) -> str:
    """A SARIF plain-text message of at most `limit` characters, in which `[a](b)` is no link."""
    return clip(visible(clip(text, limit)).replace("](", "\\]("), limit)


def markdown(text: str) -> str:
    """Text as literal Markdown on one line."""
    return _MARKDOWN.sub(r"\\\1", one_line(text, 1000))
