"""One scanner on a tiny project against the tool alone, and the time of `--help`."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from common import SCANGATE, compare, seconds, tool

RULES = Path(__file__).parents[1] / "scanners" / "rules"
RUNS = 7


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        (tree / "app.py").write_text("import subprocess\nsubprocess.call('true', shell=True)\n")
        (tree / "Dockerfile").write_text("FROM debian:12\nUSER root\n")
        bare = {
            "bandit": [tool("bandit"), "-q", "-r", name, "-f", "json"],
            "semgrep": [tool("semgrep"), "scan", "--config", str(RULES), "--json", "--metrics=off", "-q", name],
            "checkov": [tool("checkov"), "-d", name, "-o", "json", "--skip-download", "--framework", "dockerfile"],
        }
        for scanner, command in bare.items():
            ours = [*SCANGATE, "scan", name, "--scanner", scanner, "--quiet"]
            compare(scanner, lambda ours=ours: seconds(ours), lambda bare=command: seconds(bare), runs=RUNS, aim=2)
    helps = sorted(seconds([*SCANGATE, "--help"]) for _ in range(RUNS))
    print(f"--help: {statistics.median(helps):.2f} s (from {helps[0]:.2f} to {helps[-1]:.2f}; aim ≤ 0.3)")


if __name__ == "__main__":
    main()
