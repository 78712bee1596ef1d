"""The commits of a repository as gitleaks gets to see them, through a git folder of our own.

gitleaks reads what `git log -p` prints, and git obeys the repository: its settings, attributes, replaced and grafted
commits, external differs and text converters. So git runs on a folder that has nothing of the repository but its
objects and the tips of the range; only those are asked of the repository itself, with every program of its settings
switched off. A merge is made anew and compared with what was committed (`--diff-merges=remerge`), so that its change is
what the merge itself brought in. git passes over those of three and more parents then: they are compared with the
first parent in a search of their own.

Source: git(1), git-log(1), gitrepository-layout(5), as of git 2.39; merges are shown so since git 2.35.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scangate.model import LedgerState
from scangate.scanners.interface import Command, Job, Output, ScannerError, failed

WHOLE = "all"
FOLDER = "history.git"
"""The git folder of our own, below the job's `work`."""
WHOLE_CLONE = "fetch the whole history: `git fetch --unshallow`, in CI `fetch-depth: 0`"
_KNOWN_COMMIT = "fetch it: `git fetch origin`; or name a commit, branch or tag that is in this clone"

_LOG_OPTIONS = (
    *("--diff-filter=d", "--full-history", "--no-ext-diff", "--no-textconv", "--no-color"),
    # gitleaks reads the names of files of a merge in conflict with their prefix, and no commit with an odd author.
    *("--src-prefix=./", "--dst-prefix=./", "--format=commit%x20%H"),
)
_MERGES = ("--diff-merges=remerge",)
_OCTOPUSES = ("--min-parents=3", "--diff-merges=first-parent")
_OLDEST_GIT = (2, 35)
_SAFE = (
    *("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"),
    *("-c", "core.hooksPath=/dev/null"),
)
_NOBODY_ELSE = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "",
}
_CONFIG = (
    "[core]\n\trepositoryformatversion = 1\n\tbare = true\n\tcommitGraph = false\n[extensions]\n\tobjectFormat = {}\n"
)
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA1_LENGTH = 40
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Origin:
    """A commit that is searched: `rank` counts from the oldest, parents before their children."""

    id: str
    rank: int
    author: str
    date: str


