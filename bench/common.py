"""What the benchmarks share: timing whole processes, and the bare tools of the tool store."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from scangate.scanners.registry import SCANNERS
from scangate.toolstore import ToolStore

SCANGATE = [sys.executable, "-m", "scangate"]


def tool(name: str) -> str:
    """The path of a scanner's own program, installed on first use."""
    store, spec = ToolStore(), SCANNERS[name].tool
    return str((store.find(spec) or store.install(spec, say=print)).path)


def seconds(argv: Sequence[str], *, cwd: Path | None = None) -> float:
    """Wall time of one run, in seconds; what it prints is thrown away, and so is its exit code."""
    begun = time.perf_counter()
    environment = os.environ | {"SEMGREP_ENABLE_VERSION_CHECK": "0", "SEMGREP_SEND_METRICS": "off"}
    subprocess.run(argv, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - begun


def compare(name: str, ours: Callable[[], float], theirs: Callable[[], float], *, runs: int, aim: float) -> None:
    """Run both in turn and print the medians and the ratio, pair by pair."""
    pairs = [(ours(), theirs()) for _ in range(runs)]
    ratios = sorted(a / b for a, b in pairs)
    mine, bare = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    print(
        f"{name}: scangate {mine:.2f} s, bare {bare:.2f} s, ratio {statistics.median(ratios):.2f} "
        f"(from {ratios[0]:.2f} to {ratios[-1]:.2f}, {runs} pairs; aim ≤ {aim})"
    )


def peak_memory_of_children() -> float:
    """Peak resident memory of the largest child process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
