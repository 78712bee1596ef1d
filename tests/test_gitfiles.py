"""git is asked about hostile repositories: nothing that they configure runs, and no answer is taken on trust."""

import contextlib
import hashlib
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from scangate import gitfiles
from scangate.gitfiles import GitUnusable, list_files

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *AUTHOR, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(autouse=True)
def no_user_configuration(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = tmp_path / "repo"
    (top / "src").mkdir(parents=True)
    (top / "src/tracked.py").write_text("1\n")
    git(top, "init", "-q")
    git(top, "add", "-A")
    git(top, "commit", "-qm", "one")
    (top / "new.py").write_text("1\n")
    return top


def test_lists_what_is_tracked_and_what_is_not_ignored(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.log\ncache/\n")
    (repository / "a.log").touch()
    (repository / "cache").mkdir()
    (repository / "cache/b").touch()
    listed = list_files(repository)
    assert listed.tracked == {"src/tracked.py"}
    assert listed.untracked == {"new.py", ".gitignore"}
    assert listed.ignored == ("a.log", "cache/")
    assert listed.commit == git(repository, "rev-parse", "HEAD").strip()


def test_an_ignored_file_that_is_tracked_is_listed(repository: Path) -> None:
    (repository / ".gitignore").write_text("src/\n")
    assert "src/tracked.py" in list_files(repository).tracked


def test_names_are_relative_to_a_folder_inside(repository: Path) -> None:
    assert list_files(repository / "src").tracked == {"tracked.py"}


def test_strange_names_survive(repository: Path) -> None:
    names = {"new\nline.py", "tab\t.py", '"quoted".py', os.fsdecode(b"latin-\xe9.py"), "-c.py", " .py"}
    for name in names:
        (repository / name).touch()
    assert names <= list_files(repository).untracked
    git(repository, "add", "-A")
    assert names <= list_files(repository).tracked


def test_a_merge_conflict_is_listed_once(repository: Path) -> None:
    git(repository, "checkout", "-qb", "other")
    (repository / "src/tracked.py").write_text("2\n")
    git(repository, "commit", "-qam", "two")
    git(repository, "checkout", "-q", "-")
    (repository / "src/tracked.py").write_text("3\n")
    git(repository, "commit", "-qam", "three")
    merge = subprocess.run(["git", "-C", str(repository), *AUTHOR, "merge", "other"], capture_output=True, check=False)
    assert merge.returncode == 1
    assert list_files(repository).tracked == {"src/tracked.py"}


def test_submodules_and_nested_repositories_are_told_apart(repository: Path, tmp_path: Path) -> None:
    git(repository, "submodule", "--quiet", "add", str(repository), "sub")
    git(tmp_path, "clone", "-q", str(repository), str(repository / "nested"))
    listed = list_files(repository)
    assert listed.submodules == {"sub"}
    assert listed.repositories == {"nested"}
    assert not any("sub/" in name or "nested/" in name for name in listed.tracked | listed.untracked)


def test_a_forged_index_names_nothing_outside(repository: Path) -> None:
    """git lists whatever an index holds; scanners get copies of these files under the same names."""
    names = [
        b"../outside.py",
        b"src/../../outside.py",
        b"/etc/a.py",
        b".git/hooks/a.py",
        b"a//b.py",
        b"./c.py",
        b"ok.py",
    ]
    blob = git(repository, "hash-object", "src/tracked.py").strip()
    (repository / ".git/index").write_bytes(index_of(sorted(names), bytes.fromhex(blob)))
    assert list_files(repository).tracked == {"ok.py"}


def index_of(names: list[bytes], blob: bytes) -> bytes:
    """An index of version 2 (gitformat-index(5)) with regular files of these names."""
    parts = [b"DIRC" + struct.pack(">II", 2, len(names))]
    for name in names:
        entry = struct.pack(">10I", *[0] * 6, 0o100644, 0, 0, 0) + blob + struct.pack(">H", len(name)) + name
        parts.append(entry + b"\0" * (8 - len(entry) % 8))
    content = b"".join(parts)
    return content + hashlib.sha1(content, usedforsecurity=False).digest()


def test_no_commit_yet(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert list_files(tmp_path).commit == ""


def test_a_linked_worktree(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"))
    assert list_files(tmp_path / "linked").tracked == {"src/tracked.py"}


def test_the_callers_git_variables_do_not_mislead(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert list_files(repository).tracked == {"src/tracked.py"}


HOSTILE = """
[core]
    fsmonitor = touch {mark}
    hooksPath = {hooks}
    pager = touch {mark}
    sshCommand = touch {mark}
    attributesFile = {hooks}/attributes
    untrackedCache = true
[alias]
    ls-files = !touch {mark}
    rev-parse = !touch {mark}
[filter "evil"]
    clean = touch {mark}
    smudge = touch {mark}
    process = touch {mark}
[diff "evil"]
    textconv = touch {mark}
[pager]
    ls-files = touch {mark}
[include]
    path = {hooks}/included
"""


def make_hostile(repository: Path, hooks: Path) -> Path:
    """A repository that runs `touch mark` wherever git runs what is configured; gives the mark."""
    mark = hooks / "PWNED"
    hooks.mkdir()
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-auto-gc"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / hook).chmod(0o755)
    (hooks / "attributes").write_text("* filter=evil diff=evil\n")
    (hooks / "included").write_text(f"[core]\n\tfsmonitor = touch {mark}\n")
    (repository / ".gitattributes").write_text("* filter=evil diff=evil\n")
    with (repository / ".git/config").open("a") as config:
        config.write(HOSTILE.format(mark=mark, hooks=hooks))
    os.utime(repository / "src/tracked.py", (1, 1))
    return mark


def test_nothing_that_the_repository_configures_runs(repository: Path, tmp_path: Path) -> None:
    mark = make_hostile(repository, tmp_path / "hooks")
    listed = list_files(repository)
    assert not mark.exists()
    assert listed.tracked == {"src/tracked.py"}
    assert listed.untracked == {"new.py", ".gitattributes"}
    plain = ["git", "-C", str(repository), "ls-files", "--others"]
    subprocess.run(plain, check=False, capture_output=True)
    assert mark.exists(), "the repository is not hostile enough to prove anything"


def test_missing_objects_are_not_fetched(repository: Path, tmp_path: Path) -> None:
    """A partial clone whose `.gitignore` must be fetched, by a transport that is a command."""
    mark = tmp_path / "PWNED"
    (repository / ".gitignore").write_text("ignored\n")
    git(repository, "add", ".gitignore")
    git(repository, "commit", "-qm", "two")
    blob = git(repository, "rev-parse", "HEAD:.gitignore").strip()
    git(repository, "update-index", "--skip-worktree", ".gitignore")
    (repository / ".gitignore").unlink()
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::touch {mark}",
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
    }.items():
        git(repository, "config", key, value)
    (repository / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with contextlib.suppress(GitUnusable):
        list_files(repository)
    assert not mark.exists()
    subprocess.run(["git", "-C", str(repository), "ls-files", "-o", "--exclude-standard"], check=False)
    assert mark.exists(), "the repository is not hostile enough to prove anything"


def test_a_program_called_git_in_the_tree_is_not_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = repository / "PWNED"
    (repository / "git").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (repository / "git").chmod(0o755)
    monkeypatch.chdir(repository)
    real = os.path.dirname(shutil.which("git") or "")  # noqa: PTH120
    monkeypatch.setenv("PATH", os.pathsep.join((".", "", real)))
    assert "git" in list_files(repository).untracked
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(GitUnusable, match="not installed"):
        list_files(repository)
    assert not mark.exists()


def test_a_working_tree_that_points_elsewhere_is_refused(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    git(repository, "config", "core.worktree", str(tmp_path / "elsewhere"))
    with pytest.raises(GitUnusable):
        list_files(repository)
    git(repository, "config", "core.worktree", str(repository.parent))
    with pytest.raises(GitUnusable, match="another folder"):
        list_files(repository)


def test_without_repository(tmp_path: Path) -> None:
    with pytest.raises(GitUnusable, match="not in a git repository"):
        list_files(tmp_path)


def test_an_invalid_repository_does_not_lend_the_one_above(repository: Path) -> None:
    (repository / "src/.git").mkdir()
    with pytest.raises(GitUnusable, match="not a git repository"):
        list_files(repository / "src")


@pytest.mark.parametrize("damage", ["index", "HEAD", "config"])
def test_a_damaged_repository_is_an_error_that_says_so(repository: Path, damage: str) -> None:
    (repository / ".git" / damage).write_bytes(b"\0garbage")
    with pytest.raises(GitUnusable, match="git failed"):
        list_files(repository)


def test_a_repository_of_another_user_is_refused_with_the_remedy(repository: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    for path in (repository, repository / ".git"):
        os.chown(path, 65534, 65534)
    with pytest.raises(GitUnusable, match=r"safe\.directory"):
        list_files(repository)


def test_git_that_hangs_is_ended(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(repository / ".git/info/hang")
    git(repository, "config", "core.excludesFile", str(repository / ".git/info/hang"))
    monkeypatch.setattr(gitfiles, "_TIMEOUT", 0.5)
    with pytest.raises(GitUnusable, match="did not answer"):
        list_files(repository)


def test_git_that_is_not_there(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(GitUnusable, match="git is not installed"):
        list_files(repository)
