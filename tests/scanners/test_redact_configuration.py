"""Masking of quoted configuration: no value of a secret setting survives, and what is no secret can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.scanners.redact_configuration import mask_configuration

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
