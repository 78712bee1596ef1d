"""Errors that a user can mend. Anything else that escapes is our bug (exit code 4)."""


class ScangateError(Exception):
    """An expected error: what is wrong, where, and the next step.

    `exit_code` is the process's exit code when nothing handles it (2: wrong usage, nothing was scanned).
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ScangateError):
    """Wrong usage, settings or policy."""


class ResultsError(ScangateError):
    """A results document that cannot be read: not ours, damaged, or of an unknown major version."""
