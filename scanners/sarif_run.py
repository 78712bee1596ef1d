"""A SARIF run, in which its results look up their rules and messages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from scangate.scanners.sarif_values import at, items, member, number, text
from scangate.scanners.source import SourceTree


class Run:
    """A SARIF run with its rules indexed. `version` is the tool's own."""

    def __init__(self, value: Mapping[str, Any], root: Path, tree: SourceTree) -> None:
        self.value, self.root, self.tree = value, root, tree
        self._driver = member(value, "tool", "driver")
        self.driver = text(self._driver, "name")
        self.version = text(self._driver, "semanticVersion") or text(self._driver, "version")

    @cached_property
    def _extensions(self) -> list[dict[str, Any]]:
        return items(member(self.value, "tool"), "extensions")

    @cached_property
    def _rules(self) -> dict[str, dict[str, Any]]:
        components = [*reversed(self._extensions), self._driver]
        rules = [rule for component in components for rule in items(component, "rules")]
        return {rule_id: rule for rule in rules if (rule_id := text(rule, "id"))}

    @cached_property
    def global_messages(self) -> Mapping[str, Any]:
        return member(self._driver, "globalMessageStrings")

    def rule(self, result: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """A result's rule id and the rule: by index (in the component that it names), else by id or by parent id."""
        reference = member(result, "rule")
        rule_id = text(result, "ruleId") or text(reference, "id")
        index = number(result, "ruleIndex")
        index = number(reference, "index") if index is None else index
        rule = at(items(self._component(member(reference, "toolComponent")), "rules"), index)
        if rule and _is_or_is_below(rule_id, text(rule, "id")):
            return rule_id or text(rule, "id"), rule
        parts = rule_id.split("/")
        ids = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
        return rule_id, next((self._rules[part] for part in ids if part in self._rules), {})

    def _component(self, reference: Mapping[str, Any]) -> Mapping[str, Any]:
        index = number(reference, "index")
        if index is not None:
            return at(self._extensions, index)
        guid, name = text(reference, "guid"), text(reference, "name")
        matches = (
            extension
            for extension in self._extensions
            if (guid and guid == text(extension, "guid")) or (name and name == text(extension, "name"))
        )
        return next(matches, self._driver)


def _is_or_is_below(rule_id: str, ancestor: str) -> bool:
    return not rule_id or rule_id == ancestor or rule_id.startswith(f"{ancestor}/")
