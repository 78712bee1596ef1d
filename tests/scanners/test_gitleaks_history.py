"""gitleaks on the commits of a repository: what only the history holds, and a repository that steers nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scangate.model import Commit, FileLocation, Finding, LedgerState
from scangate.scanners.gitleaks import Gitleaks
from scangate.scanners.interface import Parsed, ScannerError
from tests.made_up_secrets import token

pytestmark = pytest.mark.real

GITLEAKS = Gitleaks()
Run = Callable[..., Parsed]


class Repository:
    """A git repository to commit to; every commit is a minute after the one before."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._commits = 0
        root.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        date = f"2026-01-01T00:{self._commits:02}:00+00:00"
        who = {"AUTHOR": "Ann Author", "COMMITTER": "Carl Committer"}
        names = {f"GIT_{role}_NAME": name for role, name in who.items()}
        mails = {f"GIT_{role}_EMAIL": "someone@example.com" for role in who}
        dates = {f"GIT_{role}_DATE": date for role in who}
        env = {"PATH": os.environ["PATH"], "HOME": str(self.root.parent), **names, **mails, **dates}
        done = subprocess.run(["git", *words], cwd=self.root, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, message: str = "change", **files: str | None) -> str:
        """Commit files (None deletes one), given by name with `__` for a dot; the commit's id."""
        for name, text in files.items():
            self.write(name.replace("__", "."), text)
        return self.commit_all(message)

    def write(self, name: str, text: str | None) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True) if text is None else path.write_text(text)

    def commit_all(self, message: str = "change") -> str:
        self._commits += 1
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def search(run_scanner: Run, root: Path, commits: str = "all") -> Parsed:
    return run_scanner(GITLEAKS, root, kinds=("git-history",), subject=commits)


def by_path(parsed: Parsed) -> dict[str, Finding]:
    assert len({finding.path for finding in parsed.findings}) == len(parsed.findings)
    return {finding.path: finding for finding in parsed.findings}


def commit_of(finding: Finding) -> Commit:
    assert isinstance(finding.location, FileLocation)
    assert finding.location.commit is not None
    return finding.location.commit


def test_a_deleted_secret_is_found_with_its_commit_and_author(repository: Repository, run_scanner: Run) -> None:
    guilty = repository.commit("add", app__py=f"x = 1\n\ntoken = '{token(1)}'\n")
    repository.commit("remove", app__py="x = 1\n")
    parsed = search(run_scanner, repository.root)
    finding = by_path(parsed)["app.py"]
    assert commit_of(finding) == Commit(id=guilty, author="Ann Author", date="2026-01-01T00:01:00+00:00", gone=True)
    assert finding.title.endswith("(deleted, but still in the history)")
    assert "The file no longer holds it" in finding.message
    assert isinstance(finding.location, FileLocation)
    assert (finding.location.line, finding.location.column, finding.location.snippet) == (3, 10, "token = '****'")
    assert token(1)[4:] not in finding.model_dump_json()
    assert (parsed.state, parsed.considered) == (LedgerState.RAN, 2)


def test_a_secret_that_is_still_there_is_not_called_deleted(repository: Repository, run_scanner: Run) -> None:
    repository.commit(app__py=f"token = '{token(1)}'\n")
    repository.commit(app__py=f"x = 1\ntoken = '{token(1)}'\n")
    finding = by_path(search(run_scanner, repository.root))["app.py"]
    assert not commit_of(finding).gone
    assert "still holds it" in finding.message


def test_a_secret_of_a_deleted_file_is_gone(repository: Repository, run_scanner: Run) -> None:
    repository.commit(app__py=f"token = '{token(1)}'\n")
    repository.commit(app__py=None)
    assert commit_of(by_path(search(run_scanner, repository.root))["app.py"]).gone


