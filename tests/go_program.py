"""Programs with Go's build information, put together by hand: a format that only Go's linker writes."""

from __future__ import annotations

from pathlib import Path

_MAGIC = b"\xff Go buildinf:"
_INLINE = b"\x08\x02"
_MARK = bytes(range(16))


def build_information(module: str, version: str, *, go: str = "go1.26.3") -> bytes:
    """What the linker writes of a program whose main module is `module`, as of Go 1.18."""
    text = f"path\t{module}/cmd\nmod\t{module}\t{version}\th1:hash=\ndep\texample.org/dep\tv9.9.9\th1:hash=\n"
    return (_MAGIC + _INLINE).ljust(32, b"\0") + _string(go.encode()) + _string(_MARK + text.encode() + _MARK)


def write_program(path: Path, module: str, version: str, *, script: str = "exit 1") -> Path:
    """An executable that runs `script` and says of itself that it is that release."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"#!/bin/sh\n{script}\nexit $?\n".encode()
    path.write_bytes(head + b"\0" * (-len(head) % 16) + build_information(module, version))
    path.chmod(0o755)
    return path


def _string(content: bytes) -> bytes:
    size, length = b"", len(content)
    while length >= 0x80:
        size += bytes((length & 0x7F | 0x80,))
        length >>= 7
    return size + bytes((length,)) + content
