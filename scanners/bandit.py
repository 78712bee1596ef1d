"""bandit: Python source code. Written against bandit 1.9 (`bandit -f json`).

The tool's own traps: exit 0 on files that it could not parse or find, `.bandit` files in scanned folders, default
excludes that match any part of a path, columns as 0-based UTF-8 byte offsets, `# nosec` that hides findings.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from scangate.model import (
    Category,
    Confidence,
    FileLocation,
    Finding,
    LedgerState,
    Rating,
    Relief,
    Rule,
    Severity,
    Skip,
    Source,
)
from scangate.scanners.interface import (
    Canary,
    Command,
    Cost,
    Input,
    Job,
    Output,
    Parsed,
    ToolSpec,
    failed,
    unreadable,
)
from scangate.scanners.json_report import load_json
from scangate.scanners.ratings import BANDIT, effective, word_rating
from scangate.scanners.redact import is_secret_weakness, mask_literals
from scangate.scanners.source import SourceTree, clip_snippet, code_point_column, relative_path

_NOSEC = re.compile(r"#\s*nosec\b:?\s*(?P<tests>[A-Za-z0-9_,\s]*)", re.IGNORECASE)
_TEST_ID = re.compile(r"[A-Za-z]\d{3}|[a-z][a-z0-9_]{3,}")
_NUMBERED = re.compile(r"^\d+ ?", re.MULTILINE)


class Bandit:
    """The bandit adapter."""

    name = "bandit"
    category = Category.CODE
    tool = ToolSpec("bandit", executable="bandit", versions=">=1.7.5,<2")
    kinds = frozenset({"python-code"})
    by_default = kinds
    takes: frozenset[Input] = frozenset()
    per_file = False
    splits = True
    cost = Cost(start=0.4, per_megabyte=2.5)
    canary = Canary({"canary.py": "import subprocess\nsubprocess.call('true', shell=True)\n"}, rule="B602")

    def command(self, job: Job) -> Command:
        """Explicit absolute files, so that no folder's `.bandit` is looked for and no name reads as an option."""
        files = [str(job.root / path) for path in job.target.files]
        config = str(job.work / "bandit.yaml")
        options = (
            "-f",
            "json",
            "-q",
            "--ignore-nosec",
            "-c",
            config,
            "-x",
            str(job.work / "excludes-nothing"),
        )
        return Command((job.program, *options, "--", *files), files={"bandit.yaml": b"exclude_dirs: []\n"})

    def parse(self, output: Output, job: Job) -> Parsed:
        """Findings, and as skipped every file that bandit lists as an error or never measured."""
        document = _load(output)
        tree = SourceTree(job.root)
        findings = tuple(_finding(result, job, tree) for result in document["results"])
        skipped = _skipped(document, job)
        considered = len(job.target.files)
        if skipped and considered and len(skipped) >= considered:
            return Parsed(findings, 0, skipped, LedgerState.FAILED, "bandit could parse none of the files")
        state = LedgerState.PARTIAL if skipped else LedgerState.RAN
        reason = f"{len(skipped)} of {considered or '?'} files not scanned" if skipped else ""
        scanned = considered - len(skipped) if considered else len(_measured(document))
        lost = {skip.path for skip in skipped}
        unseen = frozenset(path for path in job.target.files if relative_path(path, job.root) in lost)
        return Parsed(findings, scanned, skipped, state, reason, version=job.version, unseen=unseen)


def _load(output: Output) -> dict[str, Any]:
    document = load_json(output, "bandit")
    shape = {"results": list, "errors": list, "metrics": dict}
    if not isinstance(document, dict) or any(not isinstance(document.get(k), t) for k, t in shape.items()):
        raise unreadable("bandit's output lacks results, errors or metrics")
    if output.exit_code not in (0, 1, None):
        raise failed(f"bandit ended with exit code {output.exit_code}: {output.stderr.strip()[-300:]}")
    return document


def _measured(document: Mapping[str, Any]) -> set[str]:
    return set(document["metrics"]) - {"_totals"}


def _skipped(document: Mapping[str, Any], job: Job) -> tuple[Skip, ...]:
    reasons = {
        relative_path(str(error.get("filename", "?")), job.root): str(error.get("reason", "unknown error"))
        for error in document["errors"]
        if isinstance(error, dict)
    }
    measured = {relative_path(path, job.root) for path in _measured(document)}
    for path in (relative_path(path, job.root) for path in job.target.files):
        if path not in measured:
            reasons.setdefault(path, "bandit did not scan it")
    return tuple(Skip(path=path, reason=reason) for path, reason in sorted(reasons.items()))


