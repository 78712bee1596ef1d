"""Values that fit a schema of an OpenAPI document: its examples where it has them, else the simplest that may do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from scangate.scanners.openapi_document import Description, elements, items

_MAX_VALUES = 500
_MAX_DEPTH = 12
_OPTIONAL_DEPTH = 3
"""How deep members are made that nothing requires."""
_MAX_MEMBERS = 40
_MAX_TEXT = 1_000
_MAX_NUMBER = 10**15
_LEAST_STEP = 1e-9
_OWN_VALUES = ("example", "const", "default")
_TEXTS = {
    "date": "2024-01-31",
    "date-time": "2024-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "uuid": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uri-reference": "/example",
    "byte": "dGV4dA==",
    "binary": "text",
    "password": "made-up",
}


class Values:
    """Makes values for one request; schemas that contain themselves, or never end, get no deeper than a bound."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._left = _MAX_VALUES

    def of_holder(self, holder: Mapping[str, Any]) -> Any:
        """The value of a parameter or a media type: what `example` or `examples` say, else one of its schema."""
        if "example" in holder:
            return holder["example"]
        for _, example in items(holder.get("examples")):
            if "value" in (resolved := self._description.resolve(example)):
                return resolved["value"]
        return self.of_schema(holder.get("schema"), 0)

    def of_schema(self, schema: object, depth: int) -> Any:
        """A value of a schema; None where the bounds are reached."""
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            return None
        resolved = self._whole(schema, depth)
        for name in _OWN_VALUES:
            if name in resolved:
                return resolved[name]
        for choices in (elements(resolved.get("examples")), elements(resolved.get("enum"))):
            if choices:
                return choices[0]
        return self._of_type(resolved, depth)

    def _of_type(self, schema: Mapping[str, Any], depth: int) -> Any:
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "boolean":
                return True
            case "integer" | "number" as kind:
                return _number(schema, whole=kind == "integer")
            case _:
                return _text(schema)

    def _whole(self, schema: object, depth: int) -> Mapping[str, Any]:
        """The schema with all parts of its `allOf`, and with one of its alternatives."""
        resolved = self._description.resolve(schema)
        parts = [*elements(resolved.get("allOf"))[:_MAX_MEMBERS], *self._alternative(resolved)]
        if not parts or depth > _MAX_DEPTH:
            return resolved
        whole: dict[str, Any] = {name: value for name, value in resolved.items() if name not in _COMBINING}
        for part in parts:
            self._left -= 1
            if self._left < 0:
                break
            _merge(whole, self._whole(part, depth + 1))
        return whole

    def _alternative(self, schema: Mapping[str, Any]) -> list[Any]:
        """The first of `oneOf` or `anyOf` that is not null alone."""
        choices = elements(schema.get("oneOf")) or elements(schema.get("anyOf"))
        useful = (choice for choice in choices if self._description.resolve(choice).get("type") != "null")
        return [choice for choice in [next(useful, None)] if choice is not None]

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = {name for name in elements(schema.get("required")) if isinstance(name, str)}
        made: dict[str, Any] = {}
        for name, member in items(schema.get("properties"))[:_MAX_MEMBERS]:
            wanted = name in required or depth < _OPTIONAL_DEPTH
            if wanted and self._description.resolve(member).get("readOnly") is not True:
                made[name] = self.of_schema(member, depth + 1)
        return made

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        if prefix := elements(schema.get("prefixItems")):
            return [self.of_schema(member, depth + 1) for member in prefix[:_MAX_MEMBERS]]
        least = _finite(schema.get("minItems")) or 1
        value = self.of_schema(schema.get("items"), depth + 1)
        return [value] * max(1, min(int(least), 5))


_COMBINING = ("allOf", "oneOf", "anyOf")


def _merge(whole: dict[str, Any], part: Mapping[str, Any]) -> None:
    for name, value in part.items():
        match name, whole.get(name), value:
            case "properties", dict(have), dict():
                whole[name] = {**value, **have}
            case "required", list(have), list():
                whole[name] = [*have, *value]
            case _:
                whole.setdefault(name, value)


def _type_of(schema: Mapping[str, Any]) -> str:
    """The schema's type, the first beside null where it has several (3.1), or what its other words are about."""
    said = schema.get("type")
    named = [said] if isinstance(said, str) else [kind for kind in elements(said) if kind != "null"]
    if named:
        return str(named[0])
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _text(schema: Mapping[str, Any]) -> str:
    text = _TEXTS.get(str(schema.get("format")), "text")
    least, most = _finite(schema.get("minLength")) or 0, _finite(schema.get("maxLength"))
    text = text.ljust(int(min(least, _MAX_TEXT)), "t")
    return text if most is None or most < 0 else text[: int(min(most, _MAX_TEXT))]


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    """One, or the next number within the bounds."""
    number: float = 1
    step = 1 if whole else 0.5
    low, high = (_bound(schema, side, exclusive, step) for side, exclusive in _BOUNDS)
    if high is not None:
        number = min(number, high)
    if low is not None:
        number = max(number, low)
    multiple = _finite(schema.get("multipleOf"))
    if multiple is not None and multiple >= _LEAST_STEP:
        number = math.ceil(number / multiple) * multiple
    return math.ceil(number) if whole else number


_BOUNDS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))


def _bound(schema: Mapping[str, Any], side: str, exclusive: str, step: float) -> float | None:
    """A bound that numbers may have; the exclusive one is a number (3.1), or says so of the other one (3.0)."""
    inner = step if side == "minimum" else -step
    plain, outer = _finite(schema.get(side)), _finite(schema.get(exclusive))
    if outer is not None:
        return outer + inner
    return plain + inner if plain is not None and schema.get(exclusive) is True else plain


def _finite(value: object) -> float | None:
    """The number that a value is, if it is one to calculate with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= _MAX_NUMBER else None
