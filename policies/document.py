"""Reading one policy document: YAML 1.2 as the text that was written, then the schema, every error with its line.

Stricter than YAML: one document, no tags, no duplicate keys, no recursion, and aliases may not blow a file up.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scangate.errors import UsageError
from scangate.policies.schema import Accept, Coverage, Dast, Fields, Match, PolicyDocument, PolicyRule

_MAX_BYTES = 256_000
_MAX_VALUES = 20_000
_MAX_DEPTH = 12
_MAX_SHOWN = 20
_PLAIN_TAGS = {f"tag:yaml.org,2002:{t}" for t in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")}

Place = tuple[str | int, ...]

_SECTIONS: dict[tuple[str, ...], type[BaseModel]] = {
    (): PolicyDocument,
    ("coverage",): Coverage,
    ("dast",): Dast,
    ("coverage", "accept"): Accept,
    ("rules",): PolicyRule,
    ("rules", "match"): Match,
    ("rules", "match", "any"): Fields,
    ("rules", "unless"): Fields,
}


@dataclass(frozen=True)
class Document:
    """A valid policy document: its text as a tree of mappings, lists and strings, the line of each place, its model."""

    source: str
    tree: dict[str, Any]
    lines: dict[Place, int]
    model: PolicyDocument

    @property
    def folder(self) -> Path:
        """Where the files that it extends are looked for."""
        return Path(self.source).parent

    def line(self, *place: str | int) -> int:
        """The line of a place in the tree, or of the nearest place around it."""
        return _line(self.lines, place)


def read_document(data: bytes, *, source: str) -> Document:
    """The policy document that `data` holds. Raises UsageError with every fault as `source:line: what, what else`."""
    tree = _Tree(source)
    content = tree.convert(_compose(data, source), ())
    if not isinstance(content, dict):
        raise UsageError(f"{source}: a policy is a mapping that starts with 'version: 1'")
    try:
        model = PolicyDocument.model_validate(content)
    except ValidationError as error:
        faults = sorted((_line(tree.lines, fault["loc"]), _explain(fault)) for fault in error.errors(include_url=False))
        raise _refusal(source, faults) from None
    if repeated := _repeated_rules(model, tree.lines):
        raise _refusal(source, repeated)
    return Document(source, content, tree.lines, model)


def _compose(data: bytes, source: str) -> Node | None:
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{source}: larger than {_MAX_BYTES:,} bytes, which no policy is")
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        node: Node | None = yaml.compose(data.decode("utf-8-sig"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{source}:{line}: not YAML: {error.problem or error.context}") from None
    except Exception as error:  # the parser also leaks AssertionError, RecursionError and more on broken input
        raise UsageError(f"{source}: not YAML: {type(error).__name__}: {str(error)[:200]}") from None
    return node


@dataclass
class _Tree:
    """Turns YAML nodes into plain values and notes where each stood."""

    source: str
    lines: dict[Place, int] = field(default_factory=dict)
    values: int = 0

    def convert(self, node: Node | None, place: Place) -> object:
        if node is None:
            return ""
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        self.values += 1
        if self.values > _MAX_VALUES or len(place) > _MAX_DEPTH:
            raise UsageError(f"{self.source}:{line}: too large or too deep, with its aliases written out")
        match node:
            case ScalarNode() if str(node.tag) in _PLAIN_TAGS:
                return node.value
            case SequenceNode() if str(node.tag) == "tag:yaml.org,2002:seq":
                return [self.convert(item, (*place, index)) for index, item in enumerate(node.value)]
            case MappingNode() if str(node.tag) == "tag:yaml.org,2002:map":
                return self._mapping(node, place)
        raise UsageError(f"{self.source}:{line}: the tag {str(node.tag)!r} has no meaning in a policy")

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        result: dict[str, object] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                raise UsageError(f"{self.source}:{line}: a key must be a word")
            name = str(key.value)
            if name in result:
                first = self.lines[(*place, name)]
                raise UsageError(f"{self.source}:{line}: the key {name[:80]!r} is here twice, first on line {first}")
            self.lines[(*place, name)] = line
            result[name] = self.convert(value, (*place, name))
        return result


def _line(lines: dict[Place, int], place: Place) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _explain(fault: Any) -> str:
    """One of pydantic's errors in the words of someone who writes a policy."""
    place: Place = fault["loc"]
    match fault["type"]:
        case "extra_forbidden":
            return f"unknown key {_spell(place)}{_suggestion(str(place[-1]), _allowed_keys(place[:-1]))}"
        case "missing":
            return f"{_spell(place)} is missing"
        case "value_error":
            return f"{_spell(place)}: {fault['ctx']['error']}"
        case "literal_error" | "enum":
            return f"{_spell(place)}: {str(fault['input'])[:80]!r} is not one of {fault['ctx']['expected']}"
        case kind:
            return f"{_spell(place)}: {_SHAPES.get(kind, fault['msg'])}"


_SHAPES = {
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
    "string_type": "must be a single text",
}


def _allowed_keys(place: Place) -> Collection[str]:
    section = tuple(part for part in place if isinstance(part, str))
    return tuple(_SECTIONS[section].model_fields)


def nearest(word: str, choices: Collection[str]) -> str:
    """`; did you mean 'x'?` for the choice that is spelt most like `word`; empty when none is like it."""
    close = difflib.get_close_matches(word[:80], choices, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _suggestion(key: str, allowed: Collection[str]) -> str:
    return f"{nearest(key, allowed)} (allowed here: {', '.join(allowed)})"


def _spell(place: Place) -> str:
    """A place as people write it: `rules[2].match.severity`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part[:80]}" for part in place)
    return repr(text.removeprefix(".") or "the policy")


def _repeated_rules(model: PolicyDocument, lines: dict[Place, int]) -> list[tuple[int, str]]:
    first: dict[str, int] = {}
    repeated = []
    for index, rule in enumerate(model.rules):
        line = _line(lines, ("rules", index, "id"))
        if rule.id in first:
            repeated.append((line, f"the rule id {rule.id!r} is here twice, first on line {first[rule.id]}"))
        first.setdefault(rule.id, line)
    return repeated


def _refusal(source: str, faults: list[tuple[int, str]]) -> UsageError:
    shown = [f"{source}:{line}: {text}" for line, text in faults[:_MAX_SHOWN]]
    if len(faults) > _MAX_SHOWN:
        shown.append(f"{source}: and {len(faults) - _MAX_SHOWN} more faults")
    return UsageError("\n".join(shown), hint="`scangate policy schema` prints what a policy may say")
