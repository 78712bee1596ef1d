"""Every scanner, in one literal. A new one is its file and one line here.

Packages of others join through the entry-point group `scangate.scanners`: each entry point is a value that fits
`Scanner`, under the scanner's own name.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points

from scangate.scanners.bandit import Bandit
from scangate.scanners.checkov import Checkov
from scangate.scanners.gitleaks import Gitleaks
from scangate.scanners.grype import Grype
from scangate.scanners.interface import Input, Job, Output, Parsed, Reader, Scanner
from scangate.scanners.npm_audit import NpmAudit
from scangate.scanners.osv_scanner import OsvScanner
from scangate.scanners.pip_audit import PipAudit
from scangate.scanners.sarif import Sarif
from scangate.scanners.semgrep import Semgrep
from scangate.scanners.trivy import Trivy
from scangate.scanners.zap import Zap

_BUILT_IN: tuple[Scanner, ...] = (
    Bandit(),
    Semgrep(),
    PipAudit(),
    OsvScanner(),
    NpmAudit(),
    Checkov(),
    Trivy(),
    Grype(),
    Gitleaks(),
    Zap(),
)
_JOINED: tuple[Scanner, ...] = tuple(entry.load() for entry in entry_points(group="scangate.scanners"))

SCANNERS: dict[str, Scanner] = {scanner.name: scanner for scanner in (*_JOINED, *_BUILT_IN)}
"""Scanners by name; nobody can take the place of a built-in one."""

TAKES: dict[str, frozenset[Input]] = {name: scanner.takes for name, scanner in SCANNERS.items()}
"""What settings can give each scanner."""


@dataclass(frozen=True)
class _OwnOutput:
    """Reads a scanner's own output."""

    scanner: Scanner

    def read(self, output: Output, job: Job) -> dict[str, Parsed]:
        return {self.scanner.name: self.scanner.parse(output, job)}


READERS: dict[str, Reader] = {name: _OwnOutput(scanner) for name, scanner in SCANNERS.items()} | {"sarif": Sarif()}
"""Whose output `scangate import` can read."""
