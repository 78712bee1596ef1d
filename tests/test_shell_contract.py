"""What shells rely on: documents alone on standard output, words on standard error, pipes that end early."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scangate.commands.common import OUTPUT_FILES

RECORD = {
    "code": "1 eval(x)\n",
    "col_offset": 0,
    "end_col_offset": 7,
    "filename": "app.py",
    "issue_confidence": "HIGH",
    "issue_cwe": {"id": 78},
    "issue_severity": "HIGH",
    "issue_text": "Use of eval.",
    "line_number": 1,
    "line_range": [1],
    "test_id": "B307",
    "test_name": "blacklist",
}
PROGRAM = [sys.executable, "-m", "scangate"]
IMPORT = [*PROGRAM, "import", "bandit.json", "--scanner", "bandit"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCANGATE_CACHE_DIR", str(tmp_path / "cache"))
    records = [{**RECORD, "filename": f"app{n}.py"} for n in range(300)]
    output = {"results": records, "errors": [], "metrics": {record["filename"]: {} for record in records}}
    (tmp_path / "bandit.json").write_text(json.dumps(output))
    return tmp_path


def run(*argv: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


def test_standard_output_is_only_the_document(folder: Path) -> None:
    done = run(*IMPORT, "--format", "json", folder=folder)
    assert len(json.loads(done.stdout)["findings"]) == 300
    assert "300 records read, 0 duplicates merged, 300 findings" in done.stderr


def test_a_reader_that_has_seen_enough_does_not_change_the_verdict(folder: Path) -> None:
    with subprocess.Popen([*IMPORT, "--format", "json"], cwd=folder, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        words = process.stderr.read()
    assert process.returncode == 1
    assert "Traceback" not in words and "bug" not in words
    kept = run(*PROGRAM, "report", "--format", "json", folder=folder)
    assert len(json.loads(kept.stdout)["findings"]) == 300


def test_a_closed_pipe_is_not_our_bug(folder: Path) -> None:
    with subprocess.Popen([*PROGRAM, "schema", "results"], cwd=folder, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_written_reports_are_named(folder: Path) -> None:
    done = run(*IMPORT, "--output", "reports", folder=folder)
    assert [line for line in done.stderr.splitlines() if line.startswith("wrote ")] == [
        f"wrote reports/{file}" for file in OUTPUT_FILES.values()
    ]
    assert run(*IMPORT, "--output", "reports", "--quiet", folder=folder).stderr == ""


@pytest.mark.parametrize(("argv", "command"), [(["merge"], "scangate merge"), (["policy", "lint"], "scangate policy")])
def test_misuse_points_to_the_help_of_its_command(argv: list[str], command: str, folder: Path) -> None:
    assert f"see `{command}" in run(*PROGRAM, *argv, folder=folder).stderr
