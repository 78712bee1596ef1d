"""One SARIF result as a finding: its rule, message, severity, weaknesses and place are looked up in its run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from scangate.model import (
    Category,
    Confidence,
    FileLocation,
    Finding,
    Fix,
    Location,
    Rating,
    Relief,
    Rule,
    Source,
    WebLocation,
)
from scangate.scanners.ratings import SARIF_LEVEL, effective, score_severity, word_rating
from scangate.scanners.redact import is_secret_weakness, mask_literals
from scangate.scanners.sarif_place import place
from scangate.scanners.sarif_run import Run
from scangate.scanners.sarif_values import items, member, text, words

_CWE = re.compile(r"\bcwe[-_/: ]?0*(\d{1,5})\b", re.IGNORECASE)
_VULNERABILITY = re.compile(r"\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|PYSEC-\d{4}-\d+)\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d{1,3})\}")
_CONFIDENCE = {
    "very-high": Confidence.HIGH,
    "high": Confidence.HIGH,
    "medium": Confidence.MEDIUM,
    "low": Confidence.LOW,
}
_CATEGORY_OF_DRIVER = {
    Category.SECRET: "gitleaks trufflehog detect-secrets ggshield noseyparker kingfisher",
    Category.IAC: "checkov tfsec kics terrascan hadolint kube-linter kubescape cfn-lint zizmor actionlint",
    Category.DEPENDENCY: "grype osv-scanner dependency-check pip-audit npm-audit",
    Category.WEB: "zap nuclei",
}
"""Category by the first word of a driver's name. Other tools' results are code, unless they say otherwise."""
_CATEGORIES = {name: category for category, names in _CATEGORY_OF_DRIVER.items() for name in names.split()}


def finding(result: Mapping[str, Any], run: Run) -> Finding:
    """A result of kind `fail`."""
    rule_id, rule = run.rule(result)
    cwe = _cwes(result, rule)
    location = place(result, run.value, run.root, run.tree)
    category = _category(run.driver, rule_id, rule, cwe, location)
    message, fix = _message(result, rule, run), _fix(result)
    if category is Category.SECRET or is_secret_weakness(cwe):
        message, location, fix = _without_secrets(message, location, fix, category)
    level = text(result, "level") or text(member(rule, "defaultConfiguration"), "level") or "warning"
    ratings = (*_scores(run.driver, result, rule), word_rating(run.driver, level, SARIF_LEVEL))
    severity, why = effective(ratings)
    name = text(member(rule, "shortDescription"), "text") or text(rule, "name")
    return Finding(
        category=category,
        rule=Rule(id=rule_id or "(no rule)", name=text(rule, "name") or name, help_uri=_help_uri(rule), cwe=cwe),
        title=name or message.split("\n")[0][:200] or rule_id or "(no message)",
        message=message,
        severity=severity,
        severity_from=why,
        ratings=ratings,
        confidence=_CONFIDENCE.get(text(member(rule, "properties"), "precision"), Confidence.UNKNOWN),
        location=location,
        ids=tuple(dict.fromkeys(_VULNERABILITY.findall(rule_id))),
        fix=fix,
        sources=(Source(scanner=run.driver, rule_id=rule_id, severity=level, version=run.version),),
        relief=_relief(result),
    )


def _message(result: Mapping[str, Any], rule: Mapping[str, Any], run: Run) -> str:
    """The message: its own text, or that which its id names in the rule or the driver, with its arguments."""
    message = member(result, "message")
    own = text(message, "text") or text(message, "markdown")
    key = text(message, "id")
    if not own and key:
        strings = member(rule, "messageStrings").get(key) or run.global_messages.get(key)
        own = text(strings, "text") or text(strings, "markdown")
    arguments = words(message, "arguments")

    def fill(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        return arguments[int(match[1])] if int(match[1]) < len(arguments) else match[0]

    return _PLACEHOLDER.sub(fill, own) if arguments else own


def _scores(driver: str, result: Mapping[str, Any], rule: Mapping[str, Any]) -> Iterable[Rating]:
    """The `security-severity` of a result or its rule: 0.0 to 10.0, a string or (against the rules) a number."""
    for owner in (result, rule):
        value = member(owner, "properties").get("security-severity")
        try:
            score = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            continue
        if 0.0 <= score <= 10.0:
            severity = score_severity(score)
            return (Rating(source=driver, severity=severity, method="CVSS:3.1", word="security-severity", score=score),)
    return ()


def _cwes(result: Mapping[str, Any], rule: Mapping[str, Any]) -> tuple[int, ...]:
    """Weaknesses from tags (`external/cwe/cwe-078`, `CWE-78: …`), a `cwe` property, relationships and taxa."""
    found = [
        tag for owner in (rule, result) for key in ("tags", "cwe") for tag in words(member(owner, "properties"), key)
    ]
    taxa = [member(relation, "target") for relation in items(rule, "relationships")] + items(result, "taxa")
    for taxon in taxa:
        taxonomy = text(member(taxon, "toolComponent"), "name")
        found.append(f"{taxonomy} {text(taxon, 'id')}" if taxonomy.upper() == "CWE" else text(taxon, "id"))
    return tuple(dict.fromkeys(int(match[1]) for word in found for match in _CWE.finditer(word)))


def _category(driver: str, rule_id: str, rule: Mapping[str, Any], cwe: tuple[int, ...], location: Location) -> Category:
    tags = {tag.lower() for tag in words(member(rule, "properties"), "tags")}
    if isinstance(location, WebLocation):
        return Category.WEB
    if "secret" in tags or 798 in cwe:
        return Category.SECRET
    if _VULNERABILITY.search(rule_id):
        return Category.DEPENDENCY
    if "misconfiguration" in tags:
        return Category.IAC
    return _CATEGORIES.get(re.split(r"[\s:/]", driver.lower())[0], Category.CODE)


def _without_secrets(message: str, location: Location, fix: Fix, category: Category) -> tuple[str, Location, Fix]:
    if isinstance(location, FileLocation):
        snippet = "" if category is Category.SECRET else mask_literals(location.snippet)
        location = location.model_copy(update={"snippet": snippet})
    return mask_literals(message), location, fix.model_copy(update={"text": mask_literals(fix.text)})


def _help_uri(rule: Mapping[str, Any]) -> str:
    uri = text(rule, "helpUri")
    return uri if uri.startswith(("https://", "http://")) else ""


def _fix(result: Mapping[str, Any]) -> Fix:
    descriptions = (text(member(fix, "description"), "text") for fix in items(result, "fixes"))
    described = next((words for words in descriptions if words), "")
    return Fix(state="available", text=described) if described else Fix()


def _relief(result: Mapping[str, Any]) -> tuple[Relief, ...]:
    """Suppressions that count: SARIF takes one without a status as accepted, and one rejected undoes the others."""
    suppressions = items(result, "suppressions")
    if any(text(one, "status") not in ("", "accepted") for one in suppressions):
        return ()
    return tuple(
        Relief(
            kind="tool", by=f"SARIF suppression: {text(one, 'kind') or 'unknown'}", reason=text(one, "justification")
        )
        for one in suppressions
    )
