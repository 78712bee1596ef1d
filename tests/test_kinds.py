"""Kinds: what a name tells, what content tells where the name does not, and that nothing makes it raise."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.inventory import take_inventory
from scangate.kinds import KINDS, kinds_of


def must_not_open() -> bytes:
    raise AssertionError("the name should have been enough")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.py", "python-code"),
        ("pkg/A.PY", "python-code"),
        ("gui.pyw", "python-code"),
        ("new\nline.py", "python-code"),
        ("a.jsx", "javascript-code"),
        ("a.cjs", "javascript-code"),
        ("a.mts", "typescript-code"),
        ("a.d.ts", "typescript-code"),
        ("A.java", "java-code"),
        ("a.go", "go-code"),
        ("a.rb", "ruby-code"),
        ("a.php", "php-code"),
        ("a.cs", "csharp-code"),
        ("a.h", "c-code"),
        ("a.cpp", "cpp-code"),
        ("a.rs", "rust-code"),
        ("a.kt", "kotlin-code"),
        ("a.swift", "swift-code"),
        ("a.scala", "scala-code"),
        ("a.sh", "shell-code"),
        ("n.ipynb", "jupyter-notebooks"),
        ("App.vue", "vue-components"),
        ("requirements.txt", "pypi-dependencies"),
        ("requirements-dev.txt", "pypi-dependencies"),
        ("dev_requirements.txt", "pypi-dependencies"),
        ("x/requirements/base.txt", "pypi-dependencies"),
        ("requirements.in", "pypi-dependencies"),
        ("poetry.lock", "pypi-dependencies"),
        ("uv.lock", "pypi-dependencies"),
        ("Pipfile.lock", "pypi-dependencies"),
        ("pylock.toml", "pypi-dependencies"),
        ("pylock.dev.toml", "pypi-dependencies"),
        ("Pipfile", "pypi-unlocked"),
        ("pdm.lock", "pypi-unlocked"),
        ("package-lock.json", "npm-dependencies"),
        ("yarn.lock", "npm-dependencies"),
        ("pom.xml", "maven-dependencies"),
        ("build.gradle.kts", "gradle-dependencies"),
        ("go.mod", "go-dependencies"),
        ("Cargo.lock", "rust-dependencies"),
        ("Gemfile.lock", "rubygems-dependencies"),
        ("composer.lock", "composer-dependencies"),
        ("App.csproj", "nuget-dependencies"),
        ("main.tf", "terraform"),
        ("main.tf.json", "terraform"),
        ("prod.tfvars", "terraform"),
        ("Dockerfile", "dockerfile"),
        ("build/Dockerfile.prod", "dockerfile"),
        ("app.dockerfile", "dockerfile"),
        ("Containerfile", "dockerfile"),
        (".github/workflows/ci.yml", "github-actions"),
        ("sub/.github/workflows/a\nb.yaml", "github-actions"),
        ("chart/Chart.yaml", "helm"),
        ("kustomization.yaml", "kustomize"),
        ("svc/serverless.yml", "serverless"),
        ("main.bicep", "bicep"),
    ],
)
def test_the_name_is_enough(path: str, kind: str) -> None:
    assert kinds_of(path, must_not_open) == {kind}


@pytest.mark.parametrize("path", ["a.pyi", "README.md", "logo.png", "Dockerfile.dockerignore", "a.pyc", "notes.txt"])
def test_some_names_are_of_no_kind(path: str) -> None:
    assert kinds_of(path, must_not_open) == set()


def test_code_named_like_a_dockerfile_is_code() -> None:
    assert kinds_of("dockerfile.go", must_not_open) == {"go-code"}


POD = "apiVersion: v1\nkind: Pod\n"
STACK = "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n"


@pytest.mark.parametrize(
    ("path", "text", "kinds"),
    [
        ("a.yaml", POD, {"kubernetes"}),
        ("a.yaml", POD.replace("\n", "\r"), {"kubernetes"}),
        ("a.yaml", "\ufeff" + POD, {"kubernetes"}),
        ("a.yaml", "name: x\n---\n" + POD, {"kubernetes"}),
        ("a.yaml", "  apiVersion: v1\n  kind: Pod\n", {"kubernetes"}),
        ("a.yaml", '"apiVersion": v1\n"kind": Pod\n', {"kubernetes"}),
        ("a.yaml", "- apiVersion: v1\n  kind: Pod\n", {"kubernetes"}),
        ("a.yaml", "{apiVersion: v1, kind: Pod}", {"kubernetes"}),
        ("a.json", '{"apiVersion":"v1","kind":"Pod"}', {"kubernetes"}),
        ("a.json", '{"apiVersion": "v1",\n  "kind": "Pod"}', {"kubernetes"}),
        ("a.yaml", "apiVersion: v2\nname: chart\n", set()),
        ("a.yaml", "apiVersion: v2\nspec:\n  kind: x\n", set()),
        ("a.yaml", STACK, {"cloudformation"}),
        ("a.template", STACK, {"cloudformation"}),
        ("a.yml", "AWSTemplateFormatVersion: '2010-09-09'\n", {"cloudformation"}),
        ("a.json", json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}), {"cloudformation"}),
        ("a.yaml", "text: use AWS::S3::Bucket\n", set()),
        (
            "azure.json",
            '{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"}',
            {"arm"},
        ),
        ("a.json", '{"$schema": "https://json-schema.org/draft-07/schema"}', set()),
        ("site.yml", "- name: web\n  hosts: all\n", {"ansible"}),
        ("environment.yml", "channels:\n- defaults\ndependencies:\n- python\n", {"conda-dependencies"}),
        ("docker-compose.yml", "services: {}\n", {"compose"}),
        ("docker-compose.yml", POD, {"compose", "kubernetes"}),
        (".gitlab-ci.yml", STACK, {"gitlab-ci", "cloudformation"}),
        ("run", "#!/usr/bin/env python3\n", {"python-code"}),
        ("run", "#!/usr/bin/python3.12 -E\n", {"python-code"}),
        ("run", "#!/usr/bin/env -S uv run --script\n", {"python-code"}),
        ("run", "#! /usr/bin/env node\n", {"javascript-code"}),
        ("tool-1.2", "#!/bin/bash\npython x\n", {"shell-code"}),
        ("run", "print(1)\n#!/usr/bin/python\n", set()),
        ("LICENSE", "Apache", set()),
    ],
)
def test_content_tells_where_the_name_does_not(path: str, text: str, kinds: set[str]) -> None:
    assert kinds_of(path, text.encode) == kinds


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("a.yaml", "? apiVersion\n: v1\n? kind\n: Pod\n", "kubernetes"),
        ("a.yaml", '"\\x61piVersion": v1\n"k\\u0069nd": Pod\n', "kubernetes"),
        ("a.json", '{"\\u0061piVersion": "v1", "\\u006bind": "Pod"}', "kubernetes"),
        ("a.yaml", "&a apiVersion: v1\n!!str kind: Pod\n", "kubernetes"),
        ("a.yaml", "Resources:\n  B:\n    Type: &t AWS::S3::Bucket\n", "cloudformation"),
        ("a.json", '{"\\u0052esources": {"B": {"Type": "AWS\\u003a:S3::Bucket"}}}', "cloudformation"),
        ("a.json", '{"\\u0024schema": "https://x/deploymentTemplate.json#"}', "arm"),
        ("a.yaml", f"# {'x' * 100_000}\n{POD}", "kubernetes"),
        ("a.json", f"{' ' * 100_000}{json.dumps({'apiVersion': 'v1', 'kind': 'Pod'})}", "kubernetes"),
    ],
)
def test_other_spellings_and_a_long_beginning_hide_nothing(tmp_path: Path, path: str, text: str, kind: str) -> None:
    (tmp_path / path).write_text(text)
    assert set(take_inventory(tmp_path).kinds) == {kind}


def test_yaml_in_utf16_is_read() -> None:
    assert kinds_of("a.yaml", lambda: POD.encode("utf-16")) == {"kubernetes"}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("[project]\nname='x'\ndependencies=['flask']\n", {"pypi-dependencies"}),
        ("[project.optional-dependencies]\ndev=['flask']\n", {"pypi-dependencies"}),
        ("[dependency-groups]\ndev=['flask']\n", {"pypi-dependencies"}),
        ("[tool.poetry.dependencies]\npython='^3'\nflask='*'\n", {"pypi-dependencies"}),
        ("[tool.poetry.dependencies]\npython='^3'\n", set()),
        ("[tool.poetry.group.dev.dependencies]\nflask='*'\n", {"pypi-dependencies"}),
        ("[project]\nname='x'\ndependencies=[]\n", set()),
        ("[tool.ruff]\nline-length=120\n", set()),
        ("[project]\ndynamic=['dependencies']\n", {"pypi-unlocked"}),
        (
            "[project]\ndynamic=['dependencies']\n"
            "[tool.setuptools.dynamic]\ndependencies={file=['requirements.txt']}\n",
            set(),
        ),
        (
            "[project]\ndynamic=['dependencies']\n[tool.setuptools.dynamic]\ndependencies={file='deps.txt'}\n",
            {"pypi-unlocked"},
        ),
        (
            "[project]\ndynamic=['dependencies']\n[tool.setuptools.dynamic]\ndependencies={file='requirements'}\n",
            {"pypi-unlocked"},
        ),
        (f"#{'x' * 100_000}\n[project]\ndependencies=['flask']\n", {"pypi-dependencies"}),
        ("not [ toml", {"pypi-dependencies"}),
        ("project = 3\ntool = []\n", set()),
    ],
)
def test_a_pyproject_counts_when_it_declares_dependencies_or_cannot_be_read(text: str, kinds: set[str]) -> None:
    assert kinds_of("a/pyproject.toml", text.encode) == kinds


def test_dependencies_that_only_running_code_would_tell() -> None:
    assert kinds_of("setup.py", lambda: b"setup(install_requires=['x'])") == {"python-code", "pypi-unlocked"}
    assert kinds_of("setup.py", lambda: b"setup()") == {"python-code"}
    assert kinds_of("setup.cfg", lambda: b"[options]\ninstall_requires =\n  x\n") == {"pypi-unlocked"}
    assert kinds_of("setup.cfg", lambda: b"[flake8]\n") == set()


def test_a_package_json_counts_when_it_declares_dependencies_or_cannot_be_read() -> None:
    assert kinds_of("package.json", lambda: b'{"dependencies": {"a": "1"}}') == {"npm-dependencies"}
    assert kinds_of("package.json", lambda: b'{"type": "module"}') == set()
    assert kinds_of("package.json", lambda: b'{"dependencies"') == {"npm-dependencies"}
    assert kinds_of("package.json", lambda: b"[" * 60_000) == {"npm-dependencies"}


def test_ids_are_unique_and_labels_complete_a_sentence() -> None:
    assert all(kind.id == key and kind.label for key, kind in KINDS.items())
    assert len({kind.label for kind in KINDS.values()}) == len(KINDS)


NAMES = st.sampled_from(
    ["a.yaml", "a.json", "a.template", "x", "pyproject.toml", "setup.py", "package.json", "action.yml", "compose.yml"]
)


@given(st.text() | NAMES, st.binary() | st.text().map(str.encode))
def test_no_name_and_no_content_raises(path: str, content: bytes) -> None:
    assert kinds_of(path, lambda: content) <= KINDS.keys()


@pytest.mark.parametrize("name", ["a.yaml", "a.json", "setup.py", "pyproject.toml", "x", "action.yml"])
@pytest.mark.parametrize(
    "piece",
    [
        "\n",
        " ",
        "{",
        "-\n",
        "- ",
        '"$schema":"',
        "Type:",
        "AWS Type",
        "Resources",
        "apiVersion ",
        "{apiVersion ",
        "&a ",
        "\\x61",
        "name:",
        "a.",
        "[",
        "#!",
    ],
)
def test_hostile_content_comes_to_an_end(name: str, piece: str) -> None:
    """An expression that backtracks would not return within anybody's patience."""
    content = (piece * 500_000).encode()[:500_000] + b"AWS apiVersion"
    assert kinds_of(name, lambda: content) <= set(KINDS)
