"""Secrets that never were any, made at random, so that no scanner finds one in a file of ours."""

from __future__ import annotations

import random
import string


def token(seed: int) -> str:
    """A GitHub token as gitleaks' default rules know it."""
    letters = random.Random(seed).choices(string.ascii_letters + string.digits, k=36)  # noqa: S311 (no secret)
    return "ghp_" + "".join(letters)
