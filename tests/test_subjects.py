"""What is looked at besides a tree's files: named images, SBOMs and commits."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from scangate.errors import UsageError
from scangate.inventory import Inventory, no_tree, take_inventory
from scangate.model import Category, LedgerState
from scangate.plan import make_plan
from scangate.scanners.bandit import Bandit
from scangate.settings import Settings
from scangate.subjects import commits_of_change, find_subjects


class Images(Bandit):
    """A scanner of images, and of Python code when asked."""

    name = "images"
    category = Category.CONTAINER
    kinds = frozenset({"container-image", "python-code"})
    by_default = frozenset({"container-image"})


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "app.py").write_text("x = 1\n")
    return root


def find(inventory: Inventory, **settings: object) -> dict[str, object]:
    return dict(find_subjects(Settings.model_validate(settings), inventory))


def test_a_file_is_named_as_given_and_handed_on_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "image.tar").touch()
    (tmp_path / "bom.json").touch()
    monkeypatch.chdir(tmp_path)
    found = find(no_tree(tmp_path), image=["image.tar", "example/app:1.0"], sbom=["bom.json"])
    assert found == {
        "container-image": {"image.tar": str(tmp_path / "image.tar"), "example/app:1.0": "example/app:1.0"},
        "sbom": {"bom.json": str(tmp_path / "bom.json")},
    }


@pytest.mark.parametrize("image", ["nowhere.tar", "./nowhere", "/nowhere", "-x", "", "a\nb", "../image"])
def test_an_image_that_cannot_be_one_is_refused(tmp_path: Path, image: str) -> None:
    with pytest.raises(UsageError, match="no file or folder that exists"):
        find(no_tree(tmp_path), image=[image])


def test_an_sbom_is_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file that exists"):
        find(no_tree(tmp_path), sbom=[str(tmp_path)])


def test_the_history_is_searched_when_asked(repository: Path) -> None:
    inventory = take_inventory(repository)
    assert find(inventory) == {}
    assert find(inventory, history=True) == {"git-history": {"history (all)": "all"}}
    assert find(inventory, commits="main..HEAD") == {"git-history": {"history (main..HEAD)": "main..HEAD"}}


@pytest.mark.parametrize("commits", ["main", "-p..HEAD", "--output=x..HEAD", "a..b c", "a...b", "a..-b"])
def test_what_is_no_range_of_commits_is_refused(repository: Path, commits: str) -> None:
    with pytest.raises(UsageError, match="no range of commits"):
        find(take_inventory(repository), commits=commits)


def test_there_is_no_history_without_a_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no history to search"):
        find(take_inventory(tmp_path), history=True)


def test_ci_tells_the_commits_of_its_change(repository: Path) -> None:
    assert commits_of_change(repository, {}) == ("", "")
    assert commits_of_change(repository, {"GITHUB_BASE_REF": "main"}) == ("refs/remotes/origin/main..HEAD", "")
    assert commits_of_change(repository, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc123"}) == ("abc123..HEAD", "")
    assert commits_of_change(repository, {"GITHUB_BASE_REF": "x --output=y"}) == ("", "")


def test_a_shallow_clone_is_told(repository: Path) -> None:
    (repository / ".git" / "shallow").touch()
    commits, note = commits_of_change(repository, {"GITHUB_BASE_REF": "main"})
    assert commits == ""
    assert "fetch-depth: 0" in note


def with_image(inventory: Inventory) -> Inventory:
    return replace(inventory, subjects={"container-image": {"a:1": "a:1", "b.tar": "/x/b.tar"}})


def test_each_image_is_a_target_of_its_own(tmp_path: Path) -> None:
    tasks = make_plan(with_image(no_tree(tmp_path)), [Images()], unwanted={}, cores=2).tasks
    assert [(task.target.name, task.target.subject, task.target.files) for task in tasks] == [
        ("a:1", "a:1", ()),
        ("b.tar", "/x/b.tar", ()),
    ]


def test_what_a_scanner_looks_at_on_request_waits_for_it(repository: Path) -> None:
    inventory = take_inventory(repository)
    (entry,) = make_plan(inventory, [Images()], unwanted={}, cores=2).idle
    assert entry.state is LedgerState.DISABLED
    assert "--scanner" in entry.reason
    (task,) = make_plan(inventory, [Images()], unwanted={}, asked={"images"}, cores=2).tasks
    assert task.target.files == ("app.py",)


def test_reports_list_the_images_that_were_named(tmp_path: Path) -> None:
    (found,) = with_image(no_tree(tmp_path)).summary({"container-image": ("images",)}).kinds
    assert (found.kind, found.files, found.supported_by) == ("container-image", 2, ("images",))


def test_every_readable_file_can_be_asked_for(repository: Path) -> None:
    (repository / "notes").write_text("plain")
    inventory = take_inventory(repository, max_file_bytes=5)
    assert inventory.of("files") == ("notes",)
