"""OSV records: which versions they affect, what they say, and which of them speak of the same problem."""

from __future__ import annotations

import json
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from pydantic import ValidationError

from scangate.model import LedgerState, Severity
from scangate.scanners.advisories import load_advisories
from scangate.scanners.interface import ScannerError
from scangate.scanners.osv import Record, alias_groups
from scangate.scanners.ratings import effective


def record(advisory: str = "PYSEC-2020-1", *, package: str = "demo", **changes: Any) -> dict[str, Any]:
    """A record of our own making; `events` and `versions` go into its one affected part."""
    part = {"package": {"ecosystem": "PyPI", "name": package}, "versions": changes.pop("versions", [])}
    if events := changes.pop("events", None):
        part["ranges"] = [{"type": changes.pop("type", "ECOSYSTEM"), "events": events}]
    return {"id": advisory, "modified": "2024-01-02T03:04:05Z", "affected": [part]} | changes


def affects(version: str, **changes: Any) -> bool:
    return Record.model_validate(record(**changes)).affects("demo", Version(version))


FROM_START = {"introduced": "0"}


@pytest.mark.parametrize(
    ("version", "events", "expected"),
    [
        ("1.0", [FROM_START, {"fixed": "1.1"}], True),
        ("1.1", [FROM_START, {"fixed": "1.1"}], False),
        ("1.1rc1", [FROM_START, {"fixed": "1.1"}], True),
        ("1.1.post1", [FROM_START, {"fixed": "1.1"}], False),
        ("0a1", [FROM_START, {"fixed": "1.1"}], True),
        ("1.10", [{"introduced": "1.2"}, {"fixed": "1.9"}], False),
        ("1.9", [{"introduced": "1.10"}], False),
        ("1.5", [{"fixed": "1.2"}, {"introduced": "1.4"}, FROM_START, {"fixed": "1.6"}], True),
        ("1.3", [{"fixed": "1.2"}, {"introduced": "1.4"}, FROM_START, {"fixed": "1.6"}], False),
        ("1.0", [FROM_START, {"fixed": "1.0"}, {"introduced": "1.0"}, {"fixed": "2.0"}], True),
        ("1.5", [FROM_START, {"last_affected": "1.5"}], True),
        ("1.5+local", [FROM_START, {"last_affected": "1.5"}], True),
        ("1.5.1", [FROM_START, {"last_affected": "1.5"}], False),
        ("1.0", [{"introduced": "1.0"}, {"last_affected": "1.0"}], True),
        ("1.1", [{"introduced": "1.0"}, {"last_affected": "1.0"}], False),
        ("9", [FROM_START], True),
        ("9", [{"introduced": "weird-one"}], True),
        ("9", [FROM_START, {"fixed": "2019-09-12x"}], True),
        ("1!0.1", [{"introduced": "2"}], True),
    ],
)
def test_ecosystem_ranges(version: str, events: list[dict[str, str]], expected: bool) -> None:
    assert affects(version, events=events) is expected


def test_one_event_may_carry_both_ends() -> None:
    assert affects("1", events=[{"introduced": "0", "fixed": "2"}])
    assert not affects("2", events=[{"introduced": "0", "fixed": "2"}])


@pytest.mark.parametrize(
    ("version", "expected"), [("1.0", True), ("1.0.0", True), ("1.0+cpu", True), ("1.0.1", False), ("2004.4", False)]
)
def test_enumerated_versions_compare_as_pep_440_has_it(version: str, expected: bool) -> None:
    assert affects(version, versions=["0.9", "1.0", "2004d"]) is expected


def test_where_a_range_cannot_be_read_the_enumerated_versions_tell() -> None:
    events = [FROM_START, {"fixed": "2019-09-12x"}]
    assert affects("1", events=events, versions=["1"])
    assert not affects("2", events=events, versions=["1"])


def test_git_ranges_other_packages_and_withdrawn_records_affect_nothing() -> None:
    assert not affects("1", events=[FROM_START], type="GIT")
    assert not affects("1", events=[FROM_START], package="other")
    assert not affects("1", events=[FROM_START], withdrawn="2024-01-01T00:00:00Z")
    npm = record(events=[FROM_START])
    npm["affected"][0]["package"]["ecosystem"] = "npm"
    assert not Record.model_validate(npm).affects("demo", Version("1"))


def test_names_compare_normalised() -> None:
    parsed = Record.model_validate(record(package="Zope.Some_Thing", events=[FROM_START]))
    assert parsed.packages == {"zope-some-thing"} and parsed.affects("zope-some-thing", Version("1"))


versions = st.builds(
    "{}{}{}{}".format,
    st.builds("{}.{}".format, st.integers(0, 3), st.integers(0, 3)),
    st.sampled_from(["", "a1", "b2", "rc1"]),
    st.sampled_from(["", ".post1"]),
    st.sampled_from(["", ".dev1"]),
)


