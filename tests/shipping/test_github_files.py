"""What GitHub reads: valid by its schemas, and without the mistakes that zizmor knows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("github-actions", "action.yml"),
        ("github-workflows", ".github/workflows/ci.yml"),
        ("dependabot", ".github/dependabot.yml"),
    ],
)
def test_valid_by_its_schema(schema: str, file: str) -> None:
    subprocess.run([PROGRAMS / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", ROOT / file], check=True)


def test_zizmor_finds_nothing() -> None:
    files = [ROOT / "action.yml", ROOT / ".github"]
    subprocess.run([PROGRAMS / "zizmor", "--offline", "--no-progress", "--persona=pedantic", *files], check=True)
