"""From a policy's name or file to the policy that judges: what it extends is found, merged and checked.

Each document is applied once, furthest ancestor first, in the order that `extends` names them. Mappings merge key by
key, scalars and lists replace, rules merge by id: a child's rule replaces the whole rule, `then: skip` removes it.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any

from scangate.errors import UsageError
from scangate.model import SEVERITY_SCALE
from scangate.policies.document import Document, nearest, read_document
from scangate.policies.schema import Coverage, Dast, Match, Policy, PolicyDocument, PolicyRule

BUILT_IN: tuple[str, ...] = ("default", "dev", "staging", "prod")
SEVERITIES: tuple[str, ...] = tuple(reversed(SEVERITY_SCALE))
"""The severities that `fail_on` takes, worst first."""

_MAX_DOCUMENTS = 32


def load_policy(name_or_file: str, *, folder: Path | None = None) -> Policy:
    """The policy of a built-in name, or of a file relative to `folder` (the working directory when None).

    Raises UsageError with file, line and what is allowed where any document on the way is not valid.
    """
    return resolve(find_documents(name_or_file, folder=folder))


def fail_on(severity: str) -> Policy:
    """The one-flag policy: findings of at least this severity fail, coverage is as in `default`."""
    if severity not in SEVERITIES:
        raise UsageError(f"{severity[:80]!r} is not a severity", hint=f"choose one of {', '.join(SEVERITIES)}")
    default = load_policy("default")
    rule = PolicyRule(id="fail-on", match=Match(severity=(f">={severity}",)), why=f"--fail-on {severity}")
    origins = {k: v for k, v in default.origins.items() if not k.startswith("rules.")}
    name, source = f"fail-on {severity}", f"--fail-on {severity}"
    changes = {
        "name": name,
        "rules": (rule,),
        "sources": (*default.sources, source),
        "origins": {**origins, "rules.fail-on": source},
    }
    return default.model_copy(update=changes)


def require_known(policy: Policy, scanners: Collection[str]) -> None:
    """Raises UsageError where the policy requires a scanner that is none of `scanners`."""
    for name in policy.coverage.required:
        if name not in scanners:
            raise UsageError(
                f"policy {policy.name!r} requires {name[:80]!r}, which is no scanner here{nearest(name, scanners)}",
                hint=f"scanners: {', '.join(sorted(scanners))}",
            )


def find_documents(name_or_file: str, *, folder: Path | None = None) -> tuple[Document, ...]:
    """The documents that make a policy, each once, furthest ancestor first and the named one last."""
    found: dict[str, Document] = {}
    _collect(name_or_file, folder or Path(), found=found, path=())
    return tuple(found.values())


def _collect(reference: str, folder: Path, *, found: dict[str, Document], path: tuple[str, ...]) -> None:
    source = reference if reference in BUILT_IN else str(folder / reference)
    key = source if reference in BUILT_IN else _resolved(folder / reference)
    if key in path:
        circle = " → ".join([*(PurePath(p).name for p in path[path.index(key) :]), PurePath(key).name])
        raise UsageError(f"{source}: policies extend each other in a circle: {circle}")
    if key in found:
        return
    if len(found) + len(path) >= _MAX_DOCUMENTS:
        raise UsageError(f"{source}: more than {_MAX_DOCUMENTS} policies extend each other")
    document = read_document(_read(reference, folder), source=source)
    for index, parent in enumerate(document.model.extends):
        _check_parent(parent, document, index)
        _collect(parent, document.folder, found=found, path=(*path, key))
    found[key] = document


def _resolved(path: Path) -> str:
    """A file's one true path, by which circles are found."""
    try:
        return str(path.resolve())
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"the policy {str(path)[:200]!r} cannot be read: {error}") from None


def _check_parent(parent: str, document: Document, index: int) -> None:
    if parent not in BUILT_IN and PurePath(parent).is_absolute():
        where = f"{document.source}:{document.line('extends', index)}"
        raise UsageError(f"{where}: 'extends' takes a built-in name or a path relative to this file, not {parent!r}")


def _read(reference: str, folder: Path) -> bytes:
    if reference in BUILT_IN:
        return (files("scangate.policies") / f"{reference}.yaml").read_bytes()
    path = folder / reference
    try:
        if path.is_file():
            return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the policy {str(path)[:200]!r} cannot be read: {error.strerror}") from None
    raise UsageError(
        f"there is no policy {reference[:200]!r}: no built-in policy and no file in {str(folder)!r}"
        f"{nearest(reference, BUILT_IN)}",
        hint=f"built-in policies: {', '.join(BUILT_IN)}; anything else is a path",
    )


def resolve(documents: tuple[Document, ...]) -> Policy:
    """The policy that documents make together, each applied to those before it."""
    merged: dict[str, Any] = {"version": "1"}
    rules: dict[str, PolicyRule] = {}
    origins: dict[str, str] = {}
    for document in documents:
        _merge_settings(merged, document, origins)
        _merge_rules(rules, document, origins)
    settings = PolicyDocument.model_validate(merged)
    own = documents[-1]
    return Policy(
        name=own.model.name or PurePath(own.source).stem,
        unknown_severity=settings.unknown_severity,
        coverage=settings.coverage,
        dast=settings.dast,
        rules=tuple(rules.values()),
        sources=tuple(document.source for document in documents),
        origins=origins,
    )


def _merge_settings(merged: dict[str, Any], document: Document, origins: dict[str, str]) -> None:
    if "unknown_severity" in document.tree:
        merged["unknown_severity"] = document.tree["unknown_severity"]
        origins["unknown_severity"] = document.source
    for name, model in (("coverage", Coverage), ("dast", Dast)):
        said = document.tree.get(name, {})
        merged[name] = {**merged.get(name, {}), **said}
        origins.update({f"{name}.{key}": document.source for key in model.model_fields if key in said})


def _merge_rules(rules: dict[str, PolicyRule], document: Document, origins: dict[str, str]) -> None:
    for rule in document.model.rules:
        if rule.then == "skip":
            rules.pop(rule.id, None)
            origins.pop(f"rules.{rule.id}", None)
        else:
            rules[rule.id] = rule
            origins[f"rules.{rule.id}"] = document.source
