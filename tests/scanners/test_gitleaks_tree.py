"""gitleaks on the files of a tree: it sees those files and no others, and nothing among them steers it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from scangate.model import FileLocation, Finding, LedgerState
from scangate.scanners.gitleaks import Gitleaks
from scangate.scanners.gitleaks_tree import Layout, lay_out
from scangate.scanners.interface import Job, Parsed, Target
from tests.made_up_secrets import token

GITLEAKS = Gitleaks()
Run = Callable[..., Parsed]

ALLOW_ALL = "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''.*''']\n"


def write(root: Path, name: str, text: str | bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def search(run_scanner: Run, root: Path) -> Parsed:
    """The real gitleaks on every file below a folder."""
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return run_scanner(GITLEAKS, root, *files, kinds=("files",))


def places(parsed: Parsed) -> set[tuple[str, int | None]]:
    return {(finding.path, finding.line) for finding in parsed.findings}


def laid_out(root: Path, *files: str) -> Layout:
    return lay_out(Job("gitleaks", Target(".", ("files",), files), root=root, work=root / "work"))


@pytest.mark.real
def test_a_secret_is_found_where_it_stands_and_shown_nowhere(tmp_path: Path, run_scanner: Run) -> None:
    write(tmp_path, "app.py", f"import os\n\ntoken = '{token(1)}'  # é\n")
    parsed = search(run_scanner, tmp_path)
    assert (parsed.state, parsed.scanned, parsed.version[:2]) == (LedgerState.RAN, 1, "8.")
    (finding,) = parsed.findings
    assert isinstance(finding.location, FileLocation)
    assert (finding.rule.id, finding.path) == ("github-pat", "app.py")
    assert (finding.location.line, finding.location.column, finding.location.end_column) == (3, 10, 50)
    assert finding.location.snippet == "token = '****'  # é"
    assert token(1)[4:] not in finding.model_dump_json()


@pytest.mark.real
def test_files_of_the_tree_do_not_steer_the_search(
    tmp_path: Path, run_scanner: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "app.py", f"token = '{token(1)}'\n")
    write(tmp_path, ".gitleaks.toml", ALLOW_ALL)
    write(tmp_path, ".gitleaksignore", "app.py:github-pat:1\ntree/1:github-pat:1\n")
    monkeypatch.setenv("GITLEAKS_CONFIG", str(tmp_path / ".gitleaks.toml"))
    monkeypatch.setenv("GITLEAKS_CONFIG_TOML", ALLOW_ALL)
    parsed = search(run_scanner, tmp_path)
    assert places(parsed) == {("app.py", 1)}
    assert parsed.scanned == 3


@pytest.mark.real
def test_a_comment_marks_a_secret_and_hides_none(tmp_path: Path, run_scanner: Run) -> None:
    write(tmp_path, "app.py", f"a = '{token(1)}'  # gitleaks:allow\nb = '{token(2)}'\n")
    marks = {finding.line: [mark.by for mark in finding.relief] for finding in search(run_scanner, tmp_path).findings}
    assert marks == {1: ["gitleaks:allow"], 2: []}


HIDING_NAMES = (
    "gitleaks.toml/app.py",
    "node_modules/x/app.py",
    "vendor/github.com/x/y/app.go",
    "logo.svg",
    "notes.pdf",
    "prod.v2",
    "jquery-secrets.js",
    "javascript.json",
    "backup.tar.gz",
    "go.mod",
    "-rf",
    "--config=x",
    "a b\tc\n.py",
    "é 'quoted' \"name\".py",
    "back\\slash\\",
    "percent%20.py",
)


@pytest.mark.real
def test_no_name_hides_a_file(tmp_path: Path, run_scanner: Run) -> None:
    for number, name in enumerate(HIDING_NAMES):
        write(tmp_path, name, f"token = '{token(number)}'\n")
    parsed = search(run_scanner, tmp_path)
    assert parsed.state is LedgerState.RAN
    assert places(parsed) == {(name, 1) for name in HIDING_NAMES}


@pytest.mark.real
def test_a_rule_that_asks_for_a_name_still_gets_it(tmp_path: Path, run_scanner: Run) -> None:
    write(tmp_path, "certs/Key.P12", b"\x30\x82\0\0")
    write(tmp_path, "NuGet.Config", f'<add key="ClearTextPassword" value="{token(1)[4:20]}" />\n')
    write(tmp_path, "main.tf", f'administrator_login_password = "{token(2)[4:20]}"\n')
    rules = {(finding.path, finding.rule.id) for finding in search(run_scanner, tmp_path).findings}
    assert {
        ("certs/Key.P12", "pkcs12-file"),
        ("NuGet.Config", "nuget-config-password"),
        ("main.tf", "hashicorp-tf-password"),
    } <= rules


@pytest.mark.real
@pytest.mark.parametrize("magic", ["BZh", "MZ", "%PDF-1.7", "SQLi", "{\\rtf1"])
def test_text_that_gitleaks_takes_for_binary_is_named_as_not_looked_at(
    tmp_path: Path, run_scanner: Run, magic: str
) -> None:
    write(tmp_path, "app.py", f"{magic} = 1\ntoken = '{token(1)}'\n")
    write(tmp_path, "fine.py", "x = 1\n")
    parsed = search(run_scanner, tmp_path)
    assert parsed.state is LedgerState.PARTIAL
    assert parsed.unseen == {"app.py"}
    assert parsed.scanned == 1
    assert "gitleaks takes it for application/" in parsed.reason


@pytest.mark.real
@pytest.mark.parametrize(
    "content",
    [
        f"x = 1\ntoken = '{token(1)}' // \0\n".encode(),
        f"\0\ntoken = '{token(1)}'\n".encode(),
        f"$x = 1\n$token = '{token(1)}'\n".encode("utf-16-le"),
        f"$x = 1\n$token = '{token(1)}'\n".encode("utf-16-be"),
        f"x: 1\ntoken: '{token(1)}'\n".encode("utf-32"),
    ],
)
def test_text_does_not_become_binary_by_its_nulls(tmp_path: Path, run_scanner: Run, content: bytes) -> None:
    write(tmp_path, "app.js", content)
    parsed = search(run_scanner, tmp_path)
    assert (parsed.state, places(parsed)) == (LedgerState.RAN, {("app.js", 2)})


@pytest.mark.real
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_wide_text_is_searched_and_not_quoted(tmp_path: Path, run_scanner: Run, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    write(tmp_path, "set.ps1", f"{mark}$x = 1\r\n$token = '{token(1)}'\r\n".encode(encoding))
    (finding,) = search(run_scanner, tmp_path).findings
    assert finding.line == 2
    assert token(1)[4:] not in finding.model_dump_json().replace("\\u0000", "")


@pytest.mark.real
def test_binary_files_and_files_of_hashes_are_left_out_and_listed(tmp_path: Path, run_scanner: Run) -> None:
    write(tmp_path, "app.py", "x = 1\n")
    write(tmp_path, "logo.png", b"\x89PNG\r\n\0\0")
    write(tmp_path, "go.sum", f"example.com/token v1.1.0 h1:{token(1)}=\n")
    parsed = search(run_scanner, tmp_path)
    assert (parsed.state, parsed.scanned) == (LedgerState.RAN, 1)
    assert {skip.path for skip in parsed.skipped} == {"logo.png", "go.sum"}


@pytest.mark.real
def test_a_tree_with_nothing_to_search_was_looked_at(tmp_path: Path, run_scanner: Run) -> None:
    write(tmp_path, "logo.png", b"\x89PNG\r\n\0\0")
    write(tmp_path, "empty", "")
    parsed = search(run_scanner, tmp_path)
    assert (parsed.state, parsed.findings) == (LedgerState.RAN, ())


@pytest.mark.real
def test_only_the_files_of_the_target_are_searched(tmp_path: Path, run_scanner: Run) -> None:
    write(tmp_path, "app.py", f"token = '{token(1)}'\n")
    write(tmp_path, "excluded.py", f"token = '{token(2)}'\n")
    write(tmp_path, ".git/config", f"url = https://{token(3)}@example.com\n")
    assert places(run_scanner(GITLEAKS, tmp_path, "app.py", kinds=("files",))) == {("app.py", 1)}


@pytest.mark.real
def test_a_secret_in_base64_is_found_and_its_code_is_not_shown(tmp_path: Path, run_scanner: Run) -> None:
    encoded = base64.b64encode(f"token = '{token(1)}'".encode()).decode()
    write(tmp_path, "app.py", f"x = 1\ndata = '{encoded}'\n")
    findings = search(run_scanner, tmp_path).findings
    assert [finding.line for finding in findings if finding.rule.id == "github-pat"] == [2]
    assert not any(encoded[:20] in finding.model_dump_json() for finding in findings)


@pytest.mark.real
def test_the_canary_is_found(tmp_path: Path, run_scanner: Run) -> None:
    for name, text in GITLEAKS.canary.files.items():
        write(tmp_path, name, text)
    rules: list[Finding] = list(search(run_scanner, tmp_path).findings)
    assert [finding.rule.id for finding in rules] == [GITLEAKS.canary.rule]


def test_bytes_that_gitleaks_did_not_read_are_missed(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "x = 1\n")
    layout = laid_out(tmp_path, "app.py")
    assert not layout.passed_over("INF scanned ~6 bytes (6 bytes) in 1ms")
    assert "passed over 2 of 6 bytes" in layout.passed_over("INF scanned ~4 bytes (4 bytes) in 1ms")[0].reason
    assert "does not say" in layout.passed_over("")[0].reason


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "x = 1\n")
    (tmp_path / "link.py").symlink_to("app.py")
    layout = laid_out(tmp_path, "app.py", "gone.py", "link.py")
    assert layout.unreadable == ["gone.py", "link.py"]
    assert [skip.path for skip in layout.passed_over("scanned ~6 bytes")] == ["gone.py", "link.py"]


def test_many_files_of_one_reason_are_one_row(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(30)]
    for name in names:
        write(tmp_path, name, b"\0")
    (row,) = laid_out(tmp_path, *names).left_out()
    assert row.reason == "binary: 30 files"
