"""Careful access to SARIF's JSON values: whatever is not of the expected type counts as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def member(value: Any, *keys: str) -> Mapping[str, Any]:
    """The object at a path of keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: Any, key: str) -> list[dict[str, Any]]:
    """The objects of a list."""
    found = value.get(key) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text(value: Any, key: str) -> str:
    """A string; empty where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def number(value: Any, key: str) -> int | None:
    """An integer that is not negative (SARIF writes -1 for "none")."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def words(value: Any, key: str) -> list[str]:
    """The strings of a list, or the one string that stands in its place."""
    found = value.get(key) if isinstance(value, dict) else None
    found = [found] if isinstance(found, str) else found
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def at(values: list[dict[str, Any]], index: int | None) -> dict[str, Any]:
    """The object at an index; empty where there is none."""
    return values[index] if index is not None and index < len(values) else {}
