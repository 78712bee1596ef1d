"""Why a ZAP of ours did not start, or ended midway: read from what it printed (ZAP 2.17.0, and its zap.sh)."""

from __future__ import annotations

import re

from scangate.model import LedgerState
from scangate.scanners.interface import ScannerError, failed

_MEMORY = re.compile(
    r"java\.lang\.OutOfMemoryError|^Java heap space|Could not reserve enough space|insufficient memory", re.MULTILINE
)
_PORT = re.compile(r"unable to start the main proxy|Address already in use", re.IGNORECASE)
_JAVA = re.compile(
    r"java: (?:command )?not found|java: No such file|requires a minimum of Java|UnsupportedClassVersionError"
)
_ADD_ON = re.compile(r"mandatory add-on was not found: (?P<id>[\w-]+)")
_OPTION = re.compile(r"Unsupported option '(?P<option>[^'\n]{0,100})'")
_LOG_PREFIX = re.compile(r"^\d+ \[[^\]]*\] [A-Z]+ +[\w.$]+ - |^[\d-]+ [\d:,]+ \[[^\]]*\] [A-Z]+ +[\w.$]+ - ")
_STANDS_OUT = re.compile(r"\bERROR\b|\bFATAL\b|Exception|^The home directory|^Failed to|^Exiting")
_SHOWN = 200


class PortTaken(ScannerError):
    """Somebody was quicker with the port that was free: another port may do."""

    def __init__(self) -> None:
        super().__init__(LedgerState.FAILED, "ZAP did not start: the port that was free is taken")


def gave_up(said: str) -> bool:
    """Whether ZAP lives on but will never answer."""
    return _OPTION.search(said) is not None


def why_not_started(said: str, ended: str, memory_mb: int) -> ScannerError:
    """The reason, from all that it printed and logged. `ended` is how it ended, empty while it lives on."""
    if _PORT.search(said):
        return PortTaken()
    if _JAVA.search(said):
        mend = "apt-get install openjdk-17-jre-headless"
        return ScannerError(LedgerState.MISSING, "ZAP needs Java 17 or later, and there is none", mend=mend)
    if _MEMORY.search(said):
        return _out_of_memory(memory_mb)
    if found := _ADD_ON.search(said):
        mend = "install ZAP anew: its folder is not whole"
        return failed(f"ZAP did not start: its add-on {found['id']} is missing or broken", mend=mend)
    return failed(f"ZAP did not start: {_last_word(said) or ended or 'it does not answer'}")


def why_ended(said: str, ended: str, memory_mb: int) -> ScannerError | None:
    """Why ZAP ended midway; None when it has not."""
    if _MEMORY.search(said):
        return _out_of_memory(memory_mb)
    if not ended:
        return None
    return failed(f"ZAP ended midway: {ended}", mend="is there enough memory?" if "SIGKILL" in ended else "")


def _out_of_memory(memory_mb: int) -> ScannerError:
    return failed(f"ZAP ran out of memory ({memory_mb} MB)", mend=f"[zap] memory_mb = {memory_mb * 2}")


def _last_word(said: str) -> str:
    """The first line that tells of an error, or else the last one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    line = next((line for line in lines if _STANDS_OUT.search(line)), lines[-1] if lines else "")
    return _LOG_PREFIX.sub("", line)[:_SHOWN]
