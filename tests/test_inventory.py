"""The inventory sees everything that is there, follows nothing out of the tree, and says what it did not look at."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scangate.document import InventorySummary
from scangate.errors import UsageError
from scangate.inventory import Inventory, take_inventory

Guarded = tuple[Path, Callable[[], contextlib.AbstractContextManager[None]]]

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")


@pytest.fixture(autouse=True)
def no_user_configuration(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *AUTHOR, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def write(top: Path, *names: str) -> Path:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("x = 1\n")
    return top


def commit(top: Path) -> Path:
    git(top, "init", "-q")
    git(top, "add", "-Af")
    git(top, "commit", "-qm", "one")
    return top


def python(inventory: Inventory) -> tuple[str, ...]:
    return inventory.kinds.get("python-code", ())


def reasons(inventory: Inventory) -> dict[str, str]:
    return {skip.path: skip.reason for skip in inventory.skipped}


# What is listed


def test_tracked_and_new_files_but_not_ignored_ones(tmp_path: Path) -> None:
    commit(write(tmp_path, "a.py", "lib/b.py"))
    write(tmp_path, "new.py", "log.py", "cache/c.py")
    (tmp_path / ".gitignore").write_text("log.py\ncache/\n")
    inventory = take_inventory(tmp_path)
    assert python(inventory) == ("a.py", "lib/b.py", "new.py")
    assert inventory.files == 4
    assert inventory.sizes == dict.fromkeys(python(inventory), 6) | {".gitignore": 14}
    assert reasons(inventory) == {".": "ignored by git: cache/, log.py"}
    assert inventory.git
    assert inventory.commit == git(tmp_path, "rev-parse", "HEAD").strip()


def test_hiding_tracked_code_by_gitignore_does_not_work(tmp_path: Path) -> None:
    commit(write(tmp_path, "evil.py"))
    (tmp_path / ".gitignore").write_text("*\n")
    assert python(take_inventory(tmp_path)) == ("evil.py",)


def test_without_repository_every_file_counts(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "log.py", ".hidden/c.py", ".gitignore")
    (tmp_path / ".gitignore").write_text("log.py\n")
    inventory = take_inventory(tmp_path)
    assert python(inventory) == (".hidden/c.py", "a.py", "log.py")
    assert not inventory.git
    assert inventory.commit == ""
    assert "not in a git repository" in inventory.notes[0]


def test_without_git_every_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(write(tmp_path, "a.py"))
    monkeypatch.setenv("PATH", str(tmp_path))
    inventory = take_inventory(tmp_path)
    assert python(inventory) == ("a.py",)
    assert "git is not installed" in inventory.notes[0]
    assert reasons(inventory) == {".git": "version control data"}


def test_a_folder_inside_a_repository(tmp_path: Path) -> None:
    commit(write(tmp_path, "a.py", "lib/b.py"))
    inventory = take_inventory(tmp_path / "lib")
    assert python(inventory) == ("b.py",)
    assert inventory.git


@pytest.mark.parametrize("damage", ["index", "HEAD", "config"])
def test_a_damaged_repository_hides_nothing(tmp_path: Path, damage: str) -> None:
    commit(write(tmp_path, "a.py"))
    (tmp_path / ".git" / damage).write_bytes(b"\0garbage")
    inventory = take_inventory(tmp_path)
    assert python(inventory) == ("a.py",)
    assert "git failed" in inventory.notes[0]


def test_a_listing_that_is_empty_while_files_exist_is_not_believed(tmp_path: Path) -> None:
    commit(write(tmp_path, "a.py"))
    (tmp_path / ".git/index").unlink()
    (tmp_path / ".git/info").mkdir(exist_ok=True)
    (tmp_path / ".git/info/exclude").write_text("*\n")
    inventory = take_inventory(tmp_path)
    assert python(inventory) == ("a.py",)
    assert "git lists none here" in inventory.notes[0]


def test_a_folder_that_the_repository_around_it_ignores(tmp_path: Path) -> None:
    commit(write(tmp_path, ".profile"))
    write(tmp_path, ".gitignore", "project/a.py")
    (tmp_path / ".gitignore").write_text("*\n")
    assert python(take_inventory(tmp_path / "project")) == ("a.py",)


def test_a_repository_of_another_user_is_still_looked_at(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    commit(write(tmp_path, "a.py"))
    for path in (tmp_path, tmp_path / ".git"):
        os.chown(path, 65534, 65534)
    inventory = take_inventory(tmp_path)
    assert python(inventory) == ("a.py",)
    assert "belongs to another user" in inventory.notes[0]
    assert "git config --global --add safe.directory" in inventory.notes[0]


def test_deleted_files_are_not_listed_but_counted(tmp_path: Path) -> None:
    commit(write(tmp_path, "a.py", "b.py", "d/c.py"))
    (tmp_path / "b.py").unlink()
    shutil.rmtree(tmp_path / "d")
    (tmp_path / "d").write_text("a file where a folder was\n")
    inventory = take_inventory(tmp_path)
    assert python(inventory) == ("a.py",)
    assert inventory.notes == ("not on disk, though git tracks them: 2 files (deleted or sparse)",)


def test_a_file_that_became_a_folder(tmp_path: Path) -> None:
    commit(write(tmp_path, "a.py"))
    (tmp_path / "a.py").unlink()
    write(tmp_path, "a.py/b.py")
    assert python(take_inventory(tmp_path)) == ("a.py/b.py",)


def test_names_stay_as_they_are_on_disk_and_are_shown_composed(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "é.py")
    write(tmp_path, decomposed, "new\nline.py", "-rf.py")
    inventory = take_inventory(tmp_path)
    assert set(python(inventory)) == {decomposed, "new\nline.py", "-rf.py"}
    assert unicodedata.normalize("NFC", decomposed) in inventory.summary({}).kinds[0].examples


# Other repositories


def test_submodules_and_nested_repositories_are_named(tmp_path: Path) -> None:
    top, other = tmp_path / "top", tmp_path / "other"
    commit(write(other, "o.py"))
    commit(write(top, "a.py"))
    git(top, "submodule", "--quiet", "add", str(other), "sub")
    git(tmp_path, "clone", "-q", str(other), str(top / "nested"))
    inventory = take_inventory(top)
    assert python(inventory) == ("a.py",)
    assert reasons(inventory) == dict.fromkeys(("nested", "sub"), "a git repository of its own")
    assert "scangate scan nested" in inventory.notes[0]


def test_a_submodule_that_is_not_checked_out(tmp_path: Path) -> None:
    commit(write(tmp_path, "a.py"))
    git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    assert reasons(take_inventory(tmp_path)) == {"sub": "submodule that is not checked out"}


@pytest.mark.parametrize("content", ["sub/x/hidden.py", "sub"])
def test_what_lies_where_a_submodule_is_claimed_is_looked_at(tmp_path: Path, content: str) -> None:
    commit(write(tmp_path, "a.py"))
    git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    write(tmp_path, content)
    inventory = take_inventory(tmp_path)
    assert inventory.files == 2
    assert inventory.skipped == ()


def test_repositories_in_a_plain_folder_are_looked_at(tmp_path: Path) -> None:
    commit(write(tmp_path / "one", "a.py"))
    inventory = take_inventory(tmp_path)
    assert python(inventory) == ("one/a.py",)
    assert "repositories of their own: one" in inventory.notes[1]


# Links and other things that are no files


@pytest.mark.parametrize("with_git", [True, False])
def test_links_are_never_followed(tmp_path: Path, with_git: bool) -> None:
    outside = write(tmp_path / "outside", "secret.py")
    top = write(tmp_path / "top", "lib/a.py")
    (top / "out.py").symlink_to(outside / "secret.py")
    (top / "outdir").symlink_to(outside)
    (top / "in.py").symlink_to("lib/a.py")
    (top / "loop").symlink_to("loop")
    (top / "gone.py").symlink_to("nowhere.py")
    if with_git:
        commit(top)
    inventory = take_inventory(top)
    assert python(inventory) == ("lib/a.py",)
    assert {path: why for path, why in reasons(inventory).items() if path != ".git"} == {
        "out.py": "symbolic link out of the tree",
        "outdir": "symbolic link out of the tree",
        "in.py": "symbolic link within the tree",
        "loop": "symbolic link to nothing",
        "gone.py": "symbolic link to nothing",
    }


def test_a_link_that_makes_code_of_another_file_is_unread(tmp_path: Path) -> None:
    """Python imports `app.py` whatever the file is called that it leads to."""
    top = write(tmp_path, "app.txt", "lib/a.py")
    (top / "app.py").symlink_to("app.txt")
    (top / "same.py").symlink_to("lib/a.py")
    (top / "b.js").symlink_to("lib/a.py")
    inventory = take_inventory(top)
    assert inventory.unread == {"python-code": ("app.py",), "javascript-code": ("b.js",)}


def test_a_tracked_folder_replaced_by_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", "a.py", "deep/b.py")
    top = commit(write(tmp_path / "top", "lib/a.py", "lib/deep/b.py", "c.py"))
    shutil.rmtree(top / "lib")
    (top / "lib").symlink_to(outside)
    inventory = take_inventory(top)
    assert python(inventory) == ("c.py",)
    assert reasons(inventory) == {"lib": "symbolic link out of the tree"}


def test_pipes_and_sockets_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "pipe.yaml")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.py")
        inventory = take_inventory(tmp_path)
    assert inventory.files == 0
    assert set(reasons(inventory)) == {"pipe.py", "pipe.yaml", "socket.py"}


# What should be looked at and cannot be


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    """A folder and a context in which its permissions bind (root gives up its rights meanwhile)."""

    @contextlib.contextmanager
    def bound() -> Iterator[None]:
        user = os.geteuid()
        for path in (top, *top.rglob("*")):
            os.chown(path, 65534 if user == 0 else -1, -1, follow_symlinks=False)
        if user == 0:
            os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(user)

    top = Path(tempfile.mkdtemp()).resolve()
    yield top, bound
    for folder in top.rglob("*"):
        folder.chmod(0o700)
    shutil.rmtree(top)


def test_what_cannot_be_opened_counts_as_unread(guarded: Guarded) -> None:
    top, bound = guarded
    write(top, "a.py", "closed.py", "closed.yaml", "closed.png", "folder/b.py", "left/out/c.py")
    for name in ("closed.py", "closed.yaml", "closed.png", "folder", "left/out"):
        (top / name).chmod(0)
    with bound():
        inventory = take_inventory(top, exclude=["left/"])
    assert python(inventory) == ("a.py",)
    assert inventory.unread == {"python-code": ("closed.py",), "unknown": ("closed.yaml", "folder/")}
    assert reasons(inventory)["closed.py"] == "permission denied"
    assert reasons(inventory)["folder/"] == "folder that cannot be opened"
    assert "left/out/" not in reasons(inventory)


def test_a_folder_that_git_cannot_open_counts_as_unread(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    top, bound = guarded
    commit(write(top, "sub/a.py", "sub/tracked/b.py"))
    write(top, "sub/new/c.py")
    monkeypatch.setenv("HOME", str(top))
    for name in ("sub/tracked", "sub/new"):
        (top / name).chmod(0)
    with bound():
        inventory = take_inventory(top / "sub")
    assert inventory.git
    assert python(inventory) == ("a.py",)
    assert inventory.unread == {"python-code": ("tracked/b.py",), "unknown": ("new/", "tracked/")}


def test_tracked_files_below_a_closed_folder_count_as_unread(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    top, bound = guarded
    commit(write(top, "a.py", "closed/deep/b.py"))
    git(top, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},closed/sub")
    (top / "link.py").symlink_to("closed/deep/b.py")
    monkeypatch.setenv("HOME", str(top))
    (top / "closed").chmod(0)
    with bound():
        inventory = take_inventory(top)
    assert inventory.unread == {"python-code": ("closed/deep/b.py",), "unknown": ("closed/",)}


@pytest.mark.parametrize("with_git", [True, False])
def test_folders_too_deep_to_name_count_as_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_git: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(20):
        Path("d" * 250).mkdir()
        monkeypatch.chdir("d" * 250)
    Path("a.py").touch()
    write(tmp_path, "b.py")
    if with_git:
        commit(tmp_path)
    inventory = take_inventory(tmp_path)
    assert python(inventory) == ("b.py",)
    assert sum(map(len, inventory.unread.values())) == 1


def test_files_over_the_limit_are_listed(tmp_path: Path) -> None:
    write(tmp_path, "small.py", "large.py", "large.bin", "poetry.lock")
    for name in ("large.py", "large.bin", "poetry.lock"):
        (tmp_path / name).write_bytes(b"#" * 1001)
    inventory = take_inventory(tmp_path, max_file_bytes=1000)
    assert python(inventory) == ("small.py",)
    assert reasons(inventory) == dict.fromkeys(["large.py", "large.bin"], "larger than 1,000 bytes: 1,001")
    assert inventory.unread == {"python-code": ("large.py",)}
    assert inventory.kinds["pypi-dependencies"] == ("poetry.lock",)


@pytest.mark.parametrize("with_git", [True, False])
def test_a_name_that_is_no_text_is_shown_safely(tmp_path: Path, with_git: bool) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("1\n")
    (tmp_path / os.fsdecode(b"d\xff")).mkdir()
    (tmp_path / os.fsdecode(b"d\xff/a.yaml")).write_text("apiVersion: v1\nkind: Pod\n")
    if with_git:
        commit(tmp_path)
    inventory = take_inventory(tmp_path)
    assert inventory.kinds == {}
    assert inventory.unread == {"python-code": ("caf\\xe9.py",), "kubernetes": ("d\\xff/a.yaml",)}
    assert reasons(inventory)["caf\\xe9.py"] == "name is not UTF-8"
    summary = inventory.summary({})
    assert InventorySummary.model_validate_json(summary.model_dump_json()) == summary


def test_many_rows_of_one_reason_become_one(tmp_path: Path) -> None:
    for number in range(11):
        write(tmp_path, "d/x")
        (tmp_path / f"d/{number}.py").symlink_to("x")
    assert reasons(take_inventory(tmp_path)) == {"d/": "symbolic link within the tree: 11 files"}


# The root


@pytest.mark.parametrize("name", ["missing", "file.py", "file.py/below", "nul\0", "loop"])
def test_a_root_that_cannot_be_scanned_is_an_error_with_a_hint(tmp_path: Path, name: str) -> None:
    write(tmp_path, "file.py")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="cannot scan") as error:
        take_inventory(tmp_path / name)
    assert error.value.hint


def test_a_root_without_permission_is_an_error(guarded: Guarded) -> None:
    top, bound = guarded
    (top / "closed").mkdir()
    (top / "closed").chmod(0)
    with bound(), pytest.raises(UsageError, match="no permission"):
        take_inventory(top / "closed")


def test_a_bare_repository_is_an_error(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare")
    with pytest.raises(UsageError, match="bare git repository"):
        take_inventory(tmp_path)


def test_an_empty_tree_is_an_empty_inventory(tmp_path: Path) -> None:
    inventory = take_inventory(tmp_path)
    assert (inventory.files, inventory.kinds, inventory.skipped) == (0, {}, ())
    assert inventory.summary({}).root == tmp_path.name


def test_a_link_as_root_is_resolved(tmp_path: Path) -> None:
    write(tmp_path / "real", "a.py")
    (tmp_path / "link").symlink_to("real")
    inventory = take_inventory(tmp_path / "link")
    assert inventory.root == tmp_path.resolve() / "real"
    assert python(inventory) == ("a.py",)


def test_the_summary_says_who_supports_what(tmp_path: Path) -> None:
    write(tmp_path, *(f"{letter}.py" for letter in "edcba"), "x.rb")
    supported = {"python-code": ("bandit",), "files": ("gitleaks",)}
    kinds = take_inventory(tmp_path).summary(supported).kinds
    assert [(k.kind, k.files, k.examples, k.supported_by) for k in kinds] == [
        ("python-code", 5, ("a.py", "b.py", "c.py"), ("bandit",)),
        ("ruby-code", 1, ("x.rb",), ()),
        ("files", 6, ("a.py", "b.py", "c.py"), ("gitleaks",)),
    ]
    assert "files" not in {k.kind for k in take_inventory(tmp_path).summary(supported, every=False).kinds}


NAME = st.sampled_from(["a", "b", "é", "x y", "lib", "a.py", "b.js", "c.yaml", "Dockerfile", "d.tf"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(NAME, min_size=1, max_size=4), max_size=12))
def test_with_and_without_git_the_same_is_found(paths: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder).resolve()
        for parts in paths:
            with contextlib.suppress(OSError):
                write(top, "/".join(parts))
        plain = take_inventory(top)
        commit(write(top, "last.py"))
        tracked = take_inventory(top, exclude=["/last.py"])
        assert (plain.kinds, plain.sizes, plain.files) == (tracked.kinds, tracked.sizes, tracked.files)
        assert tracked.git
