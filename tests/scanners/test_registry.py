"""The registry: what is built in, and what joins from other packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PACKAGE = """
from scangate.scanners.bandit import Bandit

class Joined(Bandit):
    name = "joined"

class Impostor(Bandit):
    name = "semgrep"

joined, impostor = Joined(), Impostor()
"""
ENTRY_POINTS = "[scangate.scanners]\njoined = others:joined\nsemgrep = others:impostor\n"


def test_a_package_of_others_joins_and_takes_nobodys_place(tmp_path: Path) -> None:
    (tmp_path / "others.py").write_text(PACKAGE)
    (tmp_path / "others-1.0.dist-info").mkdir()
    (tmp_path / "others-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (tmp_path / "others-1.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    code = "from scangate.scanners.registry import SCANNERS as s; print(*sorted(s), type(s['semgrep']).__name__)"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    *names, builtin = done.stdout.split()
    assert {"bandit", "joined", "semgrep"} <= set(names)
    assert builtin == "Semgrep"
