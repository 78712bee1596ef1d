"""scangate: one command runs every security scanner, merges their findings and judges them by a policy."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("scangate")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
