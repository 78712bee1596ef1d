"""Severity: one table per tool vocabulary, CVSS vectors, and which of several ratings wins.

Precedence (most precise first): the distribution's own word on its package (`word:vendor`), the package's advisory
database (`word:advisory`), CVSS 4, 3.1, 3.0, 2, any other word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cvss import CVSS2, CVSS3, CVSS4, CVSSError

from scangate.model import Rating, Severity, worst

BANDIT = {"HIGH": Severity.HIGH, "MEDIUM": Severity.MEDIUM, "LOW": Severity.LOW}
SEMGREP = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "ERROR": Severity.HIGH,
    "WARNING": Severity.MEDIUM,
    "INFO": Severity.LOW,
    "EXPERIMENT": Severity.INFO,
    "INVENTORY": Severity.INFO,
}
CHECKOV = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "INFO": Severity.INFO,
}
TRIVY = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
}
ADVISORY = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
}
NPM = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MODERATE": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "INFO": Severity.INFO,
}
GRYPE = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "NEGLIGIBLE": Severity.INFO,
}
SARIF_LEVEL = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "note": Severity.LOW,
    "none": Severity.INFO,
}

_PRECEDENCE = ("word:vendor", "word:advisory", "CVSS:4.0", "CVSS:3.1", "CVSS:3.0", "CVSS:2.0", "word")


def word_rating(source: str, word: str, table: Mapping[str, Severity]) -> Rating:
    """A tool's own word for severity; a word that its table does not know is `unknown`, never guessed."""
    severity = table.get(word, table.get(word.upper(), table.get(word.lower(), Severity.UNKNOWN)))
    return Rating(source=source, severity=severity, word=word)


def cvss_rating(source: str, vector: str) -> Rating | None:
    """The rating that a CVSS vector states (v2, v3.0, v3.1 or v4.0); None for a vector that does not parse."""
    try:
        if vector.startswith("CVSS:4"):
            four = CVSS4(vector)
            return _scored(source, "CVSS:4.0", vector, float(four.base_score))
        if vector.startswith("CVSS:3"):
            three = CVSS3(vector)
            return _scored(source, vector[:8], vector, float(three.base_score))
        two = CVSS2(vector)
        return _scored(source, "CVSS:2.0", vector, float(two.base_score))
    except (CVSSError, ValueError, KeyError, IndexError):
        return None


def _scored(source: str, method: str, vector: str, score: float) -> Rating:
    return Rating(source=source, severity=score_severity(score, method), method=method, vector=vector, score=score)


def score_severity(score: float, method: str = "CVSS:3.1") -> Severity:
    """The qualitative severity of a CVSS base score (0.0 to 10.0); version 2 has no critical."""
    if score >= 9.0 and method != "CVSS:2.0":
        return Severity.CRITICAL
    for floor, severity in ((7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW)):
        if score >= floor:
            return severity
    return Severity.INFO


def effective(ratings: Sequence[Rating]) -> tuple[Severity, str]:
    """The severity that counts, and which rating it came from and why; `unknown` when no rating says anything."""
    known = [r for r in ratings if r.severity is not Severity.UNKNOWN]
    if not known:
        return Severity.UNKNOWN, "no source gave a severity"
    best = min(_PRECEDENCE.index(r.method) for r in known)
    winners = [r for r in known if _PRECEDENCE.index(r.method) == best]
    severity = worst(r.severity for r in winners)
    rating = next(r for r in winners if r.severity is severity)
    said = f" says {rating.word!r}" if rating.score is None else f": {rating.method} score {rating.score}"
    return severity, f"{rating.source}{said}"
