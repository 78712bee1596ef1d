"""The program: one boundary where every error becomes a message and an exit code."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence

from typer.exceptions import TyperException

from scangate import __version__
from scangate.errors import ExitCode, ScangateError

_GC_THRESHOLD = 200_000
"""Findings are many values that all live to the end: collecting at Python's default costs a third of the time."""
CLOSED = 141
"""The reader of standard output went away, as `head` does: what a shell says of a program that this ends."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 passed, 1 failed, 2 wrong usage, 3 incomplete, 4 our bug,
    130 interrupted.
    """
    from scangate.cli import app

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show a character must not end the run
            stream.reconfigure(errors="backslashreplace")
    gc.set_threshold(_GC_THRESHOLD)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # else whoever started us wants it ignored, as nohup does
            signal.signal(number, signal.default_int_handler)
    try:
        code = app(argv, prog_name="scangate", standalone_mode=False)
        sys.stdout.flush()
    except ScangateError as error:
        return _explain(error.message, error.hint, error.exit_code)
    except TyperException as error:
        return _explain(error.format_message(), f"see `{_command(error)} --help`", ScangateError.exit_code)
    except KeyboardInterrupt:
        return _explain("interrupted", "", ExitCode.INTERRUPTED)
    except (BrokenPipeError, SystemExit):  # typer exits by itself, with 1, where a write finds nobody reading
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except Exception:
        return _report_bug()
    return code if isinstance(code, int) else 0


def _command(error: TyperException) -> str:
    """The command that was misused, as it was called."""
    context = getattr(error, "ctx", None)
    return context.command_path if context else "scangate"


def _explain(message: str, hint: str, code: int) -> int:
    from scangate.reports.encoders import inert, visible

    print(inert(f"scangate: {visible(message)}"), file=sys.stderr)
    if hint:
        print(inert(f"  next: {visible(hint)}"), file=sys.stderr)
    return code


def _report_bug() -> int:
    """Say that it is our bug, and keep what is needed to mend it."""
    from scangate.results import cache_folder

    path = cache_folder() / "crash.log"
    text = f"scangate {__version__}, Python {sys.version}\narguments: {sys.argv[1:]}\n\n{traceback.format_exc()}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
        where = f"please report it with {path}"
    except OSError:
        where = f"please report this:\n{text}"
    return _explain("unexpected error: this is a bug in scangate", where, ExitCode.BUG)


if __name__ == "__main__":
    sys.exit(main())
