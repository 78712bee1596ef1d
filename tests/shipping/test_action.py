"""The GitHub action: its `run` steps executed as a runner would, on small projects; `uses` steps are only recorded."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from ruamel.yaml import YAML

from scangate.document import Results, RunInfo
from scangate.model import Category, Effect, FileLocation, Finding, Rule, Severity

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
OUTPUT = re.compile(
    r"^(?P<name>[\w-]+)(?:=(?P<value>.*)|<<(?P<delimiter>\w+)\n(?P<block>(?s:.*?))\n(?P=delimiter))$", re.MULTILINE
)
NAME = re.compile(r"(?<!['\w])[a-z]\w*(?:\.[\w-]+)+")

ACTION: dict[str, Any] = YAML(typ="safe").load(ROOT / "action.yml")
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


@dataclass
class Ended:
    """What became of one use of the action. `used` holds the inputs of the `uses` steps that would have run."""

    exit_code: int = 0
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    used: dict[str, dict[str, str]] = field(default_factory=dict)


class Runner:
    """A runner that knows what action.yml needs: composite steps, `if`, `env`, outputs, and a few contexts."""

    def __init__(self, temp: Path) -> None:
        self._temp = temp
        self.skipped: frozenset[str] = frozenset()

    def use(self, workspace: Path, **inputs: str) -> Ended:
        """Use the action in `workspace`; an input's `_` stands for `-`."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        context = {"github.event_name": "push", "steps.python.outputs.python-path": sys.executable}
        context |= {
            f"inputs.{name}": given.get(name, spec.get("default", "")) for name, spec in ACTION["inputs"].items()
        }
        assert given.keys() <= ACTION["inputs"].keys()
        ended = Ended()
        for step in STEPS:
            if self._is_due(step, context, failed=ended.exit_code != 0):
                self._take(step, context, workspace, ended)
        ended.outputs = {name: fill(spec["value"], context) for name, spec in ACTION["outputs"].items()}
        return ended

    def _is_due(self, step: Mapping[str, Any], context: Mapping[str, str], *, failed: bool) -> bool:
        condition = step.get("if", "success()")
        if step.get("id") in self.skipped or (failed and "always()" not in condition):
            return False
        return bool(evaluate(condition, context))

    def _take(self, step: Mapping[str, Any], context: dict[str, str], workspace: Path, ended: Ended) -> None:
        if "uses" in step:
            ended.used[step["name"]] = {name: fill(str(value), context) for name, value in step["with"].items()}
            return
        files = {name: self._temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        script = self._temp / "step.sh"
        script.write_text(step["run"])
        environment = {name: fill(value, context) for name, value in step.get("env", {}).items()}
        process = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=workspace,
            env=self._environment(workspace) | {name: str(file) for name, file in files.items()} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        ended.log += process.stdout
        ended.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        ended.exit_code = ended.exit_code or process.returncode
        for name, value in read_outputs(files["GITHUB_OUTPUT"].read_text()):
            context[f"steps.{step.get('id')}.outputs.{name}"] = value

    def _environment(self, workspace: Path) -> dict[str, str]:
        kept = re.compile(r"HOME|PATH|(SCANGATE|PIP|UV|SSL)_\w+")
        return {
            **{name: value for name, value in os.environ.items() if kept.fullmatch(name)},
            "RUNNER_TEMP": str(self._temp),
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_ACTION_PATH": str(ROOT),
        }


def fill(text: str, context: Mapping[str, str]) -> str:
    """The text with each `${{ expression }}` replaced by its value."""
    return EXPRESSION.sub(lambda match: str(evaluate(match[1], context) or ""), text)


def evaluate(expression: str, context: Mapping[str, str]) -> object:
    """The value of an expression of names, strings, `==`, `!=`, `&&`, `||`, `always()` and `success()`."""
    names = NAME.sub(lambda match: f"look_up('{match[0]}')", expression)
    python = names.replace("&&", " and ").replace("||", " or ")
    compiled = Environment(autoescape=True).compile_expression(python)
    return compiled(look_up=lambda name: context.get(name, ""), always=lambda: True, success=lambda: True)


def read_outputs(text: str) -> Iterator[tuple[str, str]]:
    """The name and value pairs of a GITHUB_OUTPUT file, in its two forms: `name=value`, and between delimiters."""
    for match in OUTPUT.finditer(text):
        yield match["name"], match["value"] if match["delimiter"] is None else match["block"]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runner's temporary folder in which the action's own install step has installed scangate."""
    temp = tmp_path_factory.mktemp("runner")
    workspace = tmp_path_factory.mktemp("hostile")
    for module in ("pip", "venv", "json", "ensurepip", "setuptools"):
        (workspace / f"{module}.py").write_text("open('pwned', 'w')\n")
    runner = Runner(temp)
    runner.skipped = frozenset({"scan", "summary", "verdict"})
    ended = runner.use(workspace)
    assert ended.exit_code == 0, ended.log
    assert not (workspace / "pwned").exists()
    return temp


@pytest.fixture
def runner(installed: Path) -> Runner:
    runner = Runner(installed)
    runner.skipped = frozenset({"install"})
    return runner


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The Python code of the shop, without its dependencies: one scanner is enough to see the action work."""
    shutil.copytree(ROOT / "examples/python-shop/shop", tmp_path / "workspace/shop")
    return tmp_path / "workspace"


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace/sums.py").write_text("def add(a: int, b: int) -> int:\n    return a + b\n")
    return tmp_path / "workspace"


def test_run_steps_take_no_expressions() -> None:
    assert not [step["name"] for step in STEPS if EXPRESSION.search(step.get("run", ""))]


def test_used_actions_are_pinned_to_commits() -> None:
    assert all(PINNED.fullmatch(step["uses"]) for step in STEPS if "uses" in step)


def test_every_input_is_used_and_every_used_input_declared() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == ACTION["inputs"].keys()


@pytest.mark.real
def test_vulnerable_code_fails_the_last_step(runner: Runner, shop: Path) -> None:
    ended = runner.use(shop, scanners="bandit")
    assert ended.exit_code == 1, ended.log
    assert ended.outputs["exit-code"] == "1"
    assert ended.outputs["verdict"] == "failed"
    assert json.loads(ended.outputs["counts"])["high"] >= 3
    assert all(Path(ended.outputs[name]).is_file() for name in ("results-path", "sarif-path", "html-path"))
    assert "B602" in ended.log
    assert "| high | B602 |" in ended.summary
    assert ended.used["Upload SARIF"]["sarif_file"] == ended.outputs["sarif-path"]


@pytest.mark.real
def test_clean_code_passes(runner: Runner, clean: Path) -> None:
    ended = runner.use(clean)
    assert (ended.exit_code, ended.outputs["verdict"]) == (0, "passed"), ended.log
    assert "## scangate: passed" in ended.summary


@pytest.mark.real
def test_exit_zero_reports_and_passes(runner: Runner, shop: Path) -> None:
    ended = runner.use(shop, scanners="bandit", exit_zero="true")
    assert (ended.exit_code, ended.outputs["verdict"]) == (0, "failed"), ended.log


@pytest.mark.real
def test_broken_policy_is_wrong_usage(runner: Runner, shop: Path) -> None:
    (shop / "policy.yaml").write_text("version: 1\nname: broken\nrulez: []\n")
    ended = runner.use(shop, policy="policy.yaml")
    assert ended.exit_code == 2, ended.log
    assert ended.outputs["verdict"] == ""
    assert "nothing was scanned" in ended.summary
    assert "Upload SARIF" not in ended.used


@pytest.mark.real
@pytest.mark.parametrize("name", ["path", "policy", "fail_on", "env", "config", "scanners", "advisories", "images"])
@pytest.mark.parametrize(
    "value",
    ["$(touch pwned)", "`touch pwned`", '"; touch pwned; "', "--help", "a\n::set-output name=x::y\n$(touch pwned)"],
)
def test_hostile_inputs_execute_nothing(runner: Runner, clean: Path, name: str, value: str) -> None:
    (clean / "requirements.txt").write_text("markupsafe==3.0.3\n")
    ended = runner.use(clean, **{"scanners": "pip-audit", name: value})
    assert ended.exit_code in (2, 3), ended.log
    assert sorted(path.name for path in clean.iterdir()) == ["requirements.txt", "sums.py"]


@pytest.mark.real
def test_what_the_repository_says_is_no_workflow_command(runner: Runner, clean: Path) -> None:
    evil = "::error title=x::y"
    (clean / f"{evil}.py").write_text("import subprocess\nsubprocess.call('::add-mask::x', shell=True)\n")
    ended = runner.use(clean, scanners="bandit")
    commands = [line for line in ended.log.splitlines() if line.lstrip().startswith("::")]
    assert ended.exit_code in (0, 1), ended.log
    assert commands[0].startswith("::stop-commands::")
    assert commands[-1] == f"::{commands[0].removeprefix('::stop-commands::')}::"


def test_summary_shows_hostile_text_as_text(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>|[a](javascript:b)\n# x\n::error::y\x1b[31m"
    finding = Finding(
        category=Category.CODE,
        rule=Rule(id=evil),
        title=evil,
        severity=Severity.HIGH,
        location=FileLocation(path=evil, line=1),
        effect=Effect.FAIL,
    )
    run = RunInfo(id="1", started="2026-01-01T00:00:00Z")
    results = Results(run=run, findings=(finding,) * 21)
    (tmp_path / "scangate-results.json").write_text(results.model_dump_json())
    files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    command = [sys.executable, str(ROOT / ".github/action/summary.py"), str(tmp_path)]
    subprocess.run(command, env={name: str(file) for name, file in files.items()}, check=True)
    rows = files["GITHUB_STEP_SUMMARY"].read_text().splitlines()
    assert rows[0] == "## scangate: no verdict"
    assert len([row for row in rows if row.startswith("| high |")]) == 20
    assert rows[-1] == "and 1 more, in the reports"
    assert not [row for row in rows[1:] if re.search(r"(?<!\\)[<`\[#]|\x1b|^::", row)]
    assert dict(read_outputs(files["GITHUB_OUTPUT"].read_text()))["counts"] == '{"high": 21}'


def test_forks_upload_nothing() -> None:
    upload = next(step for step in STEPS if step["name"] == "Upload SARIF")
    pull = {"inputs.upload-sarif": "true", "steps.summary.outputs.sarif-path": "x", "github.event_name": "pull_request"}
    ours = {"github.repository": "us/it", "github.event.pull_request.head.repo.full_name": "us/it"}
    fork = ours | {"github.event.pull_request.head.repo.full_name": "them/it"}
    assert evaluate(upload["if"], pull | ours)
    assert not evaluate(upload["if"], pull | fork)
    assert not evaluate(upload["if"], pull | ours | {"inputs.upload-sarif": "false"})
