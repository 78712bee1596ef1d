"""What a file is: the kinds of things that a scanner may look at, and how a file's name and content tell them.

The name decides where it can. Only names that say too little (`.yaml`, `.json`, a script without extension, a
manifest that may declare nothing) are opened, and then their content decides (`scangate/contents.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scangate import contents


@dataclass(frozen=True)
class Kind:
    """A kind of thing that can be looked at. `label` completes "found no …".

    Of the group `subject` are things that are no files of the tree, and that are looked at when they are named.
    """

    id: str
    label: str
    group: Literal["code", "dependencies", "iac", "any", "subject"]


KINDS: dict[str, Kind] = {
    kind.id: kind
    for kind in (
        Kind("python-code", "Python code", "code"),
        Kind("javascript-code", "JavaScript code", "code"),
        Kind("typescript-code", "TypeScript code", "code"),
        Kind("java-code", "Java code", "code"),
        Kind("go-code", "Go code", "code"),
        Kind("ruby-code", "Ruby code", "code"),
        Kind("php-code", "PHP code", "code"),
        Kind("csharp-code", "C# code", "code"),
        Kind("c-code", "C code", "code"),
        Kind("cpp-code", "C++ code", "code"),
        Kind("rust-code", "Rust code", "code"),
        Kind("kotlin-code", "Kotlin code", "code"),
        Kind("swift-code", "Swift code", "code"),
        Kind("scala-code", "Scala code", "code"),
        Kind("shell-code", "shell scripts", "code"),
        Kind("powershell-code", "PowerShell scripts", "code"),
        Kind("perl-code", "Perl code", "code"),
        Kind("lua-code", "Lua code", "code"),
        Kind("dart-code", "Dart code", "code"),
        Kind("elixir-code", "Elixir code", "code"),
        Kind("groovy-code", "Groovy code", "code"),
        Kind("objective-c-code", "Objective-C code", "code"),
        Kind("cython-code", "Cython code", "code"),
        Kind("vue-components", "Vue, Svelte and Astro components", "code"),
        Kind("jupyter-notebooks", "Jupyter notebooks", "code"),
        Kind("pypi-dependencies", "PyPI dependencies", "dependencies"),
        Kind(
            "pypi-unlocked",
            "PyPI dependencies without a readable manifest (setup.py, Pipfile, pdm.lock)",
            "dependencies",
        ),
        Kind("conda-dependencies", "conda dependencies", "dependencies"),
        Kind("npm-dependencies", "npm dependencies", "dependencies"),
        Kind("maven-dependencies", "Maven dependencies", "dependencies"),
        Kind("gradle-dependencies", "Gradle dependencies", "dependencies"),
        Kind("go-dependencies", "Go dependencies", "dependencies"),
        Kind("rust-dependencies", "Rust dependencies", "dependencies"),
        Kind("rubygems-dependencies", "RubyGems dependencies", "dependencies"),
        Kind("composer-dependencies", "Composer dependencies", "dependencies"),
        Kind("nuget-dependencies", "NuGet dependencies", "dependencies"),
        Kind("swift-dependencies", "Swift dependencies", "dependencies"),
        Kind("pub-dependencies", "pub (Dart) dependencies", "dependencies"),
        Kind("hex-dependencies", "Hex (Elixir) dependencies", "dependencies"),
        Kind("terraform", "Terraform", "iac"),
        Kind("cloudformation", "CloudFormation templates", "iac"),
        Kind("kubernetes", "Kubernetes manifests", "iac"),
        Kind("helm", "Helm charts", "iac"),
        Kind("kustomize", "Kustomize overlays", "iac"),
        Kind("dockerfile", "Dockerfiles", "iac"),
        Kind("compose", "Compose files", "iac"),
        Kind("github-actions", "GitHub workflows", "iac"),
        Kind("github-action-definitions", "GitHub action definitions (action.yml)", "iac"),
        Kind("gitlab-ci", "GitLab CI pipelines", "iac"),
        Kind("azure-pipelines", "Azure pipelines", "iac"),
        Kind("bitbucket-pipelines", "Bitbucket pipelines", "iac"),
        Kind("circleci", "CircleCI pipelines", "iac"),
        Kind("jenkins", "Jenkins pipelines", "iac"),
        Kind("arm", "Azure Resource Manager templates", "iac"),
        Kind("bicep", "Bicep", "iac"),
        Kind("serverless", "Serverless Framework services", "iac"),
        Kind("ansible", "Ansible playbooks", "iac"),
        Kind("files", "files of any kind", "any"),
        Kind("git-history", "commits of the history", "subject"),
        Kind("container-image", "container images", "subject"),
        Kind("sbom", "SBOMs", "subject"),
        Kind("web-application", "running web applications", "subject"),
    )
}
"""Every kind by its id, in the order in which reports list them."""

ANY_FILE = "files"
"""The kind that every file is of, for scanners that read them all (secrets)."""
SUBJECTS = frozenset(kind.id for kind in KINDS.values() if kind.group == "subject")
"""The kinds of things that are no files of the tree."""

_SUFFIXES: dict[str, str] = {
    suffix: kind
    for kind, suffixes in {
        # Type stubs (.pyi) hold no code that runs.
        "python-code": ".py .pyw .wsgi",
        "javascript-code": ".js .jsx .mjs .cjs",
        "typescript-code": ".ts .tsx .mts .cts",
        "java-code": ".java",
        "go-code": ".go",
        "ruby-code": ".rb .rake",
        "php-code": ".php .phtml",
        "csharp-code": ".cs .cshtml .razor",
        "c-code": ".c .h",
        "cpp-code": ".cc .cpp .cxx .hh .hpp .hxx",
        "rust-code": ".rs",
        "kotlin-code": ".kt .kts",
        "swift-code": ".swift",
        "scala-code": ".scala .sc",
        "shell-code": ".sh .bash .zsh .ksh",
        "powershell-code": ".ps1 .psm1",
        "perl-code": ".pl .pm",
        "lua-code": ".lua",
        "dart-code": ".dart",
        "elixir-code": ".ex .exs",
        "groovy-code": ".groovy",
        "objective-c-code": ".m .mm",
        "cython-code": ".pyx",
        "vue-components": ".vue .svelte .astro",
        "jupyter-notebooks": ".ipynb",
        "rubygems-dependencies": ".gemspec",
        "nuget-dependencies": ".csproj .fsproj .vbproj",
        "terraform": ".tf .tfvars .tofu",
        "bicep": ".bicep",
    }.items()
    for suffix in suffixes.split()
}

_NAMES: dict[str, str] = {
    name: kind
    for kind, names in {
        "pypi-dependencies": "poetry.lock uv.lock pipfile.lock pylock.toml",
        "pypi-unlocked": "pipfile pdm.lock",
        "conda-dependencies": "conda-lock.yml",
        "npm-dependencies": "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb",
        "maven-dependencies": "pom.xml",
        "gradle-dependencies": "build.gradle build.gradle.kts gradle.lockfile libs.versions.toml",
        "go-dependencies": "go.mod",
        "rust-dependencies": "cargo.toml cargo.lock",
        "rubygems-dependencies": "gemfile gemfile.lock gems.rb gems.locked",
        "composer-dependencies": "composer.json composer.lock",
        "nuget-dependencies": "packages.config packages.lock.json"
        " directory.packages.props directory.build.props directory.build.targets",
        "swift-dependencies": "package.swift package.resolved",
        "pub-dependencies": "pubspec.yaml pubspec.lock",
        "hex-dependencies": "mix.exs mix.lock",
        "helm": "chart.yaml chart.lock",
        "kustomize": "kustomization.yaml kustomization.yml",
        "gitlab-ci": ".gitlab-ci.yml .gitlab-ci.yaml",
        "azure-pipelines": "azure-pipelines.yml azure-pipelines.yaml",
        "bitbucket-pipelines": "bitbucket-pipelines.yml",
        "jenkins": "jenkinsfile",
        "serverless": "serverless.yml serverless.yaml serverless.json",
    }.items()
    for name in names.split()
}

_PATTERNS = (
    ("github-actions", re.compile(r"(?:.*/)?\.github/workflows/[^/]+\.ya?ml", re.DOTALL)),
    ("circleci", re.compile(r"(?:.*/)?\.circleci/config\.ya?ml", re.DOTALL)),
    ("compose", re.compile(r"(?:.*/)?(?:docker-)?compose(?:[._-][^/]*)?\.ya?ml", re.DOTALL)),
    ("ansible", re.compile(r"(?:.*/)?roles/[^/]+/(?:tasks|handlers)/[^/]+\.ya?ml", re.DOTALL)),
    ("terraform", re.compile(r".*\.(?:tf|tfvars|tofu)\.json", re.DOTALL)),
    (
        "dockerfile",
        re.compile(r"(?:.*/)?(?:dockerfile|containerfile)(?:\.[^/]*)?|.*\.(?:dockerfile|containerfile)", re.DOTALL),
    ),
    ("pypi-dependencies", re.compile(r"(?:.*/)?pylock\.[^/]+\.toml", re.DOTALL)),
    ("pypi-dependencies", contents.REQUIREMENTS),
)

_BORROWED_NAMES = frozenset({"compose", "gitlab-ci", "azure-pipelines", "bitbucket-pipelines", "circleci", "ansible"})
"""Kinds told by a name that anything may bear: the content may make the file something else as well."""

_NOT_DOCKERFILES = (".dockerignore", ".md", ".txt")

_MANIFESTS: dict[str, Callable[[bytes], frozenset[str]]] = {
    "pyproject.toml": contents.pyproject_kinds,
    "setup.py": contents.setup_kinds,
    "setup.cfg": contents.setup_kinds,
    "package.json": contents.package_json_kinds,
    "action.yml": contents.action_kinds,
    "action.yaml": contents.action_kinds,
}

_SNIFFED: dict[str, Callable[[bytes], frozenset[str]]] = {
    ".yaml": contents.yaml_kinds,
    ".yml": contents.yaml_kinds,
    ".json": contents.json_kinds,
    ".template": contents.template_kinds,
    ".cgi": contents.script_kinds,
    "": contents.script_kinds,
}

HEAD_BYTES = 5_000_000
"""How much of a file `head` should give: as much as is scanned, since a short look is easily led astray."""


def kinds_of(path: str, head: Callable[[], bytes]) -> frozenset[str]:
    """The ids of the kinds that a file belongs to, most often one or none.

    `path` is relative to the root, POSIX; `head` gives the file's first `HEAD_BYTES` and is called at most once,
    and only where the name does not decide. Never raises by itself, whatever the name and the bytes.
    """
    lower = path.lower()
    name = lower.rpartition("/")[2]
    suffix = name[name.rfind(".", 1) :] if "." in name[1:] else ""
    if suffix[1:].isdigit():
        suffix = ""
    found = _named(lower, name, suffix)
    if name in _MANIFESTS:
        return found | _MANIFESTS[name](head())
    if suffix in _SNIFFED and found <= _BORROWED_NAMES:
        return found | _SNIFFED[suffix](head())
    return found


def _named(lower: str, name: str, suffix: str) -> frozenset[str]:
    if kind := _NAMES.get(name) or _SUFFIXES.get(suffix):
        return frozenset({kind})
    for kind, pattern in _PATTERNS:
        if pattern.fullmatch(lower) and not (kind == "dockerfile" and suffix in _NOT_DOCKERFILES):
            return frozenset({kind})
    return frozenset()