def _finding(result: Mapping[str, Any], job: Job, tree: SourceTree) -> Finding:
    try:
        test, text, word = str(result["test_id"]), str(result["issue_text"]), str(result["issue_severity"])
        cwe = (int(result["issue_cwe"]["id"]),) if result.get("issue_cwe") else ()
        location = _location(result, relative_path(str(result["filename"]), job.root), tree)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise unreadable(f"a result of bandit's is not as its format promises: {error}") from error
    if is_secret_weakness(cwe):
        text = mask_literals(text)
        location = location.model_copy(update={"snippet": mask_literals(location.snippet)})
    rating, severity, why = _severity(word)
    name, uri = str(result.get("test_name", "")), str(result.get("more_info", ""))
    return Finding(
        category=Category.CODE,
        rule=_rule(test, name, uri, cwe),
        title=text.split(". ")[0].rstrip("."),
        message=text,
        severity=severity,
        severity_from=why,
        ratings=(rating,),
        confidence=_confidence(str(result.get("issue_confidence", ""))),
        location=location,
        sources=_sources(test, word, job.version),
        relief=_relief(location, (test, name), tree),
    )


# Many findings share few rules: their values are made once.
@lru_cache(maxsize=256)
def _severity(word: str) -> tuple[Rating, Severity, str]:
    rating = word_rating("bandit", word, BANDIT)
    return rating, *effective([rating])


@lru_cache(maxsize=256)
def _rule(test: str, name: str, uri: str, cwe: tuple[int, ...]) -> Rule:
    return Rule(id=test, name=name, help_uri=uri, cwe=cwe)


@lru_cache(maxsize=256)
def _sources(test: str, word: str, version: str) -> tuple[Source]:
    return (Source(scanner="bandit", rule_id=test, severity=word, version=version),)


def _location(result: Mapping[str, Any], path: str, tree: SourceTree) -> FileLocation:
    line = int(result["line_number"])
    end_line = max([line, *(int(number) for number in result.get("line_range") or ())])
    snippet = tree.snippet(path, line, end_line) or _quoted(str(result.get("code", "")), line, end_line)
    first, last = tree.line(path, line), tree.line(path, end_line)
    return FileLocation(
        path=path,
        line=line,
        column=_column(result.get("col_offset"), first),
        end_line=end_line,
        end_column=_column(result.get("end_col_offset"), last),
        snippet=snippet,
    )


def _quoted(code: str, line: int, end_line: int) -> str:
    """The finding's own lines of bandit's numbered excerpt, for outputs read without their source."""
    numbered = [raw.partition(" ") for raw in code.split("\n")]
    lines = [text for number, _, text in numbered if number.isdigit() and line <= int(number) <= end_line]
    return clip_snippet(lines)


def _column(offset: object, text: str | None) -> int | None:
    """A 0-based offset in UTF-8 bytes as a 1-based column in code points."""
    return code_point_column(offset, text) if isinstance(offset, int) and offset >= 0 else None


def _confidence(word: str) -> Confidence:
    return Confidence(word.lower()) if word in BANDIT else Confidence.UNKNOWN


def _relief(location: FileLocation, names: tuple[str, str], tree: SourceTree) -> tuple[Relief, ...]:
    """The `# nosec` mark on the finding's lines, when it names no test or this one. Within a string it is no mark."""
    first = location.line or 1
    for number in range(first, (location.end_line or first) + 1):
        if _NOSEC.search(tree.line(location.path, number) or "") is None:
            continue
        mark = _NOSEC.search(_comments(tree, location.path).get(number, ""))
        if mark is None:
            continue
        tests = set(_TEST_ID.findall(mark["tests"]))
        if not tests or tests & {names[0], names[0].lower(), names[1]}:
            return (Relief(kind="inline", by=mark[0].strip(" #")),)
    return ()


@lru_cache(maxsize=16)
def _comments(tree: SourceTree, path: str) -> Mapping[int, str]:
    """The comments of a file by their lines, as far as it can be told apart into tokens."""
    lines = (f"{line}\n" for line in tree.lines(path) or ())
    found: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(lines.__next__):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.string
    except (tokenize.TokenError, SyntaxError):
        pass
    return found
