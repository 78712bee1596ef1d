"""Scanner adapters: one file per scanner, listed in `registry.py`."""
