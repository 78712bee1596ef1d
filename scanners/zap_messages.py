"""Requests and answers as ZAP keeps them: whole ones by their ids, and what is known of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scangate.scanners.interface import unreadable
from scangate.scanners.zap_client import ZapClient, ZapError, rows_of

_STATUS = re.compile(r"HTTP/\S+ (\d{3})", re.ASCII)
_REQUEST = re.compile(r"(\S+) (\S+) HTTP/")
_PAGE = 500
_BATCH = 20


@dataclass(frozen=True)
class Message:
    """One request with its answer. `status` is 0 where there was no answer, and `milliseconds` how long it took."""

    id: int
    method: str
    url: str
    status: int
    milliseconds: int
    request_header: str = ""
    request_body: str = ""
    response_header: str = ""
    response_body: str = ""

    def header(self, name: str) -> str:
        """A header of the answer; empty where it has none."""
        for line in self.response_header.splitlines()[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return ""


def message_of(row: Mapping[str, Any]) -> Message:
    """A message of `core/view/message` and its like. Raises `ScannerError` where it is none."""
    header, answer = str(row.get("requestHeader", "")), str(row.get("responseHeader", ""))
    request, status = _REQUEST.match(header), _STATUS.match(answer)
    if request is None:
        raise unreadable("ZAP tells a message without a request")
    return Message(
        id=_number(row.get("id")),
        method=request[1],
        url=request[2],
        status=int(status[1]) if status else 0,
        milliseconds=_number(row.get("rtt")),
        request_header=header,
        request_body=str(row.get("requestBody", "")),
        response_header=answer,
        response_body=str(row.get("responseBody", "")),
    )


def messages_by_id(client: ZapClient, ids: Iterable[int]) -> Iterator[Message]:
    """Some messages; those that ZAP no longer has are left out."""
    wanted = list(ids)
    for start in range(0, len(wanted), _BATCH):
        yield from _batch(client, wanted[start : start + _BATCH])


def _batch(client: ZapClient, ids: list[int]) -> Iterator[Message]:
    """ZAP refuses them all where one is gone: then each is asked for by itself."""
    try:
        rows = rows_of(client.view("core", "messagesById", ids=",".join(map(str, ids))))
    except ZapError as error:
        if error.code != "does_not_exist":
            raise
        for number in ids if len(ids) > 1 else ():
            yield from _batch(client, [number])
        return
    yield from map(message_of, rows)


def history(client: ZapClient, pattern: str, *, since: int = 0) -> Iterator[Message]:
    """What ZAP's history has with URLs that the pattern finds, from a message's id on: without headers and bodies.

    Messages of active scans are not in the history.
    """
    start = 1
    while True:
        rows = rows_of(client.view("search", "urlsByUrlRegex", regex=pattern, start=start, count=_PAGE))
        for row in rows:
            if (number := _number(row.get("id"))) >= since:
                times, status = _number(row.get("time")), _number(row.get("code"))
                yield Message(number, str(row.get("method")), str(row.get("url")), status, times)
        if len(rows) < _PAGE:
            return
        start += _PAGE


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
