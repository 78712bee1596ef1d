"""What a Go program says of its own origin: the build information that Go's linker puts into every binary.

Format (Go's `debug/buildinfo`, since Go 1.18): at a multiple of 16 bytes a header of 32 bytes, which are 14 of magic,
the pointer size, flags, and padding; flag 2 says that two strings follow, each after its length as a varint: Go's own
version, and the module information between two marks of 16 bytes. Reading it starts nothing, so the version of a
program that must not run can be told as well.
"""

from __future__ import annotations

import mmap
from pathlib import Path

from packaging.version import InvalidVersion, Version

_MAGIC = b"\xff Go buildinf:"
_ALIGNMENT = 16
_HEADER = 32
_FLAGS = 15
_STRINGS_FOLLOW = 2
_MARK = 16


def module_version(program: Path, module: str) -> str:
    """The release of `module` that the program was built from, without Go's `v`.

    Empty for what is no Go program, one of another module, and one built from no release (`(devel)`, a commit).
    """
    try:
        with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            information = _module_information(content)
    except (OSError, ValueError):
        return ""
    for line in information.decode("utf-8", "replace").splitlines():
        match line.split("\t"):
            case ["mod", path, version, *_] if path == module:
                return _release(version)
    return ""


def _module_information(content: mmap.mmap) -> bytes:
    """The second string of the first place that reads as build information: programs that read such information
    themselves hold the magic twice. Empty where there is none.
    """
    at = content.find(_MAGIC)
    while at >= 0:
        flags = int.from_bytes(content[at + _FLAGS : at + _FLAGS + 1])
        if at % _ALIGNMENT == 0 and flags & _STRINGS_FOLLOW:
            go, end = _string(content, at + _HEADER)
            if go.startswith((b"go", b"devel")):
                return _string(content, end)[0][_MARK:-_MARK]
        at = content.find(_MAGIC, at + 1)
    return b""


def _string(content: mmap.mmap, at: int) -> tuple[bytes, int]:
    """The string at that place, cut off at the end of the file, and where it ends."""
    size = shift = 0
    for byte in content[at : at + 10]:
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return content[at : at + size], at + size


def _release(version: str) -> str:
    number = version.removeprefix("v")
    try:
        Version(number)
    except InvalidVersion:
        return ""
    return number
