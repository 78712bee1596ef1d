"""json: the results document itself, one finding, ledger entry or judgement on each line, so that it diffs well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO

from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from scangate.document import InventorySummary, Results, Verdict
from scangate.model import Model
from scangate.reports.encoders import json_line, whole
from scangate.reports.interface import ReportOptions


class DocumentWriter:
    """The results document as JSON. Reading it back gives equal results (but for text that no UTF-8 can hold)."""

    name = "json"

    def write(self, results: Results, sink: TextIO, options: ReportOptions) -> None:  # noqa: ARG002
        """Write the document piece by piece, in the model's order of fields."""
        for piece in _object(results):
            sink.write(piece)
        sink.write("\n")


def _object(model: Model) -> Iterator[str]:
    opening = "{\n"
    for name, value in model:
        yield f'{opening}"{name}":'
        yield from _value(value)
        opening = ",\n"
    yield "\n}"


def _value(value: object) -> Iterator[str]:
    match value:
        case InventorySummary() | Verdict():
            yield from _object(value)
        case (Model(), *_):
            opening = "[\n"
            for item in value:
                yield opening + _json(item)
                opening = ",\n"
            yield "\n]"
        case _:
            yield _json(value)


def _json(value: object) -> str:
    """The value on one line. Pydantic refuses unpaired surrogates, so only then is the text looked through."""
    try:
        serialised = to_json(value, inf_nan_mode="null")
    except PydanticSerializationError:
        serialised = to_json(_whole(to_jsonable_python(value)), inf_nan_mode="null")
    return json_line(serialised.decode())


def _whole(value: Any) -> Any:
    match value:
        case str():
            return whole(value)
        case list():
            return [_whole(item) for item in value]
        case dict():
            return {whole(key): _whole(item) for key, item in value.items()}
        case _:
            return value
