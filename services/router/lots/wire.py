"""Lots as the contract writes them."""

from __future__ import annotations

from crossroads.router.v1 import decision_pb2, exchange_pb2

from mesh import clock
from services.router.lots.domain import Lot, Reply


def consultation(question: exchange_pb2.LotQuestion, ssin: str) -> exchange_pb2.ConsultRequest:
    """The question of a lot on one of its persons."""
    return exchange_pb2.ConsultRequest(
        ssin=ssin,
        data_sorts=question.data_sorts,
        quality=question.quality,
        period=question.period,
        purpose=question.purpose,
        on_behalf_of=question.on_behalf_of if question.HasField("on_behalf_of") else None,
        reference=question.reference,
    )


def lot(of: Lot) -> exchange_pb2.Lot:
    return exchange_pb2.Lot(
        ticket=of.ticket,
        state=exchange_pb2.LotState.ValueType(of.state.value),
        persons=of.persons,
        answered=of.answered,
        refused=of.refused,
        failed=of.failed,
        reason=of.reason,
        waits_for=of.waits_for,
        question=exchange_pb2.LotQuestion.FromString(of.question),
        submitted_at=clock.rfc3339(of.submitted_at),
        ended_at=clock.rfc3339(of.ended_at) if of.ended_at else "",
        expires_at=clock.rfc3339(of.expires_at),
    )


def answered(ssin: str, answer: exchange_pb2.ConsultResponse) -> Reply:
    reply = exchange_pb2.LotReply(ssin=ssin, consultation=answer)
    refused = answer.decision.verdict == decision_pb2.VERDICT_REFUSED
    return Reply(ssin, reply.SerializeToString(), refused=refused)


def failed(ssin: str, failure: exchange_pb2.Failure) -> Reply:
    reply = exchange_pb2.LotReply(ssin=ssin, failure=failure)
    return Reply(ssin, reply.SerializeToString(), failed=True)
