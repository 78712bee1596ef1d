"""How the policy language's words are checked and published: markers for pydantic fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_NUMBER = re.compile("[0-9]{1,9}")


@dataclass(frozen=True)
class Worded:
    """A text that must match `pattern` as a whole; `allowed` says in words what that is."""

    pattern: str
    allowed: str
    types: tuple[str, ...] = ("string",)

    def _check(self, text: str) -> str:
        if re.fullmatch(self.pattern, text):
            return text
        raise ValueError(f"{_clip(text)!r} is not {self.allowed}")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        types = self.types[0] if len(self.types) == 1 else list(self.types)
        return {"type": types, "pattern": f"^(?:{self.pattern})$", "description": self.allowed}


@dataclass(frozen=True)
class OneOrMany:
    """A list that may be written as its only value."""

    def _as_list(self, value: object) -> object:
        return [value] if isinstance(value, (str, dict)) else value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._as_list, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


def whole_number(value: object) -> int:
    """The number that a text writes in decimal digits; raises ValueError for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    raise ValueError(f"{_clip(str(value))!r} is not a whole number from 0 on")


def _clip(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"
