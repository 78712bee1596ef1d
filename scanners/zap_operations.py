"""Which operations of an API a scan reached: each is called once through ZAP, which has it in its tree from then on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from scangate.model import Skip
from scangate.scanners.zap_member import Member
from scangate.scanners.zap_nowhere import Nowhere
from scangate.scanners.zap_openapi import Operation
from scangate.scanners.zap_requests import WebAnswer, send, why_left_alone
from scangate.scanners.zap_session import Session

_ABSENT = frozenset({404, 405, 410, 501})
_SHUT = frozenset({401, 403, 407})
_UNABLE = frozenset({408, 429, 502, 503, 504})
_HTML = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True)
class Outcome:
    """Whether an operation was reached; `why` says why not. It may not even have been called."""

    operation: Operation
    why: str = ""
    called: bool = True

    @property
    def reached(self) -> bool:
        return not self.why


def try_operations(
    session: Session, operations: Sequence[Operation], members: Sequence[Member], *, destroys: bool, nowhere: Nowhere
) -> tuple[Outcome, ...]:
    """Call each operation, as one user after the other until it is reached; without users, as nobody.

    What the scope excludes is left alone, and unless the scan `destroys`, so is what deletes. `nowhere` is what the
    application answers where there is nothing. Raises `ScannerError` when ZAP is gone, or the job's time is over.
    """
    outcomes = [_uncalled(session, operation, destroys=destroys) for operation in operations]
    for member in members or (None,):
        with member.acting(session) if member else nullcontext():
            for place, operation in enumerate(operations):
                before = outcomes[place]
                if before is None or (before.called and not before.reached):
                    session.workbench.check()
                    answer = send(session.client, operation.request)
                    outcomes[place] = Outcome(operation, why_not_reached(operation, answer, nowhere))
    return tuple(outcome for outcome in outcomes if outcome)


def reached_by_name(outcomes: Iterable[Outcome]) -> Mapping[str, bool]:
    """Every operation by its name, with whether it was reached."""
    return {outcome.operation.name: outcome.reached for outcome in outcomes}


def skips_of(outcomes: Iterable[Outcome]) -> tuple[Skip, ...]:
    """The operations that were not reached, with the reason of each."""
    return tuple(Skip(path=one.operation.name, reason=one.why) for one in outcomes if not one.reached)


def _uncalled(session: Session, operation: Operation, *, destroys: bool) -> Outcome | None:
    """The outcome of an operation that is not called; None where it is."""
    why = operation.trouble or why_left_alone(session.scope, operation.request, destroys=destroys)
    return Outcome(operation, why, called=False) if why else None


def why_not_reached(operation: Operation, answer: WebAnswer, nowhere: Nowhere) -> str:
    """Why an answer does not show that the operation was reached; empty where it does.

    It was where it answered as it says it may. A 404 may come from it, too, but then it did nothing. Refusing a caller
    is the work of an operation only where it does not ask for one, as one that logs in.
    """
    if not answer.status:
        return answer.trouble
    if answer.status in _ABSENT or answer.status in _UNABLE:
        return f"it answers {answer.status}"
    if answer.status in _SHUT and (operation.secured or str(answer.status) not in operation.statuses):
        return f"it lets nobody in: it answers {answer.status}"
    if 300 <= answer.status < 400 and answer.status != 304 and not _expects(operation, answer.status):
        return f"it leads elsewhere: it answers {answer.status}"
    if nowhere.looks_like(operation.request.url, answer.status, answer.body):
        return "it answers as if it was not there"
    return _why_other_type(operation, answer)


def _expects(operation: Operation, status: int) -> bool:
    return not operation.statuses.isdisjoint({str(status), f"{status // 100}XX"})


def _why_other_type(operation: Operation, answer: WebAnswer) -> str:
    """A page instead of data: of a login, or of an application that answers anything with its first page."""
    kind = answer.header("content-type").partition(";")[0].strip().lower()
    if answer.status >= 300 or kind not in _HTML or not operation.types:
        return ""
    if operation.types & (_HTML | {"*/*", "text/*"}):
        return ""
    return "it answers with a page instead of data"
