"""What a scan changes for a while in a ZAP that may not be ours, and puts back."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit

from scangate.scanners.interface import ScannerError
from scangate.scanners.zap_client import ZapClient, text_of
from scangate.scanners.zap_scope import Exclusion, Scope

Phase = Literal["spider", "ascan"]


@contextmanager
def option(client: ZapClient, component: Phase, name: str, value: int | bool) -> Iterator[None]:
    """One of ZAP's options (`MaxDepth`) at another value. It is only touched where it has another one."""
    kind = "Boolean" if isinstance(value, bool) else "Integer"
    before, wanted = text_of(client.view(component, f"option{name}")), str(value).lower()
    if before == wanted:
        yield
        return
    client.action(component, f"setOption{name}", **{kind: wanted})
    try:
        yield
    finally:
        with contextlib.suppress(ScannerError):  # a ZAP that is gone has nothing to put back
            client.action(component, f"setOption{name}", **{kind: before})


@contextmanager
def exclusions(client: ZapClient, phase: Phase, excluded: Iterable[Exclusion]) -> Iterator[None]:
    """URLs that ZAP leaves alone in one phase, beside those that it leaves alone already."""
    before = _excluded(client, phase)
    for item in excluded:
        client.action(phase, "excludeFromScan", regex=item.pattern)
    try:
        yield
    finally:
        with contextlib.suppress(ScannerError):
            client.action(phase, "clearExcludedFromScan")
            for pattern in before:
                client.action(phase, "excludeFromScan", regex=pattern)


def _excluded(client: ZapClient, phase: Phase) -> list[str]:
    (patterns,) = client.view(phase, "excludedFromScan").values()
    return [str(pattern) for pattern in patterns]


class RateLimit:
    """At most so many requests per second to the target, whoever sends them through ZAP; None is no limit.

    ZAP's rate limits (https://www.zaproxy.org/docs/desktop/addons/network/options/ratelimit/) take whole numbers from 1
    on, and take effect at once.
    """

    def __init__(self, client: ZapClient, scope: Scope) -> None:
        self._client = client
        self._host = urlsplit(scope.site).hostname or ""
        self._name = ""

    def set(self, per_second: int | None) -> None:
        self.lift()
        if per_second is None:
            return
        self._name = f"scangate-{secrets.token_hex(8)}"
        self._client.action(
            "network",
            "addRateLimitRule",
            description=self._name,
            enabled=True,
            matchRegex=False,
            matchString=self._host,
            requestsPerSecond=per_second,
            groupBy="RULE",
        )

    def lift(self) -> None:
        if self._name:
            self._client.action("network", "removeRateLimitRule", description=self._name)
            self._name = ""
