"""The command line: names, flags and help. Each command hands frozen values to one function in `commands/`.

Nothing heavy is imported here: `scangate --help` must answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scangate import __version__, flags

app = typer.Typer(
    name="scangate",
    help="Run every security scanner that a repository needs, merge what they say, and pass or fail the build.\n\n"
    "Exit codes: 0 passed, 1 failed by the policy, 2 wrong usage, 3 incomplete, 4 bug, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
policy_app = typer.Typer(help="Show and check policies.", no_args_is_help=True, rich_markup_mode=None)
tools_app = typer.Typer(help="The programs behind the scanners.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(policy_app, name="policy")
app.add_typer(tools_app, name="tools")

_TABLES = {
    "dast": {"profile": "profile", "openapi": "openapi", "keep_traffic": "keep_traffic"},
    "zap": {"zap_url": "url"},
}
"""Flags that are settings within a table, by table, flag and key."""


def _flags(arguments: dict[str, Any]) -> dict[str, Any]:
    """Those arguments that were given and are settings, in their settings form."""
    from scangate.settings import Settings

    arguments = {name.rstrip("_"): value for name, value in arguments.items() if value not in (None, [])}
    said = {name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()}
    chosen = {name: said[name] for name in Settings.model_fields if name in said}
    for table, names in _TABLES.items():
        if within := {name: said[flag] for flag, name in names.items() if flag in said}:
            chosen[table] = within
    return chosen


@app.callback(invoke_without_command=True)
def _main(version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False) -> None:
    if version:
        typer.echo(f"scangate {__version__}")
        raise typer.Exit


@app.command()
def scan(
    path: flags.Tree = None,
    image: flags.Image = None,
    sbom: flags.Sbom = None,
    history: flags.History = None,
    commits: flags.Commits = None,
    url: flags.Url = None,
    url_from_command: flags.UrlFromCommand = None,
    app_: flags.App = None,
    wait_for: flags.WaitFor = None,
    profile: flags.Profile = None,
    openapi: flags.OpenApi = None,
    keep_traffic: flags.KeepTraffic = None,
    zap_url: flags.ZapUrl = None,
    scanner: flags.Scanner = None,
    exclude: flags.Exclude = None,
    config: flags.Config = None,
    policy: flags.Policy = None,
    fail_on: flags.FailOn = None,
    env: flags.Env = None,
    exit_zero: flags.ExitZero = None,
    format: flags.Format = None,
    output: flags.Output = None,
    advisories: flags.Advisories = None,
    offline: flags.Offline = None,
    doctor: flags.Doctor = None,
    jobs: flags.Jobs = None,
    timeout: flags.Timeout = None,
    max_file_bytes: flags.MaxFileBytes = None,
    quiet: flags.Quiet = None,
    color: flags.Color = None,
) -> int:
    """Scan a repository, judge it by the policy, and report."""
    from scangate.commands.scan import run

    return run(path, config=config, flags=_flags(locals()))


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Outputs of one scanner, made elsewhere.")],
    reader: Annotated[str, typer.Option("--scanner", metavar="NAME", help="Whose output: a scanner's name, or sarif.")],
    root: Annotated[
        Path, typer.Option(metavar="DIR", help="The tree that was scanned, for snippets and paths.")
    ] = Path(),
    config: flags.Config = None,
    policy: flags.Policy = None,
    fail_on: flags.FailOn = None,
    env: flags.Env = None,
    exit_zero: flags.ExitZero = None,
    format: flags.Format = None,
    output: flags.Output = None,
    advisories: flags.Advisories = None,
    quiet: flags.Quiet = None,
    color: flags.Color = None,
) -> int:
    """Judge and report the output of a scanner that ran elsewhere."""
    from scangate.commands.import_ import run

    return run(files, reader=reader, root=root, config=config, flags=_flags(locals()))


@app.command()
def merge(
    files: Annotated[list[Path], typer.Argument(help="Results documents, as `--format json=FILE` writes them.")],
    config: flags.Config = None,
    policy: flags.Policy = None,
    fail_on: flags.FailOn = None,
    env: flags.Env = None,
    exit_zero: flags.ExitZero = None,
    format: flags.Format = None,
    output: flags.Output = None,
    quiet: flags.Quiet = None,
    color: flags.Color = None,
) -> int:
    """Join results documents of parallel jobs into one verdict."""
    from scangate.commands.merge import run

    return run(files, config=config, flags=_flags(locals()))


@app.command()
def gate(
    file: Annotated[Path, typer.Argument(help="A results document.")],
    config: flags.Config = None,
    policy: flags.Policy = None,
    fail_on: flags.FailOn = None,
    env: flags.Env = None,
    exit_zero: flags.ExitZero = None,
    format: flags.Format = None,
    output: flags.Output = None,
    quiet: flags.Quiet = None,
    color: flags.Color = None,
) -> int:
    """Judge a results document again, without scanning."""
    from scangate.commands.merge import run

    return run([file], config=config, flags=_flags(locals()))


@app.command()
def report(
    file: Annotated[
        Path | None, typer.Argument(help="A results document; by default, the last run of this folder, else of any.")
    ] = None,
    format: Annotated[
        str, typer.Option("--format", "-f", metavar="NAME", help="console, json, sarif or html.")
    ] = "console",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="File to write; by default, standard output.")
    ] = None,
    color: flags.Color = None,
) -> int:
    """Render the last run, or a results document, again."""
    from scangate.commands.report import run

    return run(file, format=format, output=output, color=color)


@app.command()
def explain(
    finding: Annotated[str, typer.Argument(metavar="ID", help="A finding's id, or the beginning of one.")],
    file: Annotated[
        Path | None, typer.Argument(help="A results document; by default, the last run of this folder, else of any.")
    ] = None,
) -> int:
    """Tell all that is known of one finding, and how it was judged."""
    from scangate.commands.explain import run

    return run(finding, file)


@app.command()
def schema(name: Annotated[str, typer.Argument(help="results, settings or policy.")]) -> int:
    """Print a JSON Schema."""
    from scangate.commands.schema import run

    return run(name)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The tree to write settings for.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace settings that exist.")] = False,
) -> int:
    """Write a commented settings file for a repository."""
    from scangate.commands.init import run

    return run(path, force=force)


@policy_app.command("show")
def policy_show(name: Annotated[str, typer.Argument(help="A built-in policy's name, or a file.")] = "default") -> int:
    """Print a policy with everything that it extends."""
    from scangate.commands import policy

    return policy.show(name)


@policy_app.command("lint")
def policy_lint(files: Annotated[list[str], typer.Argument(help="Policy files.")]) -> int:
    """Check policies: errors end with 2, and advice is printed."""
    from scangate.commands import policy

    return policy.lint(files)


@policy_app.command("schema")
def policy_schema() -> int:
    """Print the JSON Schema of policies."""
    from scangate.commands.schema import run

    return run("policy")


@tools_app.command("list")
def tools_list(verify: Annotated[bool, typer.Option("--verify", help="Read every file of them.")] = False) -> int:
    """List the programs: name, version, where from, and whether intact."""
    from scangate.commands import tools

    return tools.list_(verify=verify)


@tools_app.command("path")
def tools_path(name: Annotated[str, typer.Argument(help="A scanner's name.")]) -> int:
    """Print the path of a scanner's program."""
    from scangate.commands import tools

    return tools.path(name)


@tools_app.command("install")
def tools_install(names: Annotated[list[str] | None, typer.Argument(help="Scanners; by default, all.")] = None) -> int:
    """Install the programs of some scanners from their hash-locked files."""
    from scangate.commands import tools

    return tools.install(names or [])


@tools_app.command("doctor")
def tools_doctor(
    names: Annotated[list[str] | None, typer.Argument(help="Scanners; by default, all that run unasked.")] = None,
    config: flags.Config = None,
) -> int:
    """Prove that each scanner still finds its canary."""
    from scangate.commands.doctor import run

    return run(names or [], config=config)


@tools_app.command("prune")
def tools_prune() -> int:
    """Remove installed programs that no lock file names any more."""
    from scangate.commands import tools

    return tools.prune()
