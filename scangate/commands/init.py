"""`scangate init`: a commented settings file, with what the inventory found."""

from __future__ import annotations

from pathlib import Path

from scangate.errors import UsageError
from scangate.inventory import Inventory, take_inventory
from scangate.kinds import KINDS
from scangate.plan import supported_by
from scangate.reports.view import plural
from scangate.results import write_atomically
from scangate.scanners.registry import SCANNERS
from scangate.settings_files import FILE_NAME

_TEXT = """\
# Settings of scangate for this repository. `scangate schema settings` describes every key.
# This file may choose and narrow. What names a program, a report's file or a policy is believed only from the
# command line, from your own settings folder, or with `--config {file}`.

# What scangate found here, and who looks at it:
{found}

# exclude = ["docs/**"]       # paths that are not scanned; they are listed in every report
# scanner = ["bandit"]        # run only these scanners: what nobody looks at makes the run incomplete
# timeout = 900               # seconds for one process of a scanner
# offline = true              # ask nobody outside this machine

{scanners}# Only with `--config {file}`:
# policy = "prod"             # default, dev, staging, prod, or a file
# advisories = "advisories"   # OSV records to use instead of the public service
# [[gates]]                   # policies by `--env`, first match
# when = {{ env = "prod" }}
# policy = "prod"
"""


def run(path: Path, *, force: bool) -> int:
    """Write the settings file into `path`, unless there is one."""
    file = path / FILE_NAME
    if file.exists() and not force:
        raise UsageError(f"{file} exists", hint="edit it, or replace it with --force")
    inventory = take_inventory(path)
    text = _TEXT.format(file=FILE_NAME, found=_found(inventory), scanners=_scanners(inventory))
    write_atomically(file, lambda sink: sink.write(text))
    print(f"wrote {file}")
    return 0


def _found(inventory: Inventory) -> str:
    support = supported_by(SCANNERS.values())
    rows = [
        f"#   {KINDS[kind].label} ({plural(len(files), 'file')}): {', '.join(support[kind]) or 'no scanner here'}"
        for kind, files in sorted(inventory.kinds.items())
        if files
    ]
    return "\n".join(rows) or "#   nothing that a scanner looks at"


def _scanners(inventory: Inventory) -> str:
    used = [s.name for s in SCANNERS.values() if any(inventory.kinds.get(kind) for kind in s.kinds)]
    return "".join(f"# [scanners.{name}]\n# enabled = true\n# timeout = 900\n\n" for name in used)
