"""scangate: one command runs every security scanner, merges their findings and judges them by a policy."""

__version__ = "0.1.0"
