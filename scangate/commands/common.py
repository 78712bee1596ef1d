"""What every judging command does: choose the policy, judge, write the reports, keep the run, end with a code."""

from __future__ import annotations

import datetime
import io
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from scangate.document import Outcome, Results, Verdict
from scangate.errors import ExitCode, UsageError
from scangate.policies.judge import judge, with_effects
from scangate.policies.load import BUILT_IN, fail_on, load_policy, require_known
from scangate.policies.schema import Policy
from scangate.reports.encoders import visible
from scangate.reports.interface import ReportOptions, Writer
from scangate.reports.registry import WRITERS
from scangate.results import keep_last_run, read_last_run, read_results, write_atomically
from scangate.scanners.registry import SCANNERS
from scangate.settings import Gate, Settings, When

OUTPUT_FILES = {"json": "scangate-results.json", "sarif": "scangate.sarif", "html": "scangate.html"}
"""What `--output DIR` writes."""


@dataclass(frozen=True)
class Destination:
    """One report to write: to a file, or to standard output when `file` is None."""

    writer: Writer
    file: Path | None


def choose_policy(settings: Settings) -> Policy:
    """The policy that the settings ask for: by severity, by name or file, by environment, or the default.

    Raises:
        UsageError: it does not exist, is not valid, or requires a scanner that does not exist.
    """
    policy = _load_policy(settings)
    require_known(policy, SCANNERS)
    return policy


def _load_policy(settings: Settings) -> Policy:
    if settings.fail_on:
        return fail_on(settings.fail_on)
    if settings.policy:
        return load_policy(settings.policy)
    gates = settings.gates or [Gate(when=When(env=name), policy=name) for name in BUILT_IN if name != "default"]
    if not settings.env and not settings.gates:
        return load_policy("default")
    for gate in gates:
        if gate.when is None or gate.when.env == settings.env:
            return load_policy(gate.policy)
    known = ", ".join(sorted(gate.when.env for gate in gates if gate.when))
    raise UsageError(f"no gate is for environment {settings.env or '(none)'!r}", hint=f"choose from {known}")


def destinations(settings: Settings) -> tuple[Destination, ...]:
    """Where reports go. The console report is written to standard output, unless another format claims it.

    Raises:
        UsageError: an unknown format, or two reports for standard output.
    """
    chosen = [_destination(text) for text in settings.format]
    if settings.output:
        chosen += [Destination(WRITERS[name], Path(settings.output) / file) for name, file in OUTPUT_FILES.items()]
    to_stdout = [d.writer.name for d in chosen if d.file is None]
    if len(to_stdout) > 1:
        raise UsageError(
            f"{' and '.join(to_stdout)} cannot both go to standard output", hint="give one a file: --format NAME=FILE"
        )
    if not to_stdout and not settings.quiet:
        chosen.insert(0, Destination(WRITERS["console"], None))
    return tuple(chosen)


def refuse_to_leave(files: Iterable[Path | None], root: Path) -> None:
    """Raises UsageError for a report in the scanned repository whose place is, by a link of that, outside of it or in
    git's data: a pull request could else have its own gate overwrite files of the user.
    """
    inside = root.resolve()
    top = next((folder for folder in (inside, *inside.parents) if (folder / ".git").exists()), inside)
    for file in files:
        place = Path(os.path.abspath(file)) if file else top  # noqa: PTH100 (a Path would follow the links)
        real = place.resolve()
        if place.is_relative_to(top) and (not real.is_relative_to(top) or ".git" in real.relative_to(top).parts):
            raise UsageError(
                f"{file}: lies in {top} and leads out of it or into git's data, so it is not written",
                hint="remove the symbolic link, or name the place that it leads to",
            )


def _destination(text: str) -> Destination:
    name, equals, file = text.partition("=")
    if equals and not file:
        raise UsageError(f"--format {text}: no file after '='", hint=f"write --format {name}=FILE")
    return Destination(writer_named(name), Path(file) if equals else None)


def writer_named(name: str) -> Writer:
    """The report writer of that name.

    Raises:
        UsageError: there is none; the hint lists the choices.
    """
    if name not in WRITERS:
        raise UsageError(f"no report format is called {name!r}", hint=f"choose from {', '.join(WRITERS)}")
    return WRITERS[name]


def use_color(color: bool | None, stream: TextIO) -> bool:
    """Whether to colour: as asked, else on a terminal unless `NO_COLOR` is set."""
    return color if color is not None else stream.isatty() and not os.environ.get("NO_COLOR")


def finish(results: Results, settings: Settings, policy: Policy, *, root: Path, required: Sequence[str] = ()) -> int:
    """Judge the results, write every report, keep the run, and return the exit code.

    `required` names the scanners that were asked for and so must have looked.
    """
    verdict = judge(
        results.findings,
        results.ledger,
        results.inventory,
        policy,
        now=datetime.datetime.fromisoformat(results.run.started),
        environment=settings.env or "",
        required=required,
    )
    judged = results.model_copy(update={"verdict": verdict, "findings": with_effects(results.findings, verdict)})
    _write_all(judged, settings, root)
    if results.run.interrupted:
        return ExitCode.INTERRUPTED
    return _without_failures(verdict) if settings.exit_zero else verdict.exit_code


def read_results_or_last_run(file: Path | None) -> Results:
    """The named results document, or the last run in this folder; says so where it is one of another folder."""
    if file is not None:
        return read_results(file)
    results, of_this_folder = read_last_run(Path())
    if not of_this_folder:
        where = f"{visible(results.inventory.root) or 'another folder'}, {results.run.started}"
        print(f"scangate: no run is kept of this folder; this is the last one of {where}", file=sys.stderr)
    return results


def _without_failures(verdict: Verdict) -> int:
    """The exit code with failures forgiven: what was not looked at is not forgiven with them."""
    if verdict.outcome is not Outcome.FAILED:
        return verdict.exit_code
    return ExitCode.INCOMPLETE if verdict.incomplete else ExitCode.PASSED


def _write_all(results: Results, settings: Settings, root: Path) -> None:
    """Keep the run and write every report; one that cannot be written does not keep the others from it.

    Raises:
        UsageError: at least one was not written.
    """
    errors: list[UsageError] = []
    for destination in destinations(settings):
        try:
            refuse_to_leave([destination.file], root)
            write_report(results, destination, color=settings.color)
        except UsageError as error:
            errors.append(error)
        else:
            if destination.file and not settings.quiet:
                print(f"wrote {visible(str(destination.file))}", file=sys.stderr)
    try:
        keep_last_run(results, root)
    except UsageError as error:
        print(f"scangate: this run is not kept: {visible(error.message)}", file=sys.stderr)
    if errors:
        raise errors[0]


def write_report(results: Results, destination: Destination, *, color: bool | None) -> None:
    """Write one report: a file whole or not at all; on standard output, coloured for a terminal."""
    if destination.file is not None:
        options = ReportOptions(color=bool(color))
        write_atomically(destination.file, lambda sink: destination.writer.write(results, sink, options))
        return
    width = shutil.get_terminal_size((100, 24)).columns
    options = ReportOptions(color=use_color(color, sys.stdout), width=width)
    text = io.StringIO()
    destination.writer.write(results, text, options)
    _print(text.getvalue())


def _print(text: str) -> None:
    """Print to standard output. A reader that has seen enough, such as `head`, does not change the verdict."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
