"""What a scan of a running application reached, and whether that is a look at it at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from scangate.model import LedgerState, WebProof
from scangate.scanners.zap_attack import Attack
from scangate.scanners.zap_client import ZapClient, rows_of
from scangate.scanners.zap_crawl import Crawl
from scangate.scanners.zap_messages import Message, history, messages_by_id
from scangate.scanners.zap_scope import Scope

_SAMPLE = 400
_REFUSED = frozenset({401, 403, 407})
_ABSENT = frozenset({404, 410})
_TOO_MANY = 429
_PASSWORD_FIELD = r"""(?i)<input[^>]{0,300}\stype\s*=\s*["']?password"""  # noqa: S105 (a pattern)
_CONVENTION = re.compile(r"/(?:robots\.txt|sitemap\.xml)$")
_ASSET = re.compile(r"\.(?:css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|woff2?|ttf)$", re.IGNORECASE)

_NAME_PARAMETERS = "name pages that take parameters, or an OpenAPI document"
_LOG_IN = "let the scan log in: [[dast.users]]"

Login = Literal["none", "held", "lost", "failed"]


@dataclass(frozen=True)
class Gap:
    """Something that was not looked at, or not wholly: why, and what mends it."""

    reason: str
    mend: str = ""


@dataclass(frozen=True)
class Trace:
    """What a scan left behind.

    `visits` are all messages of the scope but those of the active scan, `empty` the URLs that look like one at which
    there is nothing, `forms` the ids of answers that ask for a password, and `gaps` what went wrong beside crawls and
    attacks. `operations` are those of the API description by name, with whether they were reached.
    """

    profile: str
    scope: Scope
    visits: tuple[Message, ...] = ()
    empty: frozenset[str] = frozenset()
    forms: frozenset[int] = frozenset()
    crawls: tuple[Crawl, ...] = ()
    attacks: tuple[Attack, ...] = ()
    attack_statuses: tuple[int, ...] = ()
    operations: Mapping[str, bool] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    login: Login = "none"
    alive: bool = True

    @property
    def answers(self) -> list[Message]:
        return [message for message in self.visits if message.status]

    @property
    def reached(self) -> set[str]:
        """URLs, without their queries, at which there is something that lets us in."""
        return {_plain(message.url) for message in self.answers if self._shows(message)}

    @property
    def pages(self) -> list[Message]:
        """What was shown beyond the first page: neither parts of a page's looks, nor mere errors and redirects."""
        seed, called = _plain(self.scope.seed), any(self.operations.values())
        return [
            message
            for message in self.answers
            if self._shows(message) and message.status < 500 and (called or not 300 <= message.status < 400)
            if (url := _plain(message.url)) != seed and not _CONVENTION.search(url) and not _ASSET.search(url)
        ]

    def _shows(self, message: Message) -> bool:
        away = message.url in self.empty and _plain(message.url) != _plain(self.scope.seed)
        return not away and message.status not in _REFUSED | _ABSENT | {_TOO_MANY}

    @property
    def unanswered(self) -> set[str]:
        return {_plain(url) for crawl in self.crawls for url in crawl.unanswered} - self.reached


def visits(client: ZapClient, scope: Scope, *, since: int) -> tuple[Message, ...]:
    """All messages of the scope from one on, but those of active scans."""
    return tuple(message for message in history(client, scope.own, since=since) if scope.owns(message.url))


def password_forms(client: ZapClient, scope: Scope) -> frozenset[int]:
    """The ids of the answers that have a field for a password."""
    rows = rows_of(client.view("search", "urlsByResponseRegex", regex=_PASSWORD_FIELD, baseurl=scope.site))
    return frozenset(int(str(row.get("id"))) for row in rows if str(row.get("id")).isdecimal())


def attack_statuses(client: ZapClient, attacks: Iterable[Attack]) -> tuple[int, ...]:
    """The statuses that the attacks brought, of a few hundred spread evenly over them where they are more."""
    ids = [number for attack in attacks for number in attack.messages]
    step = max(1, -(-len(ids) // _SAMPLE))
    return tuple(message.status for message in messages_by_id(client, ids[::step]))


def proof_of(trace: Trace) -> WebProof:
    """The evidence. Answers to attacks are counted by a sample where they are many."""
    attacks = trace.attacks
    return WebProof(
        profile=trace.profile,
        urls=len(trace.reached),
        operations=sum(trace.operations.values()),
        operations_known=len(trace.operations),
        operations_missing=tuple(name for name, reached in trace.operations.items() if not reached),
        requests=len(trace.visits) + sum(attack.requests for attack in attacks),
        responses=_responses(trace),
        rules_ran=len({rule for attack in attacks for rule in attack.ran}),
        rules_cut=tuple(dict.fromkeys(rule for attack in attacks for rule in attack.cut)),
        rules_skipped=tuple(dict.fromkeys(rule for attack in attacks for rule in attack.skipped)),
        login=trace.login,
        alive=trace.alive,
    )


def _responses(trace: Trace) -> dict[str, int]:
    counts = Counter(_class(message.status) for message in trace.visits)
    counts["error"] += sum(len(crawl.unanswered) for crawl in trace.crawls)
    counts["error"] += sum(attack.failures for attack in trace.attacks)
    attacked, sample = sum(attack.requests for attack in trace.attacks), trace.attack_statuses
    for name, count in Counter(map(_class, sample)).items():
        counts[name] += round(count * attacked / len(sample))
    return {name: count for name, count in sorted(counts.items()) if count}


def _class(status: int) -> str:
    return f"{status // 100}xx" if 100 <= status < 600 else "error"


def judge(trace: Trace) -> tuple[LedgerState, str, str]:
    """The state, the reason and what mends it: whether the scan looked, as far as the scan itself can tell."""
    if nothing := _nothing_reached(trace):
        return LedgerState.FAILED, nothing.reason, nothing.mend
    gaps = [*_too_little(trace), *_not_done(trace)]
    reasons = dict.fromkeys(gap.reason for gap in gaps)
    mend = next((gap.mend for gap in gaps if gap.mend), "")
    return (LedgerState.PARTIAL if gaps else LedgerState.RAN), "; ".join(reasons), mend


def _nothing_reached(trace: Trace) -> Gap | None:
    statuses = {message.status for message in trace.answers if not _CONVENTION.search(_plain(message.url))}
    present = statuses - _ABSENT
    if not statuses:
        return Gap("nothing of the target answered", "is the application still there?")
    if not present:
        return Gap(f"every answer was {_listed(statuses)}: there is nothing at this URL", "correct the URL")
    if present <= _REFUSED:
        return Gap(f"every answer was {_listed(present)}: the application lets nobody in", _LOG_IN)
    if all(status >= 500 or status in _REFUSED for status in present):
        return Gap(f"every answer was {_listed(present)}: the application does not work", "see its own log")
    if all(300 <= status < 400 or status in _REFUSED for status in present) and not any(trace.operations.values()):
        mend = "name the URL that the application is served at"
        return Gap(f"every answer was {_listed(present)}: it leads from one place to the next, and shows nothing", mend)
    return None


def _too_little(trace: Trace) -> Iterator[Gap]:
    """What was reached is a way in, but nothing behind it."""
    pages = [message for message in trace.answers if 200 <= message.status < 300]
    shown = [message for message in pages if not _ASSET.search(_plain(message.url))]
    if shown and trace.login in ("none", "failed") and all(message.id in trace.forms for message in shown):
        yield Gap("only a login page was reached", _LOG_IN)
    others = {url for url in trace.reached if not _CONVENTION.search(url)} - {_plain(trace.scope.seed)}
    if not trace.pages and (others or not any(trace.operations.values())):
        mend = "name what else there is: an OpenAPI document, or a list of URLs"
        yield Gap(f"nothing was found beyond {_plain(trace.scope.seed)}", mend)
    if trace.operations and not any(trace.operations.values()):
        mend = "does the OpenAPI document describe this application, at this URL?"
        yield Gap(f"none of the API's {len(trace.operations)} operations was reached", mend)


def _not_done(trace: Trace) -> Iterator[Gap]:
    """What was begun, and did not come to its end."""
    yield from trace.gaps
    troubles = [crawl.trouble for crawl in trace.crawls] + [attack.trouble for attack in trace.attacks]
    yield from (Gap(trouble) for trouble in troubles if trouble)
    cut = dict.fromkeys(rule for attack in trace.attacks for rule in attack.cut)
    if cut and not any(attack.trouble for attack in trace.attacks):
        yield Gap(f"{len(cut)} active rules did not come to their end", "give rules longer: dast.limits.rule_minutes")
    if any(attack.requests == 0 for attack in trace.attacks):
        yield Gap("the active scan sent no request", _NAME_PARAMETERS)
    elif trace.attacks and not any(attack.ran or attack.cut or attack.trouble for attack in trace.attacks):
        yield Gap("no active rule found anything to attack", _NAME_PARAMETERS)
    yield from _held_off(trace)
    if trace.unanswered:
        yield Gap(f"{len(trace.unanswered)} URLs did not answer", "see the application's own log")


def _held_off(trace: Trace) -> Iterator[Gap]:
    """Something refused what the scan asked: each tenth time as too much, or nearly all attacks."""
    visited = [message.status for message in trace.answers]
    for statuses, what in ((visited, "requests"), (trace.attack_statuses, "attacks")):
        if statuses and statuses.count(_TOO_MANY) * 10 >= len(statuses):
            mend = "let it take its time: dast.limits.requests_per_second"
            yield Gap(f"{statuses.count(_TOO_MANY) * 100 // len(statuses)} % of the {what} were too many (429)", mend)
    shut = [status for status in trace.attack_statuses if status in _REFUSED | {406}]
    if shut and len(shut) * 10 >= len(trace.attack_statuses) * 9:
        mend = "let the scan log in, and let no firewall stand before what is scanned"
        yield Gap(f"the attacks were refused: nearly all answers to them were {_listed(set(shut))}", mend)


def _plain(url: str) -> str:
    """A URL without its query; ZAP writes the root of a site with and without its slash."""
    plain = url.partition("#")[0].partition("?")[0]
    return f"{plain}/" if plain.count("/") == 2 else plain


def _listed(statuses: Iterable[int]) -> str:
    *most, last = map(str, sorted(statuses))
    return f"{', '.join(most)} or {last}" if most else last
