"""Every scanner, in one literal. A new one is its file and one line here."""

from __future__ import annotations

from scangate.scanners.bandit import Bandit
from scangate.scanners.interface import Scanner

_BUILT_IN: tuple[Scanner, ...] = (Bandit(),)

SCANNERS: dict[str, Scanner] = {scanner.name: scanner for scanner in _BUILT_IN}