@given(st.lists(versions, min_size=1, max_size=5), versions, st.randoms(use_true_random=False))
def test_ranges_against_a_naive_oracle(bounds: list[str], version: str, shuffler: random.Random) -> None:
    """Half-open intervals, ascending and disjoint, with their events in any order."""
    edges = sorted({Version(bound) for bound in bounds})
    intervals = [(edges[i], edges[i + 1] if i + 1 < len(edges) else None) for i in range(0, len(edges), 2)]
    expected = any(low <= Version(version) and (high is None or Version(version) < high) for low, high in intervals)
    events = [{"introduced": str(low)} for low, _ in intervals] + [
        {"fixed": str(high)} for _, high in intervals if high
    ]
    shuffler.shuffle(events)
    assert affects(version, events=events) is expected


def test_facts() -> None:
    parsed = Record.model_validate(
        record(
            "GHSA-aaaa-bbbb-cccc",
            events=[FROM_START, {"fixed": "1.10"}, {"introduced": "2"}, {"fixed": "2.1"}, {"introduced": "3"}],
            severity=[
                {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
                {"type": "CVSS_V3", "score": "garbage"},
                {"type": "Ubuntu", "score": "low"},
            ],
            database_specific={"severity": "MODERATE", "cwe_ids": ["CWE-79", "CWE-079x", 3, "CWE-89"]},
        )
    )
    assert parsed.fixed_in("demo") == ("1.10", "2.1")
    assert parsed.fixed_in("demo", "2.0") == ("2.1",)
    assert parsed.cwes == (79, 89)
    assert [(r.method, r.severity) for r in parsed.ratings("demo")] == [
        ("word:advisory", Severity.MEDIUM),
        ("CVSS:3.1", Severity.CRITICAL),
    ]
    assert effective(parsed.ratings("demo"))[0] is Severity.MEDIUM


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": "../../etc"},
        {"id": "a b"},
        {"modified": "yesterday"},
        {"modified": "2024-01-01T00:00:00"},
        {"schema_version": "2.0.0"},
        {"affected": "all"},
        {"affected": [{"package": {"name": 3, "ecosystem": "PyPI"}}]},
        {"aliases": "CVE-2020-1"},
    ],
)
def test_what_is_no_record_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Record.model_validate(record() | changes)


def test_slips_of_real_records_are_lived_with() -> None:
    parsed = Record.model_validate(
        record() | {"aliases": ["CVE-2020-1,", "CVE-2020-1"], "severity": None, "affected": None}
    )
    assert parsed.aliases == ("CVE-2020-1",) and parsed.packages == frozenset()


def test_alias_groups_join_what_shares_an_alias() -> None:
    records = {"PYSEC-1": ["CVE-1"], "GHSA-1": ["CVE-1", "BIT-1"], "PYSEC-2": [], "OTHER-1": ["BIT-1"]}
    assert alias_groups(records) == (("CVE-1", "GHSA-1", "PYSEC-1", "BIT-1", "OTHER-1"), ("PYSEC-2",))


def test_a_record_of_several_problems_does_not_join_them() -> None:
    """The shape of GO-2022-0586: one record that lists four CVE and four GHSA ids."""
    pairs = {f"GHSA-{n}": [f"CVE-{n}"] for n in range(4)}
    records = pairs | {"GO-586": [*pairs, *(f"CVE-{n}" for n in range(4))]}
    assert alias_groups(records) == tuple((f"CVE-{n}", f"GHSA-{n}", "GO-586") for n in range(4))


def test_a_problem_that_only_a_doubtful_record_names_is_not_lost() -> None:
    records = {"GHSA-1": ["CVE-1"], "PYSEC-9": ["CVE-1", "CVE-2"]}
    assert alias_groups(records) == (("CVE-1", "GHSA-1"), ("CVE-2", "PYSEC-9"))
    assert alias_groups({"PYSEC-9": ["CVE-1", "CVE-2"]}) == (("CVE-1", "CVE-2", "PYSEC-9"),)


def test_two_records_of_one_database_for_one_cve_are_one_problem() -> None:
    assert alias_groups({"PYSEC-1": ["CVE-1"], "PYSEC-2": ["CVE-1"]}) == (("CVE-1", "PYSEC-1", "PYSEC-2"),)


identifiers = st.builds("{}-{}".format, st.sampled_from(["CVE", "GHSA", "PYSEC", "GO"]), st.integers(1, 4))
alias_maps = st.dictionaries(identifiers, st.lists(identifiers, max_size=4), max_size=8)


@given(alias_maps, st.randoms(use_true_random=False))
def test_alias_groups_do_not_depend_on_order(records: dict[str, list[str]], shuffler: random.Random) -> None:
    expected = alias_groups(records)
    items = list(records.items())
    shuffler.shuffle(items)
    for _, aliases in items:
        shuffler.shuffle(aliases)
    assert alias_groups(dict(items)) == expected


@given(alias_maps)
def test_alias_groups_lose_no_id(records: dict[str, list[str]]) -> None:
    groups = alias_groups(records)
    assert {i for group in groups for i in group} == {*records, *(a for aliases in records.values() for a in aliases)}


