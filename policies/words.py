"""How the policy language's words are checked and published: markers for pydantic fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
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

    minimum: int = 0

    def _as_list(self, value: object) -> object:
        values = [value] if isinstance(value, (str, dict)) else value
        if isinstance(values, (list, tuple)) and len(values) < self.minimum:
            raise ValueError("must not be an empty list")
        return values

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._as_list, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], {**many, "minItems": self.minimum}]}


class WithoutNull(GenerateJsonSchema):
    """Publishes optional keys as keys that may be left out: `null` is not a value of the language."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None and "default_factory" not in schema:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def whole_number(value: object) -> int:
    """The number that a text writes in decimal digits; raises ValueError for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    raise ValueError(f"{_clip(str(value))!r} is not a whole number from 0 on")


def yes_or_no(value: object) -> bool:
    """What `true` and `false` mean; raises ValueError for anything else."""
    if value in ("true", "false"):
        return value == "true"
    raise ValueError(f"{_clip(str(value))!r} is neither true nor false")


def _clip(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"
