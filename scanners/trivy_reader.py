"""Reading what Trivy left: its report, or why there is none. `trivy k8s` prints one report for each resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from scangate.scanners.interface import Output, failed, unreadable
from scangate.scanners.json_report import load_json
from scangate.scanners.trivy_errors import explain
from scangate.scanners.trivy_report import Report

_SCHEMA_VERSION = 2
_LONGEST = 300


def read_reports(output: Output) -> tuple[Report, ...]:
    """The reports of an output: one, or for a cluster one for each resource.

    Raises:
        ScannerError: Trivy failed, or what it left is not its report.
    """
    if output.exit_code not in (0, None):
        raise explain(output)
    document = load_json(output, "trivy")
    if not isinstance(document, dict):
        raise unreadable("trivy's output is not its report")
    if "SchemaVersion" not in document and output.exit_code is None:
        return tuple(_report(resource) for resource in _cluster(document))
    if document.get("SchemaVersion") != _SCHEMA_VERSION:
        raise unreadable(f"trivy's output is not of schema version {_SCHEMA_VERSION}")
    return (_report(document),)


def _cluster(document: Mapping[str, Any]) -> list[Any]:
    """The resources of a `trivy k8s` report."""
    lists = [document[key] for key in ("Resources", "Vulnerabilities", "Misconfigurations") if document.get(key)]
    if "ClusterName" not in document or not all(isinstance(resources, list) for resources in lists):
        raise unreadable("trivy's output has neither a schema version nor a cluster")
    return [resource for resources in lists for resource in resources]


def _report(document: Any) -> Report:
    if isinstance(document, dict) and document.get("Error"):
        raise failed(f"trivy could not scan a resource: {str(document['Error'])[:_LONGEST]}")
    try:
        return Report.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise unreadable(f"trivy's output is not of its form: {first['msg']} ({place})") from error
