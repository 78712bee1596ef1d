"""Errors that a user can mend, and the exit codes. Anything else that escapes is our bug."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process ends with."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    BUG = 4
    INTERRUPTED = 130


class ScangateError(Exception):
    """An expected error: what is wrong, where, and the next step.

    `exit_code` is the process's exit code when nothing handles it: wrong usage, nothing was scanned.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ScangateError):
    """Wrong usage, settings or policy."""


class ResultsError(ScangateError):
    """A results document that cannot be read: not ours, damaged, or of an unknown major version."""
