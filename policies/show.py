"""A resolved policy as a policy file: it extends nothing, and comments say where each part came from."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from scangate.policies.schema import Policy


def policy_yaml(policy: Policy) -> str:
    """The policy as YAML that loads to the same policy."""
    content = policy.content()
    rules = content.pop("rules")
    document = _mapping(content)
    _comment(document, "unknown_severity", policy, "unknown_severity")
    for part in ("coverage", "dast"):
        for key in content.get(part, {}):
            _comment(document[part], key, policy, f"{part}.{key}")
    document["rules"] = CommentedSeq(_rule(rule, policy) for rule in rules)
    document.yaml_set_start_comment(f"{' → '.join(_printable(s) for s in policy.sources)}\n{policy.digest}")
    return _dump(document)


def _rule(rule: dict[str, Any], policy: Policy) -> CommentedMap:
    shown = _mapping(rule)
    _comment(shown, "id", policy, f"rules.{rule['id']}")
    return shown


def _mapping(values: dict[str, Any]) -> CommentedMap:
    return CommentedMap({key: CommentedMap(v) if isinstance(v, dict) else v for key, v in values.items()})


def _comment(mapping: CommentedMap, key: str, policy: Policy, part: str) -> None:
    origin = policy.origins.get(part)
    mapping.yaml_add_eol_comment(f"from {_printable(origin)}" if origin else "by default", key)


def _printable(text: str) -> str:
    """A file's name as a comment can hold it: on one line."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _dump(document: CommentedMap) -> str:
    yaml = YAML()
    yaml.width = 4096
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()
