"""What semgrep prints (`semgrep scan --json`), as far as we read it. Written against semgrep 1.182.

It prints the same document for a run that failed; older versions and other tools leave parts out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from scangate.model import Confidence
from scangate.scanners.interface import Output, unreadable
from scangate.scanners.json_report import load_json

_UNSEEN = {"analysis_failed_parser_or_internal_error", "exceeded_size_limit", "too_big", "too_many_matches"}
_CWE = re.compile(r"CWE-(\d{1,6})", re.IGNORECASE)


class Position(BaseModel, defer_build=True):
    line: int
    col: int


class Span(BaseModel, defer_build=True):
    start: Position


class Extra(BaseModel, defer_build=True):
    """What a rule says of its match. `metadata` is free: we read what most rules agree on."""

    message: str
    severity: str
    metadata: dict[str, Any] = {}
    fix: str | None = None
    lines: str = ""
    is_ignored: bool | None = None

    @property
    def quoted(self) -> str:
        """The matched lines; without a login semgrep writes a notice in their place."""
        return "" if self.lines == "requires login" else self.lines

    @property
    def cwe(self) -> tuple[int, ...]:
        """Numbers of the weaknesses, which stand as one string (`CWE-89: …`) or as a list of them."""
        numbers = _CWE.findall(str(self.metadata.get("cwe", "")))
        return tuple(dict.fromkeys(int(number) for number in numbers))

    @property
    def confidence(self) -> Confidence:
        word = str(self.metadata.get("confidence", "")).lower()
        return Confidence(word) if word in set(Confidence) else Confidence.UNKNOWN

    @property
    def help_uri(self) -> str:
        """The rule's first reference, or the page that it comes from, where that is a web address."""
        references = self.metadata.get("references") or self.metadata.get("source") or ""
        first = references[0] if isinstance(references, list) else references
        return first if isinstance(first, str) and first.startswith(("https://", "http://")) else ""


class Result(BaseModel, defer_build=True):
    check_id: str
    path: str
    start: Position
    end: Position
    extra: Extra


class Error(BaseModel, defer_build=True):
    """A file or rule that was not done, or the end of the run. `type` is a word or a list that starts with it."""

    level: str = "error"
    type: str | list[Any] = "error"
    message: str | None = None
    long_msg: str | None = None
    path: str | None = None
    rule_id: str | None = None
    spans: list[Span] | None = None

    @property
    def kind(self) -> str:
        return self.type if isinstance(self.type, str) else str(next(iter(self.type), "error"))

    @property
    def partial(self) -> bool:
        """Whether the rest of the file was scanned, or the file with the other rules."""
        return self.kind == "PartialParsing" or bool(self.rule_id)

    @property
    def gap(self) -> str:
        """What was not done, without the message: that quotes the source, which may hold secrets."""
        place = f" at line {self.spans[0].start.line}" if self.spans else ""
        return f"{self.kind}{place}{f' in rule {self.rule_id}' if self.rule_id else ''}"


class Skipped(BaseModel, defer_build=True):
    path: str
    reason: str


class Paths(BaseModel, defer_build=True):
    scanned: list[str] | None = None
    skipped: list[Skipped] | None = None


class Document(BaseModel, defer_build=True):
    """The parts of semgrep's JSON that we read."""

    version: str = ""
    results: list[Result]
    errors: list[Error]
    paths: Paths = Paths()

    def gaps(self) -> Iterator[tuple[str, str]]:
        """Path and reason of everything that was not wholly looked at; no path for a rule that could not run."""
        yield from ((error.path or "", error.gap) for error in self.errors if error.path or error.level != "error")
        yield from ((skip.path, skip.reason) for skip in self.paths.skipped or () if skip.reason in _UNSEEN)

    def seen(self) -> set[str]:
        """Paths of the files that were scanned at least in part."""
        lost = {error.path for error in self.errors if not error.partial}
        return set(self.paths.scanned or ()) - lost


def load(output: Output) -> Document:
    """The document of a run or of an existing output; raises `ScannerError` where there is none."""
    try:
        document = Document.model_validate(load_json(output, "semgrep"))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "document"
        raise unreadable(f"semgrep's output is not as its format promises: {place}: {first['msg']}") from None
    if output.exit_code is not None and document.paths.scanned is None:
        raise unreadable("semgrep's output does not say which files it scanned")
    return document


def fatal(document: Document, output: Output) -> str:
    """Why the run as a whole failed, empty where it did not: an error about no file, or an exit code of failure."""
    errors = [e for e in document.errors if e.level == "error" and not e.path]
    told = " ".join("; ".join(e.message or e.long_msg or e.gap for e in errors).split())[:500]
    if output.exit_code not in (0, 1, None):
        return f"semgrep ended with exit code {output.exit_code}: {told or output.stderr.strip()[-300:]}"
    return f"semgrep reported: {told}" if errors else ""
