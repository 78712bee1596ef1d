"""What gitleaks is given of a tree, and what it looked at of that.

gitleaks passes over files in silence: by their names (images, lock files, everything below a folder whose name holds
`gitleaks.toml`), archives, and text whose first bytes are those of a binary format. So the files lie before it under
numbers, with a suffix only where a rule of gitleaks asks for one, and the bytes that it says it read must be theirs.
"""

from __future__ import annotations

import codecs
import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from scangate.model import Skip
from scangate.scanners.interface import Job
from scangate.scanners.staging import read_files

FOLDER = "tree"
"""The scanned folder below the job's `work`."""

_TOLD_BY_NAME = re.compile(r"(?:nuget\.config|\.(?:php|tf|hcl|ya?ml|p12|pfx|bb|bbappend|bbclass|inc))\Z", re.IGNORECASE)
"""The ends of names that gitleaks' rules ask for."""
_KEY_STORE = re.compile(r".*\.(?:p12|pfx)", re.IGNORECASE | re.DOTALL)
"""Files that are a finding by their name, whatever they hold."""
_HASHES = re.compile(
    r"go(?:\.work)?\.sum|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|deno\.lock|Pipfile\.lock|"
    r"poetry\.lock|gradle\.lockfile|verification-metadata\.xml|.*\.refactorlog",
    re.DOTALL,
)
"""Files of hashes, which look like secrets."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", **dict.fromkeys(_WIDE, "utf-16")}
_MOSTLY = 0.7
_HEAD = 8000
"""How much of a file git, too, looks at to tell whether it is binary."""
_SHOWN = 10

_READ = re.compile(r"scanned ~(\d+) bytes")
_TAKEN_FOR = re.compile(r"skipping binary file mime_type=(\S+) path=" + FOLDER + r"/(\S+)")


@dataclass
class Layout:
    """The target's files as they are laid out: `links` and `files` as in `Command`, `paths` by name below `FOLDER`.

    `size` is the bytes of text in all; `binary` and `hashes` are left out, `unreadable` cannot be given to anybody.
    """

    links: dict[str, Path] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    size: int = 0
    binary: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def path(self, raw: str) -> str:
        """The path below the root that one of gitleaks' stands for."""
        return self.paths.get(raw.removeprefix(f"{FOLDER}/"), raw)

    def left_out(self) -> tuple[Skip, ...]:
        """What gitleaks was not given because there is no text in it to search, a row for each reason."""
        return (
            *_rows(self.binary, "binary"),
            *_rows(self.hashes, "a file of hashes, which look like secrets"),
        )

    def passed_over(self, stderr: str) -> tuple[Skip, ...]:
        """Text that gitleaks did not read although it was given it, by its log at level `debug`."""
        unreadable = [Skip(path=path, reason="it cannot be read") for path in self.unreadable]
        read = _READ.search(stderr)
        if read is None:
            return (*unreadable, Skip(path=".", reason="gitleaks does not say how much it read"))
        taken = [(self.paths[name], kind) for kind, name in _TAKEN_FOR.findall(stderr) if name in self.paths]
        named = [Skip(path=path, reason=f"gitleaks takes it for {kind}") for path, kind in taken]
        missing = self.size - int(read[1])
        if missing > 0 and not named:
            named = [Skip(path=".", reason=f"gitleaks passed over {missing:,} of {self.size:,} bytes")]
        return (*unreadable, *named)


def lay_out(job: Job) -> Layout:
    """Sort the target's files and give each a place below `FOLDER`. Wide characters are written
    as UTF-8, and NULs as spaces.
    """
    layout = Layout()
    for number, path in enumerate(job.target.files):
        name = PurePosixPath(path).name
        if _HASHES.fullmatch(name):
            layout.hashes.append(path)
            continue
        size, head = _look(job.root / path)
        if size < 0:
            layout.unreadable.append(path)
        elif (head.startswith(_WIDE) or b"\0" in head) and not _KEY_STORE.fullmatch(name):
            _put_text(layout, job, path, number)
        else:
            staged = _staged(number, name)
            layout.links[f"{FOLDER}/{staged}"] = job.root / path
            layout.paths[staged] = path
            layout.size += size
    return layout


def _put_text(layout: Layout, job: Job, path: str, number: int) -> None:
    """Write what text there is in a file that is not plainly text."""
    for _, content in read_files(job.root, (path,)):
        staged = _staged(number, PurePosixPath(path).name)
        text = _text_of(content).encode("utf-8", errors="replace")
        if not text:
            layout.binary.append(path)
            return
        layout.files[f"{FOLDER}/{staged}"] = text
        layout.paths[staged] = path
        layout.size += len(text)
        return
    layout.unreadable.append(path)


def _text_of(content: bytes) -> str:
    """Wide characters, with their mark or by the bytes between; or UTF-8 with NULs, which JavaScript and shells allow
    and which hide all else from tools that take them for the sign of a binary file. Empty for other content.
    """
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    for encoding, start in (("utf-16-le", 1), ("utf-16-be", 0)):
        letters, between = content[1 - start : _HEAD : 2], content[start:_HEAD:2]
        if between.count(0) > len(between) * _MOSTLY and letters.count(0) < len(letters) * (1 - _MOSTLY):
            return content.decode(encoding, errors="replace")
    try:
        return "" if _is_archive(content) else content.strip(b"\0").replace(b"\0", b" ").decode()
    except UnicodeDecodeError:
        return ""


def _is_archive(content: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(content[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _staged(number: int, name: str) -> str:
    told = _TOLD_BY_NAME.search(name)
    return f"{number}{told[0] if told else ''}"


def _look(path: Path) -> tuple[int, bytes]:
    """A file's size and its beginning; size -1 where it cannot be read."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as handle:
            return os.fstat(handle.fileno()).st_size, handle.read(_HEAD)
    except OSError:
        return -1, b""


def _rows(paths: list[str], reason: str) -> Iterator[Skip]:
    """A row for each file, or one for many."""
    if len(paths) > _SHOWN:
        yield Skip(path="./", reason=f"{reason}: {len(paths)} files")
    else:
        yield from (Skip(path=path, reason=reason) for path in paths)
