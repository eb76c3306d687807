"""The statuses on which a right rests, for institutions that grant it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
from crossroads.attestations.v1 import statuses_pb2 as attestations
from crossroads.rights.v1 import statuses_pb2, statuses_pb2_grpc
from crossroads.router.v1 import exchange_pb2

from mesh import telemetry
from mesh.refusals import Refusal
from services.rights import asked, inquiries
from services.rights.facts import harmonised
from services.rights.inquiries import Inquiries
from services.rights.law.in_force import Follower
from services.rights.law.rulebook import Rulebook

MOST = 100_000
"""Persons in a stream."""
Context = Any


class StatusesServicer(Follower, statuses_pb2_grpc.StatusesServicer):
    """Asks the router, and so itself, for the sort of data that carries the statuses."""

    def __init__(self, rulebook: Rulebook, asking: Inquiries) -> None:
        self._rulebook = rulebook
        self._asking = asking

    async def GetStatuses(
        self, request: statuses_pb2.GetStatusesRequest, context: Context
    ) -> statuses_pb2.GetStatusesResponse:
        (answer,) = await self._ask(request.question, [request.ssin])
        telemetry.note(crossroads__ticket=answer.ticket)
        return answer

    async def StreamStatuses(
        self,
        request_iterator: AsyncIterator[statuses_pb2.StreamStatusesRequest],
        context: Context,
    ) -> AsyncIterator[statuses_pb2.StreamStatusesResponse]:
        question: statuses_pb2.StatusesQuestion | None = None
        persons = 0
        async for request in request_iterator:
            persons += len(request.persons.ssins)
            opens = request.HasField("question")
            if opens is not (question is None) or persons > MOST:
                raise Refusal(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    "STREAM_OUT_OF_ORDER",
                    metadata={"most": str(MOST)},
                )
            if question is None:
                question = request.question
                asked.rule(self._rulebook.rules, question.right)
                continue
            answers = await self._ask(question, list(request.persons.ssins))
            yield statuses_pb2.StreamStatusesResponse(persons=answers)

    async def _ask(
        self, question: statuses_pb2.StatusesQuestion, ssins: list[str]
    ) -> list[statuses_pb2.GetStatusesResponse]:
        asked.rule(self._rulebook.rules, question.right)
        for ssin in ssins:
            asked.check_ssin(ssin)
        answers = await self._asking.consult(
            ssins,
            harmonised.data_sort(question.right),
            question.asker,
            asked.period(question.period, "question.period"),
        )
        return [_told(answer) for answer in answers]


def _told(answer: exchange_pb2.ConsultResponse) -> statuses_pb2.GetStatusesResponse:
    if not inquiries.is_sure(answer):
        raise Refusal(
            grpc.StatusCode.UNAVAILABLE,
            "STATUSES_UNKNOWN",
            metadata={"ticket": answer.ticket},
            retry_after=1.0,
        )
    told = statuses_pb2.GetStatusesResponse(ticket=answer.ticket, decision=answer.decision)
    for each in answer.answers:
        for packed in each.attestations:
            status = attestations.HarmonisedStatus()
            packed.Unpack(status)
            told.statuses.append(status)
    return told
