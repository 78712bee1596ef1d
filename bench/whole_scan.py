"""The whole scan against the same tools started side by side by a shell script: `whole_scan.py TREE [RUNS]`."""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from common import SCANGATE, compare, seconds, tool

RULES = Path(__file__).parents[1] / "scanners" / "rules"
ADVISORIES = Path(__file__).parents[1] / "examples" / "advisories"


def shell_script(tree: Path, folder: Path) -> str:
    """All bare tools at once, each told to look at what scangate looks at."""
    semgrep = ["scan", "--config", str(RULES), "--json", "--metrics=off", "--no-git-ignore", "-q"]
    semgrep += ["--max-target-bytes=0", "--timeout=10", "--exclude=*.min.js", "--exclude=*.html", "--exclude=*.json"]
    commands = [
        [tool("bandit"), "-q", "-r", str(tree), "-f", "json", "-o", str(folder / "bandit.json")],
        [tool("semgrep"), *semgrep, "--output", str(folder / "semgrep.json"), str(tree)],
        [tool("checkov"), "-d", str(tree), "-o", "json", "--skip-download", "--framework", *frameworks()],
    ]
    leaks = ["dir", str(tree), "--report-format", "json", "--report-path", str(folder / "gitleaks.json")]
    commands.append([tool("gitleaks"), *leaks, "--no-banner", "--exit-code", "0"])
    for manifest in sorted(tree.rglob("requirements*.txt")):
        words = [tool("pip-audit"), "-r", str(manifest), "--no-deps", "--disable-pip", "-f", "json"]
        commands.append([*words, "--progress-spinner", "off", "--dry-run"])
    return "\n".join(f"{shlex.join(command)} &" for command in commands) + "\nwait\n"


def frameworks() -> list[str]:
    """The frameworks that scangate asks checkov for."""
    return ["terraform", "cloudformation", "kubernetes", "dockerfile", "github_actions", "arm", "serverless"]


def main() -> None:
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree = folder / "tree"
        shutil.copytree(sys.argv[1], tree, symlinks=True)
        (tree / ".semgrepignore").write_text("")  # else the bare tool leaves out tests and more by default
        script = folder / "bare.sh"
        script.write_text(shell_script(tree, folder))
        scan = [*SCANGATE, "scan", str(tree), "--advisories", str(ADVISORIES), "--quiet"]
        scan += ["--format", f"json={folder / 'results.json'}"]
        compare("whole scan", lambda: seconds(scan), lambda: seconds(["sh", str(script)]), runs=runs, aim=1.0)


if __name__ == "__main__":
    main()
