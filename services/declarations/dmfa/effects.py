"""What the network must hear of a quarter: who is known, what is attested, what was declared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import any_pb2
from google.protobuf.message import Message

from mesh import clock, institutions, periods
from services.declarations.dmfa import wages
from services.declarations.dmfa.domain import BLOCKING, Anomaly, Worked
from services.declarations.dmfa.records import Submission
from services.declarations.domain import NSSO
from services.declarations.quarters import Quarter

DATA_SORT = "wages_and_working_time"
QUALITY = 10
"""In which quality the NSSO knows an employee by a quarterly declaration."""
GROUND = "Law of 27 June 1969"
"""Obliges every employer to declare each quarter what it pays, article 21."""
MOST_REASONS = 20


def integration(request_id: str, ssins: Sequence[str], quarter: Quarter) -> bytes:
    """These persons are employees over the quarter; at most 1000."""
    return _packed(
        repertory_pb2.RegisterRequest(
            request_id=request_id,
            inscriptions=[inscription(ssin, quarter) for ssin in ssins],
        )
    )


def de_integration(request_id: str, ssin: str, quarter: Quarter) -> bytes:
    return _packed(
        repertory_pb2.EndRequest(request_id=request_id, inscription=inscription(ssin, quarter))
    )


def publication(
    request_id: str,
    kind: exchange_pb2.MutationKind.ValueType,
    ssin: str,
    employer: str,
    quarter: Quarter,
    worked: Worked,
) -> bytes:
    """The one attestation of a person, an employer and a quarter, as a mutation."""
    return _packed(
        exchange_pb2.PublishRequest(
            request_id=request_id,
            sender=institutions.to_wire(NSSO),
            mutation=exchange_pb2.Mutation(
                ssin=ssin,
                data_sort=DATA_SORT,
                kind=kind,
                period=periods.to_wire(quarter.period),
                attestation=wages.attestation(employer, quarter, worked),
            ),
        )
    )


def entry(submission: Submission, anomalies: Sequence[Anomaly], at: datetime) -> bytes:
    """The line of the ledger on the declaration as a whole; each attestation gets its own."""
    blocking = [one.error_id for one in anomalies if one.gravity == BLOCKING]
    return ledger_pb2.Entry(
        entry_id=f"{submission.ticket}/declaration",
        ticket=submission.ticket,
        kind=ledger_pb2.ENTRY_KIND_DECLARATION,
        occurred_at=clock.rfc3339(at),
        caller=submission.caller,
        chain=submission.chain,
        institution=institutions.to_wire(NSSO),
        data_sorts=[DATA_SORT],
        outcome=ledger_pb2.OUTCOME_REFUSED if blocking else ledger_pb2.OUTCOME_ALLOWED,
        reason=" ".join(dict.fromkeys(blocking[:MOST_REASONS])),
        grounds=[GROUND],
        content=submission.form + submission.digest,
    ).SerializeToString()


def inscription(ssin: str, quarter: Quarter) -> repertory_pb2.Inscription:
    return repertory_pb2.Inscription(
        ssin=ssin,
        institution=institutions.to_wire(NSSO),
        quality=QUALITY,
        period=periods.to_wire(quarter.period),
    )


def _packed(message: Message) -> bytes:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed.SerializeToString()
