"""Reading a tool's JSON report: every way in which it can be damaged becomes a state of the ledger."""

from __future__ import annotations

import json
import re
from typing import Any

from scangate.scanners.interface import Output, failed, unreadable

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def load_json(output: Output, tool: str) -> Any:
    """The report as JSON values, all strings of it encodable as UTF-8.

    Raises `ScannerError`: failed when there is nothing, unreadable when it is not JSON or nests too deep.
    """
    if not output.report.strip():
        ended = "" if output.exit_code is None else f" (exit {output.exit_code})"
        raise failed(f"{tool} printed nothing{ended}: {output.stderr.strip()[-300:]}".rstrip(": "))
    try:
        value = json.loads(output.report.decode("utf-8-sig"))
        return _encodable(value) if b"\\u" in output.report else value
    except (ValueError, RecursionError) as error:
        raise unreadable(f"{tool}'s output is not JSON: {str(error)[:200]}") from error


def _encodable(value: Any) -> Any:
    """JSON escapes can spell half a surrogate pair, which no output format can hold: it becomes U+FFFD."""
    match value:
        case str():
            return _LONE_SURROGATE.sub("\ufffd", value)
        case list():
            return [_encodable(item) for item in value]
        case dict():
            return {_encodable(key): _encodable(item) for key, item in value.items()}
        case _:
            return value
