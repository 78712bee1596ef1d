"""The requests and answers of a scan beside its results, where settings ask for them: HAR files without credentials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from scangate.scanners.zap_client import ZapClient
from scangate.scanners.zap_har import redacted_har

_MESSAGES_PER_FILE = 200


def keep_traffic(client: ZapClient, folder: Path, ids: Sequence[int], *, secrets: Iterable[str]) -> None:
    """Write some messages to `zap-0001.har`, `zap-0002.har` and so on, which only their owner can read.

    Raises:
        ScannerError: ZAP no longer has them.
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = tuple(secrets)
    for number, start in zip(count(1), range(0, len(ids), _MESSAGES_PER_FILE), strict=False):
        part = ",".join(map(str, ids[start : start + _MESSAGES_PER_FILE]))
        traffic = redacted_har(client.other("core", "messagesHarById", ids=part), known)
        path = folder / f"zap-{number:04d}.har"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(traffic)
