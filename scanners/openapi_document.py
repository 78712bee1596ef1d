"""Reads OpenAPI 3 documents (https://spec.openapis.org/oas/v3.1.1), JSON or YAML, and follows their references.

Own code, since what a scan needs is little, and has to be had from documents that break rules which do not matter here:
models of the whole format refuse a document for `version: 1.0` or a response without a description. YAML itself is
ruamel's. Nothing is fetched: a reference leads into the document, or nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scangate.scanners.interface import ScannerError, failed

_MAX_BYTES = 20_000_000
_MAX_YAML_BYTES = 2_000_000
_MAX_VALUES = 400_000
_MAX_DEPTH = 100
_MAX_REFERENCES = 30
_NUMBER_TAGS: Mapping[str, type[int] | type[float]] = {"tag:yaml.org,2002:int": int, "tag:yaml.org,2002:float": float}
_EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Description:
    """An OpenAPI document. `foreign` collects the references that lead out of it, or nowhere, as they are met."""

    document: Mapping[str, Any]
    foreign: dict[str, None] = field(default_factory=dict)

    def resolve(self, value: object) -> Mapping[str, Any]:
        """The object that a value is or refers to, however often; empty where there is none."""
        for _ in range(_MAX_REFERENCES):
            if not isinstance(value, Mapping):
                return _EMPTY
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value
            value = self._find(reference)
        return _EMPTY

    def _find(self, reference: str) -> object:
        """What a JSON pointer (RFC 6901) in a URL's fragment names; None where it names nothing here."""
        found: object = self.document
        for part in reference.removeprefix("#").split("/")[1:]:
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdecimal() and len(name) < 6 and int(name) < len(found):
                found = found[int(name)]
            else:
                found = found.get(name) if isinstance(found, Mapping) else None
        if found is None or not reference.startswith("#/"):
            self.foreign.setdefault(reference[:200])
            return None
        return found


def load_description(data: bytes) -> Description:
    """The document that the bytes hold.

    Raises:
        ScannerError: it is too large, neither JSON nor YAML, or not OpenAPI 3.
    """
    text = data.decode("utf-8-sig", errors="replace")
    if len(data) > _MAX_BYTES:
        raise _unfit(f"is larger than {_MAX_BYTES // 1_000_000} MB")
    document = _from_json(text) if text.lstrip().startswith("{") else None
    document = _from_yaml(text) if document is None else document
    if not isinstance(document, Mapping):
        raise _unfit("is not an object")
    if "swagger" in document:
        raise _unfit("is of version 2 (Swagger)", mend="convert it to OpenAPI 3")
    if not str(document.get("openapi", "")).startswith("3."):
        raise _unfit("does not say `openapi: 3.…`")
    return Description(document)


def items(value: object) -> list[tuple[str, Any]]:
    """Names and values of an object; none of anything else."""
    return [(str(name), member) for name, member in value.items()] if isinstance(value, Mapping) else []


def elements(value: object) -> list[Any]:
    """The elements of a list; none of anything else."""
    return value if isinstance(value, list) else []


def _unfit(why: str, *, mend: str = "") -> ScannerError:
    return failed(f"the OpenAPI document {why}", mend=mend)


def _from_json(text: str) -> Any:
    """The JSON value; None where it is none, and may still be YAML."""
    try:
        return json.loads(text)
    except RecursionError:
        raise _unfit("nests too deep") from None
    except ValueError:
        return None


def _from_yaml(text: str) -> object:
    if len(text) > _MAX_YAML_BYTES:
        raise _unfit(f"is YAML larger than {_MAX_YAML_BYTES // 1_000_000} MB", mend="convert it to JSON")
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        node: Node | None = yaml.compose(text)
    except Exception as error:  # the parser also leaks AssertionError, RecursionError and more on broken input
        raise _unfit(f"is neither JSON nor YAML: {type(error).__name__}") from None
    return _Converter().value(node, 0)


class _Converter:
    """Makes plain values of YAML nodes. Aliases are written out, within bounds; merge keys are keys like others."""

    def __init__(self) -> None:
        self._values = 0

    def value(self, node: Node | None, depth: int) -> Any:
        self._values += 1
        if self._values > _MAX_VALUES or depth > _MAX_DEPTH:
            raise _unfit("is too large or nests too deep, with its aliases written out")
        match node:
            case MappingNode():
                pairs = ((key.value, member) for key, member in node.value if isinstance(key, ScalarNode))
                return {key: self.value(member, depth + 1) for key, member in pairs}
            case SequenceNode():
                return [self.value(member, depth + 1) for member in node.value]
            case ScalarNode():
                return _scalar(node)
            case _:
                return None


def _scalar(node: ScalarNode) -> str | int | float | bool | None:
    """A scalar by YAML's core schema; dates and the like stay the text that they are."""
    tag, text = str(node.tag), str(node.value)
    if tag == "tag:yaml.org,2002:null":
        return None
    if tag == "tag:yaml.org,2002:bool":
        return text.lower() == "true"
    number = _NUMBER_TAGS.get(tag)
    try:
        return number(text) if number else text
    except ValueError:
        return text
