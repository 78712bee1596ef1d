"""The header `Authorization` in all that ZAP sends to the target: two ways, as ZAP itself is come by.

A ZAP that is launched takes it from its environment, once and for all. One that runs already takes it only by its
add-on `replacer` (https://www.zaproxy.org/docs/desktop/addons/replacer/), where it can change and be taken away.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from scangate.scanners.interface import ScannerError, failed
from scangate.scanners.web_routes import site_of
from scangate.scanners.zap_client import ZapClient, ZapError, rows_of
from scangate.scanners.zap_token import BEARER

_MEND = "bring the add-on replacer up to date in ZAP, or let scangate launch a ZAP for one user"


def launch_environment(token: str, target: str) -> Mapping[str, str]:
    """What a ZAP that is launched has in its environment to send the token to the target's host, on every port."""
    return {"ZAP_AUTH_HEADER_VALUE": f"{BEARER} {token}", "ZAP_AUTH_HEADER_SITE": urlsplit(target).hostname or ""}


@contextmanager
def replaced(client: ZapClient, token: str, target: str) -> Iterator[None]:
    """ZAP sends the token to the target's site while the `with` block runs.

    Raises:
        ScannerError: ZAP lacks the add-on.
    """
    name = f"scangate-{secrets.token_hex(8)}"
    urls = f"{re.escape(site_of(target))}(?:[/?].*)?"
    try:
        client.action(
            "replacer",
            "addRule",
            description=name,
            enabled=False,
            matchType="REQ_HEADER",
            matchRegex=False,
            matchString="Authorization",
            replacement=f"{BEARER} {token}",
            url=urls,
        )
    except ZapError as error:
        if error.code != "no_implementor":
            raise
        raise failed("this ZAP can send a token only with its add-on replacer", mend=_MEND) from None
    try:
        if not _is_kept_to(client, name, urls):
            raise failed("this ZAP's add-on replacer would send the token to other sites, too", mend=_MEND)
        client.action("replacer", "setEnabled", description=name, bool=True)
        yield
    finally:
        with suppress(ScannerError):  # what ended the block matters more
            client.action("replacer", "removeRule", description=name)


def _is_kept_to(client: ZapClient, name: str, urls: str) -> bool:
    """Whether the rule is for these URLs only: the add-on takes no notice of them before its version 11."""
    rules = rows_of(client.view("replacer", "rules"))
    return any(rule.get("description") == name and rule.get("url") == urls for rule in rules)
