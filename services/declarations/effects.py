"""What the rest of the network must hear of a declaration, in the order in which it must."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from crossroads.attestations.v1 import attestations_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import any_pb2
from google.protobuf.message import Message

from mesh import clock, institutions, periods
from mesh.periods import Period
from services.declarations import integration
from services.declarations.dimona.domain import BLOCKING, Change, DimonaPeriod, Outcome
from services.declarations.domain import DATA_SORT, NSSO, QUALITY_DIMONA, Declaration

GROUND = "Royal Decree of 5 November 2002"
"""Introduces the immediate declaration of employment."""
MOST_REASONS = 20
_KINDS = {
    Change.CREATED: exchange_pb2.MUTATION_KIND_CREATED,
    Change.CHANGED: exchange_pb2.MUTATION_KIND_CHANGED,
    Change.ENDED: exchange_pb2.MUTATION_KIND_ENDED,
    Change.CANCELLED: exchange_pb2.MUTATION_KIND_CANCELLED,
}


def of(ticket: str, outcome: Outcome, others: Iterable[DimonaPeriod]) -> list[any_pb2.Any]:
    """Requests to the repertory and the router: integrate, tell, de-integrate.

    `others` are the person's other periods: days that another employment covers stay known.
    """
    if outcome.change is None or outcome.after is None:
        return []
    ssin = outcome.after.ssin
    rest = _standing(others)
    before = [*rest, *_standing([outcome.before] if outcome.before else [])]
    after = [*rest, *_standing([outcome.after])]
    requests: list[Message] = []
    gained = integration.gained(before, after)
    if gained:
        requests.append(
            repertory_pb2.RegisterRequest(
                request_id=f"{ticket}-register",
                inscriptions=[_inscription(ssin, days) for days in gained],
            )
        )
    requests.append(_publish(ticket, outcome.change, outcome.before, outcome.after))
    for number, days in enumerate(integration.gained(after, before)):
        requests.append(
            repertory_pb2.EndRequest(
                request_id=f"{ticket}-end-{number}", inscription=_inscription(ssin, days)
            )
        )
    return [_packed(request) for request in requests]


def attestation(period: DimonaPeriod) -> any_pb2.Any:
    """The period as the network knows it."""
    return _packed(
        attestations_pb2.EmploymentPeriod(
            dimona_period_id=period.id,
            period=periods.to_wire(period.days),
            employer_enterprise_number=period.employer,
            employer_nsso_number=period.nsso_number,
            worker_type=period.worker_type,
            joint_commission=period.joint_commission,
            starting_hour=period.starting_hour,
        )
    )


def entry(declaration: Declaration, outcome: Outcome, ssin: str, at: datetime) -> ledger_pb2.Entry:
    """The line of the ledger: what was declared, by whom, and what came of it."""
    blocking = [found.error_id for found in outcome.anomalies if found.gravity == BLOCKING]
    return ledger_pb2.Entry(
        entry_id=f"{declaration.ticket}/declaration",
        ticket=declaration.ticket,
        kind=ledger_pb2.ENTRY_KIND_DECLARATION,
        occurred_at=clock.rfc3339(at),
        caller=declaration.caller,
        chain=declaration.chain,
        institution=institutions.to_wire(NSSO),
        ssin=ssin,
        data_sorts=[DATA_SORT],
        outcome=ledger_pb2.OUTCOME_ALLOWED if outcome.accepted else ledger_pb2.OUTCOME_REFUSED,
        reason=" ".join(dict.fromkeys(blocking[:MOST_REASONS])),
        grounds=[GROUND],
        content=declaration.form,
    )


def _publish(
    ticket: str, change: Change, before: DimonaPeriod | None, after: DimonaPeriod
) -> exchange_pb2.PublishRequest:
    """The mutation is about every day that was or is in the period: who lost days must hear too."""
    whole = [period.days for period in (before, after) if period is not None]
    about = Period(min(days.begin for days in whole), max(days.end for days in whole))
    return exchange_pb2.PublishRequest(
        request_id=f"{ticket}-publish",
        sender=institutions.to_wire(NSSO),
        mutation=exchange_pb2.Mutation(
            ssin=after.ssin,
            data_sort=DATA_SORT,
            kind=_KINDS[change],
            period=periods.to_wire(about),
            attestation=attestation(after),
        ),
    )


def _standing(all_periods: Iterable[DimonaPeriod]) -> list[Period]:
    return [period.days for period in all_periods if not period.cancelled]


def _inscription(ssin: str, days: Period) -> repertory_pb2.Inscription:
    return repertory_pb2.Inscription(
        ssin=ssin,
        institution=institutions.to_wire(NSSO),
        quality=QUALITY_DIMONA,
        period=periods.to_wire(days),
    )


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
