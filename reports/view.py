"""What the reports for people share: the order of findings, their grouping by file, and the words for their parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from packageurl import PackageURL

from scangate.document import Judgement, Outcome, Results
from scangate.model import (
    Commit,
    Effect,
    FileLocation,
    Finding,
    ImageLocation,
    LedgerEntry,
    LedgerState,
    PackageLocation,
    ResourceLocation,
    Severity,
    WebLocation,
)

WORST_FIRST = tuple(sorted(Severity, key=lambda severity: -severity.rank))
"""Every severity, worst first."""
_ID_LENGTH = 8


@dataclass(frozen=True)
class FileGroup:
    """The findings of one file (or image, or page) that are shown, worst first, and how many more it has."""

    heading: str
    findings: tuple[Finding, ...]
    hidden: int


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """The findings by severity, relieved ones last, then by place: the same order for the same findings."""
    return sorted(findings, key=_order)


def _order(finding: Finding) -> tuple[bool, int, str, int, str, str, str]:
    relieved = finding.effect is Effect.RELIEVED
    place = (heading(finding), finding.line or 0)
    return (relieved, -finding.severity.rank, *place, finding.rule.id, finding.id, finding.title)


def by_file(findings: Sequence[Finding], *, limit: int) -> list[FileGroup]:
    """The `limit` worst findings grouped by file; files in the order of their worst finding."""
    totals = Counter(heading(finding) for finding in findings)
    groups: dict[str, list[Finding]] = {}
    for finding in worst_first(findings)[:limit]:
        groups.setdefault(heading(finding), []).append(finding)
    return [FileGroup(name, tuple(group), totals[name] - len(group)) for name, group in groups.items()]


def heading(finding: Finding) -> str:
    """What a finding is shown under: its file, else its image, page or package."""
    match finding.location:
        case ImageLocation(ref=ref):
            return ref
        case WebLocation(url=url, route=route):
            return _site(url) if route else url
        case PackageLocation(manifest="", purl=purl, name=name):
            return purl or name
        case _:
            return finding.path or "(no file)"


def short_id(finding: Finding) -> str:
    """The beginning of a finding's id that `scangate explain` takes, since a whole one is too long to read."""
    return short(finding.id)


def short(fingerprint: str) -> str:
    """The beginning of a fingerprint, without what all of its kind begin with."""
    return fingerprint.rsplit(":", 1)[-1][:_ID_LENGTH]


def place(finding: Finding) -> str:
    """The heading with the line, where the line is one of it: `app.py:12`, an image, an application."""
    line = "" if isinstance(finding.location, ImageLocation | WebLocation) or not finding.line else f":{finding.line}"
    return f"{heading(finding)}{line}"


def position(finding: Finding) -> str:
    """Where in its file: `12:5`, `12`, or empty. Of images and applications the subject tells where."""
    if finding.line is None or isinstance(finding.location, ImageLocation | WebLocation):
        return ""
    column = finding.location.column if isinstance(finding.location, FileLocation) else None
    return f"{finding.line}:{column}" if column else str(finding.line)


def subject(finding: Finding) -> str:
    """What in the file is affected, where a line does not say it: a package, a resource, a parameter."""
    match finding.location:
        case PackageLocation(name=name, version=version):
            return f"{name} {version}".strip()
        case ResourceLocation(address=address):
            return address
        case ImageLocation() as place:
            return _in_image(place)
        case WebLocation() as place:
            return _in_application(place)
        case FileLocation(commit=Commit() as commit):
            return _in_history(commit)
        case FileLocation(scope=scope):
            return scope


