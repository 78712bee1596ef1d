"""The public OSV service (https://google.github.io/osv.dev/post-v1-query/). What it answers is not trusted: size, form
and package are checked, and whatever goes wrong is an error.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from scangate.model import Skip
from scangate.scanners.advisories import OFFLINE_WAY, rfc3339
from scangate.scanners.interface import ScannerError, failed
from scangate.scanners.osv import ECOSYSTEM, Record

_LARGEST_ANSWER = 50_000_000
_MOST_PAGES = 50
_PAUSE = 0.5


class RemoteSource:
    """An OSV service at `url`. Proxies and certificates are the environment's; `date` is that of today."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.damaged: tuple[Skip, ...] = ()
        self._client = httpx.Client(timeout=httpx.Timeout(10.0, connect=5.0))
        self.date = rfc3339(datetime.now(UTC).replace(hour=0, minute=0, second=0))

    def close(self) -> None:
        self._client.close()

    def ask(self, name: str, version: str) -> tuple[Record, ...]:
        """All pages of the answer for one version of a package, given by its normalised name.

        Raises:
            ScannerError: the service cannot be reached, or its answer is not of OSV's form.
        """
        question: dict[str, Any] = {"package": {"name": name, "ecosystem": ECOSYSTEM}, "version": version}
        records: list[Record] = []
        for _ in range(_MOST_PAGES):
            page = self._page(question)
            records += page.vulns
            if not page.next_page_token:
                return tuple(record for record in records if record.withdrawn is None and name in record.packages)
            question["page_token"] = page.next_page_token
        raise self._failed(f"more than {_MOST_PAGES} pages about {name}")

    def _page(self, question: dict[str, Any]) -> _Page:
        try:
            try:
                answer = self._post(question)
            except httpx.HTTPError:
                time.sleep(_PAUSE)
                answer = self._post(question)
            return _Page.model_validate_json(answer)
        except httpx.HTTPError as error:
            raise self._failed(str(error) or type(error).__name__) from error
        except ValidationError as error:
            raise self._failed(f"not in OSV's form: {error.errors()[0]['msg']}") from error

    def _post(self, question: dict[str, Any]) -> bytes:
        with self._client.stream("POST", self._url, json=question) as response:
            if response.status_code != httpx.codes.OK:
                raise httpx.HTTPError(f"HTTP status {response.status_code}")
            answer = bytearray()
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > _LARGEST_ANSWER:
                    raise self._failed(f"more than {_LARGEST_ANSWER // 1_000_000} MB")
        return bytes(answer)

    def _failed(self, why: str) -> ScannerError:
        cause = re.sub(r"^\[Errno -?\d+\] ", "", why)
        return failed(
            f"the advisory service {httpx.URL(self._url).host} gave no answer to rely on: {cause}", mend=OFFLINE_WAY
        )


class _Page(BaseModel):
    """One page; an answer without `vulns` says that nothing is known of the version."""

    vulns: tuple[Record, ...] = ()
    next_page_token: str = ""
