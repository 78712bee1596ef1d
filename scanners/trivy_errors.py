"""Trivy's fatal errors in plain words. It ends with exit code 1 for all of them, and says on standard error which."""

from __future__ import annotations

import re

from scangate.scanners.interface import Output, ScannerError, failed

_FATAL = re.compile(r"\bFATAL\b\s*(?:Fatal error\b)?\s*(?P<text>.*)", re.DOTALL)
_NO_JAVA_DATABASE = "'--skip-java-db-update' cannot be specified on the first run"
_LONGEST = 200

DOWNLOAD = "trivy image --download-db-only"
"""How the vulnerability database is had, in its default folder."""
JAVA_DOWNLOAD = "trivy image --download-java-db-only"
_LOGIN = "docker login REGISTRY, or set TRIVY_USERNAME and TRIVY_PASSWORD"
_ARCHIVE = "save the image with docker save, or unpack an OCI archive: mkdir DIR && tar -xf FILE -C DIR"

_KNOWN = (
    ("--skip-db-update cannot be specified on the first run", "there is no vulnerability database", DOWNLOAD),
    (r"old DB schema|DB schema doesn't match", "the vulnerability database is of another schema version", DOWNLOAD),
    (r"failed to open db|DB error|database error", "the vulnerability database is damaged", DOWNLOAD),
    (r"as an OCI Image|failed to open OCI", "it is neither a docker archive nor an OCI layout folder", _ARCHIVE),
    (r"SBOM decode error|failed to detect SBOM", "it is no SBOM that Trivy reads (CycloneDX, SPDX)", ""),
    (r"failed to parse the image name", "it is no image reference", "name it as REGISTRY/NAME:TAG"),
    (r"UNAUTHORIZED|401 Unauthorized|DENIED|403 Forbidden", "unauthorised: the registry wants a login", _LOGIN),
    (
        r"MANIFEST_UNKNOWN|NAME_UNKNOWN|NAME_INVALID|404 Not Found",
        "the registry does not know the image",
        "is its name right, and its tag?",
    ),
    (r"x509:|tls: ", "the registry's certificate is not trusted", "set SSL_CERT_FILE to your authority's certificate"),
    (
        r"connection refused|no such host|i/o timeout|network is unreachable|connection reset",
        "the registry cannot be reached",
        "is the registry's name right, and is it up? A file needs no registry: docker save",
    ),
    (r"context deadline exceeded", "Trivy took too long", ""),
    (
        "unable to find the specified image",
        "no docker, containerd or podman on this machine has the image, and no registry was asked",
        "scan without --offline, or name a file: docker save",
    ),
    (r"no space left on device", "the disk is full", "make room, or set TMPDIR"),
)
"""A pattern of Trivy's words, what it means and what mends it; the first that is found counts."""


def explain(output: Output) -> ScannerError:
    """Why a run that did not end well failed."""
    text = fatal_text(output.stderr)
    for pattern, meaning, mend in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return failed(f"{meaning}: {_shortened(text)}", mend=mend)
    said = f": {_shortened(text)}" if text else ""
    return failed(f"trivy ended with exit code {output.exit_code}{said}")


def lacks_java_database(output: Output) -> bool:
    """Whether a run ended because there are jars to look up and no database to look them up in."""
    return output.exit_code != 0 and _NO_JAVA_DATABASE in output.stderr


def fatal_text(stderr: str) -> str:
    """The last fatal error of a log on one line, without what stands before it; of another log the last line."""
    lines = stderr.strip().splitlines()
    start = max((number for number, line in enumerate(lines) if "FATAL" in line), default=len(lines) - 1)
    text = "\n".join(lines[start:]) if lines else ""
    match = _FATAL.search(text)
    return " ".join((match["text"] if match else text).split())


def _shortened(text: str) -> str:
    """Trivy wraps its errors: what went wrong stands at the end."""
    return text if len(text) <= _LONGEST else f"…{text[-_LONGEST:]}"
