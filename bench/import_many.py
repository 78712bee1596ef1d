"""Many imported bandit findings through parse, gate, JSON, SARIF and HTML: `import_many.py [COUNT …]`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from common import SCANGATE, peak_memory_of_children, seconds

AIM_SECONDS, AIM_MEGABYTES = 15, 1024


def output(count: int) -> str:
    """A bandit report of `count` findings, 20 a file, of ten rules."""
    record = {
        "col_offset": 0,
        "end_col_offset": 40,
        "issue_confidence": "HIGH",
        "issue_cwe": {"id": 78, "link": "https://cwe.mitre.org/data/definitions/78.html"},
        "issue_text": "subprocess call with shell=True identified, security issue.",
        "more_info": "https://bandit.readthedocs.io/",
        "test_name": "subprocess_popen_with_shell_equals_true",
    }
    results = [
        record
        | {
            "code": f"{n % 20 + 1} subprocess.call(command_{n}, shell=True)\n",
            "filename": f"src/package_{n // 2000}/module_{n // 20}.py",
            "issue_severity": ("HIGH", "MEDIUM", "LOW")[n % 3],
            "line_number": n % 20 + 1,
            "line_range": [n % 20 + 1],
            "test_id": f"B6{n % 10:02}",
        }
        for n in range(count)
    ]
    metrics = {f"src/package_{n // 2000}/module_{n // 20}.py": {"loc": 20} for n in range(0, count, 20)}
    return json.dumps({"errors": [], "generated_at": "", "metrics": metrics, "results": results})


def main() -> None:
    for count in [int(word) for word in sys.argv[1:]] or [25_000, 50_000, 100_000]:
        with tempfile.TemporaryDirectory() as name:
            report = Path(name) / "bandit.json"
            report.write_text(output(count))
            words = ["import", str(report), "--scanner", "bandit", "--root", name, "--quiet", "--output", name]
            took = seconds([*SCANGATE, *words])
            sizes = {p.suffix: p.stat().st_size // 1_000_000 for p in Path(name).glob("scangate*")}
            print(
                f"{count} findings: {took:.1f} s, peak {peak_memory_of_children():.0f} MB, written {sizes} MB "
                f"(aim for 100000: ≤ {AIM_SECONDS} s, < {AIM_MEGABYTES} MB)"
            )


if __name__ == "__main__":
    main()
