"""`scangate policy`: show what a policy resolves to, and check policy files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from scangate.errors import UsageError
from scangate.kinds import KINDS
from scangate.policies.lint import lint as advice
from scangate.policies.load import load_policy
from scangate.policies.show import policy_yaml
from scangate.reports.encoders import inert, visible
from scangate.reports.view import plural
from scangate.scanners.registry import SCANNERS


def show(name: str, *, out: TextIO | None = None) -> int:
    """Print a policy (a built-in name or a file) with everything that it extends, and where each part came from."""
    print(policy_yaml(load_policy(name)), end="", file=out or sys.stdout)
    return 0


def lint(files: Sequence[str], *, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Check policy files: advice goes to `out`, errors to `err`. Returns 2 when any file is not valid, else 0."""
    exit_code = 0
    for file in files:
        try:
            warnings = advice(file, scanners=SCANNERS, kinds=KINDS)
        except UsageError as error:
            text = "\n".join([error.message, *([f"  next: {error.hint}"] if error.hint else [])])
            print(inert(visible(text)), file=err or sys.stderr)
            exit_code = 2
        else:
            text = "\n".join([*warnings, f"{file}: valid, {plural(len(warnings), 'warning')}"])
            print(inert(visible(text)), file=out or sys.stdout)
    return exit_code
