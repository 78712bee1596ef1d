"""Keeps credentials out of what a running application said: evidence, URLs, headers and bodies are masked.

The credentials of the run are known, and masked wherever they stand and however they are encoded. Credentials of others
(an application tells all it knows to whoever asks rightly) are masked where their name or their form gives them away.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote_plus

from scangate.scanners.random_text import looks_random
from scangate.scanners.redact import MASK
from scangate.scanners.web_routes import split_url

_ENTITIES = {"<": "lt", ">": "gt", "&": "amp", '"': "quot", "'": "apos"}
_BACKSLASHED = {char: char for char in "\"'\\/&<>"} | {"\n": "n", "\r": "r", "\t": "t"}
_SHORT_SECRET = 4
"""Secrets with fewer characters are masked only where they stand alone: they are parts of half of all words."""

_NAMES = (
    r"(?:passw(?:or)?d|passwd|pwd|passphrase|pass(?![a-z])|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|session|sess(?:id)?(?![a-z])|sid(?![a-z])|jwt|credential|csrf|xsrf|otp(?![a-z])|nonce|signature|sig(?![a-z])"
    r"|auth(?![a-z])|assertion|saml)"
)
_HEADERS = r"(?:set-cookie2?|cookie|(?:proxy-)?authorization)"
_QUOTE = r"""(?:\\{0,4}["']|&quot;|&\#0{0,3}3[49];|%22)"""
_HEADER = re.compile(
    rf"(?P<name>\b{_HEADERS})(?P<colon>{_QUOTE}?[ \t]{{0,9}}[:=][ \t]{{0,9}}{_QUOTE}?)(?P<value>[^\r\n\"'<>]*)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    rf"""(?P<name>{_NAMES}[\w.\[\]-]{{0,40}}(?:{_QUOTE})?[ \t]{{0,3}}(?:=>?|:|%3d|%3a)\s{{0,3}})
    (?:(?P<open>{_QUOTE})(?P<quoted>(?:\\.|(?!(?P=open))[^\\\r\n])*)(?P<close>(?P=open))?
    |(?P<bare>[^\s&"'<>]*[^\s&"'<>;,)\]}}]))""",
    re.IGNORECASE | re.VERBOSE,
)
_NAMED_TAG = re.compile(
    rf"(?:name|id|type|property)\s{{0,3}}=\s{{0,3}}['\"]?[\w.\[\]-]{{0,40}}?{_NAMES}", re.IGNORECASE
)
_TAG = re.compile(r"<(?:input|meta)\b[^>]{0,1000}", re.IGNORECASE)
_TAG_VALUE = re.compile(r"""\b(value|content)(\s{0,3}=\s{0,3})("[^"]*"?|'[^']*'?|[^\s>"']+)""", re.IGNORECASE)
_SCHEME = re.compile(r"\b(Bearer|Basic|Digest|Negotiate|NTLM|Token|ApiKey)([ \t]+)([\w.~+/=-]{8,})", re.IGNORECASE)
_USER = re.compile(r"(://)[^/\s:@\"'<>]{1,200}(?::[^/\s@\"'<>]{0,200})?@")
_KEY_BLOCK = re.compile(r"-----BEGIN [^-\r\n]{0,60}-----.*?(?:-----END [^-\r\n]{0,60}-----|\Z)", re.DOTALL)
_JWT = re.compile(r"\beyJ[\w-]{4,}(?:\.[\w-]*){1,4}")
_RUN = re.compile(r"[A-Za-z0-9+=_-]{16,}")
_SECRET_NAME = re.compile(_NAMES, re.IGNORECASE)
_SECRET_HEADER = re.compile(rf"{_HEADERS}\Z", re.IGNORECASE)
_HEX_HASH = re.compile(r"[0-9a-fA-F]{32,}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


class Redactor:
    """Masks credentials. `secrets` are those of the run; no result holds one of them, as it is or encoded."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if secret.strip()}, key=lambda secret: (-len(secret), secret))
        self._plain = _any_of(_plainly(secret) for secret in known)
        self._encoded = _any_of((form for secret in known for form in _encoded(secret)), flags=0)

    def known(self, text: str) -> str:
        """The text without the run's credentials."""
        for pattern in (self._plain, self._encoded):
            text = pattern.sub(MASK, text) if pattern else text
        return text

    def text(self, text: str) -> str:
        """The text without the run's credentials, and without what reads like anybody else's."""
        text = _KEY_BLOCK.sub(MASK, self.known(text))
        text = _HEADER.sub(lambda m: m["name"] + m["colon"] + _header_value(m["name"], m["value"]), text)
        text = _TAG.sub(_tag, text)
        text = _NAMED.sub(_named, text)
        text = _USER.sub(rf"\1{MASK}@", _SCHEME.sub(_scheme, text))
        return _RUN.sub(_run, _JWT.sub(MASK, text))

    def value(self, name: str, value: str) -> str:
        """The value of a header, parameter or form field, masked whole where its name says that it is secret."""
        if _SECRET_HEADER.match(name):
            return self.known(_header_value(name, value))
        return MASK if value and is_secret_name(name) else self.text(value)

    def url(self, url: str) -> str:
        """A URL without user, with its query, its fragment and the parameters of its path masked as fields are."""
        parts = split_url(self.known(url))
        user, at, host = parts.netloc.rpartition("@")
        changes = {
            "netloc": f"{MASK}@{host}" if user else f"{at}{host}",
            "path": self.text(parts.path),
            "query": self._pairs(parts.query),
            "fragment": self._pairs(parts.fragment),
        }
        return parts._replace(**changes).geturl()

    def _pairs(self, query: str) -> str:
        return "&".join(self._pair(pair) for pair in query.split("&"))

    def _pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        decoded = unquote_plus(value)
        masked = self.value(unquote_plus(name), decoded)
        kept = value if masked == decoded else quote(masked, safe="*")
        return f"{self.text(name)}{equals}{kept}"


def clip(text: str, limit: int) -> str:
    """At most `limit` characters; a cut shows as `…`. Mask first: half a secret is not found."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a credential."""
    return bool(_SECRET_NAME.search(name) or _SECRET_HEADER.match(name))


def _header_value(name: str, value: str) -> str:
    """A header's value with names and attributes of cookies and the scheme of an authorization kept."""
    if name.lower().startswith("set-cookie"):
        cookie, semicolon, attributes = value.partition(";")
        return f"{_cookie(cookie)}{semicolon}{attributes}"
    if name.lower() == "cookie":
        return ";".join(_cookie(cookie) for cookie in value.split(";"))
    scheme, space, rest = value.partition(" ")
    return f"{scheme}{space}{MASK}" if rest.strip() else MASK if value else ""


def _cookie(text: str) -> str:
    name, equals, value = text.partition("=")
    return f"{name}={MASK}" if equals and value else _RUN.sub(_run, text)


def _tag(match: re.Match[str]) -> str:
    return _TAG_VALUE.sub(rf"\1\2{MASK}", match[0]) if _NAMED_TAG.search(match[0]) else match[0]


def _named(match: re.Match[str]) -> str:
    opened = match["open"] or ""
    return f"{match['name']}{opened}{MASK}{match['close'] or ''}"


def _scheme(match: re.Match[str]) -> str:
    """`basic authentication` are words; credentials have digits or capitals."""
    token = match[3]
    return f"{match[1]}{match[2]}{MASK}" if token != token.lower() or any(map(str.isdigit, token)) else match[0]


def _run(match: re.Match[str]) -> str:
    run = match[0]
    if _UUID.fullmatch(run):
        return run
    return MASK if looks_random(run) or _HEX_HASH.fullmatch(run) else run


def _any_of(patterns: Iterable[str], *, flags: int = re.IGNORECASE) -> re.Pattern[str] | None:
    joined = "|".join(dict.fromkeys(patterns))
    return re.compile(joined, flags) if joined else None


def _plainly(secret: str) -> str:
    """A pattern for a secret of which each character stands as it is or as one of its escapes."""
    pattern = "".join(f"(?:{'|'.join(_spellings(char))})" for char in secret)
    return pattern if len(secret) >= _SHORT_SECRET else rf"(?<!\w){pattern}(?!\w)"


def _spellings(char: str) -> Iterator[str]:
    """How a character is written in text, URLs (also twice encoded), HTML, and JSON or JavaScript."""
    code = ord(char)
    yield re.escape(char)
    yield "".join(f"%(?:25){{0,3}}{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
    yield rf"&(?:amp;){{0,3}}\#0{{0,6}}(?:{code}|x0{{0,6}}{code:x});?"
    yield "".join(rf"\\{{1,4}}u{unit}" for unit in _utf16_units(char))
    if code < 0x100:
        yield rf"\\{{1,4}}x{code:02x}"
    if char in _ENTITIES:
        yield rf"&(?:amp;){{0,3}}{_ENTITIES[char]};"
    if char in _BACKSLASHED:
        yield rf"\\{{1,4}}{re.escape(_BACKSLASHED[char])}"
    if char == " ":
        yield r"\+"


def _utf16_units(char: str) -> list[str]:
    return re.findall("....", char.encode("utf-16-be", "surrogatepass").hex())


def _encoded(secret: str) -> Iterator[str]:
    """Patterns for a secret within what was encoded as a whole: base64 (of `user:secret`, say) and hexadecimal."""
    data = secret.encode("utf-8", "surrogatepass")
    if len(data) < _SHORT_SECRET:
        return
    yield f"(?i:{binascii.hexlify(data).decode()})"
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + data).decode().rstrip("=")
        # The first and the last character may also hold bits of what is around the secret.
        sure = text[-(-8 * offset // 6) : 8 * (offset + len(data)) // 6]
        yield "".join({"+": r"(?:[+-]|%2[Bb])", "/": r"(?:[/_]|%2[Ff])"}.get(char, char) for char in sure)
