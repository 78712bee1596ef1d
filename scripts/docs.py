"""Writes what is generated in the documentation: command help in README.md, and the JSON Schemas in docs/schemas/.

`docs.py` writes, `docs.py --check` only says what is out of date and ends with 1.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCHEMAS = ("results", "settings", "policy")
BLOCK = re.compile(r"(<!-- begin: (scangate[^>]*?) -->\n```text\n).*?(\n```\n<!-- end -->)", re.DOTALL)


def say(*words: str) -> str:
    """What scangate prints for some words, at a width that suits a page."""
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    argv = [sys.executable, "-m", "scangate", *words]
    return subprocess.run(argv, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


def wanted() -> dict[Path, str]:
    """Every generated file with the text that it should have."""
    readme = ROOT / "README.md"
    files = {ROOT / "docs" / "schemas" / f"{name}.json": say("schema", name) for name in SCHEMAS}
    files[readme] = BLOCK.sub(lambda m: f"{m[1]}{say(*m[2].split()[1:]).rstrip()}{m[3]}", readme.read_text())
    return files


def main() -> int:
    stale = {path: text for path, text in wanted().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if "--check" in sys.argv:
            print(f"{path.relative_to(ROOT)} is out of date: run `make docs`")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
