"""Grype's errors in plain words. It ends with exit code 1 for all of them, and says on standard error which."""

from __future__ import annotations

import re

from scangate.scanners.interface import Output, ScannerError, failed
from scangate.scanners.pins import hide_passwords

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_ERROR = re.compile(r"^(?:\[\d+\]\s+)?ERROR\s+", re.MULTILINE)
_REGISTRY = re.compile(r"\boci-registry: .*?(?= - oci-model:|$)")
"""What the registry said, which the sources that were tried before and after it hide."""
_LONGEST = 300

DOWNLOAD = "grype db update"
"""How the vulnerability database is had, in its default folder."""
_LOGIN = "docker login REGISTRY, or set GRYPE_REGISTRY_AUTH_USERNAME and GRYPE_REGISTRY_AUTH_PASSWORD"

_KNOWN = (
    (r"failed to load vulnerability db", "the vulnerability database cannot be used", DOWNLOAD),
    (r"sbom format not recognized|unable to decode sbom", "it is no SBOM that Grype reads", "CycloneDX, SPDX or Syft"),
    (
        r"UNAUTHORIZED|401 Unauthorized|DENIED|403 Forbidden",
        "unauthorised: the registry wants a login",
        _LOGIN,
    ),
    (
        r"MANIFEST_UNKNOWN|NAME_UNKNOWN|NAME_INVALID|404 Not Found",
        "the registry does not know the image",
        "is its name right, and its tag?",
    ),
    (r"x509:|tls: ", "the registry's certificate is not trusted", "set SSL_CERT_FILE to your authority's certificate"),
    (r"no space left on device", "the disk is full", "make room, or set TMPDIR"),
    (
        r"unable to provide image from tarball|archive/tar|no source providers were able|unable to .*oci",
        "it is neither a docker archive nor an OCI archive or layout folder",
        "save the image with docker save",
    ),
    (
        r"^(?!.*oci-registry).*(?:docker|podman|containerd) not available",
        "no docker, podman or containerd on this machine has the image, and no registry was asked",
        "scan without --offline, or name a file: docker save",
    ),
    (
        r"connection refused|no such host|i/o timeout|network is unreachable|connection reset",
        "the image cannot be had: no daemon of this machine has it, and its registry cannot be reached",
        "is its name right, and is the registry up? A file needs no registry: docker save",
    ),
)
"""A pattern of Grype's words, what it means and what mends it; the first that is found counts."""


def explain(output: Output) -> ScannerError:
    """Why a run that did not end well failed."""
    text = said(output.stderr)
    registry = _REGISTRY.search(text)
    text = registry[0] if registry else text
    for pattern, meaning, mend in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return failed(f"{meaning}: {_shortened(text)}", mend=mend)
    return failed(f"grype ended with exit code {output.exit_code}{': ' if text else ''}{_shortened(text)}")


def said(stderr: str) -> str:
    """The last error of a log on one line, without what stands before it; of another log the last line."""
    log = _ESCAPES.sub("", stderr).strip()
    errors = _ERROR.split(log)
    text = errors[-1] if len(errors) > 1 else log.rpartition("\n")[2]
    return hide_passwords(" ".join(text.split()))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
