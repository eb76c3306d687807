"""The router's own nouns as its contract writes them."""

from __future__ import annotations

from collections.abc import Sequence

from crossroads.router.v1 import decision_pb2, exchange_pb2, supplier_pb2
from crossroads.types.v1 import types_pb2

from mesh import institutions, periods
from mesh.institutions import Institution
from mesh.periods import Period
from services.router.domain import DataSortDecision, Decision, Question, Use, Verdict
from services.router.untold import Summary

RULES = 2
"""The version of the rules of deciding, as the contract counts them."""
VERDICTS = {
    Verdict.PERMITTED: decision_pb2.VERDICT_PERMITTED,
    Verdict.REFUSED: decision_pb2.VERDICT_REFUSED,
}


def question(
    request: exchange_pb2.ConsultRequest, asker: Institution | None, period: Period
) -> Question:
    return Question(
        asker,
        tuple(request.data_sorts),
        period,
        Use.CONSULTATION,
        request.quality,
        request.purpose,
    )


def decision(of: Decision, chain: Sequence[str] = ()) -> decision_pb2.Decision:
    return decision_pb2.Decision(
        verdict=VERDICTS[of.verdict],
        data_sorts=[_data_sort(part) for part in of.data_sorts],
        decided_for=of.decided_for.isoformat(),
        policy_revision=of.policy_revision,
        repertory_position=of.repertory_position,
        chain=chain,
        rules=RULES,
    )


def _data_sort(part: DataSortDecision) -> decision_pb2.DataSortDecision:
    return decision_pb2.DataSortDecision(
        data_sort=part.data_sort,
        verdict=VERDICTS[part.verdict],
        reason=decision_pb2.RefusalReason.ValueType(part.reason.value if part.reason else 0),
        grounds=[
            decision_pb2.Ground(
                deliberation=ground.deliberation, authorization=ground.id, article=ground.article
            )
            for ground in part.grounds
        ],
        holders=[institutions.to_wire(holder) for holder in part.holders],
        fields=sorted(part.fields),
    )


def untold_record(
    data_sort: str, period: types_pb2.Period, sender: Institution, summary: Summary
) -> exchange_pb2.UntoldRecord:
    return exchange_pb2.UntoldRecord(
        data_sort=data_sort,
        period=period,
        sender=institutions.to_wire(sender),
        decided_for=summary.decided_for.isoformat(),
        policy_revision=summary.policy_revision,
        repertory_position=summary.repertory_position,
        told=summary.told,
        untold=[
            exchange_pb2.Untold(
                reason=decision_pb2.RefusalReason.ValueType(group.reason.value),
                count=group.count,
                knowing=[institutions.to_wire(one) for one in group.knowing],
            )
            for group in summary.untold
        ],
        digest=summary.digest,
    )


def supplier_question(
    ticket: str, ssin: str, data_sort: str, period: Period, holder: Institution
) -> supplier_pb2.Question:
    return supplier_pb2.Question(
        ticket=ticket,
        ssin=ssin,
        data_sort=data_sort,
        period=periods.to_wire(period),
        holder=institutions.to_wire(holder),
    )
