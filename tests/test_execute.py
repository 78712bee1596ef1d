"""What becomes of a task's shares: one entry, which claims no kind of files that nobody looked at."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from scangate.execute import Context, run_plan
from scangate.inventory import take_inventory
from scangate.model import LedgerState, Skip
from scangate.plan import make_plan
from scangate.scanners.interface import Command, Job, Output, Parsed, Tool
from scangate.scanners.semgrep import Semgrep


class Reader(Semgrep):
    """A scanner that cannot read some files: `lost` wholly, `torn` in part."""

    def __init__(self, lost: set[str], torn: set[str], state: LedgerState) -> None:
        self.lost, self.torn, self.state = lost, torn, state

    def run(self, job: Job, execute: Callable[[Command], Output]) -> Parsed:
        skipped = tuple(Skip(path=path, reason="unreadable") for path in sorted(self.lost | self.torn))
        return Parsed(skipped=skipped, state=self.state, reason="some", unseen=frozenset(self.lost))


@pytest.mark.parametrize(
    ("lost", "torn", "state", "kinds"),
    [
        ({"b.js", "c.js"}, set(), LedgerState.PARTIAL, {"python-code"}),
        ({"b.js"}, set(), LedgerState.PARTIAL, {"python-code", "javascript-code"}),
        ({"b.js"}, {"c.js"}, LedgerState.PARTIAL, {"python-code", "javascript-code"}),
        ({"b.js", "c.js"}, set(), LedgerState.FAILED, {"python-code", "javascript-code"}),
    ],
)
def test_an_entry_claims_no_kind_of_which_every_file_was_lost(
    tmp_path: Path, lost: set[str], torn: set[str], state: LedgerState, kinds: set[str]
) -> None:
    for name in ("a.py", "b.js", "c.js"):
        (tmp_path / name).write_text("x = 1\n")
    inventory = take_inventory(tmp_path)
    context = Context(
        root=inventory.root,
        cores=1,
        find_tool=lambda spec, say: Tool(Path("/none"), "1", "store"),
        notify=lambda event: None,
        cancel=threading.Event(),
    )
    ran = run_plan(make_plan(inventory, [Reader(lost, torn, state)], unwanted={}, cores=1), context)
    assert set(ran.ledger[0].kinds) == kinds
