"""Coverage: whatever was not looked at makes the run incomplete, unless the policy accepts it by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.document import InventorySummary, KindFound, Verdict
from scangate.model import LedgerEntry, LedgerState
from scangate.policies.coverage import judge_coverage
from scangate.policies.schema import Accept, Coverage, Policy

Entry = Callable[..., LedgerEntry]
Parse = Callable[[str], Policy]
Judge = Callable[..., Verdict]

NOT_WELL = [s for s in LedgerState if s not in (LedgerState.RAN, LedgerState.NOT_APPLICABLE, LedgerState.DISABLED)]
BROKEN = [s for s in NOT_WELL if s is not LedgerState.PARTIAL]
PYTHON = KindFound(kind="python-code", label="Python code", files=12, supported_by=("bandit", "semgrep"))
PYPI = KindFound(kind="pypi-dependencies", label="PyPI dependencies", files=1, supported_by=("pip-audit",))
RUBY = KindFound(kind="ruby-code", label="Ruby code", files=12)


def _inventory(*kinds: KindFound, files: int = 20) -> InventorySummary:
    return InventorySummary(files=files, kinds=kinds)


@pytest.mark.parametrize("state", LedgerState)
@pytest.mark.parametrize("setting", ["on_error: fail", "on_error: warn", "parse_errors: fail", "parse_errors: warn"])
def test_each_state_under_each_setting(
    state: LedgerState, setting: str, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    other = entry(scanner="semgrep")
    verdict = verdict_on(policy_of(f"coverage: {{{setting}}}"), ledger=[other, entry(state=state, reason="why so")])
    fails = state in BROKEN and setting != "on_error: warn"
    fails = fails or (state is LedgerState.PARTIAL and setting == "parse_errors: fail")
    assert (verdict.exit_code == 3) is fails
    told = f"bandit: {state}: why so"
    assert verdict.incomplete == ((told,) if fails else ())
    assert verdict.warnings == ((told,) if state in NOT_WELL and not fails else ())


def test_the_step_that_mends_is_told(entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    ledger = [entry(state="missing", reason="not installed", mend="scangate tools install bandit", target="a.txt")]
    verdict = verdict_on(policy_of("name: p"), ledger=ledger)
    assert verdict.incomplete == ("bandit on a.txt: missing: not installed (mend: scangate tools install bandit)",)


@pytest.mark.parametrize(
    ("ledger", "looked"),
    [
        ([{"scanner": "bandit"}], True),
        ([{"scanner": "semgrep", "kinds": ("javascript-code", "python-code")}], True),
        ([{"scanner": "bandit", "state": "partial"}], True),
        ([{"scanner": "checkov", "kinds": ("terraform",)}], False),
        (
            [{"scanner": "bandit", "state": "disabled", "reason": "by the user"}, {"scanner": "checkov", "kinds": ()}],
            False,
        ),
        ([{"scanner": "bandit", "state": "not-applicable"}, {"scanner": "checkov", "kinds": ("terraform",)}], False),
        ([{"scanner": "bandit", "state": "failed"}, {"scanner": "checkov", "kinds": ("terraform",)}], False),
        ([], False),
    ],
)
def test_a_kind_that_nobody_looked_at_makes_the_run_incomplete(
    ledger: list[dict[str, Any]], looked: bool, *, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    verdict = verdict_on(policy_of("name: p"), ledger=[entry(**e) for e in ledger], inventory=_inventory(PYTHON))
    assert (verdict.exit_code == 0) is looked


def test_softening_errors_never_hides_a_kind_that_nobody_looked_at(
    entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    ledger = [entry(state="failed", reason="it broke")]
    verdict = verdict_on(policy_of("coverage: {on_error: warn}"), ledger=ledger, inventory=_inventory(PYTHON))
    assert verdict.exit_code == 3
    assert "nobody looked at Python code (12 files): bandit is failed (it broke)" in verdict.incomplete[0]


@pytest.mark.parametrize(
    ("kind", "ledger", "words"),
    [
        (PYTHON, [], ["bandit or semgrep did not run", "`scangate scan --scanner bandit`", "accept `python-code`"]),
        (PYTHON, [{"state": "disabled", "reason": "by settings"}], ["bandit is disabled (by settings)"]),
        (
            PYTHON.model_copy(update={"files": 0, "excluded": 12}),
            [],
            ["Python code (12 files)", "settings exclude all of it", "exclude less"],
        ),
    ],
)
def test_an_unseen_kind_says_why_and_what_mends_it(
    kind: KindFound,
    ledger: list[dict[str, Any]],
    words: list[str],
    *,
    entry: Entry,
    policy_of: Parse,
    verdict_on: Judge,
) -> None:
    looked = entry(scanner="checkov", kinds=("terraform",))
    verdict = verdict_on(
        policy_of("name: p"), ledger=[looked, *(entry(**e) for e in ledger)], inventory=_inventory(kind)
    )
    assert len(verdict.incomplete) == 1
    for word in words:
        assert word in verdict.incomplete[0]


def test_a_kind_that_its_scanner_could_not_read_is_unseen(entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    javascript = KindFound(kind="javascript-code", label="JavaScript code", files=2, supported_by=("semgrep",))
    ledger = [entry(), entry(scanner="semgrep", state=LedgerState.PARTIAL, reason="b.js")]
    verdict = verdict_on(policy_of(""), ledger=ledger, inventory=_inventory(PYTHON, javascript))
    assert verdict.exit_code == 3
    assert "semgrep could read none of them" in verdict.incomplete[0]


def test_one_cause_is_told_once(entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    policy = policy_of("coverage: {required: [bandit]}")
    verdict = verdict_on(policy, ledger=[entry(state="failed", reason="x")], inventory=_inventory(PYTHON))
    assert verdict.incomplete == ("bandit: failed: x",)


def test_kinds_without_files_need_nobody(entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    empty = PYPI.model_copy(update={"files": 0})
    assert verdict_on(policy_of("name: p"), ledger=[entry()], inventory=_inventory(PYTHON, empty)).exit_code == 0


def test_unsupported_kinds_are_warned_about(entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    verdict = verdict_on(policy_of("name: p"), ledger=[entry()], inventory=_inventory(PYTHON, RUBY))
    assert (verdict.exit_code, verdict.warnings) == (0, ("no scanner here supports Ruby code (12 files)",))


@pytest.mark.parametrize(
    ("accept", "ledger", "exit_code"),
    [
        ("pypi-dependencies", [], 0),
        ("pip-audit", [], 0),
        ("python-code", [], 3),
        ("pip-audit", [{"state": "failed"}], 0),
        ("pypi-dependencies", [{"state": "failed"}], 0),
        ("pip-audit", [{"state": "stale"}], 0),
        ("bandit", [{"state": "failed"}], 3),
        ("nothing", [{"state": "failed"}], 3),
        ("python-code", [{"state": "failed", "kinds": ("pypi-dependencies", "python-code")}], 3),
    ],
)
def test_gaps_are_accepted_by_kind_or_scanner_with_the_reason(
    accept: str, ledger: list[dict[str, Any]], exit_code: int, *, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    own = [entry(**{"scanner": "pip-audit", "kinds": ("pypi-dependencies",), **e}) for e in ledger]
    policy = policy_of(f"coverage: {{accept: [{{what: {accept}, why: audited each night}}]}}")
    verdict = verdict_on(policy, ledger=[entry(), *own], inventory=_inventory(PYTHON, PYPI))
    assert verdict.exit_code == exit_code
    assert bool(verdict.accepted) is (exit_code == 0)
    assert all(text.endswith("accepted: audited each night") for text in verdict.accepted)


def test_a_kind_with_two_scanners_is_not_accepted_by_one_of_them(
    entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    accept = "{what: bandit, why: slow}"
    other = entry(scanner="checkov", kinds=("terraform",))
    policy = policy_of(f"coverage: {{accept: [{accept}]}}")
    assert verdict_on(policy, ledger=[other], inventory=_inventory(PYTHON)).exit_code == 3
    both = policy_of(f"coverage: {{accept: [{accept}, {{what: semgrep, why: slow}}]}}")
    assert verdict_on(both, ledger=[other], inventory=_inventory(PYTHON)).exit_code == 0


@pytest.mark.parametrize(
    ("state", "exit_code"),
    [("ran", 0), ("partial", 0), ("not-applicable", 0)]
    + [(s, 3) for s in ("disabled", "missing", "failed", "timed-out", "unreadable", "stale", "deferred")],
)
@pytest.mark.parametrize("by", ["policy", "command line"])
def test_required_scanners_must_have_looked(
    state: str, exit_code: int, by: str, *, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    accept = "accept: [{what: semgrep, why: accepted}]"
    required = ", required: semgrep" if by == "policy" else ""
    policy = policy_of(f"coverage: {{on_error: warn, {accept}{required}}}")
    ledger = [entry(), entry(scanner="semgrep", state=state, reason="x")]
    verdict = verdict_on(policy, ledger=ledger, required=["semgrep"] if by == "command line" else [])
    assert verdict.exit_code == exit_code
    assert [t for t in verdict.incomplete if "semgrep is required" in t] == list(verdict.incomplete)


@pytest.mark.parametrize("parts", [{"state": "partial"}, {"database_date": "2001-01-01"}])
def test_what_is_required_is_never_accepted_away(
    parts: dict[str, Any], entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    policy = policy_of("coverage: {parse_errors: fail, max_db_age: 7d, accept: [{what: bandit, why: x}]}")
    assert verdict_on(policy, ledger=[entry(**parts)]).exit_code == 0
    verdict = verdict_on(policy, ledger=[entry(**parts)], required=["bandit"])
    assert (verdict.exit_code, verdict.accepted) == (3, ())


def test_a_required_scanner_without_an_entry_did_not_run(entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    verdict = verdict_on(policy_of("name: p"), ledger=[entry()], required=["semgrep"])
    assert verdict.incomplete == ("semgrep is required and did not run (mend: add `--scanner semgrep`)",)


def test_a_scanner_that_ran_on_one_target_and_failed_on_another_is_incomplete(
    entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    kinds = {"scanner": "pip-audit", "kinds": ("pypi-dependencies",)}
    ledger = [entry(**kinds, target="a.txt"), entry(**kinds, target="b.txt", state="failed", reason="x")]
    verdict = verdict_on(policy_of("name: p"), ledger=ledger, inventory=_inventory(PYPI))
    assert verdict.incomplete == ("pip-audit on b.txt: failed: x",)


@pytest.mark.parametrize(("files", "exit_code"), [(0, 3), (4, 3), (5, 0)])
def test_too_few_files_is_a_vacuous_run(
    files: int, exit_code: int, *, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    policy = policy_of("coverage: {min_files: 5}")
    assert verdict_on(policy, ledger=[entry(scanned=0)], inventory=_inventory(files=files)).exit_code == exit_code
    assert verdict_on(policy, ledger=[entry(scanned=files)], inventory=_inventory(files=0)).exit_code == exit_code


@pytest.mark.parametrize(
    ("date", "age", "kinds", "fresh"),
    [
        ("2026-02-27T12:00:00Z", "7d", "pypi-dependencies", True),
        ("2026-02-22T12:00:00Z", "7d", "pypi-dependencies", True),
        ("2026-02-22T11:59:59Z", "7d", "pypi-dependencies", False),
        ("2026-02-22", "7d", "pypi-dependencies", False),
        ("2026-02-28T13:00:00+00:00", "24h", "pypi-dependencies", True),
        ("2026-02-28T13:00:00+02:00", "24h", "pypi-dependencies", False),
        ("2026-03-02T11:00:00Z", "7d", "pypi-dependencies", True),
        ("2027-01-01T00:00:00Z", "7d", "pypi-dependencies", False),
        ("yesterday", "7d", "pypi-dependencies", False),
        ("", "7d", "pypi-dependencies", False),
        ("", "7d", "python-code", True),
        ("2020-01-01", "7d", "python-code", False),
        ("2020-01-01", None, "pypi-dependencies", True),
        ("", None, "pypi-dependencies", True),
    ],
)
def test_old_or_undated_data_is_stale(
    date: str, age: str | None, kinds: str, *, fresh: bool, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    policy = policy_of(f"coverage: {{max_db_age: {age}}}" if age else "name: p")
    verdict = verdict_on(policy, ledger=[entry(scanner="x", database_date=date, kinds=(kinds,))])
    assert (verdict.exit_code == 0) is fresh
    if not fresh:
        assert verdict.incomplete[0].startswith("x: stale: ")


def test_old_data_is_told_of_a_partial_run_too(entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    ledger = [entry(state="partial", reason="2 files do not parse", database_date="2020-01-01")]
    verdict = verdict_on(policy_of("coverage: {max_db_age: 7d, parse_errors: warn}"), ledger=ledger)
    assert (verdict.exit_code, len(verdict.incomplete), len(verdict.warnings)) == (3, 1, 1)


@pytest.mark.parametrize(("parts", "exit_code"), [({"scanned": 0}, 0), ({"tool": "import: a.json"}, 0), ({}, 3)])
def test_a_date_is_needed_where_dependencies_were_looked_at_here(
    parts: dict[str, Any], exit_code: int, *, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    ledger = [entry(**{"scanner": "pip-audit", "kinds": ("pypi-dependencies",), **parts})]
    verdict = verdict_on(policy_of("coverage: {max_db_age: 7d}"), ledger=ledger)
    assert verdict.exit_code == exit_code
    assert bool(verdict.warnings) is ("tool" in parts)


def test_stale_stays_stale_however_fresh_its_date(entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    ledger = [entry(state="stale", reason="too old", database_date="2026-03-01T00:00:00Z")]
    assert verdict_on(policy_of("coverage: {max_db_age: 99d}"), ledger=ledger).exit_code == 3


@pytest.mark.parametrize("ledger", [[], [{"state": "not-applicable"}], [{"state": "disabled"}]])
def test_a_run_that_looked_at_nothing_is_never_green(
    ledger: list[dict[str, Any]], entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    entries = [entry(**e) for e in ledger]
    verdict = verdict_on(policy_of("name: p"), ledger=entries)
    assert verdict.exit_code == 3
    assert "nothing was looked at" in verdict.incomplete[0]
    accepting = policy_of("coverage: {accept: [{what: nothing, why: only documents here}]}")
    verdict = verdict_on(accepting, ledger=entries)
    assert (verdict.exit_code, len(verdict.accepted)) == (0, 1)
    assert verdict.accepted[0].endswith("accepted: only documents here")


_entries = st.lists(
    st.builds(
        LedgerEntry,
        scanner=st.sampled_from(["bandit", "semgrep", "pip-audit"]),
        target=st.sampled_from([".", "a.txt"]),
        state=st.sampled_from(LedgerState),
        kinds=st.sampled_from([(), ("python-code",), ("pypi-dependencies",), ("python-code", "pypi-dependencies")]),
        database_date=st.sampled_from(["", "2026-02-28", "2001-01-01", "x"]),
    ),
    max_size=5,
)
_accepts = st.lists(st.sampled_from(["bandit", "pip-audit", "python-code", "pypi-dependencies", "nothing"]), max_size=2)


@given(_entries, _accepts, st.sampled_from(["fail", "warn"]), st.sampled_from([None, "7d"]))
def test_what_nobody_looked_at_is_always_told(
    entries: list[LedgerEntry], accepts: list[str], on_error: Any, age: str | None
) -> None:
    rules = Coverage(on_error=on_error, max_db_age=age, accept=tuple(Accept(what=a, why="y") for a in accepts))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    report = judge_coverage(entries, _inventory(PYTHON, PYPI), rules=rules, required=["semgrep"], now=now)
    looked = {kind for entry in entries if entry.state.looked for kind in entry.kinds}
    if not {"python-code", "pypi-dependencies"} <= looked:
        assert report.incomplete or report.accepted
    if any(e.state in NOT_WELL for e in entries):
        assert report.incomplete or report.accepted or report.warnings
    if not any(e.scanner == "semgrep" for e in entries):
        assert report.incomplete
    again = judge_coverage(entries[::-1], _inventory(PYPI, PYTHON), rules=rules, required=["semgrep"], now=now)
    assert (again.accepted, again.warnings) == (report.accepted, report.warnings)
    assert bool(again.incomplete) is bool(report.incomplete)


@pytest.mark.parametrize("kind", ["container-image", "sbom", "git-history"])
def test_part_of_what_was_named_one_by_one_is_no_file_among_many(
    kind: str, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    ledger = [entry(scanner="trivy", kinds=(kind,), state="partial", reason="unknown distribution")]
    verdict = verdict_on(policy_of("coverage: {parse_errors: warn}"), ledger=ledger)
    assert verdict.exit_code == 3
    assert "unknown distribution" in verdict.incomplete[0]


@pytest.mark.parametrize("kind", ["container-image", "sbom"])
def test_packages_of_images_need_data_with_a_date(kind: str, entry: Entry, policy_of: Parse, verdict_on: Judge) -> None:
    ledger = [entry(scanner="trivy", kinds=(kind,), scanned=3)]
    verdict = verdict_on(policy_of("coverage: {max_db_age: 7d}"), ledger=ledger)
    assert "its data has no date" in verdict.incomplete[0]


@pytest.mark.parametrize(("required", "code"), [((), 3), (("gitleaks",), 0)])
def test_a_search_for_secrets_alone_is_no_look_at_the_tree_unless_it_was_asked_for(
    required: tuple[str, ...], code: int, *, entry: Entry, policy_of: Parse, verdict_on: Judge
) -> None:
    ledger = [entry(scanner="gitleaks", kinds=("files",))]
    assert verdict_on(policy_of("name: p"), ledger=ledger, required=required).exit_code == code
