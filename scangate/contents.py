"""What a file's content tells about it, where its name does not: manifests, YAML, JSON and scripts.

Patterns and not parsers for YAML and JSON: templates with `{{ … }}` do not parse, and a parser would be the slowest
part of the inventory. What is taken for something that it is not costs a look; what is overlooked is never scanned.
So every doubt counts as found.
"""

from __future__ import annotations

import json
import re
import tomllib

_NOTHING: frozenset[str] = frozenset()
_PYPI, _UNLOCKED, _NPM = frozenset({"pypi-dependencies"}), frozenset({"pypi-unlocked"}), frozenset({"npm-dependencies"})

_SETUP_DEPENDENCIES = re.compile(rb"\b(?:install|extras|setup|tests)_requires?\b")
_NPM_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_PYPROJECT_DEPENDENCIES = (
    ("project", "dependencies"),
    ("project", "optional-dependencies"),
    ("dependency-groups",),
    ("tool", "poetry", "group"),
    ("tool", "poetry", "dev-dependencies"),
    ("tool", "pdm", "dev-dependencies"),
    ("tool", "uv", "dev-dependencies"),
)

_LONGEST_TOML = 64 * 1024
"""Python's parser takes quadratic time for some hostile texts."""

_TEMPLATE_VERSION = re.compile(r"""\bAWSTemplateFormatVersion["']?[ \t]*:""")
_RESOURCES = re.compile(r"""\bResources["']?\s*:""")
_AWS_TYPE = re.compile(r"\b(?:AWS|Alexa)::\w")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))")
"""A letter as JSON and YAML may spell it in double quotes."""
_KUBERNETES_KEY = re.compile(
    r"""(?:^(?P<indent>[ \t]*(?:-[ ]+)?)|[{,][ \t]*)(?:\?[ \t]+)?(?:[&!][^\s,]*[ \t]+)*"""
    r"""["']?(?P<key>apiVersion|kind)["']?\s*:""",
    re.MULTILINE,
)
_IN_BRACES = -1
_ARM_SCHEMA = re.compile(r'"\$schema"\s*:\s*"[^"]*deploymentTemplate\.json', re.IGNORECASE)
_PLAYBOOK = re.compile(r"^-\s+(?:name:[^\n]*\n\s+)?(?:hosts|(?:ansible\.builtin\.)?import_playbook)\s*:", re.MULTILINE)
_CONDA = (re.compile(r"^channels\s*:", re.MULTILINE), re.compile(r"^dependencies\s*:", re.MULTILINE))
REQUIREMENTS = re.compile(
    r"(?:.*/)?requirements/[^/]+\.(?:txt|in)|(?:.*[/_.-])?requirements[^/]*\.(?:txt|in)", re.DOTALL
)
"""The paths, in lower case, that are taken for requirements files."""
_ACTION = re.compile(rb"^runs\s*:", re.MULTILINE)

_INTERPRETERS = {
    "python": "python-code",
    "pypy": "python-code",
    "uv": "python-code",
    "node": "javascript-code",
    "nodejs": "javascript-code",
    "deno": "typescript-code",
    "bun": "typescript-code",
    "ts-node": "typescript-code",
    "tsx": "typescript-code",
    "ruby": "ruby-code",
    "php": "php-code",
    "perl": "perl-code",
    "lua": "lua-code",
    "pwsh": "powershell-code",
    **dict.fromkeys(("sh", "bash", "dash", "zsh", "ksh", "ash"), "shell-code"),
}
_VERSION = re.compile(r"[0-9.]+$")


