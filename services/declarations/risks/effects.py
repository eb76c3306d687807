"""What the network must hear of a risk: its institutions by a mutation, the ledger of each step."""

from __future__ import annotations

from datetime import datetime

from crossroads.forms.v1 import social_risk_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import any_pb2

from mesh import clock, institutions, periods
from mesh.periods import Period
from services.declarations.domain import NSSO
from services.declarations.risks import attestation, routing
from services.declarations.risks.domain import BLOCKING, Risk, State, Submission
from services.declarations.risks.rules import Outcome

GROUND = "Law of 24 February 2003"
"""Modernises the management of social security: declarations of risks by electronic way."""
MOST_REASONS = 20


def publish(
    ticket: str, before: Risk | None, after: Risk, form: social_risk_pb2.SocialRiskForm
) -> any_pb2.Any:
    """The mutation, about every day that was or is of the risk."""
    whole = [risk.days for risk in (before, after) if risk is not None]
    about = Period(min(days.begin for days in whole), max(days.end for days in whole))
    request = exchange_pb2.PublishRequest(
        request_id=f"{ticket}-risk",
        sender=institutions.to_wire(NSSO),
        mutation=exchange_pb2.Mutation(
            ssin=after.ssin,
            data_sort=routing.DATA_SORTS[after.branch],
            kind=_kind(before, after),
            period=periods.to_wire(about),
            attestation=attestation.packed(attestation.write(after, form)),
        ),
    )
    packed = any_pb2.Any()
    packed.Pack(request)
    return packed


def entry(submission: Submission, outcome: Outcome, ssin: str, at: datetime) -> ledger_pb2.Entry:
    """The line of the ledger: what was declared, by whom, and what came of it."""
    blocking = [found.error_id for found in outcome.anomalies if found.gravity == BLOCKING]
    risk = outcome.after or outcome.before
    return ledger_pb2.Entry(
        entry_id=f"{submission.ticket}/declaration",
        ticket=submission.ticket,
        kind=ledger_pb2.ENTRY_KIND_DECLARATION,
        occurred_at=clock.rfc3339(at),
        caller=submission.caller,
        chain=submission.chain,
        institution=institutions.to_wire(NSSO),
        ssin=ssin,
        data_sorts=[routing.DATA_SORTS[risk.branch]] if risk else [],
        outcome=ledger_pb2.OUTCOME_ALLOWED if outcome.accepted else ledger_pb2.OUTCOME_REFUSED,
        reason=" ".join(dict.fromkeys(blocking[:MOST_REASONS])),
        grounds=[GROUND],
        content=submission.form,
    )


def _kind(before: Risk | None, after: Risk) -> exchange_pb2.MutationKind.ValueType:
    if after.state is State.CANCELLED:
        return exchange_pb2.MUTATION_KIND_CANCELLED
    if before is None:
        return exchange_pb2.MUTATION_KIND_CREATED
    return exchange_pb2.MUTATION_KIND_CHANGED