def _site(url: str) -> str:
    """Scheme, host and port, under which all findings of one application stand."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else url


def _in_application(place: WebLocation) -> str:
    """`GET /items/{} id, at 40 places`."""
    route = "the whole site" if place.route == "*" else place.route
    what = " ".join(part for part in (place.method, route, place.param) if part)
    return f"{what}, at {place.count:,} places" if place.count > 1 else what


def _in_history(commit: Commit) -> str:
    """`commit 1f3a5b7c9d0e by Ann on 2026-01-31, deleted since`."""
    by = f" by {commit.author}" if commit.author else ""
    day = f" on {commit.date[:10]}" if commit.date else ""
    return f"commit {commit.id[:12]}{by}{day}{', deleted since' if commit.gone else ''}"


def _in_image(place: ImageLocation) -> str:
    """`libssl3 3.0.17 in var/lib/dpkg/status, base image`: what of it is known."""
    file = f"{place.path}:{place.line}" if place.line else place.path
    what = " in ".join(part for part in (package_name(place.package), file) if part)
    layer = {True: "base image", False: "own layer", None: ""}[place.base]
    return ", ".join(part for part in (what, layer) if part)


def package_name(purl: str) -> str:
    """Name and version of a package URL, as its ecosystem writes them: `@scope/name 1.0`, `group:artifact 1.0`."""
    try:
        package = PackageURL.from_string(purl)
    except ValueError:
        return purl
    between = ":" if package.type == "maven" else "/"
    named = package.namespace and package.type in ("npm", "maven", "golang", "composer")
    name = f"{package.namespace}{between}{package.name}" if named else package.name
    return f"{name} {package.version}" if package.version else name


def snippet(finding: Finding) -> str:
    """The source lines of a finding, or the evidence of a web finding."""
    match finding.location:
        case FileLocation(snippet=text) | ResourceLocation(snippet=text):
            return text
        case WebLocation(evidence=evidence):
            return evidence
        case _:
            return ""


def snippet_lines(finding: Finding, *, width: int, most: int = 12) -> list[tuple[str, str]]:
    """The snippet as (line number, text), at most `most` lines of `width` characters, common indentation removed.

    The number is empty where the line is not one of the file's.
    """
    lines = [line[: 2 * width].expandtabs(4) for line in snippet(finding).split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" …")), default=0)
    first = None if isinstance(finding.location, WebLocation) else finding.line
    numbered = [
        (str(first + index) if first and line != "…" else "", line[margin:] if line != "…" else line)
        for index, line in enumerate(lines)
    ]
    return numbered[:most] + ([("", "…")] if len(numbered) > most else [])


def reported_by(finding: Finding) -> list[str]:
    """The scanners with their own rule ids (`bandit B602`); without them where advisory ids name the problem."""
    words = (f"{source.scanner} {'' if finding.ids else source.rule_id}".strip() for source in finding.sources)
    return list(dict.fromkeys(words)) or [finding.rule.id]


def opinions(finding: Finding) -> str:
    """Who rated the finding how, and which rating counts, where they do not agree: `high by a, low by b; …`."""
    if len({rating.severity for rating in finding.ratings}) < 2:
        return ""
    rated = dict.fromkeys(f"{rating.severity} by {rating.source}" for rating in finding.ratings)
    counts = f"; what counts: {finding.severity_from}" if finding.severity_from else ""
    return f"{', '.join(rated)}{counts}"


def see_also(finding: Finding, *, most: int = 5) -> str:
    """The short ids of findings that may be about the same, for `scangate explain`."""
    hidden = len(finding.related) - most
    return ", ".join(map(short, finding.related[:most])) + (f" and {hidden} more" if hidden > 0 else "")


def fix(finding: Finding) -> str:
    """What can be done, in words; empty when nobody said."""
    match finding.fix.state:
        case "available" if finding.fix.versions:
            upgrade = f"upgrade to {' or '.join(finding.fix.versions)}"
            return f"{upgrade} ({finding.fix.text})" if finding.fix.text else upgrade
        case "none":
            return finding.fix.text or "none is published yet"
        case "wont-fix":
            return finding.fix.text or "its maintainers will not mend it"
        case _:
            return finding.fix.text


def files(entry: LedgerEntry) -> str:
    """How much of its target a scanner looked at: `scanned/considered`, or `-` where there was nothing."""
    return f"{entry.scanned}/{entry.considered}" if entry.considered or entry.scanned else "-"


def proof(entry: LedgerEntry) -> list[str]:
    """What a scan of a running application reached, in a few lines; empty for other entries."""
    web = entry.web
    if web is None:
        return []
    answers = ", ".join(f"{count:,} {name}" for name, count in sorted(web.responses.items()))
    api = f", {web.operations} of {web.operations_known} API operations" if web.operations_known else ""
    login = "" if web.login == "none" else f", login {web.login}"
    lines = [
        f"profile {web.profile}: {plural(web.urls, 'URL')} answered{api}{login}",
        f"{plural(web.requests, 'request')}{f': {answers}' if answers else ''}",
    ]
    named = {
        "operations not reached": web.operations_missing,
        "active rules cut short": web.rules_cut,
        "active rules left out": web.rules_skipped,
    }
    lines += [f"{what}: {', '.join(names)}" for what, names in named.items() if names]
    if web.rules_ran:
        lines.append(f"{plural(web.rules_ran, 'active rule')} ran to the end")
    return lines if web.alive else [*lines, "the application answered no more at the end"]


def duration(seconds: float) -> str:
    """Wall time as `0.4 s`, `12 s` or `3 min 05 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def total(results: Results) -> str:
    """`2 findings: 1 high, 1 low`, or a word that says how far no findings go."""
    counts = severity_counts(results.findings)
    if counts:
        each = ", ".join(f"{count:,} {severity}" for severity, count in counts.items())
        return f"{plural(len(results.findings), 'finding')}: {each}"
    states = {entry.state for entry in results.ledger}
    if not any(state.looked for state in states):
        return "No findings, since nothing was looked at"
    whole = states <= {LedgerState.RAN, LedgerState.NOT_APPLICABLE, LedgerState.DISABLED}
    return "No findings" if whole else "No findings in what was looked at"


def merged(results: Results) -> str:
    """`61 reports of 6 scanners are 38 findings`; empty where each report is a finding of its own."""
    reports = sum(entry.findings for entry in results.ledger)
    scanners = {entry.scanner for entry in results.ledger if entry.findings}
    if reports <= len(results.findings):
        return ""
    return f"{plural(reports, 'report')} of {plural(len(scanners), 'scanner')} are " + plural(
        len(results.findings), "finding"
    )


def severity_counts(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings of each severity that occurs, worst first."""
    counts = Counter(finding.severity for finding in findings)
    return {severity: counts[severity] for severity in WORST_FIRST if counts[severity]}


def plural(count: int, noun: str) -> str:
    """`1 finding`, `2,000 findings`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def failing(results: Results) -> list[tuple[Finding, Judgement]]:
    """The findings that fail the build, worst first, each with the policy's word on it."""
    judged = results.verdict.judged if results.verdict else ()
    failed = {judgement.finding: judgement for judgement in judged if judgement.effect is Effect.FAIL}
    findings = worst_first(finding for finding in results.findings if finding.id in failed)
    return [(finding, failed[finding.id]) for finding in findings]


Rules = tuple[tuple[str, str], ...]
"""The policy's rules that fail a finding, each with its own words for why."""
Fields = tuple[str, ...]
"""The fields that made rules match, with their values."""


def by_reason(failing: Iterable[tuple[Finding, Judgement]]) -> dict[Rules, dict[Fields, list[Finding]]]:
    """The failing findings by the rules that fail them, then by the fields that made these match; order is kept."""
    groups: dict[Rules, dict[Fields, list[Finding]]] = {}
    for finding, judgement in failing:
        matches = [match for match in judgement.matches if match.effect is Effect.FAIL]
        fields = tuple(dict.fromkeys(field for match in matches for field in match.fields))
        rules = tuple((match.rule, match.why) for match in matches)
        groups.setdefault(rules, {}).setdefault(fields, []).append(finding)
    return groups


def headline(results: Results) -> tuple[str, str]:
    """The verdict as a word for the eye and a sentence: `FAILED`, `3 findings fail the policy prod`."""
    verdict = results.verdict
    if verdict is None:
        return "NO VERDICT", "the run was interrupted" if results.run.interrupted else "nothing was judged"
    named = verdict.environment in ("", verdict.policy)
    policy = f"the policy {verdict.policy}" + ("" if named else f" (environment {verdict.environment})")
    gaps = plural(len(verdict.incomplete), "gap")
    match verdict.outcome:
        case Outcome.FAILED:
            count = verdict.counts.get(Effect.FAIL, 0)
            sentence = f"{plural(count, 'finding')} {'fails' if count == 1 else 'fail'} {policy}"
            return "FAILED", f"{sentence}; the run is also incomplete: {gaps}" if verdict.incomplete else sentence
        case Outcome.INCOMPLETE:
            return "INCOMPLETE", f"not everything was looked at, so {policy} cannot pass it: {gaps}"
        case Outcome.PASSED:
            accepted = f", with {plural(len(verdict.accepted), 'accepted gap')}" if verdict.accepted else ""
            return "PASSED", f"nothing fails {policy}{accepted}"


def effect_counts(results: Results) -> str:
    """`3 findings: 1 fail, 2 warn`: by what the policy makes of them; empty where nothing was judged."""
    counts = results.verdict.counts if results.verdict else {}
    words = {Effect.NONE: "under no rule"}
    each = ", ".join(f"{counts[effect]:,} {words.get(effect, effect)}" for effect in Effect if counts.get(effect))
    return f"{plural(sum(counts.values()), 'finding')}: {each}" if each else ""


def left_out(results: Results, *, limit: int) -> list[str]:
    """What the inventory did not hand to any scanner, and why; at most `limit` rows and how many more there are."""
    rows = [f"{skip.path}: {skip.reason}" for skip in results.inventory.skipped[:limit]]
    hidden = len(results.inventory.skipped) - len(rows)
    return rows + ([f"and {hidden:,} more, which the JSON and HTML reports list"] if hidden else [])


def warnings(results: Results) -> list[str]:
    """What the verdict warns about, and what the tree holds that no scanner here can look at."""
    said = list(results.verdict.warnings) if results.verdict else []
    kinds = [kind for kind in results.inventory.kinds if not kind.supported_by]
    unnamed = [kind for kind in kinds if not any(kind.label in warning for warning in said)]
    return said + [f"no scanner here supports {kind.label} ({plural(kind.files, 'file')})" for kind in unnamed]
