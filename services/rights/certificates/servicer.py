"""Certificates: refusals recorded, and the ends of benefits that they may not cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import grpc
from crossroads.rights.v1 import certificates_pb2, certificates_pb2_grpc
from crossroads.router.v1 import decision_pb2, exchange_pb2

from mesh import call, clock, institutions, telemetry
from mesh.refusals import Refusal
from services.rights import asked, claims, inquiries, requests
from services.rights.certificates import domain as certificates
from services.rights.certificates.domain import CertificateRefusal, EndReason, EndRefusal
from services.rights.certificates.store import CertificateStore
from services.rights.explaining import wording
from services.rights.facts import harmonised
from services.rights.inquiries import Inquiries
from services.rights.law.in_force import Follower
from services.rights.law.rulebook import Rulebook
from services.rights.law.windows import day
from services.rights.requests import Sent
from services.rights.store import Store

PAGE = 100
Context = Any


class CertificatesServicer(Follower, certificates_pb2_grpc.CertificatesServicer):
    """Reads and writes nothing that a decision on a right rests on."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        refusals: CertificateStore,
        asking: Inquiries,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._refusals = refusals
        self._asking = asking
        self._now = now

    async def RecordCertificateRefusal(
        self, request: certificates_pb2.RecordCertificateRefusalRequest, context: Context
    ) -> certificates_pb2.RecordCertificateRefusalResponse:
        asked.rule(self._rulebook.rules, request.right)
        ssin, at = inquiries.subject(request.ssin), self._now()
        refused_on = asked.day(request.refused_on, "refused_on")
        if refused_on > at.astimezone(clock.BRUSSELS).date():
            raise asked.malformed("refused_on", "lies in the future")
        sent = requests.sent(request, request.request_id, call.caller().principal)
        answer = certificates_pb2.RecordCertificateRefusalResponse()
        answer.duty.MergeFrom(_own_duty(request))
        if inquiries.is_institution():
            askable = await self._asking.askable(ssin, request.asker, day(refused_on))
            answer.decision.CopyFrom(askable.decision)
            sorts = {request.right, harmonised.data_sort(request.right)}
            if not inquiries.gives(askable.decision, sorts):
                answer.ClearField("duty")
                return answer
            answer.duty.CopyFrom(_duty(request.asker.purpose, askable, request.right))
        refusal = CertificateRefusal(
            uuid4().hex,
            ssin,
            request.right,
            institutions.from_wire(request.asker.institution),
            refused_on,
            sent.by,
            at,
        )
        answer.refusal.CopyFrom(_refusal(await self._record(refusal, sent, request)))
        return answer

    async def ListCertificateRefusals(
        self, request: certificates_pb2.ListCertificateRefusalsRequest, context: Context
    ) -> certificates_pb2.ListCertificateRefusalsResponse:
        if request.right:
            asked.rule(self._rulebook.rules, request.right)
        ssin, now = inquiries.subject(request.ssin), self._now()
        page, institution = certificates_pb2.ListCertificateRefusalsResponse(), ""
        if inquiries.is_institution():
            today = day(now.astimezone(clock.BRUSSELS).date())
            answer = await self._asking.right(ssin, request.right, request.asker, today)
            page.decision.CopyFrom(answer.decision)
            if not inquiries.authorised(answer):
                return page
            institution = str(institutions.from_wire(request.asker.institution))
        most, before = request.page_size or PAGE, asked.before(request.page_token)
        found = await self._refusals.list(
            ssin, request.right, institution, asked.moment(request.known_at, now), before, most + 1
        )
        page.refusals.extend(_refusal(refusal) for _, refusal in found[:most])
        page.next_page_token = str(found[most - 1][0]) if len(found) > most else ""
        return page

    async def MayEndBenefit(
        self, request: certificates_pb2.MayEndBenefitRequest, context: Context
    ) -> certificates_pb2.MayEndBenefitResponse:
        asked.rule(self._rulebook.rules, request.right)
        ssin, at = inquiries.subject(request.ssin), self._now()
        today = at.astimezone(clock.BRUSSELS).date()
        on = day(asked.day(request.on, "on") if request.on else today)
        consulted = await self._asking.right(ssin, request.right, request.asker, on)
        telemetry.note(crossroads__ticket=consulted.ticket)
        reason = EndReason(request.reason)
        if reason is EndReason.RIGHT_ENDED and not inquiries.is_sure(consulted):
            raise Refusal(
                grpc.StatusCode.UNAVAILABLE,
                "RIGHT_UNKNOWN_NOW",
                metadata={"ticket": consulted.ticket},
                retry_after=1.0,
            )
        refusal = certificates.may_end(
            reason,
            authorised=inquiries.authorised(consulted),
            holds=any(each.attestations for each in consulted.answers),
        )
        answer = _end(consulted, refusal)
        if refusal is EndRefusal.CERTIFICATE_NOT_NEEDED:
            askable = await self._asking.askable(ssin, request.asker, on)
            answer.duty.CopyFrom(_duty(request.asker.purpose, askable, request.right))
        async with self._store.transaction() as connection:
            await claims.record(
                connection,
                f"{consulted.ticket}/end",
                ssin,
                request.right,
                request.asker,
                answer,
                at,
                ticket=consulted.ticket,
                refused=refusal.name if refusal else "",
            )
        return answer

    async def _record(
        self,
        refusal: CertificateRefusal,
        sent: Sent,
        request: certificates_pb2.RecordCertificateRefusalRequest,
    ) -> CertificateRefusal:
        """Once, however often it is sent."""
        async with self._store.transaction() as connection:
            if await self._refusals.add(connection, refusal, sent):
                await claims.record(
                    connection,
                    f"{refusal.id}/certificate",
                    refusal.ssin,
                    refusal.right,
                    request.asker,
                    _refusal(refusal),
                    refusal.recorded_at,
                )
                return refusal
            known = await self._refusals.recorded(connection, refusal.ssin, sent)
        assert known is not None
        before, digest = known
        requests.check(sent, digest)
        return before


