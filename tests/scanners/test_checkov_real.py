"""The real checkov on small projects of ours: what it looks at, what it passes over, and that it cannot be steered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scangate.model import LedgerState
from scangate.scanners.checkov import Checkov
from scangate.scanners.interface import Parsed

pytestmark = pytest.mark.real

CHECKOV = Checkov()
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
CUSTOM = "apiVersion: example.org/v1\nkind: Gadget\nmetadata: {name: g}\n"
OPEN_PORT = """resource "aws_security_group" "s" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
PRIVILEGED = POD + "spec:\n  containers:\n  - name: c\n    image: nginx\n    securityContext: {privileged: true}\n"


def write(root: Path, **files: str) -> tuple[str, ...]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return tuple(files)


def found(parsed: Parsed) -> set[tuple[str, str]]:
    return {(finding.path, finding.rule.id) for finding in parsed.findings}


def test_the_real_tool_finds_its_canary(run_scanner: Callable[..., Parsed], tmp_path: Path) -> None:
    files = write(tmp_path, **CHECKOV.canary.files)
    assert CHECKOV.canary.rule in {rule for _, rule in found(run_scanner(CHECKOV, tmp_path, *files))}


def test_the_real_tool_looks_at_every_kind(run_scanner: Callable[..., Parsed], tmp_path: Path) -> None:
    expected = {
        ("tf/main.tf", "CKV_AWS_24"),
        ("node_modules/a/main.tf", "CKV_AWS_24"),
        (".hidden/main.tf", "CKV_AWS_24"),
        (".external_modules/main.tf", "CKV_AWS_24"),
        (".terraform/main.tf", "CKV_AWS_24"),
        ("tests/main.tofu", "CKV_AWS_24"),
        ("bucket.tf.json", "CKV2_AWS_6"),
        ("cfn.template", "CKV_AWS_53"),
        ("pod.yaml", "CKV_K8S_16"),
        ("Containerfile", "CKV_DOCKER_8"),
        ("web.dockerfile", "CKV_DOCKER_8"),
        ("a/.github/workflows/ci.yml", "CKV_GHA_7"),
        ("arm.json", "CKV_AZURE_3"),
        ("serverless.yml", "CKV_AWS_53"),
    }
    bucket = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: x\n"
    storage = {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2019-04-01",
        "name": "s",
        "properties": {"supportsHttpsTrafficOnly": False},
    }
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    texts = {
        "bucket.tf.json": '{"resource": {"aws_s3_bucket": {"b": {"bucket": "b"}}}}',
        "cfn.template": bucket,
        "pod.yaml": PRIVILEGED,
        "Containerfile": "FROM a:1\nUSER root\n",
        "web.dockerfile": "FROM a:1\nUSER root\n",
        "a/.github/workflows/ci.yml": "on: {workflow_dispatch: {inputs: {x: {type: string}}}}\n"
        "jobs: {a: {runs-on: x, steps: [{run: a}]}}\n",
        "arm.json": json.dumps({"$schema": schema, "contentVersion": "1.0.0.0", "resources": [storage]}),
        "serverless.yml": "service: s\nprovider: {name: aws}\nresources:\n  "
        + bucket.replace("\n", "\n  ").rstrip()
        + "\n",
    }
    files = write(tmp_path, **{path: texts.get(path, OPEN_PORT) for path, _ in expected})
    parsed = run_scanner(CHECKOV, tmp_path, *files)
    assert expected - found(parsed) == set()
    assert (parsed.state, parsed.skipped) == (LedgerState.RAN, ())


