"""The command line as a table: words in, exit code and promised text out. Scans here need no scanner's tool."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scangate.__main__ import main
from scangate.scanners.interface import Tool

ADVICE = "see `scangate --help`"


def bandit_output(severity: str = "HIGH", count: int = 1) -> str:
    results = [
        {
            "code": "1 eval(x)\n",
            "col_offset": 0,
            "end_col_offset": 7,
            "filename": f"app{n}.py",
            "issue_confidence": "HIGH",
            "issue_cwe": {"id": 78},
            "issue_severity": severity,
            "issue_text": "Use of eval.",
            "line_number": 1,
            "line_range": [1],
            "test_id": "B307",
            "test_name": "blacklist",
        }
        for n in range(count)
    ]
    metrics: dict[str, dict[str, int]] = {f"app{n}.py": {} for n in range(count)}
    return json.dumps({"results": results, "errors": [], "metrics": metrics})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with outputs of several kinds in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "high.json").write_text(bandit_output("HIGH"))
    (tmp_path / "low.json").write_text(bandit_output("LOW"))
    (tmp_path / "cut.json").write_text(bandit_output("LOW")[:-30])
    (tmp_path / "bad-policy.yaml").write_text("version: 1\nname: bad\nrulez: []\n")
    (tmp_path / "ruby.rb").write_text("puts 1\n")
    return tmp_path


IMPORT = ["import", "low.json", "--scanner", "bandit"]

TABLE: list[tuple[list[str], int, str]] = [
    (["--version"], 0, "scangate 0.1.0"),
    (["--help"], 0, "Exit codes: 0 passed"),
    (["scan", "--help"], 0, "--fail-on"),
    (["scna"], 2, "scna"),
    (["scan", "--polcy", "x"], 2, "--polcy"),
    (["scan", "nowhere"], 2, "nowhere"),
    (["scan", "--scanner", "bandid"], 2, "choose from bandit, checkov, gitleaks"),
    (["scan", "--format", "pdf"], 2, "choose from console, json, sarif, html"),
    (["scan", "--format", "json", "--format", "sarif"], 2, "cannot both go to standard output"),
    (["scan", "--format", "json="], 2, "no file after '='"),
    (["scan", "--policy", "bad-policy.yaml"], 2, "bad-policy.yaml:3"),
    (["scan", "--policy", "strictest"], 2, "strictest"),
    (["scan", "--fail-on", "bad"], 2, "critical"),
    (["scan", "--env", "moon"], 2, "choose from dev, prod, staging"),
    (["scan", "--config", "none.toml"], 2, "cannot be read"),
    (["scan", "--profile", "full"], 2, "--profile is about a running application, and none is named"),
    (["scan", ".", "--keep-traffic", "there"], 2, "add --url"),
    (["scan", "--zap-url", "http://127.0.0.1:1"], 2, "--zap-url is about a running application"),
    (IMPORT, 0, "PASSED"),
    (["import", "high.json", "--scanner", "bandit"], 1, "FAILED"),
    (["import", "high.json", "--scanner", "bandit", "--exit-zero"], 0, "FAILED"),
    (["import", "high.json", "--scanner", "bandit", "--fail-on", "critical"], 0, "PASSED"),
    (["import", "cut.json", "--scanner", "bandit"], 3, "INCOMPLETE"),
    (["import", "cut.json", "--scanner", "bandit", "--exit-zero"], 3, "INCOMPLETE"),
    (["import", "none.json", "--scanner", "bandit"], 2, "cannot be read"),
    (["import", "low.json", "--scanner", "lint"], 2, "choose from bandit"),
    (["import", "high.json", "cut.json", "--scanner", "bandit"], 1, "unreadable"),
    (["import", "high.json", "cut.json", "--scanner", "bandit", "--exit-zero"], 3, "unreadable"),
    ([*IMPORT, "--advisories", "."], 2, "says nothing about an output of bandit"),
    ([*IMPORT, "--policy", "prod", "--fail-on", "low"], 2, "both given"),
    (["gate", "low.json"], 2, "scangate import"),
    (["merge", "none.json"], 2, "cannot be read"),
    (["report"], 2, "no run is kept yet"),
    (["explain", "x"], 2, "no run is kept yet"),
    (["schema", "results"], 0, '"schema_version"'),
    (["schema", "nothing"], 2, "choose from results, settings, policy"),
    (["policy", "show", "prod"], 0, "prod"),
    (["policy", "lint", "bad-policy.yaml"], 2, "rulez"),
    (["tools", "path", "nothing"], 2, "nothing"),
]


@pytest.mark.parametrize(("words", "code", "text"), TABLE, ids=[" ".join(words) for words, _, _ in TABLE])
def test_words_have_their_exit_code(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, text: str
) -> None:
    assert main(words) == code
    printed = capsys.readouterr()
    assert text in printed.out + printed.err
    assert "Traceback" not in printed.err
    if code == 2:
        assert printed.out == ""


def test_a_tree_that_no_scanner_supports_is_not_green(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["scan", "."])
    assert code == 3
    assert "Ruby code" in capsys.readouterr().out


def test_a_scanner_left_out_leaves_the_run_incomplete(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "scangate.toml").write_text("".join(f"[scanners.{s}]\nenabled = false\n" for s in ("bandit", "semgrep")))
    (folder / "app.py").write_text("x = 1\n")
    assert main(["scan", ".", "--fail-on", "low"]) == 3
    assert "Python code" in capsys.readouterr().out


def test_a_policy_may_accept_the_gap_by_name_with_a_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "trusted.toml").write_text("".join(f"[scanners.{s}]\nenabled = false\n" for s in ("bandit", "semgrep")))
    (folder / "app.py").write_text("x = 1\n")
    (folder / "own.yaml").write_text(
        "version: 1\nname: own\nextends: [default]\ncoverage: {accept: [{what: python-code, why: generated}]}\n"
    )
    main(["scan", ".", "--config", "trusted.toml", "--policy", "own.yaml", "--format", "json=r.json"])
    verdict = json.loads((folder / "r.json").read_text())["verdict"]
    assert any("generated" in line for line in verdict["accepted"])
    assert not any("Python code" in line for line in verdict["incomplete"])


def test_the_tree_cannot_weaken_its_own_gate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "scangate.toml").write_text('fail_on = "critical"\n')
    assert main(["scan", "."]) == 2
    assert "'fail_on' is not believed from the scanned tree" in capsys.readouterr().err


def results_of(folder: Path, *words: str) -> dict[str, Any]:
    main([*words, "--quiet", "--format", f"json={folder / 'r.json'}"])
    document: dict[str, Any] = json.loads((folder / "r.json").read_text())
    return document


def test_findings_in_are_findings_out_and_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "many.json").write_text(bandit_output(count=7))
    main(["import", "many.json", "many.json", "--scanner", "bandit"])
    assert "bandit: 14 records read, 7 duplicates merged, 7 findings" in capsys.readouterr().err


def test_quiet_is_silent_and_reports_are_still_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*IMPORT, "--quiet", "--output", "reports"]) == 0
    assert capsys.readouterr() == ("", "")
    assert sorted(p.name for p in (folder / "reports").iterdir()) == [
        "scangate-results.json",
        "scangate.html",
        "scangate.sarif",
    ]


def test_reports_are_written_when_the_gate_fails_and_when_it_is_incomplete(folder: Path) -> None:
    for name, code in (("high.json", 1), ("cut.json", 3)):
        assert main(["import", name, "--scanner", "bandit", "--quiet", "--output", name[:-5]]) == code
        assert (folder / name[:-5] / "scangate.html").stat().st_size > 1000


def test_a_report_that_cannot_be_written_keeps_no_other_from_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*IMPORT, "--quiet", "--format", "html=/dev/full", "--format", "json=ok.json"])
    assert code == 2
    assert "/dev/full: cannot be written: No space left" in capsys.readouterr().err
    assert (folder / "ok.json").exists()


def test_a_run_can_be_reported_explained_and_judged_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = results_of(folder, "import", "high.json", "--scanner", "bandit")
    capsys.readouterr()
    finding = document["findings"][0]["id"]
    assert main(["explain", finding]) == 0
    explained = capsys.readouterr().out
    assert "Use of eval" in explained
    assert "rule code: fail" in explained
    assert main(["explain", finding.rsplit(":")[-1][:8]]) == 0
    assert main(["explain", "zzz"]) == 2
    assert main(["report", "--format", "sarif", "-o", "x.sarif"]) == 0
    assert json.loads((folder / "x.sarif").read_text())["version"] == "2.1.0"
    assert main(["gate", "r.json", "--quiet"]) == 1
    assert main(["gate", "r.json", "--quiet", "--fail-on", "critical"]) == 0


def test_a_run_of_another_folder_is_said_to_be_one(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main([*IMPORT, "--quiet"])
    main(["report", "--format", "json"])
    assert "no run is kept of this folder" not in capsys.readouterr().err
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert main(["report", "--format", "json"]) == 0
    assert "no run is kept of this folder" in capsys.readouterr().err


def test_merge_makes_one_verdict_of_parts(folder: Path) -> None:
    for name in ("high", "low", "cut"):
        main(["import", f"{name}.json", "--scanner", "bandit", "--quiet", "--format", f"json=part-{name}.json"])
    assert main(["merge", "part-low.json", "part-high.json", "--quiet"]) == 1
    assert main(["merge", "part-low.json", "part-cut.json", "--quiet", "--format", "json=all.json"]) == 3
    ledger = json.loads((folder / "all.json").read_text())["ledger"]
    assert {entry["state"] for entry in ledger} == {"ran", "unreadable"}


def test_an_unknown_major_version_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "future.json").write_text('{"schema_version": "9.0"}')
    assert main(["gate", "future.json"]) == 2
    assert "results version 9.0 is not known here" in capsys.readouterr().err


def test_init_writes_settings_that_are_valid_and_replaces_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "app.py").write_text("x = 1\n")
    assert main(["init"]) == 0
    text = (folder / "scangate.toml").read_text()
    assert "Python code (1 file): bandit, semgrep" in text
    assert main([*IMPORT, "--quiet"]) == 0
    assert main(["init"]) == 2
    assert (folder / "scangate.toml").read_text() == text


def test_an_unexpected_error_says_that_it_is_our_bug(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scangate.commands.report.read_results_or_last_run", lambda file: 1 / 0)
    assert main(["report"]) == 4
    printed = capsys.readouterr().err
    assert "this is a bug in scangate" in printed
    assert "ZeroDivisionError" in Path(printed.split("report it with ")[1].strip()).read_text()


def test_hostile_words_reach_no_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["scan", "--scanner", "\x1b[31mred\x07"])
    assert "\x1b" not in capsys.readouterr().err


def interrupted(process: subprocess.Popen[str], number: signal.Signals) -> int:
    """Send the signal once bandit is done and semgrep hangs; the exit code."""
    assert process.stderr
    for line in process.stderr:
        if line.startswith("bandit: done"):
            break
    time.sleep(0.2)
    process.send_signal(number)
    process.stderr.read()
    return process.wait(timeout=30)


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_scan_reports_what_had_finished(
    folder: Path, tools: Callable[[str], Tool], number: signal.Signals
) -> None:
    tools("bandit")
    hanging = folder / "fake-semgrep"
    hanging.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo 1.182.0; exit 0; }\nsleep 4321\n')
    hanging.chmod(0o755)
    (folder / "trusted.toml").write_text(f'[scanners.semgrep]\npath = "{hanging}"\n')
    tree = folder / "tree"
    tree.mkdir()
    (tree / "app.py").write_text("eval(input())\n")
    words = ["scan", "tree", "--config", "trusted.toml", "--format", "json=r.json"]
    argv = [sys.executable, "-m", "scangate", *words]
    heeding = partial(signal.signal, number, signal.SIG_DFL)  # tests that run in the background ignore SIGINT
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, preexec_fn=heeding) as process:  # noqa: PLW1509
        assert interrupted(process, number) == 130
    document = json.loads((folder / "r.json").read_text())
    assert document["run"]["interrupted"] is True
    states = {entry["scanner"]: entry["state"] for entry in document["ledger"]}
    assert (states["bandit"], states["semgrep"]) == ("ran", "failed")
    assert document["findings"]
    left = subprocess.run(["pgrep", "-f", "sleep 4321"], capture_output=True, text=True, check=False).stdout
    assert left == ""


@pytest.mark.parametrize("command", [["scan"], ["policy", "lint", "::error::p.yaml"]])
def test_an_error_message_commands_no_ci_runner(
    folder: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Runners obey standard error too, and a key of the scanned tree's settings may hold a line's end."""
    (folder / "scangate.toml").write_text('[scanners."x\\\\n::error::pwned"]\ntimeout = "soon"\n')
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "error:" in said
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::")]


def test_what_a_crash_leaves_behind_is_private(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCANGATE_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setattr("scangate.commands.merge.read_results", lambda file: 1 / 0)
    assert main(["gate", "high.json"]) == 4
    assert "bug" in capsys.readouterr().err
    assert (folder / "cache/crash.log").stat().st_mode & 0o077 == 0


@pytest.mark.real
def test_settings_that_switch_off_the_search_for_secrets_leave_the_run_incomplete(
    folder: Path, tools: Callable[[str], Tool]
) -> None:
    """By hand it may be left out, for that is seen; a pull request could else wave its own secret through."""
    tools("bandit")
    tree = folder / "tree"
    tree.mkdir()
    (tree / "app.py").write_text("x = 1\n")
    switches = {"enabled": "[scanners.gitleaks]\nenabled = false\n", "scanner": 'scanner = ["bandit"]\n'}
    for text in switches.values():
        (tree / "scangate.toml").write_text(text)
        assert main(["scan", "tree", "--quiet", "--format", "json=r.json"]) == 3
        assert "files of any kind" in str(json.loads((folder / "r.json").read_text())["verdict"]["incomplete"])
    (tree / "scangate.toml").unlink()
    assert main(["scan", "tree", "--quiet", "--scanner", "bandit"]) == 0