class History:
    """The commits of a job's range. `execute` runs commands for it.

    Raises `ScannerError` where git is missing or too old, or does not know the range.
    """

    def __init__(self, job: Job, execute: Callable[[Command], Output]) -> None:
        self._job, self._execute = job, execute
        self._git = _program(job)
        self._check_version()
        objects, shallow = self._places()
        self._env = _NOBODY_ELSE | {
            "GIT_DIR": str(job.work / FOLDER),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
        }
        self.shallow = bool(shallow)
        self._files = self._folder(shallow)

    def searches(self, argv: tuple[str, ...]) -> Iterator[Command]:
        """The commands that run gitleaks, given its own words, on the range; each is to run before the next is asked
        for.
        """
        yield self._search(argv, _MERGES)
        if self._ask("rev-list", "--max-count=1", "--min-parents=3", *self._range):
            yield self._search(argv, _OCTOPUSES)

    def _search(self, argv: tuple[str, ...], merges: tuple[str, ...]) -> Command:
        options = " ".join((*self._range, *merges, *_LOG_OPTIONS))
        return Command((*argv, f"--log-opts={options}", FOLDER), env=self._env, files=self._files)

    def origins(self, wanted: Collection[str]) -> tuple[int, dict[str, Origin]]:
        """How many commits the range has, and the wanted ones by their id."""
        told = ("--topo-order", "--reverse", "--encoding=UTF-8", "--format=%H%x00%aI%x00%an")
        printed = self._ask("log", *told, *self._range)
        lines = printed.decode("utf-8", errors="replace").split("\n")[:-1]
        found = {}
        for rank, line in enumerate(lines):
            identity, _, rest = line.partition("\0")
            if identity in wanted:
                date, _, author = rest.partition("\0")
                found[identity] = Origin(identity, rank, author[:_LONGEST_NAME], date)
        return len(lines), found

    def lines(self, commit: str, path: str) -> list[str] | None:
        """A file's lines as a commit left it; None where git does not find it."""
        output = self._execute(Command((self._git, "cat-file", "blob", f"{commit}:{path}"), env=self._env))
        if output.exit_code != 0:
            return None
        text = output.report.decode("utf-8-sig", errors="replace")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    @property
    def _range(self) -> tuple[str, ...]:
        return ("--all",) if self._job.target.subject == WHOLE else ("refs/tips/0..refs/tips/1",)

    def _ask(self, *words: str) -> bytes:
        return _answer(self._execute(Command((self._git, *words), env=self._env)))

    def _ask_repository(self, *words: str) -> Output:
        """git on the repository itself, believing the user's settings about whose repositories may be read."""
        user = {name: os.environ[name] for name in ("HOME", "XDG_CONFIG_HOME") if name in os.environ}
        env = _NOBODY_ELSE | user | {"GIT_CEILING_DIRECTORIES": str(self._job.root.parent)}
        return self._execute(Command((self._git, "-C", str(self._job.root), *_SAFE, *words), env=env))

    def _check_version(self) -> None:
        said = self._execute(Command((self._git, "version"))).report.decode("ascii", errors="replace")
        version = re.search(r"(\d+)\.(\d+)", said)
        if version is None or (int(version[1]), int(version[2])) < _OLDEST_GIT:
            needed = ".".join(map(str, _OLDEST_GIT))
            raise failed(f"git {needed} is needed to read merges, and this is {said.strip()[:60]!r}", mend="update git")

    def _places(self) -> tuple[str, str]:
        """The folder of the repository's objects, and what its list of cut-off commits says."""
        words = ("rev-parse", "--path-format=absolute", "--git-path", "objects", "--git-path", "shallow")
        places = os.fsdecode(_answer(self._ask_repository(*words))).split("\n")
        if len(places) != 3:
            raise failed("the repository's path has a line break in it")
        try:
            with open(places[1], encoding="ascii") as handle:  # noqa: PTH123 (as git names it)
                return _quoted(places[0]), handle.read()
        except FileNotFoundError:
            return _quoted(places[0]), ""

    def _folder(self, shallow: str) -> dict[str, bytes]:
        """The files of our own git folder."""
        tips = self._tips()
        sha = "sha256" if tips and len(tips[0]) > _SHA1_LENGTH else "sha1"
        files = {
            "HEAD": "ref: refs/heads/none\n",
            "config": _CONFIG.format(sha),
            "packed-refs": "".join(f"{tip} refs/tips/{number}\n" for number, tip in enumerate(tips)),
            "objects/.keep": "",
            "refs/.keep": "",
        } | ({"shallow": shallow} if shallow else {})
        return {f"{FOLDER}/{name}": text.encode() for name, text in files.items()}

    def _tips(self) -> list[str]:
        """The commits at the end of all references; or base and head of the range."""
        subject = self._job.target.subject
        if subject != WHOLE:
            return [self._resolved(name) for name in subject.split("..")]
        listed = _answer(self._ask_repository("for-each-ref", "--format=%(objectname)")).decode("ascii").split()
        head = self._ask_repository("rev-parse", "--verify", "--quiet", "HEAD")
        return _ids({*listed, *(head.report.decode("ascii").split() if head.exit_code == 0 else ())})

    def _resolved(self, name: str) -> str:
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        output = self._ask_repository(*words)
        found = _ids(output.report.decode("ascii", errors="replace").split())
        if output.exit_code != 0 or len(found) != 1:
            raise failed(f"git knows no commit {name!r}", mend=WHOLE_CLONE if self.shallow else _KNOWN_COMMIT)
        return found[0]


def _program(job: Job) -> str:
    folders = map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))
    trusted = (str(f) for f in folders if f.is_absolute() and not f.resolve().is_relative_to(job.root.resolve()))
    program = shutil.which("git", path=os.pathsep.join(trusted))
    if program is None:
        raise ScannerError(LedgerState.MISSING, "git, which reads the history, is not installed", mend="install git")
    return program


def _answer(output: Output) -> bytes:
    if output.exit_code != 0:
        said = output.stderr.strip().splitlines()
        raise failed(f"git cannot read the history: {said[-1][:300] if said else f'exit code {output.exit_code}'}")
    return output.report


def _ids(words: Iterable[str]) -> list[str]:
    return sorted(word for word in words if _ID.fullmatch(word))


def _quoted(path: str) -> str:
    """A path for a variable that lists paths between colons."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
