"""A program of the user's own that writes SARIF 2.1.0, described by trusted settings: `[scanners.custom.NAME]`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scangate.model import Category, Finding, worst_state
from scangate.scanners.interface import Canary, Command, Cost, Input, Job, Output, Parsed, ToolSpec, failed
from scangate.scanners.sarif import Sarif

FILES, ROOT = "{files}", "{root}"
"""What stands in a command for the files (absolute, one argument each) and for the scanned folder (absolute)."""


@dataclass(frozen=True)
class Custom:
    """The adapter of one such program. `exit_codes` are those that mean that it did its work."""

    name: str
    words: tuple[str, ...]
    kinds: frozenset[str]
    exit_codes: frozenset[int]
    category = Category.CODE
    takes: frozenset[Input] = frozenset()
    per_file = False
    splits = False
    cost = Cost(start=1.0, per_megabyte=1.0)
    canary = Canary({}, rule="")

    @property
    def tool(self) -> ToolSpec:
        """The program as its settings name it: any version, and it need not tell which."""
        return ToolSpec(self.name, executable=self.words[0], versions="")

    @property
    def by_default(self) -> frozenset[str]:
        """All of its kinds: whoever describes a scanner wants it to run."""
        return self.kinds

    def command(self, job: Job) -> Command:
        """The words of the settings, with the files and the folder in their places."""
        return Command((job.program, *self._arguments(job)))

    def parse(self, output: Output, job: Job) -> Parsed:
        """What the SARIF says, under the scanner's own name, whatever the tools in it are called."""
        if output.exit_code not in (*self.exit_codes, None):
            raise failed(f"{self.name} ended with exit code {output.exit_code}: {output.stderr.strip()[-300:]}")
        parts = tuple(Sarif().read(output, job).values())
        return replace(
            parts[0],
            findings=tuple(self._renamed(finding) for part in parts for finding in part.findings),
            scanned=None,
            skipped=tuple(skip for part in parts for skip in part.skipped),
            state=worst_state(part.state for part in parts),
            reason="; ".join(part.reason for part in parts if part.reason),
        )

    def _arguments(self, job: Job) -> Iterator[str]:
        for word in self.words[1:]:
            if word == FILES:
                yield from (str(job.root / path) for path in job.target.files)
            else:
                yield word.replace(ROOT, str(job.root))

    def _renamed(self, finding: Finding) -> Finding:
        sources = tuple(source.model_copy(update={"scanner": self.name}) for source in finding.sources)
        return finding.model_copy(update={"sources": sources})
