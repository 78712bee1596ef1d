"""What a scan of a running application is told: who may be attacked, and where credentials come from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from scangate.errors import UsageError
from scangate.policies.load import load_policy
from scangate.policies.schema import Dast, Policy
from scangate.scanners.interface import WebOptions
from scangate.settings import Settings
from scangate.web_options import web_options

ROOT = Path()


def policy(*, active: bool | None = None) -> Policy:
    dast = Dast().model_copy(update={"active": active})
    return load_policy("default").model_copy(update={"dast": dast})


def options(
    url: str,
    *,
    env: str | None = None,
    judged_by: Policy | None = None,
    variables: dict[str, str] | None = None,
    **dast: Any,
) -> WebOptions:
    settings = Settings.model_validate({"url": url, "env": env, "dast": dast})
    told = web_options(settings, judged_by or policy(), root=ROOT, environment=variables or {})
    assert told is not None
    return told


def test_without_a_url_there_is_nothing_to_tell() -> None:
    assert web_options(Settings(), policy(), root=ROOT, environment={}) is None


@pytest.mark.parametrize(
    ("url", "dast", "profile", "allowed"),
    [
        ("http://127.0.0.1:8080/", {}, "full", True),
        ("http://127.9.9.9/", {}, "full", True),
        ("http://[::1]:80/", {}, "full", True),
        ("http://localhost:{port}/", {}, "full", True),
        ("http://127.0.0.1/", {"profile": "baseline"}, "baseline", True),
        ("https://shop.example/", {}, "baseline", False),
        ("https://shop.example/", {"allowed_hosts": ["Shop.example"]}, "baseline", True),
        ("https://shop.example/", {"allowed_hosts": ["shop.example"], "profile": "full"}, "full", True),
        ("http://localhost.example/", {}, "baseline", False),
        ("http://127.0.0.1.example/", {}, "baseline", False),
    ],
)
def test_only_loopback_and_listed_hosts_may_be_attacked(
    url: str, dast: dict[str, Any], profile: str, allowed: bool
) -> None:
    told = options(url, **dast)
    assert (told.profile, told.allowed) == (profile, allowed)


@pytest.mark.parametrize(
    ("url", "said", "words"),
    [
        ("https://shop.example/", {"profile": "full"}, "neither loopback nor among allowed_hosts"),
        ("https://shop.example/", {"profile": "api", "allowed_hosts": ["example"]}, "neither loopback"),
        ("http://127.0.0.1/", {"profile": "full", "env": "prod"}, "environment prod needs"),
        ("http://127.0.0.1/", {"profile": "full", "judged_by": policy(active=False)}, "the policy default says so"),
    ],
)
def test_an_attack_that_is_not_allowed_is_wrong_usage(url: str, said: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        options(url, **said)


def test_a_policy_may_allow_what_production_is_kept_from() -> None:
    assert options("http://127.0.0.1/", env="prod", judged_by=policy(active=True)).profile == "full"
    assert options("http://127.0.0.1/", env="prod").profile == "baseline"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example/",
        "http://",
        "http://a b/",
        "http://a:x/",
        "http://a:99999/",
        "file:///etc",
    ],
)
def test_what_is_no_address_of_an_application_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        options(url)


def test_credentials_in_the_address_are_refused() -> None:
    with pytest.raises(UsageError, match="holds credentials"):
        options("http://ann:secret@127.0.0.1/")


USER = {
    "kind": "form",
    "url": "/login",
    "logged_in": "Log out",
    "username_env": "SHOP_USER",
    "password_env": "SHOP_PASSWORD",
}


def test_credentials_come_from_variables_and_show_in_no_text() -> None:
    told = options("http://127.0.0.1/", users=[USER], variables={"SHOP_USER": "ann", "SHOP_PASSWORD": "opensesame"})
    (login,) = told.users
    assert (login.username, login.password) == ("ann", "opensesame")
    assert "opensesame" not in repr(told)


def test_a_variable_that_is_not_set_is_told() -> None:
    with pytest.raises(UsageError, match="needs the variable SHOP_PASSWORD"):
        options("http://127.0.0.1/", users=[USER], variables={"SHOP_USER": "ann"})


def test_a_password_may_come_from_a_descriptor() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"opensesame\n")
    os.close(writing)
    told = options(
        "http://127.0.0.1/", users=[{**USER, "password_env": "", "username_env": "", "password_fd": reading}]
    )
    assert told.users[0].password == "opensesame"


def test_a_descriptor_that_is_not_open_is_told() -> None:
    with pytest.raises(UsageError, match="descriptor 987 cannot be read"):
        options("http://127.0.0.1/", users=[{"kind": "basic", "password_fd": 987}])


@pytest.mark.parametrize(
    "dast",
    [
        {"openapi": "nowhere.yaml"},
        {"include": ["("]},
        {"limits": {"thresholds": {"xss": "off"}}},
        {"users": [{"kind": "form", "logged_in": "["}]},
        {"users": [{"kind": "form", "url": "/login"}]},
        {"users": [{"kind": "json", "url": "/login", "logged_out": "401"}]},
    ],
)
def test_what_cannot_be_is_wrong_usage(dast: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        options("http://127.0.0.1/", **dast)


def test_findings_are_shown_under_the_api_description_where_it_lies_in_the_tree(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "api.yaml").touch()
    settings = Settings.model_validate(
        {"url": "http://127.0.0.1/", "dast": {"openapi": str(tmp_path / "docs" / "api.yaml")}}
    )
    inside = web_options(settings, policy(), root=tmp_path, environment={})
    outside = web_options(settings, policy(), root=tmp_path / "docs" / "..", environment={})
    elsewhere = web_options(settings, policy(), root=ROOT, environment={})
    assert inside and outside and elsewhere
    assert (inside.anchor, outside.anchor, elsewhere.anchor) == ("docs/api.yaml", "docs/api.yaml", "")