def test_a_secret_that_comes_back_is_one_finding_at_its_oldest_commit(repository: Repository, run_scanner: Run) -> None:
    first = repository.commit(app__py=f"token = '{token(1)}'\n")
    for number in range(3):
        repository.commit(app__py=f"x = {number}\n")
        repository.commit(app__py=f"x = {number}\ntoken = '{token(1)}'\n")
    finding = by_path(search(run_scanner, repository.root))["app.py"]
    assert commit_of(finding).id == first
    assert "4 commits add it in all" in finding.message


def test_a_range_finds_what_its_commits_brought_in_and_nothing_else(repository: Repository, run_scanner: Run) -> None:
    base = repository.commit(old__py=f"token = '{token(1)}'\n")
    repository.commit(new__py=f"token = '{token(2)}'\n")
    parsed = search(run_scanner, repository.root, f"{base}..HEAD")
    assert by_path(parsed).keys() == {"new.py"}
    assert parsed.considered == 1


def test_a_renamed_file_brings_nothing_in(repository: Repository, run_scanner: Run) -> None:
    base = repository.commit(old__py=f"token = '{token(1)}'\n" + "x = 1\n" * 20)
    repository.git("mv", "old.py", "new.py")
    repository.commit_all("rename")
    assert not search(run_scanner, repository.root, f"{base}..main").findings


def test_all_branches_tags_and_stashes_are_searched(repository: Repository, run_scanner: Run) -> None:
    repository.commit(app__py="x = 1\n")
    for number, keep in enumerate((["branch", "kept"], ["tag", "-a", "-m", "annotated", "v1"])):
        repository.git("checkout", "--quiet", "--detach")
        repository.commit(**{f"secret{number}__py": f"token = '{token(number)}'\n"})
        repository.git(*keep)
        repository.git("checkout", "--quiet", "main")
    repository.write("app.py", f"token = '{token(5)}'\n")
    repository.git("stash")
    assert by_path(search(run_scanner, repository.root)).keys() == {"secret0.py", "secret1.py", "app.py"}