def pyproject_kinds(head: bytes) -> frozenset[str]:
    """A `pyproject.toml` counts when it declares dependencies, and when it is too long or damaged to tell."""
    if len(head) > _LONGEST_TOML:
        return _PYPI
    try:
        document = tomllib.loads(head.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _PYPI
    poetry = _dig(document, "tool", "poetry", "dependencies")
    if isinstance(poetry, dict) and poetry.keys() - {"python"}:
        return _PYPI
    if any(_dig(document, *keys) for keys in _PYPROJECT_DEPENDENCIES):
        return _PYPI
    return _UNLOCKED if _has_dynamic_dependencies(document) else _NOTHING


def _has_dynamic_dependencies(document: object) -> bool:
    """Dependencies that the build backend makes up; requirements files that it reads are found by themselves."""
    dynamic = _dig(document, "project", "dynamic")
    files = _dig(document, "tool", "setuptools", "dynamic", "dependencies", "file")
    if not isinstance(dynamic, list) or "dependencies" not in dynamic:
        return False
    names = [files] if isinstance(files, str) else files if isinstance(files, list) else []
    return not names or not all(REQUIREMENTS.fullmatch(str(name).lower()) for name in names)


def _dig(document: object, *keys: str) -> object:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def setup_kinds(head: bytes) -> frozenset[str]:
    """A `setup.py` or `setup.cfg` that declares dependencies: reading them would mean running code of the project."""
    return _UNLOCKED if _SETUP_DEPENDENCIES.search(head) else _NOTHING


def package_json_kinds(head: bytes) -> frozenset[str]:
    """A `package.json` counts when it declares dependencies, and when it cannot be read to tell."""
    try:
        document = json.loads(head.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _NPM
    return _NPM if any(_dig(document, key) for key in _NPM_DEPENDENCIES) else _NOTHING


def action_kinds(head: bytes) -> frozenset[str]:
    """An `action.yml` that says what it runs."""
    return frozenset({"github-action-definitions"}) if _ACTION.search(head) else _NOTHING


def yaml_kinds(head: bytes) -> frozenset[str]:
    """CloudFormation, Kubernetes, Ansible and conda as YAML."""
    text = _text(head)
    found = _cloudformation(text) | _kubernetes(text)
    if _PLAYBOOK.search(text):
        found |= {"ansible"}
    return found | {"conda-dependencies"} if all(key.search(text) for key in _CONDA) else found


def json_kinds(head: bytes) -> frozenset[str]:
    """CloudFormation, Kubernetes and Azure Resource Manager as JSON."""
    text = _text(head)
    found = _cloudformation(text) | _kubernetes(text)
    return found | {"arm"} if _ARM_SCHEMA.search(text) else found


def template_kinds(head: bytes) -> frozenset[str]:
    """CloudFormation, in either form."""
    return _cloudformation(_text(head))


def script_kinds(head: bytes) -> frozenset[str]:
    """The language that a script's first line (`#!…`) asks for."""
    if not head.startswith(b"#!"):
        return _NOTHING
    words = head[2:256].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    programs = [_VERSION.sub("", word.rpartition("/")[2]) for word in words]
    kind = next((_INTERPRETERS[program] for program in programs if program in _INTERPRETERS), None)
    return frozenset({kind}) if kind else _NOTHING


def _text(head: bytes) -> str:
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if wide else "utf-8-sig", "replace")
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    return "\n".join(text.splitlines())  # YAML knows more ends of lines than patterns do


def _cloudformation(text: str) -> frozenset[str]:
    if "AWS" not in text and "Alexa" not in text:
        return _NOTHING
    found = _TEMPLATE_VERSION.search(text) or (_RESOURCES.search(text) and _AWS_TYPE.search(text))
    return frozenset({"cloudformation"}) if found else _NOTHING


def _kubernetes(text: str) -> frozenset[str]:
    """`apiVersion` and `kind` as keys of one level; inside braces, whose level is not visible, both anywhere."""
    if "apiVersion" not in text:
        return _NOTHING
    levels: dict[str, set[int]] = {"apiVersion": set(), "kind": set()}
    for match in _KUBERNETES_KEY.finditer(text):
        levels[match["key"]].add(_IN_BRACES if match["indent"] is None else len(match["indent"]))
    versions, kinds = levels.values()
    in_braces = versions and kinds and _IN_BRACES in versions | kinds
    return frozenset({"kubernetes"}) if versions & kinds or in_braces else _NOTHING
