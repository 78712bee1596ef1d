"""A program of the user's own, described by settings: real zizmor on a workflow, and what may not be believed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scangate.__main__ import main
from scangate.scanners.custom import Custom
from scangate.scanners.interface import Job, Output, ScannerError, Target, Tool

ZIZMOR = Path(sys.executable).parent / "zizmor"
WORKFLOW = """on: pull_request
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.event.pull_request.title }}
"""
EMPTY = b'{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "other"}}, "results": []}]}'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    file = tmp_path / "tree" / ".github" / "workflows" / "ci.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW)
    return tmp_path / "tree"


def scan(tree: Path, settings: str) -> tuple[int, dict[str, Any]]:
    config, document = tree.parent / "trusted.toml", tree.parent / "results.json"
    config.write_text(settings)
    words = ["scan", str(tree), "--config", str(config), "--quiet", "--scanner", "mine", "--format", f"json={document}"]
    return main(words), json.loads(document.read_text()) if document.exists() else {}


def table(*words: str, kinds: str = "github-actions") -> str:
    return f'[scanners.custom.mine]\ncommand = {json.dumps(words)}\noutput = "sarif"\nkinds = ["{kinds}"]\n'


@pytest.mark.real
def test_a_program_that_writes_sarif_joins_by_settings_alone(tree: Path) -> None:
    code, results = scan(tree, table(str(ZIZMOR), "--offline", "--format", "sarif", "{files}"))
    entry = next(entry for entry in results["ledger"] if entry["scanner"] == "mine")
    assert (entry["state"], entry["scanned"], entry["tool"]) == ("ran", 1, "settings")
    assert entry["version"]
    found = {finding["rule"]["id"]: finding for finding in results["findings"]}
    injection = found["zizmor/template-injection"]
    assert injection["location"]["path"] == ".github/workflows/ci.yml"
    assert injection["sources"][0]["scanner"] == "mine"
    assert code == 1


def test_a_program_that_is_not_there_is_missing(tree: Path) -> None:
    code, results = scan(tree, table("bin/nothing", "{root}"))
    entry = next(entry for entry in results["ledger"] if entry["scanner"] == "mine")
    assert (code, entry["state"]) == (3, "missing")
    assert str(tree.parent / "bin" / "nothing") in entry["reason"]
    assert "scangate tools install" not in entry["mend"], "nothing of ours installs it"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (table("zizmor", "--offline"), "neither files nor folder"),
        (table("zizmor", "{files}", kinds="github-action"), "did you mean 'github-actions'?"),
        (table("zizmor", "{files}", kinds="container-image"), "there is no kind"),
        (table("zizmor", "{files}").replace("custom.mine", "custom.bandit"), "ours has that name"),
        (table("zizmor", "{files}").replace("sarif", "json"), "'sarif'"),
        ("[scanners.custom.mine]\ncomand = []\n", "did you mean 'command'?"),
    ],
)
def test_what_it_cannot_be_is_told(tree: Path, capsys: pytest.CaptureFixture[str], settings: str, words: str) -> None:
    assert scan(tree, settings)[0] == 2
    assert words in capsys.readouterr().err


def custom(*words: str) -> Custom:
    return Custom("mine", words, frozenset({"dockerfile"}), frozenset({0, 1}))


def job(root: Path, *files: str) -> Job:
    return Job(
        "mine", Target(".", ("dockerfile",), files), root=root, work=root, tool=Tool(Path("lint"), "", "settings")
    )


def test_files_and_folder_take_their_places(tmp_path: Path) -> None:
    argv = custom("lint", "--base={root}", "{files}").command(job(tmp_path, "-x", "b/Dockerfile")).argv
    assert argv == ("lint", f"--base={tmp_path}", f"{tmp_path}/-x", f"{tmp_path}/b/Dockerfile")


@pytest.mark.parametrize(("report", "code"), [(EMPTY, 2), (b"", 0), (b"{}", 0), (b'{"version": "2.1.0"}', 1)])
def test_an_exit_code_or_an_output_that_is_not_right_is_no_clean_result(
    tmp_path: Path, report: bytes, code: int
) -> None:
    with pytest.raises(ScannerError):
        custom("lint", "{files}").parse(Output(report, code, "it broke"), job(tmp_path, "Dockerfile"))


def test_a_clean_output_is_clean(tmp_path: Path) -> None:
    parsed = custom("lint", "{files}").parse(Output(EMPTY, 0), job(tmp_path, "Dockerfile"))
    assert (parsed.findings, parsed.scanned) == ((), None)
