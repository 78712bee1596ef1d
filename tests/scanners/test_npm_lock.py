"""npm's lock files and the ranges of its advisories: what is read, what is handed on, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.model import LedgerState
from scangate.scanners.interface import ScannerError
from scangate.scanners.npm_lock import NpmLock, read_npm_lock
from scangate.scanners.npm_range import in_range
from scangate.scanners.source import SourceTree


def read(root: Path, lock: Any, manifest: Any = None) -> NpmLock:
    (root / "package-lock.json").write_text(lock if isinstance(lock, str) else json.dumps(lock, indent=2))
    if manifest is not None:
        (root / "package.json").write_text(json.dumps(manifest))
    return read_npm_lock(SourceTree(root), "package-lock.json")


def packages(root: Path, **entries: Any) -> dict[str, tuple[str, bool | None, str]]:
    lock = read(root, {"lockfileVersion": 3, "packages": entries})
    return {package.path: (package.version, package.direct, package.scope) for package in lock.packages}


def test_direct_is_what_the_project_and_its_workspaces_ask_for_where_it_is_installed(tmp_path: Path) -> None:
    found = packages(
        tmp_path,
        **{
            "": {"dependencies": {"a": "1"}, "devDependencies": {"b": "1"}},
            "node_modules/a": {"version": "1.0.0", "dependencies": {"c": "1"}},
            "node_modules/b": {"version": "1.0.0", "dev": True},
            "node_modules/c": {"version": "1.0.0"},
            "node_modules/a/node_modules/b": {"version": "1.1.0"},
            "node_modules/d": {"version": "1.0.0"},
            "node_modules/w": {"resolved": "packages/w", "link": True},
            "packages/w": {"version": "9.9.9", "dependencies": {"c": "2", "d": "1"}},
            "packages/w/node_modules/c": {"version": "2.0.0"},
        },
    )
    assert found == {
        "node_modules/a": ("1.0.0", True, "runtime"),
        "node_modules/b": ("1.0.0", True, "dev"),
        "node_modules/c": ("1.0.0", False, "runtime"),
        "node_modules/a/node_modules/b": ("1.1.0", False, "runtime"),
        "node_modules/d": ("1.0.0", True, "runtime"),
        "packages/w/node_modules/c": ("2.0.0", True, "runtime"),
    }


def test_what_npm_is_handed_leads_nowhere(tmp_path: Path) -> None:
    lock = read(
        tmp_path,
        {
            "lockfileVersion": 3,
            "packages": {
                "": {"name": "git+https://x.example/x", "workspaces": ["../../*"], "dependencies": {"a": "1"}},
                "node_modules/a": {"version": "1.0.0", "resolved": "https://x.example/a.tgz", "optional": True},
                "node_modules/w": {"resolved": "../../home", "link": True},
                "../../home": {"name": "home", "version": "1.0.0"},
                "w": {"name": "w", "version": "1.0.0", "dependencies": {"a": "1"}},
            },
        },
    )
    handed = json.loads(lock.files({})["package-lock.json"])["packages"]
    assert handed.pop("") == {"name": "audited", "version": "0.0.0", "dependencies": {"a": "1"}}
    assert handed == {"node_modules/a": {"version": "1.0.0", "optional": True}, "w": {"dependencies": {"a": "1"}}}


@pytest.mark.parametrize("name", ["git+ssh://x/y", "../x", "__proto__", ".bin", "a b", "@/x", "@scope", "x\u2028", ""])
def test_what_is_no_name_is_neither_asked_for_nor_forgotten(tmp_path: Path, name: str) -> None:
    entries = {f"node_modules/{name}": {"version": "1.0.0"}, "node_modules/alias": {"version": "1.0.0", "name": name}}
    lock = read(
        tmp_path, {"lockfileVersion": 3, "packages": entries if name else {"node_modules/": {"version": "1.0.0"}}}
    )
    assert not [package for package in lock.packages if package.path != "node_modules/alias" or name]
    assert len(lock.skipped) == len(lock.files({})) - (0 if name else 1)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"packages": {}}',
        '{"lockfileVersion": 3, "packages": []}',
        '{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": 1}}}',
        '{"lockfileVersion": 1, "dependencies": {"a": "1"}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_lock_file_is_unreadable(tmp_path: Path, content: str) -> None:
    with pytest.raises(ScannerError) as caught:
        read(tmp_path, content)
    assert caught.value.state is LedgerState.UNREADABLE


names = st.sampled_from(["a", "b", "@s/c", "../d", "__proto__", "e"])
flags = st.fixed_dictionaries({}, optional={"dev": st.booleans(), "link": st.booleans(), "name": names})
versions = st.sampled_from(["1.0.0", "2.0.0-rc.1", "git+ssh://x", "", "1"])
entries = st.builds(lambda flag, version: flag | {"version": version}, flags, versions)
places = st.lists(names, min_size=1, max_size=3).map(lambda path: "node_modules/" + "/node_modules/".join(path))


@given(st.dictionaries(places, entries, max_size=8))
def test_every_entry_is_a_package_or_a_skip_or_a_link(tmp_path_factory: pytest.TempPathFactory, found: Any) -> None:
    lock = read(tmp_path_factory.mktemp("lock"), {"lockfileVersion": 3, "packages": {"": {}, **found}})
    links = [entry for entry in found.values() if entry.get("link")]
    assert len(lock.packages) + len(lock.skipped) + len(links) == len(found)
    assert {package.path for package in lock.packages} == lock.entries.keys() - {""}


@pytest.mark.parametrize(
    ("version", "wanted", "answer"),
    [
        ("4.17.11", "<4.17.12", True),
        ("4.17.12", "<4.17.12", False),
        ("4.17.12-rc.1", "<4.17.12", True),
        ("1.0.0-rc.2", "<1.0.0-rc.10", True),
        ("1.0.0-rc.1", "<1.0.0-alpha", False),
        ("1.0.0-1", "<1.0.0-alpha", True),
        ("1.0.0+build", "=1.0.0", True),
        ("v1.2.3", "1.2.3", True),
        ("3.1.1", ">=3.0.0 <3.1.2 || =4.0.0", True),
        ("4.0.0", ">=3.0.0 <3.1.2 || =4.0.0", True),
        ("4.0.1", ">=3.0.0 <3.1.2 || =4.0.0", False),
        ("1.2.2", ">= 1.0.0, < 1.2.3", True),
        ("1.2.3", "*", True),
        ("1.2.3", "", True),
        ("1.2.3", "^1.0.0", None),
        ("1.2.3", "1.0.0 - 2.0.0", None),
        ("1.2.3", "<2", None),
        ("1.2.3", "=1.2.3 || ^2", True),
        ("main", "*", None),
        ("9" * 5000 + ".0.0", "*", None),
    ],
)
def test_ranges_are_semver_ranges(version: str, wanted: str, answer: bool | None) -> None:
    assert in_range(version, wanted) is answer


@given(st.text(max_size=40), st.text(alphabet="0123456789.<>=|*x- ,ab", max_size=40))
def test_any_range_has_an_answer(version: str, wanted: str) -> None:
    assert in_range(version, wanted) in (True, False, None)
    assert in_range("1.2.3", wanted) in (True, False, None)
