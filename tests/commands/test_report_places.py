"""Reports are not written through links that the scanned repository brings."""

from pathlib import Path

import pytest

from scangate.__main__ import main


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository as the working directory, beside a folder of the user's."""
    (tmp_path / "user").mkdir()
    (tmp_path / "user/profile").write_text("precious")
    for folder in ("repo/.git/hooks", "repo/sub", "repo/real"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "repo/sub/app.py").write_text("x = 1\n")
    monkeypatch.setenv("SCANGATE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path / "repo")
    return tmp_path / "repo"


@pytest.mark.parametrize("target", ["../user/profile", "../user/new", ".git/config"])
@pytest.mark.parametrize("arguments", [("scan",), ("scan", "sub")])
def test_a_link_out_of_the_repository_is_refused_before_anything_runs(
    repository: Path, target: str, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "out.json").symlink_to(repository / target)
    assert main([*arguments, "--format", "json=out.json"]) == 2
    assert "leads out of it" in capsys.readouterr().err
    assert (repository / "../user/profile").read_text() == "precious"
    assert not (repository / "../user/new").exists()


def test_a_linked_folder_is_refused_too(repository: Path) -> None:
    (repository / "reports").symlink_to("../user")
    assert main(["scan", "--output", "reports"]) == 2
    assert main(["report", "--output", "reports/page.txt"]) == 2
    assert [path.name for path in (repository / "../user").iterdir()] == ["profile"]


def test_links_within_the_repository_and_links_of_the_user_are_fine(repository: Path, tmp_path: Path) -> None:
    (repository / "reports").symlink_to("real")
    (tmp_path / "mine").symlink_to("user")
    assert main(["scan", "--exclude", "*", "-q", "--format", "json=reports/a.json"]) == 3
    assert main(["scan", "--exclude", "*", "-q", "--format", f"json={tmp_path}/mine/a.json"]) == 3
    assert (repository / "real/a.json").exists() and (tmp_path / "user/a.json").exists()