def test_what_only_a_merge_brought_in_is_found(repository: Repository, run_scanner: Run) -> None:
    base = repository.commit(**{"src/app__py": "one\ntwo\n", "b__py": "x = 1\n"})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(**{"src/app__py": "one\nside\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit(**{"src/app__py": "one\nmain\n"})
    subprocess.run(["git", "merge", "--quiet", "side"], cwd=repository.root, capture_output=True, check=False)
    repository.write("src/app.py", f"one\ntoken = '{token(1)}'\n")
    repository.write("b.py", f"token = '{token(2)}'\n")
    merge = repository.commit_all("merge")
    repository.commit(**{"src/app__py": "one\n", "b__py": "x = 1\n"})
    found = by_path(search(run_scanner, repository.root, f"{base}..main"))
    assert {path: commit_of(finding).id for path, finding in found.items()} == {"src/app.py": merge, "b.py": merge}
    assert found["src/app.py"].line == 2


def test_what_only_a_merge_of_three_branches_brought_in_is_found(repository: Repository, run_scanner: Run) -> None:
    """git passes over such merges where it shows what others brought in."""
    tips = [repository.commit(a__py="x = 1\n")]
    for number in (1, 2):
        repository.git("checkout", "--quiet", "-b", f"side-{number}", tips[0])
        tips.append(repository.commit(**{f"b{number}__py": "y = 1\n"}))
    repository.write("c.py", f"token = '{token(3)}'\n")
    repository.git("add", "--all")
    parents = [word for tip in tips for word in ("-p", tip)]
    merge = repository.git("commit-tree", repository.git("write-tree"), *parents, "-m", "merge")
    repository.git("reset", "--quiet", "--hard", merge)
    repository.commit(c__py=None)
    found = by_path(search(run_scanner, repository.root))
    assert {path: commit_of(finding).id for path, finding in found.items()} == {"c.py": merge}


def test_a_merge_of_old_commits_brings_nothing_in(repository: Repository, run_scanner: Run) -> None:
    repository.commit(app__py="x = 1\n")
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(side__py="x = 1\n")
    repository.git("checkout", "--quiet", "main")
    repository.commit(old__py=f"token = '{token(1)}'\n")
    repository.git("checkout", "--quiet", "side")
    repository.git("merge", "--quiet", "--no-edit", "main")
    assert not search(run_scanner, repository.root, "main..side").findings


MARKS = "* -diff -text\n*.py binary diff=evil\n"


def test_the_repository_does_not_steer_the_search(repository: Repository, run_scanner: Run, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    program.chmod(0o755)
    guilty = repository.commit(app__py=f"token = '{token(1)}'\n")
    repository.write(".gitattributes", MARKS)
    repository.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''.*''']\n")
    repository.write(".gitleaksignore", f"{guilty}:app.py:github-pat:1\napp.py:github-pat:1\n")
    repository.write(".mailmap", "Nobody <nobody@example.com> Ann Author <someone@example.com>\n")
    clean = repository.commit_all()
    (repository.root / ".git/info/attributes").write_text(MARKS)
    (repository.root / ".git/info/grafts").write_text(f"{clean}\n")
    config = {
        "log.showRoot": "false",
        "log.diffMerges": "off",
        "log.showSignature": "true",
        "log.mailmap": "true",
        "format.pretty": "oneline",
        "color.ui": "always",
        "diff.noprefix": "true",
        "diff.external": str(program),
        "diff.evil.textconv": str(program),
        "diff.evil.command": str(program),
        "gpg.program": str(program),
        "core.fsmonitor": str(program),
        "core.pager": str(program),
        "core.bigFileThreshold": "1",
    }
    for name, value in config.items():
        repository.git("config", name, value)
    finding = by_path(search(run_scanner, repository.root))["app.py"]
    assert commit_of(finding).id == guilty
    assert commit_of(finding).author == "Ann Author"
    assert not ran.exists()


def test_replaced_commits_are_searched_as_they_were(repository: Repository, run_scanner: Run) -> None:
    guilty = repository.commit(app__py=f"token = '{token(1)}'\n")
    clean = repository.commit(app__py="x = 1\n")
    repository.git("replace", "--graft", clean)
    assert commit_of(by_path(search(run_scanner, repository.root))["app.py"]).id == guilty


@pytest.mark.parametrize("name", ["a b/c d.py", "é.py", 'say "x".py', "tab\t.py", "-x.py", "b/b/b.py", "x b/x.py"])
def test_odd_names_are_told_as_they_are(repository: Repository, run_scanner: Run, name: str) -> None:
    repository.write(name, f"x = 1\ntoken = '{token(1)}'\n")
    repository.commit_all("commit abc\n\ndiff --git a/x b/x\n@@ -1 +1 @@")
    finding = by_path(search(run_scanner, repository.root))[name]
    assert finding.line == 2
    assert not commit_of(finding).gone


def test_an_author_without_a_name_is_no_obstacle(repository: Repository, run_scanner: Run) -> None:
    repository.commit(app__py="x = 1\n")
    repository.write("app.py", f"token = '{token(1)}'\n")
    tree = repository.git("add", "--all") or repository.git("write-tree")
    body = f"tree {tree}\nauthor <broken 99999999999999999999 +9999\ncommitter C <c> 0 +0000\n\n{'x' * 100_000}\n"
    (repository.root.parent / "body").write_text(body)
    made = repository.git("hash-object", "-t", "commit", "-w", "--literally", str(repository.root.parent / "body"))
    repository.git("update-ref", "refs/heads/odd", made)
    assert commit_of(by_path(search(run_scanner, repository.root))["app.py"]).id == made


def test_a_mark_in_todays_file_relieves_what_is_still_there(repository: Repository, run_scanner: Run) -> None:
    repository.commit(kept__py=f"token = '{token(1)}'\n", gone__py=f"token = '{token(2)}'  # gitleaks:allow\n")
    repository.commit(kept__py=f"token = '{token(1)}'  # gitleaks:allow\n", gone__py="x = 1\n")
    repository.commit(bad__py=f"token = '{token(3)}'\n")
    found = by_path(search(run_scanner, repository.root))
    assert {path: bool(finding.relief) for path, finding in found.items()} == {
        "kept.py": True,
        "gone.py": True,
        "bad.py": False,
    }


def test_a_shallow_clone_is_searched_in_part(repository: Repository, run_scanner: Run, tmp_path: Path) -> None:
    repository.commit(app__py=f"token = '{token(1)}'\n")
    base = repository.commit(app__py="x = 1\n")
    repository.commit(new__py=f"token = '{token(2)}'\n")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{repository.root}", str(clone)], check=True)
    parsed = search(run_scanner, clone)
    assert by_path(parsed).keys() == {"new.py"}
    assert (parsed.state, parsed.considered) == (LedgerState.PARTIAL, 1)
    assert "fetch-depth: 0" in parsed.mend
    with pytest.raises(ScannerError, match="knows no commit") as caught:
        search(run_scanner, clone, f"{base}..HEAD")
    assert "fetch-depth: 0" in caught.value.mend


def test_a_worktree_and_a_clone_that_borrows_its_objects_are_searched(
    repository: Repository, run_scanner: Run, tmp_path: Path
) -> None:
    repository.commit(app__py=f"token = '{token(1)}'\n")
    repository.commit(app__py="x = 1\n")
    repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / 'work"tree:'))
    repository.git("clone", "--quiet", "--shared", ".", str(tmp_path / "borrower"))
    for root in (tmp_path / 'work"tree:', tmp_path / "borrower"):
        assert by_path(search(run_scanner, root)).keys() == {"app.py"}


def test_a_repository_without_commits_has_nothing_to_search(repository: Repository, run_scanner: Run) -> None:
    parsed = search(run_scanner, repository.root)
    assert (parsed.state, parsed.considered, parsed.findings) == (LedgerState.RAN, 0, ())


def test_objects_of_sha256_are_searched(tmp_path: Path, run_scanner: Run) -> None:
    repository = Repository(tmp_path / "repository")
    (tmp_path / "repository/.git").rename(tmp_path / "unused")
    repository.git("init", "--quiet", "--object-format=sha256")
    guilty = repository.commit(app__py=f"token = '{token(1)}'\n")
    assert len(guilty) == 64
    assert commit_of(by_path(search(run_scanner, repository.root))["app.py"]).id == guilty


def test_a_damaged_repository_is_never_clean(repository: Repository, run_scanner: Run) -> None:
    repository.commit(app__py=f"token = '{token(1)}'\n")
    blob = repository.git("rev-parse", "HEAD:app.py")
    (repository.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    try:
        state = search(run_scanner, repository.root).state
    except ScannerError as error:
        state = error.state
    assert state is LedgerState.FAILED


@pytest.mark.parametrize("commits", ["--output=x..HEAD", "HEAD..--all", "HEAD..", "no-such..HEAD", "HEAD~99..HEAD"])
def test_what_is_no_range_is_refused(repository: Repository, run_scanner: Run, commits: str) -> None:
    repository.commit(app__py="x = 1\n")
    with pytest.raises(ScannerError, match="knows no commit") as caught:
        search(run_scanner, repository.root, commits)
    assert "git fetch origin" in caught.value.mend


def test_what_is_no_repository_cannot_be_searched(tmp_path: Path, run_scanner: Run) -> None:
    with pytest.raises(ScannerError, match="git cannot read the history"):
        search(run_scanner, tmp_path)


def test_the_repository_is_left_as_it_was(repository: Repository, run_scanner: Run) -> None:
    repository.commit(app__py=f"token = '{token(1)}'\n")

    def state() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in repository.root.rglob("*") if path.is_file()}

    before = state()
    search(run_scanner, repository.root)
    assert state() == before
