"""A scan policy of our own in ZAP: which active rules run, how hard they attack and how sure they have to be."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scangate.scanners.interface import ScannerError, WebLimits, failed
from scangate.scanners.zap_client import ZapClient, ZapError, rows_of


@dataclass(frozen=True)
class ScanPolicy:
    """`name` is ZAP's for it; `enabled` and `disabled` are its rules, as `40018 SQL Injection`."""

    name: str
    enabled: tuple[str, ...]
    disabled: tuple[str, ...]


@contextmanager
def scan_policy(client: ZapClient, limits: WebLimits) -> Iterator[ScanPolicy]:
    """The policy that the limits describe, while the `with` block runs.

    Raises:
        ScannerError: ZAP has no active rule that would run, or lacks one that the limits name.
    """
    name = f"scangate-{secrets.token_hex(8)}"
    levels = {"alertThreshold": limits.threshold.upper(), "attackStrength": limits.strength.upper()}
    client.action("ascan", "addScanPolicy", scanPolicyName=name, **levels)
    try:
        for rule, threshold in limits.thresholds.items():
            _set_threshold(client, name, rule, threshold)
        yield _described(client, name)
    finally:
        with contextlib.suppress(ScannerError):
            client.action("ascan", "removeScanPolicy", scanPolicyName=name)


def _set_threshold(client: ZapClient, policy: str, rule: int, threshold: str) -> None:
    try:
        if threshold == "off":
            client.action("ascan", "disableScanners", ids=rule, scanPolicyName=policy)
        else:
            level = threshold.upper()
            client.action("ascan", "setScannerAlertThreshold", id=rule, alertThreshold=level, scanPolicyName=policy)
    except ZapError as error:
        if error.code == "does_not_exist":
            mend = "take its threshold out of the settings, or install the add-on that has it"
            raise failed(f"ZAP has no active rule {rule}, which settings give a threshold", mend=mend) from None
        raise


def _described(client: ZapClient, name: str) -> ScanPolicy:
    rows = rows_of(client.view("ascan", "scanners", scanPolicyName=name))
    rules = {f"{row.get('id')} {row.get('name')}": row.get("enabled") == "true" for row in rows}
    enabled = tuple(rule for rule, on in rules.items() if on)
    if not enabled:
        mend = "install ZAP's add-on ascanrules, or turn rules on"
        raise failed("ZAP has no active rule that is on", mend=mend)
    return ScanPolicy(name, enabled, tuple(rule for rule, on in rules.items() if not on))
