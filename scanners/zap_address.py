"""Where a running ZAP may be asked, and whether it is one that we know how to drive."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import SplitResult, urlsplit

from scangate.scanners.interface import ScannerError, failed
from scangate.scanners.zap_client import ZapClient, ZapGone, text_of

_OLDEST = (2, 14)
_KEY = re.compile(r"[!-~]*")
_WRONG_KEY = "set ZAP_API_KEY to the key that ZAP was started with (-config api.key=…)"


def check_address(url: str, key: str) -> None:
    """Whether ZAP may be asked at `url`, with `key` in a header that anybody on the way can read.

    That is over https, or over http to this machine or a private network, where service containers are.

    Raises:
        ScannerError: it may not; with the reason.
    """
    if not _KEY.fullmatch(key):
        raise failed("ZAP's key has characters that no header may have", mend=_WRONG_KEY)
    parts = _parts(url)
    if parts.scheme == "http" and not _is_near(parts.hostname or "", parts.port or 80):
        mend = "use https://, or a tunnel that ends on this machine"
        raise failed(f"ZAP's key would pass a public network in the clear to {parts.hostname}", mend=mend)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_address(url) from None
    extra = parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or extra:
        raise _no_address(url)
    return parts


def _no_address(url: str) -> ScannerError:
    shown = "it" if "@" in url else url[:100]  # what stands before an @ may be a password
    return failed(f"not an address of ZAP: {shown} shall be http(s)://HOST:PORT")


def _is_near(host: str, port: int) -> bool:
    """Whether all addresses of the host are on this machine or in a private network."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise failed(f"ZAP's host {host} has no address") from None
    return all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_private for *_, address in found)


def check_version(client: ZapClient) -> None:
    """Whether what answers is a ZAP that is young enough, and takes the client's key.

    Raises:
        ScannerError: it is not, or does not; with the reason.
    """
    try:
        version = text_of(client.view("core", "version"))
    except ZapGone as gone:
        if gone.how != "closed":
            raise
        reason = f"{client.url} closed the connection, as ZAP does when the key is wrong"
        raise failed(reason, mend=_WRONG_KEY) from None
    number = re.match(r"(\d{1,6})\.(\d{1,6})", version)  # weekly and development builds have none
    if number and tuple(map(int, number.groups())) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        raise failed(f"this is ZAP {version[:20]}, and what it says is known from {oldest} on", mend="update ZAP")
