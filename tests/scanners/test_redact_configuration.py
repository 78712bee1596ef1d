"""Masking of quoted configuration: no value of a secret setting survives, and what is no secret can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.scanners.redact_configuration import mask_command, mask_configuration

SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f'password = "{SECRET}"',
        f"  DB_PASSWORD: {SECRET}",
        f'"AccountKey" : "{SECRET}"',
        f"ENV API_TOKEN={SECRET}",
        f"ENV API_TOKEN {SECRET}",
        f"ARG ssh_key={SECRET}",
        f'environment = {{ db_password = "{SECRET}" }}',
        f"- {{name: TOKEN, value: {SECRET}}}",
        f"- name: DB_PASSWORD\n  value: {SECRET}",
        f"- Value: {SECRET}\n  Key: Password",
        f"user_data = <<-EOF\n  export A={SECRET}\n  other {SECRET}\nEOF",
        f"secret: |\n  {SECRET}",
        f"url: postgres://app:{SECRET}@db/app",
        f"apiVersion: v1\nkind: Secret\nstringData:\n  anything: {SECRET}",
        f"cert: |\n  -----BEGIN RSA PRIVATE KEY-----\n  {SECRET}",
    ],
)
def test_secrets_are_masked(text: str) -> None:
    assert SECRET not in mask_configuration(text)


def test_access_key_ids_are_masked_wherever_they_stand() -> None:
    assert mask_configuration("run: use AKIAIOSFODNN7EXAMPLE now") == "run: use **** now"


@pytest.mark.parametrize(
    "text",
    [
        'resource "aws_secretsmanager_secret" "s" {\n  name = "app"\n  kms_key_id = "k"\n}',
        "ingress {\n  from_port = 22\n}",
        "- name: LOG_LEVEL\n  value: debug",
        "FROM python:3.12\nRUN apt-get update",
        "image: registry.example.org/a:1",
    ],
)
def test_other_configuration_is_quoted_as_it_is(text: str) -> None:
    assert mask_configuration(text) == text


@given(st.text(), st.sampled_from(["password", "api_key", "ACCESS-KEY", "Token"]), st.sampled_from([": ", " = ", "="]))
def test_the_value_of_a_secret_setting_never_survives(text: str, name: str, sign: str) -> None:
    shown = mask_configuration(f"{name}{sign}{SECRET}{text}")
    assert SECRET not in shown


@pytest.mark.parametrize(
    "text",
    [
        f"RUN |1 NPM_TOKEN={SECRET} /bin/sh -c npm ci # buildkit",
        f"RUN |12 A=b C=/x y {SECRET} /bin/bash -o pipefail -c npm ci",
        f"RUN |1 A={SECRET} npm ci",
        f"ENV DB_PASSWORD={SECRET}",
        f"ENV DB_PASSWORD {SECRET}",
        f"npm config set //npm.example/:_authToken {SECRET}",
        f"curl -H 'Authorization: Bearer {SECRET}' https://x.example",
        f"git clone https://app:{SECRET}@git.example/x",
    ],
)
def test_no_secret_of_a_build_step_survives(text: str) -> None:
    assert SECRET not in mask_command(text)


def test_a_token_in_a_build_step_needs_no_name() -> None:
    token = "gh" + "p_4Nd2kXq7Tz9LmW1vRb6Ys3HcJf8PgKu5EaQo"
    assert mask_command(f"git clone https://{token}@git.example/x") == "git clone https://****@git.example/x"


@pytest.mark.parametrize(
    "text",
    [
        "COPY app /app # buildkit",
        f"COPY file:{'3d1f00aa' * 8} in /",
        "RUN /bin/sh -c apt-get install -y libssl3=3.0.17-1~deb12u2 ca-certificates",
    ],
)
def test_build_steps_without_secrets_stay(text: str) -> None:
    assert mask_command(text) == text
