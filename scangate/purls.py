"""Package URLs (https://github.com/package-url/purl-spec): what a package is, apart from version and qualifiers."""

from __future__ import annotations

from functools import lru_cache

from packageurl import PackageURL
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_DISTRIBUTIONS = frozenset({"deb", "rpm", "apk", "alpm"})


@lru_cache(maxsize=16_384)
def package_of(purl: str) -> str:
    """The package URL without version, qualifiers and subpath, PyPI names normalised; what is none stays."""
    try:
        parsed = PackageURL.from_string(purl)
    except ValueError:
        return purl
    name = canonicalize_name(parsed.name) if parsed.type == "pypi" else parsed.name
    return PackageURL(parsed.type, parsed.namespace, name).to_string()


@lru_cache(maxsize=16_384)
def version_of(purl: str) -> str:
    """The version in a spelling that all scanners share: PEP 440's for PyPI, no `v` for Go, no epoch for distributions.

    Scanners disagree on where an epoch stands, and no image holds one package in two versions that only differ in it.
    """
    try:
        parsed = PackageURL.from_string(purl)
    except ValueError:
        return ""
    version = parsed.version or ""
    if parsed.type == "pypi":
        return _python_version(version)
    if parsed.type == "golang":
        return version.removeprefix("v")
    return version.rpartition(":")[2] if parsed.type in _DISTRIBUTIONS else version


def _python_version(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version


def is_of_distribution(purl: str) -> bool:
    """Whether the package belongs to an operating system, of which an image has one: its path tells nothing."""
    return purl.removeprefix("pkg:").partition("/")[0] in _DISTRIBUTIONS
