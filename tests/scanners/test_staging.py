"""Copies of files: only regular files of the tree itself, whatever the paths say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scangate.scanners import staging
from scangate.scanners.staging import files_below, read_files


def test_bytes_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b/é.tf").write_bytes(b"\xff\x00\r\n")
    assert dict(read_files(tmp_path, ["a b/é.tf"])) == {"a b/é.tf": b"\xff\x00\r\n"}


@pytest.mark.parametrize(
    "path", ["link", "folder/secret", "folder", "fifo", "gone", "../outside", "/etc/passwd", "", "\0"]
)
def test_what_is_no_regular_file_of_the_tree_is_left_out(path: str, tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.write_text("secret")
    root.mkdir()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/secret").write_text("secret")
    (root / "link").symlink_to(outside)
    (root / "folder").symlink_to(tmp_path / "secrets")
    os.mkfifo(root / "fifo")
    assert dict(read_files(root, [path])) == {}


def test_a_root_that_is_reached_by_a_link_is_no_reason_to_read_nothing(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a").write_text("a")
    (tmp_path / "root").symlink_to(tmp_path / "real")
    assert dict(read_files(tmp_path / "root", ["a"])) == {"a": b"a"}


def test_files_over_the_limit_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "_MAX_FILE", 3)
    (tmp_path / "a").write_text("123")
    (tmp_path / "b").write_text("1234")
    assert dict(read_files(tmp_path, ["a", "b"])) == {"a": b"123"}


def test_a_folder_is_walked_without_following_links(tmp_path: Path) -> None:
    for path in ("chart/a.yaml", "chart/b/c.yaml", "chart/.git/config", "other/d.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "chart/b/up").symlink_to(tmp_path / "other")
    assert list(files_below(tmp_path, "chart")) == ["chart/a.yaml", "chart/b/c.yaml"]
