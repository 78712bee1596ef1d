"""Masking of configuration: a resource is quoted whole, and may hold a password that the finding is not about."""

from __future__ import annotations

import re

from scangate.scanners.redact import MASK

_NAME = (
    r"passw|passphrase|pwd|secret|token|credential|auth|(?:api|access|private|account|encryption|ssh)[-_]?key"
    r"|connection[-_]?str|user_?data|custom_?data"
)
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_NESTED_SECRET = re.compile(rf"(?:{_NAME})[^:=]*[:=]", re.IGNORECASE)
_ASSIGNED = re.compile(r"^(?P<name>[^:=]*[:=]+\s*)(?P<value>\S.*)$")
_SPACED = re.compile(r"^(?P<name>\s*(?:ENV|ARG)\s+\S+\s+)(?P<value>\S.*)$", re.IGNORECASE)
_VALUE = re.compile(r"""^[\s{-]*["']?value["']?\s*[:=]""", re.IGNORECASE)
_OPENS_TEXT = re.compile(r"(?:<<[-~]?\s*\w+|[|>][-+\d]*|[\[{(])\s*$")
_KNOWN = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|\bA(?:KIA|SIA)[A-Z0-9]{16}\b")
_BUILD_ARGUMENTS = re.compile(r"(?P<count>\|\d+ )(?:.*?(?= \S*sh (?:-\S+ \S+ )*-c )|.*)", re.DOTALL)
"""What BuildKit writes between the number of a step's build arguments and its shell: `RUN |1 TOKEN=… /bin/sh -c …`."""
_NAMED_SECRET = re.compile(
    rf"""(?P<name>(?:{_NAME})[\w.-]*["']?(?:\s*[:=]\s*|\s+)(?:(?:bearer|basic|token)\s+)?["']?)(?P<value>[^\s"']+)""",
    re.IGNORECASE,
)
_LOOKS_RANDOM = re.compile(r"\b(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])(?=[\w+=-]*\d)[\w+=-]{20,}")
_NOT_QUOTED = re.compile(r"""\bkind["']?\s*:\s*["']?Secret\b|-----BEGIN [A-Z ]*PRIVATE KEY""")


def mask_configuration(text: str) -> str:
    """Source lines with the values masked of every setting that by its name may be a secret.

    Where a name and its value stand in lines of their own (`name: TOKEN`, `value: …`), the neighbour is masked; where
    such a setting opens a block of text, the rest is not quoted. Nor is a Kubernetes Secret or a private key.
    """
    if _NOT_QUOTED.search(text):
        return ""
    lines = text.split("\n")
    shown: list[str] = []
    for number, line in enumerate(lines):
        beside = [*lines[max(0, number - 1) : number], *lines[number + 1 : number + 2]]
        shown.append(_mask_line(line, beside))
        if shown[-1].endswith(MASK) and _OPENS_TEXT.search(line):
            break
    return "\n".join(shown)


def mask_command(text: str) -> str:
    """A step of an image's build as one command, with what may be a secret in it masked: build arguments, values behind
    names that say so, passwords in URLs, and long words of letters of both cases and digits.
    """
    text = _KNOWN.sub(MASK, _BUILD_ARGUMENTS.sub(rf"\g<count>{MASK}", text))
    return _LOOKS_RANDOM.sub(MASK, _NAMED_SECRET.sub(rf"\g<name>{MASK}", text))


def _mask_line(line: str, beside: list[str]) -> str:
    match = _ASSIGNED.match(line) or _SPACED.match(line)
    if match is None:
        return _KNOWN.sub(MASK, line)
    names_secret = _SECRET_NAME.search(match["name"]) or _NESTED_SECRET.search(match["value"])
    if names_secret or (_VALUE.match(line) and any(map(_SECRET_NAME.search, beside))):
        return match["name"] + MASK
    return _KNOWN.sub(MASK, line)
