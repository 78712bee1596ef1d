"""semgrep: Python, JavaScript, TypeScript, Java and Go source code, by the rules in `rules/`.

Written against semgrep 1.182 (`semgrep scan --json`). The tool's own traps: exit 0 with findings and with files parsed
in part, a JSON document for fatal errors too, `lines` that say "requires login", columns as UTF-8 bytes, error
messages that quote source, look-ups of its version and of rule names that hang without a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scangate.model import Category, FileLocation, Finding, Fix, LedgerState, Relief, Rule, Skip, Source
from scangate.scanners.interface import Canary, Command, Cost, Input, Job, Output, Parsed, ToolSpec
from scangate.scanners.ratings import SEMGREP, effective, word_rating
from scangate.scanners.redact import MASK, is_secret_weakness, mask_literals
from scangate.scanners.semgrep_output import Document, Result, fatal, load
from scangate.scanners.source import SourceTree, clip_snippet, code_point_column, relative_path

RULES = Path(__file__).parent / "rules"
"""Our own rules, a folder for each language: every run uses those of the languages that it finds."""

_SILENCE = ("--metrics=off", "--disable-version-check", "--oss-only", "--quiet")
_UNSTEERED = ("--disable-nosem", "--no-git-ignore", "--no-rewrite-rule-ids", "--max-target-bytes=0")
_PATIENCE = ("--timeout=10", "--timeout-threshold=3")
_STAGE = "tree"
_FOLDERS = {
    "python-code": "python",
    "javascript-code": "javascript",
    "typescript-code": "javascript",
    "java-code": "java",
    "go-code": "go",
}
_STAND_INS = {".mts": ".ts", ".cts": ".ts", ".pyw": ".py", ".wsgi": ".py"}
_STOOD_IN = re.compile(r"(?<=\.[mc]ts)\.ts$|(?<=\.pyw)\.py$|(?<=\.wsgi)\.py$")
_LITERAL = re.compile(r"""["'`]([^"'`\n]{4,})""")
_NOSEM = re.compile(r" (nosem(?:grep)?(?:[:=]\s?(?P<ids>[^\s,]+(?:\s*,\s*[^\s,]+)*))?)", re.IGNORECASE)


class Semgrep:
    """The semgrep adapter."""

    name = "semgrep"
    category = Category.CODE
    tool = ToolSpec("semgrep", executable="semgrep", versions=">=1.100,<2")
    kinds = frozenset({"python-code", "javascript-code", "typescript-code", "java-code", "go-code"})
    by_default = kinds
    takes = frozenset({Input.RULES})
    per_file = False
    splits = True  # two processes of one job each take half the time of one process with two
    cost = Cost(start=2.5, per_megabyte=3.5)
    canary = Canary({"canary.py": "import yaml\nyaml.unsafe_load(open('f'))\n"}, rule="python-yaml-unsafe-load")

    def command(self, job: Job) -> Command:
        """A folder that holds the target's files and an empty ignore file, so that no ignore file of the tree, no git
        and no default list applies. Named one by one, semgrep would start a process for each file. Files with a suffix
        that semgrep does not know lie there with one that it does.

        Rule folders are absolute, since another word might name rules of semgrep's registry.
        """
        links = {_staged(path): job.root / path for path in job.target.files}
        own = dict.fromkeys(RULES / _FOLDERS[kind] for kind in job.target.kinds)
        configs = (f"--config={folder.absolute()}" for folder in (*own, *job.rules))
        environment = {
            "SEMGREP_ENABLE_VERSION_CHECK": "0",
            "SEMGREP_SEND_METRICS": "off",
            "SEMGREP_SETTINGS_FILE": str(job.work / "semgrep-settings.yml"),
            "SEMGREP_LOG_FILE": str(job.work / "semgrep.log"),
        }
        options = (*_SILENCE, *_UNSTEERED, *_PATIENCE, "--jobs=1", *configs)
        argv = (job.program, "scan", "--json", *options, "--", str(job.work / _STAGE))
        return Command(argv, env=environment, files={f"{_STAGE}/.semgrepignore": b""}, links=links)

    def parse(self, output: Output, job: Job) -> Parsed:
        """Findings, and as skipped every file that semgrep lists as an error or does not list as scanned."""
        document = load(output)
        tree, version = SourceTree(job.root), document.version or job.version
        findings = tuple(_finding(result, job, tree, version=version) for result in document.results)
        skipped = _skipped(document, job)
        state, reason = LedgerState.FAILED, fatal(document, output)
        if not reason and job.target.files and not document.seen():
            reason = "semgrep scanned none of the files"
        elif not reason:
            state, reason = (LedgerState.PARTIAL, _summary(skipped)) if skipped else (LedgerState.RAN, "")
        seen = {_in_tree(path, job) for path in document.seen()}
        unseen = frozenset(path for path in job.target.files if relative_path(path, job.root) not in seen)
        scanned = _scanned(document, job, skipped)
        return Parsed(findings, scanned, skipped, state, reason, version=version, unseen=unseen)


def _skipped(document: Document, job: Job) -> tuple[Skip, ...]:
    reasons: dict[str, list[str]] = {}
    for path, reason in document.gaps():
        reasons.setdefault(_in_tree(path, job), []).append(reason)
    scanned = {_in_tree(path, job) for path in document.paths.scanned or ()}
    for path in job.target.files:
        if relative_path(path, job.root) not in scanned:
            reasons.setdefault(path, []).append("semgrep did not scan it")
    return tuple(Skip(path=path, reason="; ".join(dict.fromkeys(why))) for path, why in sorted(reasons.items()))


def _staged(path: str) -> str:
    return f"{_STAGE}/{path}{_STAND_INS.get(Path(path).suffix, '')}"


def _in_tree(path: str, job: Job) -> str:
    """A path of semgrep's as one of the scanned tree: its own folder's name and a suffix of ours are left off."""
    stage = job.work / _STAGE
    if not path.startswith(f"{stage}/"):
        return relative_path(path, job.root)
    return relative_path(_STOOD_IN.sub("", path), stage)


def _scanned(document: Document, job: Job, skipped: tuple[Skip, ...]) -> int | None:
    """How many files were wholly scanned, of those that we named; how many an existing output lists."""
    if job.target.files:
        return len(set(job.target.files) - {skip.path for skip in skipped})
    return None if document.paths.scanned is None else len(document.paths.scanned)


def _summary(skipped: tuple[Skip, ...]) -> str:
    more = f" and {len(skipped) - 1} more" if len(skipped) > 1 else ""
    return f"not wholly scanned: {skipped[0].path} ({skipped[0].reason}){more}"


def _finding(result: Result, job: Job, tree: SourceTree, *, version: str) -> Finding:
    extra, rule = result.extra, result.check_id
    location = _location(result, _in_tree(result.path, job), tree)
    message, fix = extra.message.strip(), extra.fix or ""
    if is_secret_weakness(extra.cwe):
        message, fix = _masked(message, location.snippet), ""
        location = location.model_copy(update={"snippet": _masked_snippet(location.snippet)})
    rating = word_rating("semgrep", extra.severity, SEMGREP)
    severity, why = effective([rating])
    return Finding(
        category=Category.CODE,
        rule=Rule(id=rule, name=rule.rpartition(".")[2], help_uri=extra.help_uri, cwe=extra.cwe),
        title=" ".join(message.split()).split(". ")[0].rstrip("."),
        message=message,
        severity=severity,
        severity_from=why,
        ratings=(rating,),
        confidence=extra.confidence,
        location=location,
        fix=Fix(state="available", text=fix) if fix else Fix(),
        sources=(Source(scanner="semgrep", rule_id=rule, severity=extra.severity, version=version),),
        relief=tuple(_relief(result, location, tree)),
    )


def _location(result: Result, path: str, tree: SourceTree) -> FileLocation:
    start, end = result.start, result.end
    return FileLocation(
        path=path,
        line=start.line,
        column=_column(start.col, tree.line(path, start.line)),
        end_line=end.line,
        end_column=_column(end.col, tree.line(path, end.line)),
        snippet=tree.snippet(path, start.line, end.line) or clip_snippet(result.extra.quoted.split("\n")),
    )


def _column(column: int, text: str | None) -> int | None:
    """A 1-based column in UTF-8 bytes as one in code points."""
    return code_point_column(column - 1, text) if column >= 1 else None


def _masked(text: str, source: str) -> str:
    """The text without the literals of the source: a rule may quote what stands between quotes without them."""
    for literal in sorted(_LITERAL.findall(source), key=len, reverse=True):
        text = text.replace(literal, MASK)
    return mask_literals(text)


def _masked_snippet(snippet: str) -> str:
    """The snippet with its literals masked; nothing where there is none, since then the secret stands unquoted."""
    masked = mask_literals(snippet)
    return masked if masked != snippet else ""


def _relief(result: Result, location: FileLocation, tree: SourceTree) -> Iterator[Relief]:
    """The comment that semgrep heeds: on the first line, or alone on the line before; else the output's own mark."""
    line = location.line or 1
    for number in (line, line - 1):
        text = tree.line(location.path, number) or ""
        mark = _NOSEM.search(text)
        if mark is None or (number < line and re.search("[a-zA-Z0-9]", text[: mark.start()])):
            continue
        ids = re.split(r"\s*,\s*", mark["ids"]) if mark["ids"] else []
        if not ids or any(f".{result.check_id}".endswith(f".{name}") for name in ids):
            yield Relief(kind="inline", by=mark[1])
            return
    if result.extra.is_ignored:
        yield Relief(kind="tool", by="is_ignored")