def write(folder: Path, *records: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for one in records:
        (folder / f"{one['id']}.json").write_text(json.dumps(one))
    return folder


def archive(path: Path, *records: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as target:
        for one in records:
            target.writestr(f"{one['id']}.json", json.dumps(one))
    return path


@pytest.mark.parametrize("base", ["", "osv-scanner", "osv-scalibr"])
@pytest.mark.parametrize("place", ["PyPI/all.zip", "PyPI", "pypi-osv.zip", "."])
def test_every_layout_is_read(tmp_path: Path, base: str, place: str) -> None:
    target = tmp_path / base / place
    known = record(events=[FROM_START])
    write(target, known) if target.suffix != ".zip" else archive(target, known)
    advisories = load_advisories(tmp_path)
    assert [r.id for r in advisories.ask("demo", "1.0")] == ["PYSEC-2020-1"]
    assert (advisories.date, advisories.damaged) == ("2024-01-02T03:04:05Z", ())


def test_the_date_is_that_of_the_newest_record_of_the_ecosystem(tmp_path: Path) -> None:
    newer = record("PYSEC-2020-2", modified="2024-05-01 12:00:00.5+02:00")
    write(tmp_path, record(), newer)
    assert load_advisories(tmp_path).date == "2024-05-01T10:00:00Z"


def test_a_changed_folder_is_read_again(tmp_path: Path) -> None:
    write(tmp_path, record(events=[FROM_START]))
    assert load_advisories(tmp_path).ask("demo", "1")
    write(tmp_path, record("PYSEC-2020-2", events=[FROM_START]))
    assert len(load_advisories(tmp_path).ask("demo", "1")) == 2


def test_damaged_records_are_named(tmp_path: Path) -> None:
    write(tmp_path, record())
    (tmp_path / "broken.json").write_text('{"id": ')
    path = archive(tmp_path / "PyPI" / "all.zip", record("PYSEC-2020-2"), record("PYSEC-2020-3"))
    data = bytearray(path.read_bytes())
    data[data.index(b"PYSEC-2020-3") + 40] ^= 0xFF  # one record's content no longer fits its checksum
    path.write_bytes(data)
    names = [skip.path for skip in load_advisories(tmp_path).damaged]
    assert names == ["all.zip/PYSEC-2020-3.json", "broken.json"]


def test_many_damaged_records_are_counted(tmp_path: Path) -> None:
    write(tmp_path, record())
    for number in range(30):
        (tmp_path / f"broken{number}.json").write_text("")
    damaged = load_advisories(tmp_path).damaged
    assert len(damaged) == 21 and damaged[-1].reason.startswith("10 more")


@pytest.mark.parametrize("case", ["no folder", "empty", "not a zip", "truncated zip", "only npm", "all damaged"])
def test_no_advisories_at_all_is_an_error(tmp_path: Path, case: str) -> None:
    folder = tmp_path / "advisories"
    if case != "no folder":
        folder.mkdir()
    if case == "not a zip":
        (folder / "all.zip").write_text("<html>")
    if case == "truncated zip":
        path = archive(folder / "all.zip", record())
        path.write_bytes(path.read_bytes()[:-10])
    if case == "only npm":
        npm = record()
        npm["affected"][0]["package"]["ecosystem"] = "npm"
        write(folder, npm)
    if case == "all damaged":
        (folder / "a.json").write_text("[]")
    with pytest.raises(ScannerError) as caught:
        load_advisories(folder)
    assert caught.value.state is LedgerState.FAILED and str(folder) in caught.value.reason


def test_a_version_that_cannot_be_compared_is_an_error(tmp_path: Path) -> None:
    advisories = load_advisories(write(tmp_path, record()))
    with pytest.raises(ScannerError):
        advisories.ask("demo", "no version")


@pytest.fixture
def real_advisories(shared: Path, tmp_path: Path) -> Path:
    (tmp_path / "PyPI").mkdir()
    shutil.copy(shared / "advisories" / "pypi-osv.zip", tmp_path / "PyPI" / "all.zip")
    return tmp_path


def test_real_records_load_whole(real_advisories: Path) -> None:
    advisories = load_advisories(real_advisories)
    assert len({r.id for records in advisories.records.values() for r in records}) == 2661
    assert (len(advisories.records), advisories.damaged) == (664, ())


def test_ranges_of_real_records_agree_with_their_enumerated_versions(real_advisories: Path) -> None:
    """Two ways to say the same, by the database itself: every enumerated version must be affected by the ranges."""
    disagreeing = 0
    total = 0
    for name, records in load_advisories(real_advisories).records.items():
        for known in records:
            for part in known.on(name):
                total += len(part.versions)
                alone = part.model_copy(update={"versions": ()})
                other = known.model_copy(update={"affected": (alone,), "withdrawn": None})
                parsed = (read for read in map(_version, part.versions) if read)
                disagreeing += sum(not other.affects(name, version) for version in parsed)
    assert total > 50_000 and disagreeing / total < 0.01


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:
        return None
