"""Exclude patterns mean what they mean in a `.gitignore`: git itself is the oracle."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scangate.errors import UsageError
from scangate.excludes import Excludes

FOLDERS = ("", "a/", "b/", "ab/", "a/a/", "a/b/", "b/ab/", "a/b/ab/", ".c/")
FILES = tuple(f"{folder}{name}" for folder in FOLDERS for name in ("ba", "aab", ".b", "c", "x.a"))


def excluded(pattern: str, path: str) -> bool:
    excludes = Excludes([pattern])
    places, *folders = excludes.start, *path.split("/")
    for depth, name in enumerate(folders, 1):
        places = excludes.enter(places, name)
        if excludes.match(places, folder=depth < len(folders)):
            return True
    return False


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("tree")
    for file in FILES:
        (top / file).parent.mkdir(exist_ok=True)
        (top / file).touch()
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    return top


NAME = st.sampled_from(["a", "b", "ab", "ba", "*", "?", "a*", "*b", "*a*", "[ab]", "[!a]*", "**", ".*", "x.a", "c"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NAME, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_a_pattern_leaves_out_what_git_would_ignore(tree: Path, names: list[str], tied: bool, folders: bool) -> None:
    pattern = "/" * tied + "/".join(names) + "/" * folders
    command = ["git", "-C", str(tree), "ls-files", "-z", "--others", f"--exclude={pattern}"]
    kept = set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0"))
    assert {file for file in FILES if not excluded(pattern, file)} == kept - {""}


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("docs/**", "docs/a/b.py", True),
        ("docs/**", "src/docs/a.py", False),
        ("docs/", "src/docs/a.py", True),
        ("docs/", "src/docs", False),
        ("./docs", "docs/a.py", True),
        ("**/*.gen.py", "a.gen.py", True),
        ("**/*.gen.py", "x/y/a.gen.py", True),
        ("*.gen.py", "x/y/a.gen.py", True),
        ("/a.py", "x/a.py", False),
        ("src/*.py", "src/x/a.py", False),
        ("src/**/a.py", "src/a.py", True),
        ("new\nline.py", "new\nline.py", True),
        ("tests", "TESTS/a.py", False),
    ],
)
def test_the_patterns_that_people_write(pattern: str, path: str, expected: bool) -> None:
    assert excluded(pattern, path) is expected


@pytest.mark.parametrize("pattern", ["", "/", "!keep.py", "..", "../x", "a/../b", "docs\\*", "."])
def test_a_pattern_that_cannot_work_is_an_error(pattern: str) -> None:
    with pytest.raises(UsageError, match="no pattern") as error:
        Excludes([pattern])
    assert error.value.hint


def test_the_first_pattern_that_matches_is_named() -> None:
    excludes = Excludes(["*.js", "a.*", "*.js"])
    assert excludes.texts == ("*.js", "a.*")
    assert excludes.match(excludes.enter(excludes.start, "a.js"), folder=False) == "*.js"
    assert excludes.match(excludes.enter(excludes.start, "a.py"), folder=False) == "a.*"


@pytest.mark.parametrize(
    "pattern", ["*a" * 200 + "b", "/".join(["**", "*a"] * 200) + "b", "**/" * 3000 + "b", "[" * 999]
)
def test_a_hostile_pattern_comes_to_an_end(pattern: str) -> None:
    """A match that backtracks would not return within anybody's patience."""
    assert not excluded(pattern, "/".join(["a" * 200] * 20))
