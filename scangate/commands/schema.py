"""`scangate schema`: the JSON Schemas that we publish."""

from __future__ import annotations

import json
import sys

from scangate.errors import UsageError
from scangate.policies.schema import policy_json_schema
from scangate.results import results_json_schema
from scangate.settings import settings_json_schema

SCHEMAS = {"results": results_json_schema, "settings": settings_json_schema, "policy": policy_json_schema}


def run(name: str) -> int:
    """Print one schema."""
    if name not in SCHEMAS:
        raise UsageError(f"no schema is called {name!r}", hint=f"choose from {', '.join(SCHEMAS)}")
    json.dump(SCHEMAS[name](), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
    return 0
