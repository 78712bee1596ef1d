"""What an application answers where there is nothing. Many answer with a page and 200, which must not pass for a find.

It is asked directly: through ZAP, the made-up address would be one of those that are scanned.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from scangate.scanners.web_routes import split_url
from scangate.scanners.zap_client import ZapClient
from scangate.scanners.zap_messages import Message, messages_by_id
from scangate.scanners.zap_requests import WebAnswer, ask_directly
from scangate.scanners.zap_scope import Scope

_MOST_PAGES = 400
_CHANGING = re.compile(r"[\w+/=-]{16,}|\d+", re.ASCII)
"""What differs from answer to answer, such as tokens and times."""


@dataclass(frozen=True)
class Nowhere:
    """The answer at an address that does not exist."""

    url: str
    answer: WebAnswer

    @property
    def is_page(self) -> bool:
        return 200 <= self.answer.status < 300

    def looks_like(self, url: str, status: int, body: str) -> bool:
        """Whether an answer at a URL is the one that stands for nothing, but for what it says of its own address."""
        if not self.is_page or status != self.answer.status:
            return False
        return _CHANGING.sub("", body) == _CHANGING.sub("", self._body_at(url))

    def _body_at(self, url: str) -> str:
        """The body as it would be at another URL, where it names its own."""
        made_up, path = (split_url(one).path.rpartition("/") for one in (self.url, url))
        named = self.answer.body.replace("".join(made_up), "".join(path))
        return named.replace(made_up[2], path[2])


def ask_nowhere(scope: Scope) -> Nowhere:
    """Ask for what cannot be there. Where we cannot reach the target ourselves, nothing is known."""
    url = f"{scope.base}/{secrets.token_hex(12)}"
    return Nowhere(url, ask_directly(url))


def pages_of_nowhere(client: ZapClient, visits: Iterable[Message], nowhere: Nowhere) -> frozenset[str]:
    """The URLs, of some hundreds, that only answered as if there was nothing."""
    if not nowhere.is_page:
        return frozenset()
    pages = {message.url: message.id for message in visits if message.status == nowhere.answer.status}
    asked = messages_by_id(client, list(pages.values())[:_MOST_PAGES])
    return frozenset(one.url for one in asked if nowhere.looks_like(one.url, one.status, one.response_body))
