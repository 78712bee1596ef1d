"""The flags that commands share, and those of a scan: their types, metavariables and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Trusted settings file, read instead of the scanned tree's.")
]
Policy = Annotated[
    str | None, typer.Option(metavar="NAME|FILE", help="Policy: default, dev, staging, prod, or a file.")
]
FailOn = Annotated[str | None, typer.Option(metavar="SEVERITY", help="One-flag policy: fail from this severity on.")]
Env = Annotated[
    str | None, typer.Option(metavar="NAME", help="Environment to judge for: dev, staging, prod, or one of your gates.")
]
ExitZero = Annotated[bool | None, typer.Option("--exit-zero", help="End with 0 although the policy fails.")]
Format = Annotated[
    list[str] | None,
    typer.Option("--format", "-f", metavar="NAME[=FILE]", help="Report: console, json, sarif, html. Repeats."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder for the JSON, SARIF and HTML reports.")
]
Quiet = Annotated[bool | None, typer.Option("--quiet", "-q", help="No progress and no console report.")]
Color = Annotated[bool | None, typer.Option("--color/--no-color", help="Colour on or off; by default, on a terminal.")]
Advisories = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of OSV records to use instead of the public service.")
]
Scanner = Annotated[list[str] | None, typer.Option(metavar="NAME", help="Run only this scanner. Repeats.")]
Jobs = Annotated[int | None, typer.Option(metavar="N", help="Cores to use.")]
Tree = Annotated[
    Path | None, typer.Argument(help="The tree to scan; by default the working folder, and none beside images or URLs.")
]
Image = Annotated[
    list[str] | None,
    typer.Option(metavar="REF|FILE|DIR", help="Scan a container image: reference, archive, OCI layout. Repeats."),
]
Sbom = Annotated[list[str] | None, typer.Option(metavar="FILE", help="Scan an SBOM (CycloneDX, SPDX). Repeats.")]
History = Annotated[bool | None, typer.Option("--history", help="Search all commits for secrets, too.")]
Commits = Annotated[str | None, typer.Option(metavar="BASE..HEAD", help="Search these commits for secrets, too.")]
Url = Annotated[str | None, typer.Option(metavar="URL", help="Scan a running application with OWASP ZAP.")]
UrlFromCommand = Annotated[
    str | None, typer.Option(metavar="COMMAND", help="Scan the application whose URL this prints.")
]
App = Annotated[
    str | None, typer.Option("--app", metavar="COMMAND", help="Start the application first; {port} is a free port.")
]
WaitFor = Annotated[str | None, typer.Option(metavar="PATH", help="Wait until the application answers at this path.")]
Profile = Annotated[
    str | None, typer.Option(metavar="NAME", help="baseline only looks; api and full attack the application.")
]
OpenApi = Annotated[Path | None, typer.Option(metavar="FILE", help="The application's OpenAPI 3 document.")]
KeepTraffic = Annotated[Path | None, typer.Option(metavar="DIR", help="Keep requests and responses, redacted.")]
ZapUrl = Annotated[str | None, typer.Option(metavar="URL", help="Use this ZAP, with the key in ZAP_API_KEY.")]
Exclude = Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Leave paths out. Repeats.")]
Offline = Annotated[bool | None, typer.Option("--offline", help="Ask nobody outside this machine.")]
Doctor = Annotated[bool | None, typer.Option("--doctor", help="First prove that each scanner finds its canary.")]
Timeout = Annotated[float | None, typer.Option(metavar="SECONDS", help="Longest time for one process of a scanner.")]
MaxFileBytes = Annotated[int | None, typer.Option(metavar="BYTES", help="Larger files are listed and not scanned.")]