def test_the_scanned_tree_cannot_steer_the_real_tool(run_scanner: Callable[..., Parsed], tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    settings = "check: [CKV_AWS_1]\nskip-path: [main]\nexternal-checks-dir: [checks]\nbaseline: .checkov.baseline\n"
    steering = {
        ".checkov.yaml": settings,
        ".checkov.yml": settings,
        ".checkov.baseline": '{"failed_checks": [{"file": "/main.tf", "findings": [{"resource": '
        '"aws_security_group.s", "check_ids": ["CKV_AWS_24"]}]}]}',
        "checks/__init__.py": f"open({str(ran)!r}, 'w')\n",
        "checks/check.py": f"open({str(ran)!r}, 'w')\n",
    }
    module = 'module "m" {\n  source = "git::https://example.org/m.git"\n}\nmodule "n" {\n  source = "./n"\n}\n'
    files = write(tmp_path, **{"main.tf": OPEN_PORT + module, "n/main.tf": OPEN_PORT, **steering})
    parsed = run_scanner(CHECKOV, tmp_path, *files)
    assert {("main.tf", "CKV_AWS_24"), ("n/main.tf", "CKV_AWS_24")} <= found(parsed)
    assert not ran.exists()


def test_the_real_tools_silence_is_not_taken_for_clean(run_scanner: Callable[..., Parsed], tmp_path: Path) -> None:
    files = write(
        tmp_path,
        **{
            "good.yaml": PRIVILEGED,
            "silenced.yaml": "# {{ .Values.x }}\n" + PRIVILEGED,
            "broken.yaml": "apiVersion: v1\nkind: Pod\n\tbad: [\n",
            "flow.yaml": 'Resources: {Q: {Type: "AWS::S3::Bucket", Properties: {BucketName: q}}}\n',
            "broken.tf": "resource {{{",
            "broken.Dockerfile": "FROM\n",
            "custom.yaml": CUSTOM,
            "variables.tf": 'variable "a" {}\n',
        },
    )
    parsed = run_scanner(CHECKOV, tmp_path, *files)
    silent = {"silenced.yaml", "broken.yaml", "flow.yaml", "broken.tf"}
    assert {skip.path for skip in parsed.skipped} - {"broken.Dockerfile"} == silent
    assert parsed.state is LedgerState.PARTIAL


def test_inline_skips_of_the_real_tool_are_marks(run_scanner: Callable[..., Parsed], tmp_path: Path) -> None:
    files = write(
        tmp_path,
        **{
            "main.tf": OPEN_PORT.replace("{\n  ingress", "{\n  #checkov:skip=CKV_AWS_24:only for now\n  ingress", 1),
            "Dockerfile": "# bridgecrew:skip=CKV_DOCKER_8:it is fine\nFROM a:1\nUSER root\n",
            "pod.yaml": PRIVILEGED.replace("{name: p}", "{name: p, annotations: {checkov.io/skip1: CKV_K8S_16=yes}}"),
        },
    )
    parsed = run_scanner(CHECKOV, tmp_path, *files)
    marks = {(f.path, f.relief[0].by, f.relief[0].reason) for f in parsed.findings if f.relief}
    assert marks == {
        ("main.tf", "checkov:skip=CKV_AWS_24", "only for now"),
        ("Dockerfile", "checkov:skip=CKV_DOCKER_8", "it is fine"),
        ("pod.yaml", "checkov.io/skip: CKV_K8S_16", "yes"),
    }


STAND_IN_HELM = """#!/bin/sh
case "$1" in
  version) echo 'version.BuildInfo{Version:"v3.15.0", GitCommit:"x"}' ;;
  template) printf -- '---\\n# Source: web/templates/pod.yaml\\n'; sed 's/{{.*}}/nginx/' "$3/templates/pod.yaml" ;;
esac
"""


def test_the_real_tool_looks_into_charts_where_helm_is(
    run_scanner: Callable[..., Parsed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in for Helm, which no package registry has: it renders one template."""
    (helm,) = (tmp_path / name for name in write(tmp_path, **{"bin/helm": STAND_IN_HELM}))
    helm.chmod(0o755)
    monkeypatch.setenv("PATH", str(helm.parent), prepend=":")
    chart = {
        "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        "web/templates/pod.yaml": PRIVILEGED.replace("nginx", "{{ .Values.image }}"),
        "web/values.yaml": "image: nginx\n",
    }
    write(tmp_path / "tree", **chart)
    parsed = run_scanner(CHECKOV, tmp_path / "tree", "web/Chart.yaml", "web/templates/pod.yaml")
    assert ("web/templates/pod.yaml", "CKV_K8S_16") in found(parsed)
    assert {finding.line for finding in parsed.findings} == {None}
    assert (parsed.state, parsed.skipped) == (LedgerState.RAN, ())
