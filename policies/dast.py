"""Whether the scan of a running application reached enough of it: proof in the ledger against the policy's `dast`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scangate.model import LedgerEntry, WebProof
from scangate.policies.schema import Dast

_NAMED = 5
_ERRORS = ("5xx", "error")


def web_gaps(ledger: Iterable[LedgerEntry], wanted: Dast) -> tuple[str, ...]:
    """Every way in which a scan fell short, as reasons why the run is incomplete."""
    return tuple(
        f"{entry.scanner} on {entry.target}: {gap}"
        for entry in ledger
        if entry.web is not None
        for gap in _gaps(entry.web, wanted)
    )


def _gaps(proof: WebProof, wanted: Dast) -> Iterator[str]:
    if wanted.min_endpoints is not None and proof.urls < wanted.min_endpoints:
        yield f"{proof.urls} URLs answered, and the policy demands at least {wanted.min_endpoints}"
    if wanted.min_operations is not None:
        yield from _operations(proof, wanted.min_operations)
    if wanted.require_login and proof.login != "held":
        yield f"the policy demands a login that holds, and it was: {proof.login}"
    if wanted.max_error_rate is not None:
        yield from _errors(proof, wanted.max_error_rate)


def _operations(proof: WebProof, share: str) -> Iterator[str]:
    known, reached = proof.operations_known, proof.operations
    if not known:
        yield f"the policy demands {share} of the API's operations, and no API description was given"
    elif reached * 100 < percent(share) * known:
        missing = ", ".join(proof.operations_missing[:_NAMED])
        more = f" and {len(proof.operations_missing) - _NAMED} more" if len(proof.operations_missing) > _NAMED else ""
        yield f"{reached} of {known} operations were reached, and the policy demands {share}; not {missing}{more}"


def _errors(proof: WebProof, share: str) -> Iterator[str]:
    answers = sum(proof.responses.values())
    errors = sum(proof.responses.get(name, 0) for name in _ERRORS)
    if not answers:
        yield "no request was answered, so that there is no error rate"
    elif errors * 100 > percent(share) * answers:
        yield f"{errors} of {answers} requests ended in an error, and the policy allows {share}"


def percent(share: str) -> float:
    """The number in a share such as `90%`."""
    return float(share.removesuffix("%"))
