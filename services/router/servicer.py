"""The rpcs of the exchange."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import structlog
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc

from mesh import call, clock, telemetry, tickets
from mesh import refusals as statuses
from mesh.notes import Signer
from mesh.refusals import Refusal
from services.router import refusals
from services.router.admission import Admission
from services.router.askable import listing
from services.router.askable import wire as askable_wire
from services.router.askable.following import Askables
from services.router.asked import asker_of
from services.router.consultation import Consultations
from services.router.failure import failure
from services.router.lots.reception import Reception
from services.router.mutation import Stored
from services.router.policy_follower import PolicyFollower
from services.router.publication import Publications
from services.router.receipt import Receipt
from services.router.stream import Stream

LOG = structlog.get_logger()
MOST_IN_STREAM = 128


class ExchangeServicer(exchange_pb2_grpc.ExchangeServicer):
    """Asking and telling."""

    def __init__(
        self,
        consultations: Consultations,
        publications: Publications,
        reception: Reception,
        follower: PolicyFollower,
        admission: Admission,
        askables: Askables,
        signer: Signer,
    ) -> None:
        self._consultations = consultations
        self._publications = publications
        self._reception = reception
        self._follower = follower
        self._admission = admission
        self._askables = askables
        self._signer = signer

    async def Consult(
        self, request: exchange_pb2.ConsultRequest, context: Any
    ) -> exchange_pb2.ConsultResponse:
        caller = call.caller()
        refusals.check_ssin(request.ssin, "ssin")
        await self._admission.admit((request,), caller)
        return await self._consultations.consult(request, caller)

    async def BatchConsult(
        self, request: exchange_pb2.BatchConsultRequest, context: Any
    ) -> exchange_pb2.BatchConsultResponse:
        caller = call.caller()
        for index, consultation in enumerate(request.consultations):
            refusals.check_ssin(consultation.ssin, f"consultations[{index}].ssin")
        refusals.check_passed_on(request.consultations, caller, self._follower.policy)
        await self._admission.admit(request.consultations, caller)
        return await self._consultations.batch_consult(request.consultations, caller)

    async def ConsultStream(
        self, request_iterator: AsyncIterator[exchange_pb2.ConsultStreamRequest], context: Any
    ) -> AsyncIterator[exchange_pb2.ConsultStreamResponse]:
        stream = Stream(self._answer_in_stream, MOST_IN_STREAM)
        async for answer in stream.answers(request_iterator):
            yield answer

    async def Explain(
        self, request: exchange_pb2.ExplainRequest, context: Any
    ) -> exchange_pb2.ExplainResponse:
        caller = call.caller()
        refusals.check_ssin(request.consultation.ssin, "consultation.ssin")
        await self._admission.admit((request.consultation,), caller)
        return await self._consultations.explain(request.consultation, caller)

    async def ListAskable(
        self, request: exchange_pb2.ListAskableRequest, context: Any
    ) -> exchange_pb2.ListAskableResponse:
        caller, policy = call.caller(), self._follower.policy
        refusals.check_ssin(request.ssin, "ssin")
        question = askable_wire.question(request)
        asker = asker_of(question, caller, policy, clock.today())
        question.data_sorts.extend(listing.sorts(policy, asker, request.purpose))
        await self._admission.admit((question,), caller)
        explained = await self._consultations.explain(question, caller)
        await self._askables.keep(askable_wire.told(question, asker, explained, clock.now()))
        return askable_wire.answer(explained)

    async def ListUnasked(
        self, request: exchange_pb2.ListUnaskedRequest, context: Any
    ) -> exchange_pb2.ListUnaskedResponse:
        return await self._askables.unasked(request, clock.now())

    async def Publish(
        self, request: exchange_pb2.PublishRequest, context: Any
    ) -> exchange_pb2.PublishResponse:
        caller, policy = call.caller(), self._follower.policy
        return self._receipt(
            await self._publications.publish(request, caller, policy, tickets.new(), clock.now())
        )

    async def BatchPublish(
        self, request: exchange_pb2.BatchPublishRequest, context: Any
    ) -> exchange_pb2.BatchPublishResponse:
        kept = await self._publications.publish_all(
            request.announcements, call.caller(), self._follower.policy, clock.now()
        )
        return exchange_pb2.BatchPublishResponse(outcomes=map(self._outcome, kept))

    async def GetReceiptKey(
        self, request: exchange_pb2.GetReceiptKeyRequest, context: Any
    ) -> exchange_pb2.GetReceiptKeyResponse:
        return exchange_pb2.GetReceiptKeyResponse(verifier_key=str(self._signer.verifier_key))

    async def SubmitLot(
        self, request_iterator: AsyncIterator[exchange_pb2.SubmitLotRequest], context: Any
    ) -> exchange_pb2.SubmitLotResponse:
        lot = await self._reception.submit(
            request_iterator, call.caller(), tickets.new(), clock.now()
        )
        return exchange_pb2.SubmitLotResponse(lot=lot)

    async def GetLot(
        self, request: exchange_pb2.GetLotRequest, context: Any
    ) -> exchange_pb2.GetLotResponse:
        return exchange_pb2.GetLotResponse(
            lot=await self._reception.lot(request.ticket, call.caller(), clock.now())
        )

    async def ListLotReplies(
        self, request: exchange_pb2.ListLotRepliesRequest, context: Any
    ) -> exchange_pb2.ListLotRepliesResponse:
        return await self._reception.replies(request, call.caller(), clock.now())

    async def CancelLot(
        self, request: exchange_pb2.CancelLotRequest, context: Any
    ) -> exchange_pb2.CancelLotResponse:
        return exchange_pb2.CancelLotResponse(
            lot=await self._reception.cancel(request.ticket, call.caller(), clock.now())
        )

    def _outcome(self, kept: Stored | Refusal) -> exchange_pb2.PublishOutcome:
        if isinstance(kept, Refusal):
            return exchange_pb2.PublishOutcome(refusal=statuses.status_of(kept))
        return exchange_pb2.PublishOutcome(receipt=self._receipt(kept))

    def _receipt(self, kept: Stored) -> exchange_pb2.PublishResponse:
        receipt = Receipt(kept.ticket, kept.digest, kept.at)
        return exchange_pb2.PublishResponse(
            ticket=kept.ticket, receipt=self._signer.sign(str(receipt))
        )

    async def _answer_in_stream(
        self, request: exchange_pb2.ConsultStreamRequest
    ) -> exchange_pb2.ConsultStreamResponse:
        question = request.consultation
        answer = exchange_pb2.ConsultStreamResponse(reference=question.reference)
        try:
            refusals.check_ssin(question.ssin, "consultation.ssin")
            await self._admission.admit((question,), call.caller())
            with telemetry.span("consult in a stream"):
                answered = await self._consultations.consult(question, call.caller())
            answer.consultation.CopyFrom(answered)
        except Exception as error:  # noqa: BLE001 - the others of the stream go on
            answer.failure.CopyFrom(failure(error))
        return answer
