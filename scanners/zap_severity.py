"""How bad ZAP's alerts are: risk and confidence together, as one table.

ZAP rates both apart (https://www.zaproxy.org/docs/desktop/start/features/alerts/). A risk that ZAP itself is little
sure of counts one step less, so that the surest findings come first; ZAP has no word for critical, and none is made up.
"""

from __future__ import annotations

from collections.abc import Iterable

from scangate.model import Confidence, Rating, Severity
from scangate.scanners.ratings import word_rating

RISKS = ("Informational", "Low", "Medium", "High")
"""ZAP's words for risk by their codes, 0 to 3."""

CONFIDENCES = ("False Positive", "Low", "Medium", "High", "Confirmed")
"""ZAP's words for confidence by their codes, 0 to 4."""

FALSE_POSITIVE = 0

SEVERITY_OF_RISK = {
    "High": (Severity.MEDIUM, Severity.MEDIUM, Severity.HIGH, Severity.HIGH, Severity.HIGH),
    "Medium": (Severity.LOW, Severity.LOW, Severity.MEDIUM, Severity.MEDIUM, Severity.MEDIUM),
    "Low": (Severity.INFO, Severity.INFO, Severity.LOW, Severity.LOW, Severity.LOW),
    "Informational": (Severity.INFO, Severity.INFO, Severity.INFO, Severity.INFO, Severity.INFO),
}
"""The severity of each risk, in the order of `CONFIDENCES`."""

_UNSAID = CONFIDENCES.index("Medium")
_SEVERITY_OF_WORD = {
    **{
        f"{risk} ({confidence})": severity
        for risk, row in SEVERITY_OF_RISK.items()
        for confidence, severity in zip(CONFIDENCES, row, strict=True)
    },
    **{risk: row[_UNSAID] for risk, row in SEVERITY_OF_RISK.items()},
}
_CONFIDENCE = (Confidence.LOW, Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH, Confidence.HIGH)


def code_of(said: str, words: tuple[str, ...]) -> int | None:
    """The code of a risk or a confidence that was said as code or as word; None where it is neither.

    Reports call the surest confidence `User Confirmed` in some versions.
    """
    known = {word.lower(): code for code, word in enumerate(words)}
    said = said.strip().lower().removeprefix("user ")
    if said.isdecimal() and said.isascii() and len(said) == 1 and int(said) < len(words):
        return int(said)
    return known.get(said)


def rating_of(risk: int | None, confidence: int | None) -> Rating:
    """ZAP's rating in ZAP's words, such as `High (Medium)`; unknown where ZAP named no risk."""
    word = "" if risk is None else RISKS[risk]
    if word and confidence is not None:
        word = f"{word} ({CONFIDENCES[confidence]})"
    return word_rating("zap", word, _SEVERITY_OF_WORD)


def surest(confidences: Iterable[int | None]) -> Confidence:
    """The highest of some of ZAP's confidences as the model's word."""
    known = [confidence for confidence in confidences if confidence is not None]
    return _CONFIDENCE[max(known)] if known else Confidence.UNKNOWN
