"""What relief does: a relieved finding never fails the build, and is listed with what it would have done."""

from __future__ import annotations

from scangate.model import Effect, Finding


def relieve(finding: Finding, effect: Effect) -> tuple[Effect, Effect | None]:
    """The effect that counts, and for a relieved finding the effect that it would have had."""
    if finding.relief:
        return Effect.RELIEVED, effect
    return effect, None
