"""`scangate explain`: everything that is known of one finding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scangate.commands.common import read_results_or_last_run
from scangate.document import Judgement, Results
from scangate.errors import UsageError
from scangate.model import Finding, ImageLocation, PackageLocation, WebLocation
from scangate.reports.encoders import inert, visible


def run(wanted: str, file: Path | None) -> int:
    """Print the whole trace of a finding of the last run, or of a results document."""
    results = read_results_or_last_run(file)
    finding = _find(results, wanted)
    judgement = next((j for j in results.verdict.judged if j.finding == finding.id), None) if results.verdict else None
    print(inert(visible("\n".join((*_facts(finding), *_judged(judgement, results))))))
    return 0


def _find(results: Results, wanted: str) -> Finding:
    """The finding whose id begins so, else the one that a report of such an id became part of."""
    matches = [finding for finding in results.findings if _begins(finding.id, wanted)]
    matches = matches or [f for f in results.findings if any(_begins(source.id, wanted) for source in f.sources)]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise UsageError(
            f"no finding's id begins with {wanted!r}", hint="ids are in every report; quote at least part of one"
        )
    some = ", ".join(finding.id for finding in matches[:5])
    raise UsageError(f"{len(matches)} findings' ids begin with {wanted!r}", hint=f"say more of it: {some}")


def _begins(fingerprint: str, wanted: str) -> bool:
    return fingerprint.startswith(wanted) or fingerprint.rsplit(":", 1)[-1].startswith(wanted)


def _facts(finding: Finding) -> Iterator[str]:
    yield f"{finding.id}"
    yield f"  {finding.title}"
    yield f"  where:      {_where(finding)}"
    if isinstance(finding.location, ImageLocation):
        yield from _in_image(finding.location)
    yield f"  severity:   {finding.severity} ({finding.severity_from}), confidence {finding.confidence}"
    for rating in finding.ratings:
        yield f"    rating:   {rating.severity} by {rating.source}, {rating.method} {rating.vector or rating.word}"
    for source in finding.sources:
        version = f" {source.version}" if source.version else ""
        word = source.severity or "not given"
        yield f"  said by:    {source.scanner}{version}: rule {source.rule_id}, severity {word}"
        if finding.joined:
            yield f"              {source.title}, at {source.place}, alone {source.id}"
    for reason in finding.joined:
        yield f"  one since:  {reason}"
    for other in finding.related:
        yield f"  see also:   {other}"
    if finding.rule.cwe:
        yield f"  weakness:   {', '.join(f'CWE-{number}' for number in finding.rule.cwe)}"
    if finding.ids:
        yield f"  known as:   {', '.join(finding.ids)}"
    if finding.fix.state != "unknown":
        yield f"  fix:        {finding.fix.state} {', '.join(finding.fix.versions)} {finding.fix.text}".rstrip()
    for relief in finding.relief:
        yield f"  relief:     {relief.kind} mark {relief.by!r} {relief.reason}".rstrip()
    if finding.rule.help_uri:
        yield f"  more:       {finding.rule.help_uri}"
    yield f"  identity:   {' | '.join(part for part in finding.parts if part)}"
    yield from _evidence(finding)


def _evidence(finding: Finding) -> Iterator[str]:
    if finding.message.rstrip(".") not in ("", finding.title.rstrip(".")):
        yield f"\n{finding.message}"
    if snippet := getattr(finding.location, "snippet", ""):
        yield f"\n{snippet}"
    if isinstance(finding.location, WebLocation):
        yield from _seen_at(finding.location)


def _seen_at(place: WebLocation) -> Iterator[str]:
    """Where an application shows the problem, and how to see it again."""
    yield f"\nseen at {place.count:,} places:"
    for instance in place.instances:
        evidence = f"  {instance.evidence}" if instance.evidence else ""
        yield f"  {instance.method} {instance.url} {instance.param}".rstrip() + evidence
    if place.curl:
        yield f"\nto see it again: {place.curl}"


def _in_image(place: ImageLocation) -> Iterator[str]:
    """The package, its file, and the layer that brought it: what of it the scanner told."""
    if place.package:
        yield f"  package:    {place.package}"
    if place.path:
        yield f"  file:       {place.path}{f':{place.line}' if place.line else ''}"
    if place.layer:
        whose = {True: " (base image)", False: " (own layer)", None: ""}[place.base]
        yield f"  layer:      {place.layer}{whose}"
    if place.created_by:
        yield f"  made by:    {place.created_by}"


def _where(finding: Finding) -> str:
    if isinstance(finding.location, ImageLocation):
        return finding.location.ref
    place = finding.path or getattr(finding.location, "url", "")
    line = f":{finding.line}" if finding.line else ""
    package = f" ({finding.location.purl})" if isinstance(finding.location, PackageLocation) else ""
    return f"{place}{line}{package}"


def _judged(judgement: Judgement | None, results: Results) -> Iterator[str]:
    policy = results.verdict.policy if results.verdict else "none"
    if judgement is None:
        yield f"\npolicy {policy}: no rule matches"
        return
    would = f", without relief {judgement.would}" if judgement.would else ""
    yield f"\npolicy {policy}: {judgement.effect}{would}"
    for match in judgement.matches:
        yield f"  rule {match.rule}: {match.effect}{f' ({match.why})' if match.why else ''}"
        for field in match.fields:
            yield f"    {field}"
