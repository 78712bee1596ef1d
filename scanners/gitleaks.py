"""gitleaks: secrets, in the files of a tree and in the commits of its history. Written against gitleaks 8.30.

The tool's own traps: exit 1 for leaks and for errors, exit 0 when git failed, files passed over in silence
(`gitleaks_tree.py`), a git that obeys the repository (`gitleaks_history.py`), settings, ignore lists and comments in
the tree that switch it off, columns that are one off after the first line, the secret itself in its report.

Not looked at, as in gitleaks everywhere: binary files and archives; in the history also what gitleaks' own list of
names leaves out (images, lock files, installed packages) and files whose name ends in a backslash.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from scangate.model import Category, Finding, LedgerState
from scangate.scanners import gitleaks_tree
from scangate.scanners.gitleaks_commits import Searched, imported_finding
from scangate.scanners.gitleaks_finding import Page, by_secret, finding, is_crowded, leak_lines, lines_note, relief_of
from scangate.scanners.gitleaks_history import WHOLE_CLONE, History
from scangate.scanners.gitleaks_report import LEAKS_FOUND, Leak, read_leaks
from scangate.scanners.gitleaks_tree import Layout, lay_out
from scangate.scanners.interface import Canary, Command, Cost, Input, Job, Output, Parsed, ToolSpec
from scangate.scanners.source import SourceTree, relative_path

_REPORT = "leaks.json"
_SETTINGS = {"defaults.toml": b"[extend]\nuseDefault = true\n"}
_UNSTEERED = ("--config=defaults.toml", "--gitleaks-ignore-path=no-ignore-list", "--ignore-gitleaks-allow")
_WORDS = (*_UNSTEERED, "--no-banner", "--no-color", f"--exit-code={LEAKS_FOUND}", "--report-format=json")


class Gitleaks:
    """The gitleaks adapter. Its canary's token is made up, and written in two parts so that nobody finds it here."""

    name = "gitleaks"
    category = Category.SECRET
    tool = ToolSpec(
        "gitleaks", executable="gitleaks", versions=">=8.22,<9", module="github.com/zricethezav/gitleaks/v8"
    )
    kinds = frozenset({"files", "git-history"})
    by_default = kinds
    takes: frozenset[Input] = frozenset()
    per_file = False
    splits = False
    cost = Cost(start=0.1, per_megabyte=0.7)
    canary = Canary({"canary.txt": "token = ghp" + "_4Nd2kXq7Tz9LmW1vRb6Ys3HcJf8PgKu5EaQo\n"}, rule="github-pat")

    def command(self, job: Job) -> Command:
        """The search of the target's files, and of no others."""
        return self._search_tree(job, lay_out(job))

    def parse(self, output: Output, job: Job) -> Parsed:
        """A report made elsewhere, of a tree or of a history; it does not say what was looked at without a leak."""
        leaks = read_leaks(output)
        tree, crowded = SourceTree(job.root), is_crowded(leaks)
        findings: list[Finding] = []
        for path, found in _by_file(leaks, lambda leak: relative_path(leak.path, job.root)):
            lines = None if any(leak.commit for leak in found) else tree.lines(path)
            page = Page(path, lines, found, crowded)
            findings += (imported_finding(group, page, version=job.version) for group in by_secret(found))
        return Parsed(tuple(findings), len({finding.path for finding in findings}), version=job.version)

    def run(self, job: Job, execute: Callable[[Command], Output]) -> Parsed:
        """Search the commits of the target's subject, or the target's files where it has none."""
        if job.target.subject:
            return self._history(job, execute)
        layout = lay_out(job)
        output = execute(self._search_tree(job, layout)) if layout.paths else Output(b"[]", 0, "scanned ~0 bytes")
        return _tree(output, job, layout)

    def _search_tree(self, job: Job, layout: Layout) -> Command:
        argv = (*self._argv(job, "dir", log="debug"), gitleaks_tree.FOLDER)
        return Command(argv, _threads(job), {**_SETTINGS, **layout.files}, layout.links, report=_REPORT)

    def _history(self, job: Job, execute: Callable[[Command], Output]) -> Parsed:
        history = History(job, execute)
        leaks: list[Leak] = []
        said = ""
        for search in history.searches(self._argv(job, "git", log="error")):
            env, files = _threads(job) | dict(search.env), {**_SETTINGS, **search.files}
            output = execute(replace(search, env=env, files=files, report=_REPORT))
            leaks += read_leaks(output)
            said = said or output.stderr.strip()
        searched = Searched(job, history, leaks)
        parsed = Parsed(searched.findings(), considered=searched.commits, version=job.version)
        if said:  # exit 0, although git broke off
            return replace(parsed, scanned=0, state=LedgerState.FAILED, reason=f"gitleaks broke off: {said[-300:]}")
        if history.shallow:
            reason = f"the clone is shallow: only {searched.commits} commits of the history are here"
            return replace(parsed, state=LedgerState.PARTIAL, reason=reason, mend=WHOLE_CLONE)
        return replace(parsed, reason="" if searched.commits else "there are no commits to search")

    def _argv(self, job: Job, command: str, *, log: str) -> tuple[str, ...]:
        return (job.program, command, *_WORDS, f"--report-path={_REPORT}", f"--log-level={log}")


def _threads(job: Job) -> dict[str, str]:
    return {"GOMAXPROCS": str(job.threads)}


def _tree(output: Output, job: Job, layout: Layout) -> Parsed:
    """What a search of the tree's files found, and what of them it looked at."""
    tree = SourceTree(job.root)
    findings: list[Finding] = []
    leaks = read_leaks(output)
    crowded = is_crowded(leaks)
    for staged_path, found in _by_file(leaks, lambda leak: layout.path(leak.path)):
        path = relative_path(staged_path, job.root)
        page = Page(path, tree.lines(staged_path), found, crowded)
        for group in by_secret(found):
            relief = relief_of(page.lines, leak_lines(group))
            notes = lines_note(group, page)
            findings.append(finding(group, page, version=job.version, notes=notes, relief=relief))
    passed_over, left_out = layout.passed_over(output.stderr), layout.left_out()
    unseen = frozenset(skip.path for skip in passed_over) & frozenset(job.target.files)
    parsed = Parsed(
        tuple(findings),
        len(layout.paths) - len(unseen.intersection(layout.paths.values())),
        (*passed_over, *left_out),
        version=job.version,
        unseen=unseen,
    )
    if not passed_over:
        return parsed
    more = f" and {len(passed_over) - 1} more" if len(passed_over) > 1 else ""
    reason = f"not wholly scanned: {passed_over[0].path} ({passed_over[0].reason}){more}"
    return replace(parsed, state=LedgerState.PARTIAL, reason=reason)


def _by_file(leaks: Iterable[Leak], path_of: Callable[[Leak], str]) -> list[tuple[str, list[Leak]]]:
    files: dict[str, list[Leak]] = defaultdict(list)
    for leak in leaks:
        files[path_of(leak)].append(leak)
    return sorted(files.items())
