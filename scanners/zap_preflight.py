"""Before a scan: whether ZAP has what it takes, and whether it reaches the application under test."""

from __future__ import annotations

import re
import ssl
from urllib.parse import urlsplit

import httpx

from scangate.scanners.interface import ScannerError, failed
from scangate.scanners.zap_client import ZapClient, ZapError, rows_of, text_of
from scangate.scanners.zap_health import visit
from scangate.scanners.zap_messages import Message
from scangate.scanners.zap_scope import Scope
from scangate.scanners.zap_session import Session

_TIMEOUT = 90.0
_CAUSE = re.compile(r"(?:ZAP Error \[[^\]]*\]: |The exception was: *\n)([^\n]{1,200})")
_START = "start the application under test, or correct its URL"


def check_equipment(client: ZapClient, *, attacks: bool) -> None:
    """Whether this ZAP has the add-ons and rules that a scan needs, and may scan at all.

    Raises:
        ScannerError: it lacks one; without this look its scan would find nothing.
    """
    mode = text_of(client.view("core", "mode")).lower()
    if mode == "safe":
        raise failed("ZAP is in its safe mode, in which it scans nothing", mend="set ZAP's mode to standard")
    _need(client, "spider", "scans", "spider")
    _need(client, "pscan", "recordsToScan", "passive scanner")
    if not any(row.get("enabled") == "true" for row in rows_of(client.view("pscan", "scanners"))):
        raise failed(
            "ZAP has no passive rule that is on", mend="install ZAP's add-on pscanrules, and turn its rules on"
        )
    # Somebody may have turned the whole passive scanner off, which no view tells.
    client.action("pscan", "setEnabled", enabled=True)
    if attacks:
        _need(client, "ascan", "scans", "active scanner")


def _need(client: ZapClient, component: str, view: str, name: str) -> None:
    try:
        client.view(component, view)
    except ZapError as error:
        if error.code != "no_implementor":
            raise
        mend = f"install ZAP's add-on {component} (zap.sh -cmd -addoninstall {component})"
        raise failed(f"ZAP lacks its {name}: the add-on {component} is absent", mend=mend) from None


def land(session: Session) -> Message:
    """The first answer of the target. Raises `ScannerError` where there is none, or where it leads out of the scope."""
    scope = session.scope
    message = visit(session.client, scope.seed)
    if message is None:
        raise _why_unreachable(session.client.url, scope)
    location = message.header("Location")
    if 300 <= message.status < 400 and location:
        to = str(httpx.URL(scope.seed).join(location))
        if not scope.owns(to):
            parts = urlsplit(to)
            shown = (
                f"{parts.scheme}://{parts.hostname}:{parts.port}"
                if parts.port
                else f"{parts.scheme}://{parts.hostname}"
            )
            raise failed(
                f"the target redirects to {shown}{parts.path}, which is out of its scope",
                mend="name the URL that the application is served at",
            )
    return message


def _why_unreachable(zap_url: str, scope: Scope) -> ScannerError:
    """The reason that ZAP gives to clients of its proxy; its API gives none."""
    status, text = _through_proxy(zap_url, scope.seed)
    found = _CAUSE.search(text)
    said = found[1].strip() if found else ""
    host = urlsplit(scope.site).netloc
    if status == 504 or "timed out" in said.lower():
        return failed(f"the target does not answer: {host} took the connection and said nothing in time", mend=_START)
    if "refused" in said:
        return failed(f"the target is not there: nothing listens at {host} (connection refused)", mend=_START)
    if said == urlsplit(scope.site).hostname or "not known" in said or "name resolution" in said:
        return failed(f"the target's host is not known: {host}", mend="correct the URL")
    if "handshake" in text.lower() or "SSL" in text or "TLS" in text:
        mend = "is it served over http, or on another port?"
        return failed(f"no TLS connection to {host}: {said or 'the handshake failed'}", mend=mend)
    mend = "is this the port of the application, and its scheme?"
    return failed(f"the target does not speak HTTP at {host}: {said or 'no answer that ZAP understands'}", mend=mend)


def _through_proxy(zap_url: str, url: str) -> tuple[int, str]:
    """What ZAP's proxy answers for a target that it cannot reach."""
    # ZAP shows a certificate of its own for every site: nothing is to be trusted here, and nothing secret is sent.
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    try:
        with httpx.Client(proxy=zap_url, verify=unverified, trust_env=False, timeout=_TIMEOUT) as client:
            with client.stream("GET", url) as response:  # by now the target may answer, and without end
                said = next(response.iter_bytes(), b"")
            return response.status_code, said[:20_000].decode(errors="replace")
    except httpx.HTTPError as error:
        return 0, str(error)
