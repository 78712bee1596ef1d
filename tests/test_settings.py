"""Settings: what is believed from whom, and errors that say where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scangate.errors import UsageError
from scangate.scanners.interface import Input
from scangate.settings import Choices, Settings
from scangate.settings_files import load_settings, user_settings_path

TAKES = {"bandit": frozenset[Input](), "semgrep": frozenset({Input.RULES})}


def load(root: Path, *, config: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    return load_settings(root, config=config, flags=flags or {}, takes=TAKES)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_any_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_the_tree_may_choose_and_narrow(tmp_path: Path) -> None:
    write(tmp_path / "scangate.toml", 'exclude = ["docs/**"]\n[scanners.bandit]\nenabled = false\n')
    settings = load(tmp_path)
    assert settings.exclude == ["docs/**"]
    assert not settings.own("bandit").enabled


def test_pyproject_is_read_when_there_is_no_file_of_ours(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.scangate]\nscanner = ["bandit"]\n')
    assert load(tmp_path).scanner == ["bandit"]


@pytest.mark.parametrize("broken", ["tool = 3", "[[", "[tool]\nscangate = 3"])
def test_a_strange_pyproject_is_an_ordinary_outcome(tmp_path: Path, broken: str) -> None:
    write(tmp_path / "pyproject.toml", broken)
    try:
        assert load(tmp_path) == Settings()
    except UsageError as error:
        assert "pyproject.toml" in error.message


UNTRUSTED = {
    "policy": 'policy = "dev"',
    "fail_on": 'fail_on = "critical"',
    "exit_zero": "exit_zero = true",
    "env": 'env = "dev"',
    "format": 'format = ["json=/tmp/x"]',
    "output": 'output = "/tmp"',
    "advisories": 'advisories = "empty"',
    "image": 'image = ["debian:12"]',
    "sbom": 'sbom = ["bom.json"]',
    "commits": 'commits = "a..b"',
    "scanners.custom": '[scanners.custom.mine]\ncommand = ["x", "{root}"]\noutput = "sarif"\nkinds = ["dockerfile"]',
    "max_file_bytes": "max_file_bytes = 1",
    "url": 'url = "http://127.0.0.1:1"',
    "url_from_command": 'url_from_command = "evil"',
    "app": 'app = "evil"',
    "wait_for": 'wait_for = "/health"',
    "dast": '[dast]\nallowed_hosts = ["victim.example"]',
    "zap": '[zap]\nurl = "http://127.0.0.1:1"',
    "gates": '[[gates]]\npolicy = "dev"',
    "scanners.bandit.path": '[scanners.bandit]\npath = "./evil"',
    "scanners.semgrep.rules": '[scanners.semgrep]\nrules = ["none"]',
}


@pytest.mark.parametrize(("key", "text"), UNTRUSTED.items())
def test_the_tree_may_not_name_programs_files_or_a_weaker_judgement(tmp_path: Path, key: str, text: str) -> None:
    write(tmp_path / "scangate.toml", text)
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert repr(key) in caught.value.message
    assert "--config" in caught.value.hint


def test_every_key_beyond_the_choices_is_tried_above() -> None:
    assert {key for key in UNTRUSTED if "." not in key} == set(Settings.model_fields) - set(Choices.model_fields)


def test_a_file_that_the_user_names_is_believed(tmp_path: Path) -> None:
    config = write(tmp_path / "trusted" / "own.toml", '[scanners.bandit]\npath = "bin/bandit"\n')
    write(tmp_path / "tree" / "scangate.toml", 'exclude = ["**"]')
    settings = load(tmp_path / "tree", config=config)
    assert settings.own("bandit").path == str(config.parent / "bin/bandit")
    assert settings.exclude == []


def test_policies_that_a_trusted_file_names_lie_beside_it(tmp_path: Path) -> None:
    config = write(tmp_path / "own.toml", 'policy = "a.yaml"\n[[gates]]\npolicy = "b.yaml"\n[[gates]]\npolicy = "prod"')
    settings = load(tmp_path, config=config)
    assert settings.policy == str(tmp_path / "a.yaml")
    assert [gate.policy for gate in settings.gates] == [str(tmp_path / "b.yaml"), "prod"]


def test_flags_win_over_the_tree_and_the_tree_over_the_users_own(tmp_path: Path) -> None:
    write(user_settings_path(), 'policy = "prod"\njobs = 3\ntimeout = 5.0\n')
    write(tmp_path / "scangate.toml", "jobs = 2\n")
    settings = load(tmp_path, flags={"timeout": 9.0})
    assert (settings.policy, settings.jobs, settings.timeout) == ("prod", 2, 9.0)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('\nexclde = ["x"]', "scangate.toml:2: unknown key 'exclde'", "'exclude'"),
        ("[scanners.bandit]\ntimout = 3", "scangate.toml:2: unknown key 'scanners.bandit.timout'", "'timeout'"),
        ('jobs = "two"', "scangate.toml:1: jobs: Input should be a valid integer", "schema settings"),
        ("jobs = 0", "scangate.toml:1: jobs", "schema settings"),
        ("[scanners.bandt]\nenabled = false", "no scanner is called 'bandt'", "bandit, semgrep"),
        ("[[", "not TOML", ""),
    ],
)
def test_errors_say_what_where_and_what_next(tmp_path: Path, text: str, message: str, hint: str) -> None:
    write(tmp_path / "scangate.toml", text)
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_advisories_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        load(tmp_path, flags={"advisories": str(tmp_path / "none")})


def test_the_last_choice_of_a_policy_holds_whichever_way_it_was_made(tmp_path: Path) -> None:
    write(user_settings_path(), 'fail_on = "critical"\n')
    settings = load(tmp_path, flags={"policy": "prod"})
    assert (settings.policy, settings.fail_on) == ("prod", None)
    write(user_settings_path(), 'policy = "prod"\n')
    settings = load(tmp_path, flags={"fail_on": "low"})
    assert (settings.policy, settings.fail_on) == (None, "low")
    with pytest.raises(UsageError, match="both given"):
        load(tmp_path, flags={"fail_on": "low", "policy": "prod"})


def test_rule_folders_are_for_the_scanner_that_takes_them_and_hold_rules(tmp_path: Path) -> None:
    config = write(tmp_path / "own.toml", '[scanners.bandit]\nrules = ["rules"]\n')
    with pytest.raises(UsageError, match="bandit takes no rules"):
        load(tmp_path, config=config)
    write(config, '[scanners.semgrep]\nrules = ["rules"]\n')
    with pytest.raises(UsageError, match="no YAML files"):
        load(tmp_path, config=config)
    write(tmp_path / "rules" / "a.yaml", "rules: []\n")
    assert load(tmp_path, config=config).own("semgrep").rules == [str(tmp_path / "rules")]


def test_a_missing_config_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path, config=tmp_path / "none.toml")


def test_a_linked_settings_file_in_the_tree_is_not_followed(tmp_path: Path) -> None:
    target = write(tmp_path / "elsewhere.toml", "jobs = 1")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "scangate.toml").symlink_to(target)
    assert load(tmp_path / "tree").jobs is None


def test_programs_that_a_trusted_file_names_by_a_path_lie_beside_it(tmp_path: Path) -> None:
    config = write(
        tmp_path / "own.toml",
        '[[dast.users]]\nkind = "command"\ncommand = ["bin/token", "a/b"]\n'
        '[[dast.users]]\nkind = "command"\ncommand = ["token"]\n',
    )
    commands = [user.command for user in load(tmp_path, config=config).dast.users]
    assert commands == [[str(tmp_path / "bin" / "token"), "a/b"], ["token"]]
