"""A secret that one scanner found is in no other scanner's quotation of that file."""

from __future__ import annotations

from pathlib import Path

import pytest

from scangate.model import Category, FileLocation, Finding, Location, ResourceLocation, Rule, Severity, Source
from scangate.veil import without_known_secrets

SECRET = "made-up-secret-1234"
LINES = f"a = 1\nrun('curl -H {SECRET}-and-more', shell=True)\nkey = {SECRET}\n"


def finding(location: Location, category: Category, **more: str) -> Finding:
    facts = {"title": "a problem", "message": ""} | more
    return Finding(
        category=category,
        rule=Rule(id="r"),
        severity=Severity.HIGH,
        severity_from="x",
        location=location,
        sources=(Source(scanner="s", rule_id="r"),),
        **facts,
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(LINES)
    return tmp_path


def place(path: str = "app.py") -> FileLocation:
    column = LINES.split("\n")[1].index(SECRET) + 1
    return FileLocation(path=path, line=2, end_line=2, column=column, end_column=column + len(SECRET))


@pytest.mark.parametrize(
    "quoting",
    [
        finding(FileLocation(path="app.py", line=2, snippet=LINES), Category.CODE),
        finding(FileLocation(path="app.py", line=3, snippet=LINES.split("\n")[2]), Category.CODE),
        finding(ResourceLocation(address="a.b", path="app.py", line=2, snippet=LINES), Category.IAC),
        finding(FileLocation(path="app.py", line=2), Category.CODE, title=f"calls {SECRET}", message=f"'{SECRET}'"),
    ],
)
def test_a_known_secret_is_masked_in_what_others_quote(root: Path, quoting: Finding) -> None:
    secret, other = without_known_secrets([finding(place(), Category.SECRET), quoting], root)
    assert SECRET in quoting.model_dump_json()
    assert SECRET not in other.model_dump_json()
    assert secret == finding(place(), Category.SECRET)


def test_other_files_and_other_words_stay(root: Path) -> None:
    (root / "b.py").write_text(LINES)
    others = [
        finding(FileLocation(path="b.py", line=2, snippet=LINES), Category.CODE),
        finding(FileLocation(path="app.py", line=1, snippet="a = 1"), Category.CODE),
    ]
    assert without_known_secrets([finding(place(), Category.SECRET), *others], root)[1:] == tuple(others)


@pytest.mark.parametrize("path", ["absent.py", "../app.py", "app.py/x"])
def test_a_place_that_cannot_be_read_masks_nothing(root: Path, path: str) -> None:
    found = (finding(place(path), Category.SECRET),)
    assert without_known_secrets(found, root) == found