def _own_duty(
    request: certificates_pb2.RecordCertificateRefusalRequest,
) -> certificates_pb2.Duty:
    """Where the person herself records it: the right itself, at least."""
    return certificates_pb2.Duty(purpose=request.asker.purpose, data_sorts=[request.right])


def _duty(
    purpose: str, askable: exchange_pb2.ListAskableResponse, right: str
) -> certificates_pb2.Duty:
    """All that may be asked; the right itself where nobody holds anything on the person yet."""
    sorts = askable.data_sorts or [right]
    return certificates_pb2.Duty(purpose=purpose, data_sorts=sorts, ticket=askable.ticket)


def _refusal(of: CertificateRefusal) -> certificates_pb2.CertificateRefusal:
    return certificates_pb2.CertificateRefusal(
        refusal_id=of.id,
        ssin=of.ssin,
        right=of.right,
        institution=institutions.to_wire(of.institution),
        refused_on=of.refused_on.isoformat(),
        recorded_by=of.recorded_by,
        recorded_at=clock.rfc3339(of.recorded_at),
    )


def _end(
    consulted: exchange_pb2.ConsultResponse, refusal: EndRefusal
) -> certificates_pb2.MayEndBenefitResponse:
    permitted = refusal is EndRefusal.NONE
    return certificates_pb2.MayEndBenefitResponse(
        ticket=consulted.ticket,
        verdict=decision_pb2.VERDICT_PERMITTED if permitted else decision_pb2.VERDICT_REFUSED,
        refusal=certificates_pb2.EndRefusal.ValueType(refusal),
        text=wording.text("END_PERMITTED" if permitted else f"END_{refusal.name}"),
        decision=consulted.decision,
    )
