"""Decisions as the contracts of the mesh carry them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from crossroads.attestations.v1 import attestations_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.rights.v1 import rights_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import any_pb2

from mesh import clock, institutions, periods
from mesh.institutions import Institution
from mesh.periods import Period
from services.rights import withdrawal
from services.rights.decisions import Change
from services.rights.domain import Decision, DecisionKind, Version
from services.rights.waivers import Notice

ENGINE = Institution(25, 0)
"""In whose name the engine takes part in the network."""
_MASKED: Final = ("decision_id", "period", "rule_version")
"""The fields that a decision has in common with the attestation."""
_MUTATIONS = {
    DecisionKind.GRANTED: exchange_pb2.MUTATION_KIND_CREATED,
    DecisionKind.CHANGED: exchange_pb2.MUTATION_KIND_CHANGED,
    DecisionKind.ENDED: exchange_pb2.MUTATION_KIND_ENDED,
}


def decision(
    of: Decision, waived: Sequence[Period] = (), fields: frozenset[str] = frozenset()
) -> rights_pb2.RightDecision:
    """Without a period where the right never was.

    `fields` are those of the attestation that may be given; empty: all.
    """
    wire = rights_pb2.RightDecision(
        decision_id=of.id,
        right=of.right,
        ssin=of.ssin,
        kind=rights_pb2.DecisionKind.Value(f"DECISION_KIND_{of.kind}"),
        rule_version=of.version,
        decided_at=clock.rfc3339(of.decided_at),
        ticket=of.ticket,
    )
    if not of.void:
        wire.period.CopyFrom(periods.to_wire(of.period))
        without = (of.period.intersection(period) for period in waived)
        wire.waived.extend(periods.to_wire(period) for period in without if period is not None)
    for name in _MASKED if fields else ():
        if name not in fields:
            wire.ClearField(name)
    if fields and "period" not in fields:
        wire.ClearField("waived")
    return wire


def attestation(of: Decision) -> attestations_pb2.RightGranted:
    return attestations_pb2.RightGranted(
        right=of.right,
        period=periods.to_wire(of.period),
        decision_id=of.id,
        rule_version=of.version,
        amounts=[
            attestations_pb2.RightAmount(period=periods.to_wire(days), cents=cents)
            for days, cents in of.amounts
        ],
        reason=_reason(of),
    )


def _reason(of: Decision) -> attestations_pb2.RightReason.ValueType:
    if withdrawal.day(of.version):
        return attestations_pb2.RIGHT_REASON_LAW_WITHDRAWN
    if of.caused_by:
        return attestations_pb2.RIGHT_REASON_FACT
    return attestations_pb2.RIGHT_REASON_DATE_OR_LAW


def publication(change: Change) -> exchange_pb2.PublishRequest:
    """The mutation that tells the granting institutions; each right is its own sort of data."""
    of = change.decision
    packed = any_pb2.Any()
    packed.Pack(attestation(of))
    return exchange_pb2.PublishRequest(
        request_id=of.id,
        sender=institutions.to_wire(ENGINE),
        mutation=exchange_pb2.Mutation(
            ssin=of.ssin,
            data_sort=of.right,
            kind=exchange_pb2.MUTATION_KIND_CANCELLED if of.void else _MUTATIONS[of.kind],
            period=periods.to_wire(change.about),
            attestation=packed,
        ),
    )


def notices(
    of: Decision, told: Iterable[Notice], cause: str
) -> Iterator[exchange_pb2.PublishRequest]:
    """The mutations that tell what is left of a right, or is there again.

    `cause` makes telling it twice harmless: the first bears it, the others a number besides.
    """
    for number, each in enumerate(told):
        seen = replace(of, period=each.period, void=each.void, kind=each.kind, amounts=each.amounts)
        request = publication(Change(seen, each.about))
        request.request_id = f"{cause}-{number}" if number else cause
        yield request


def entry(of: Decision, version: Version | None, caller: str) -> ledger_pb2.Entry:
    """The line of the ledger: what was decided, on which articles."""
    return ledger_pb2.Entry(
        entry_id=f"{of.id}/right",
        ticket=of.caused_by,
        kind=ledger_pb2.ENTRY_KIND_RIGHT,
        occurred_at=clock.rfc3339(of.decided_at),
        caller=caller,
        institution=institutions.to_wire(ENGINE),
        ssin=of.ssin,
        data_sorts=[of.right],
        purpose=of.right,
        reason=of.kind,
        grounds=[f"{a.act}, article {a.article}" for a in (version.legal if version else ())],
        content=decision(of).SerializeToString(deterministic=True),
    )
