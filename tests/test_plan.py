"""The plan: who runs on what, in which shares, and who does not and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scangate.inventory import Inventory, take_inventory
from scangate.kinds import KINDS
from scangate.model import LedgerState
from scangate.plan import Plan, make_plan, supported_by
from scangate.scanners.registry import READERS, SCANNERS


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    for n in range(40):
        (tmp_path / f"module{n}.py").write_text("x = 1\n" * (n + 1))
    for name in ("requirements.txt", "tools/requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("jinja2==2.10\n")
    return take_inventory(tmp_path)


def plan(inventory: Inventory, *names: str, cores: int = 2, **unwanted: tuple[LedgerState, str]) -> Plan:
    return make_plan(inventory, [SCANNERS[name] for name in names], unwanted=unwanted, cores=cores)


def test_every_kind_that_a_scanner_names_exists() -> None:
    for scanner in SCANNERS.values():
        assert scanner.kinds <= set(KINDS), scanner.name


def test_support_is_told_for_every_kind() -> None:
    support = supported_by(SCANNERS.values())
    assert set(support) == set(KINDS)
    assert support["python-code"] == ("bandit", "semgrep")
    assert support["ruby-code"] == ()


def test_a_manifest_is_a_target_of_its_own(inventory: Inventory) -> None:
    tasks = plan(inventory, "pip-audit").tasks
    assert sorted(task.target.name for task in tasks) == ["requirements.txt", "tools/requirements.txt"]


def test_a_scanner_with_nothing_to_look_at_is_not_applicable(inventory: Inventory) -> None:
    (entry,) = plan(inventory, "checkov").idle
    assert entry.state is LedgerState.NOT_APPLICABLE
    assert entry.reason == "found nothing that it looks at"


def test_a_scanner_of_one_kind_names_what_it_did_not_find(inventory: Inventory) -> None:
    (entry,) = plan(replace(inventory, kinds={}), "bandit").idle
    assert entry.reason == "found no Python code"


def test_an_unwanted_scanner_says_why_and_what_it_would_have_looked_at(inventory: Inventory) -> None:
    (entry,) = plan(inventory, "bandit", bandit=(LedgerState.DISABLED, "not today")).idle
    assert (entry.state, entry.reason, entry.kinds) == (LedgerState.DISABLED, "not today", ("python-code",))


def heavy(inventory: Inventory, megabytes: int) -> Inventory:
    files = inventory.kinds["python-code"]
    sizes = {path: megabytes * 1_000_000 // len(files) for path in files}
    return Inventory(**{**vars(inventory), "sizes": sizes})


def test_work_is_split_over_the_cores_when_that_pays(inventory: Inventory) -> None:
    (small,) = plan(inventory, "bandit", cores=4).tasks
    assert len(small.shares) == 1
    (large,) = plan(heavy(inventory, 100), "bandit", cores=4).tasks
    assert len(large.shares) == 4
    assert sorted(path for share in large.shares for path in share.files) == sorted(large.target.files)
    assert {len(share.files) for share in large.shares} == {10}


def test_the_longest_work_comes_first(inventory: Inventory) -> None:
    tasks = plan(heavy(inventory, 200), "pip-audit", "bandit", cores=1).tasks
    assert tasks[0].scanner.name == "bandit"


@pytest.mark.parametrize("name", ["bandit", "semgrep"])
def test_no_process_is_handed_more_names_than_the_system_takes(inventory: Inventory, name: str) -> None:
    names = tuple(f"{'deep/' * 20}module{n}.py" for n in range(20_000))
    many = Inventory(**{**vars(inventory), "kinds": {"python-code": names}, "sizes": dict.fromkeys(names, 10)})
    (task,) = plan(many, name).tasks
    longest = max(sum(len(path) + 1 for path in share.files) for share in task.shares)
    assert longest < 1_500_000


def test_readers_are_the_scanners_and_sarif() -> None:
    assert set(READERS) == {*SCANNERS, "sarif"}
