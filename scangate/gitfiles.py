"""What git says about the files of a folder. The repository is hostile: nothing that it configures may run.

git runs with our own environment (no `GIT_*` of the caller), without network protocols, and with every setting
overridden that could start a program or lend a listing to somebody else: the file system monitor, hooks, pagers and
the cache of untracked files. git's own refusal to read a repository of another user stands.
Source: git-ls-files(1), git-config(1) and git(1), as of git 2.39 to 2.51.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scangate import process

_SAFE = (
    "--no-pager",
    *("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "submodule.recurse=false"),
)
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_PAGER": "cat",
}
_TIMEOUT = 60.0
_LARGEST_OUTPUT = 2_000_000_000
_GITLINK = b"160000"
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_CLOSED_FOLDER = re.compile(rb"^warning: could not open directory '(.+?)(?:/?': .*)?$", re.MULTILINE)
"""git's warning, which it cuts at 4,096 bytes."""


class GitUnusable(Exception):
    """git cannot be asked about a folder; the text says why, in the words of a note."""


@dataclass(frozen=True)
class GitFiles:
    """What git lists below a folder, relative to it, as file names of the system (`os.fsdecode`).

    `tracked` is what the index holds, whether it is on disk or not, without `submodules`; `untracked` is neither
    tracked nor ignored; `repositories` are untracked folders with a repository of their own; `ignored` names the
    topmost ignored folders (ending in `/`) and files; `closed` are folders that git could not open.
    `commit` is empty before the first commit.
    """

    tracked: frozenset[str]
    untracked: frozenset[str]
    submodules: frozenset[str]
    repositories: frozenset[str]
    ignored: tuple[str, ...]
    closed: tuple[str, ...]
    commit: str


def list_files(folder: Path) -> GitFiles:
    """Ask git about an absolute, resolved folder.

    Raises:
        GitUnusable: there is no repository, no git, or git does not give a sound answer.
    """
    top = _top_of(folder)
    with tempfile.TemporaryDirectory(prefix="scangate-git-") as work:
        git = _Git(folder, top, Path(work))
        if Path(os.fsdecode(git.ask("rev-parse", "--show-toplevel").removesuffix(b"\n"))) != top:
            raise GitUnusable("its git data names another folder as its working tree")
        tracked, submodules = _staged(git.ask("ls-files", "-z", "--stage"))
        others = _names(git.ask("ls-files", "-z", "--others", "--exclude-standard"))
        closed = _closed(git.said, folder.relative_to(top))
        ignored = _names(git.ask("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"))
        return GitFiles(
            tracked=tracked,
            untracked=frozenset(name for name in others if not name.endswith("/")),
            submodules=submodules,
            repositories=frozenset(name.rstrip("/") for name in others if name.endswith("/")),
            ignored=_topmost(ignored),
            closed=closed,
            commit=git.commit(),
        )


def _top_of(folder: Path) -> Path:
    """The working tree that the folder lies in, found by looking and not by asking: the nearest one with a `.git`."""
    for top in (folder, *folder.parents):
        if os.path.lexists(top / ".git"):
            return top
    raise GitUnusable("it is not in a git repository")


class _Git:
    """Runs git in one folder. `said` is what the last command wrote to standard error."""

    def __init__(self, folder: Path, top: Path, work: Path) -> None:
        home = Path(os.environ.get("HOME", os.sep))
        extra = _ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": str(top.parent)}
        if "XDG_CONFIG_HOME" in os.environ:
            extra["XDG_CONFIG_HOME"] = os.environ["XDG_CONFIG_HOME"]
        self._environment = process.minimal_environment(home, extra)
        self._folder, self._work = folder, work
        program = shutil.which("git", path=self._environment["PATH"])
        if program is None or Path(program).resolve().is_relative_to(folder):
            raise GitUnusable("git is not installed")
        self._program = program
        self.said = b""

    def ask(self, *arguments: str) -> bytes:
        """What git prints. Raises `GitUnusable` when it fails."""
        ended, printed = self._run(arguments)
        if ended.cause == "timeout":
            raise GitUnusable(f"git did not answer within {_TIMEOUT:.0f} seconds")
        if ended.exit_code != 0:
            raise GitUnusable(_failure(self.said, ended))
        return printed

    def commit(self) -> str:
        """The commit that is checked out; empty when there is none yet."""
        ended, printed = self._run(("rev-parse", "--verify", "--quiet", "HEAD"))
        text = printed.decode("ascii", "replace").strip()
        return text if ended.exit_code == 0 and _COMMIT.fullmatch(text) else ""

    def _run(self, arguments: tuple[str, ...]) -> tuple[process.Ended, bytes]:
        out, err = self._work / "out", self._work / "err"
        ended = process.run(
            (self._program, *_SAFE, *arguments),
            cwd=self._folder,
            env=self._environment,
            stdout=out,
            stderr=err,
            timeout=_TIMEOUT,
            cap=_LARGEST_OUTPUT,
        )
        self.said = err.read_bytes()[:100_000]
        return ended, out.read_bytes()


def _failure(said: bytes, ended: process.Ended) -> str:
    text = said.decode("utf-8", "replace")
    if "dubious ownership" in text or "is owned by someone else" in text:
        return (
            "git refuses to read it, since it belongs to another user. If you trust it, run in its top folder: "
            'git config --global --add safe.directory "$PWD"'
        )
    last = next((line for line in reversed(text.splitlines()) if line.strip()), ended.detail or ended.cause)
    return f"git failed: {''.join(c if c.isprintable() else '?' for c in last)[:300]}"


def _names(printed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in printed.split(b"\0") if _is_below(name)]


def _is_below(name: bytes) -> bool:
    """Whether a name stays below the root and out of git's own data: git believes any name in a forged index."""
    parts = name.removesuffix(b"/").split(b"/")
    return not any(part in (b"", b".", b"..") or part.lower() == b".git" for part in parts)


def _staged(printed: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """Files and submodules of `ls-files --stage`: `MODE OBJECT STAGE<tab>NAME`, a conflict once per stage."""
    listed = (entry.partition(b"\t")[::2] for entry in printed.split(b"\0"))
    entries = [(about, name) for about, name in listed if _is_below(name)]
    submodules = frozenset(os.fsdecode(name) for about, name in entries if about.startswith(_GITLINK))
    return frozenset(os.fsdecode(name) for _, name in entries) - submodules, submodules


def _closed(said: bytes, prefix: Path) -> tuple[str, ...]:
    """Folders that git warns it could not open; it names them from the top of the working tree."""
    names = (Path(os.fsdecode(name)) for name in _CLOSED_FOLDER.findall(said))
    return tuple(str(name.relative_to(prefix)) for name in names if name.is_relative_to(prefix))


def _topmost(ignored: list[str]) -> tuple[str, ...]:
    """The ignored names without those inside another; git also lists folders that hold nothing but ignored files."""
    kept: list[str] = []
    for name in sorted(ignored):
        if not (kept and kept[-1].endswith("/") and name.startswith(kept[-1])):
            kept.append(name)
    return tuple(kept)
