"""Risks and careers as served: whose declaration is it, take it in, tell what stands."""

from __future__ import annotations

import time

import grpc
from crossroads.declarations.v1 import risks_pb2, risks_pb2_grpc
from crossroads.forms.v1 import social_risk_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import call, clock, deadlines, telemetry
from mesh.refusals import Refusal
from services.declarations.domain import Channel
from services.declarations.domain import State as Handled
from services.declarations.handled import Handled as Bell
from services.declarations.handled import rings
from services.declarations.mandates import declarants
from services.declarations.mandates.declarants import Declarants
from services.declarations.replacements import Replacements
from services.declarations.risks import attestation, wire
from services.declarations.risks import form as forms
from services.declarations.risks.domain import Action, Submission
from services.declarations.risks.intake import Intake
from services.declarations.risks.store import Recorded, Store
from services.declarations.risks.supply import Supply

PAGE = 100
NO_MANDATE = "90067-155"
CITIZEN, EMPLOYER = "citizen", "employer"


class Servicer(risks_pb2_grpc.RisksServicer):
    def __init__(self, engine: AsyncEngine, handled: Bell, supply: Supply) -> None:
        self._engine = engine
        self._handled = handled
        self._supply = supply
        self._declarants = Declarants(engine)

    async def SubmitRisk(
        self, request: risks_pb2.SubmitRiskRequest, _: object
    ) -> risks_pb2.SubmitRiskResponse:
        sent = wire.sent(
            await self._employer(request.form),
            request.request_id,
            wire.CHANNELS[request.channel],
            [request.form, *request.anomalies],
        )
        stored = await self._take(sent)
        return risks_pb2.SubmitRiskResponse(
            ticket=stored.ticket, received_at=clock.rfc3339(stored.received_at)
        )

    async def SubmitPaperRisk(
        self, request: risks_pb2.SubmitPaperRiskRequest, _: object
    ) -> risks_pb2.SubmitPaperRiskResponse:
        wire.check_officer(request.form)
        sent = wire.sent(
            "",
            request.request_id,
            Channel.PAPER,
            [request.form, *request.anomalies],
            image=request.image_digest,
            received_on=request.received_on,
        )
        stored = await self._take(sent)
        return risks_pb2.SubmitPaperRiskResponse(
            ticket=stored.ticket, received_at=clock.rfc3339(stored.received_at)
        )

    async def FinaliseRisk(
        self, request: risks_pb2.FinaliseRiskRequest, _: object
    ) -> risks_pb2.FinaliseRiskResponse:
        stored = await self._move(request.request_id, request.number, Action.FINALISE)
        return risks_pb2.FinaliseRiskResponse(
            ticket=stored.ticket, received_at=clock.rfc3339(stored.received_at)
        )

    async def CancelRisk(
        self, request: risks_pb2.CancelRiskRequest, _: object
    ) -> risks_pb2.CancelRiskResponse:
        stored = await self._move(request.request_id, request.number, Action.CANCEL)
        return risks_pb2.CancelRiskResponse(
            ticket=stored.ticket, received_at=clock.rfc3339(stored.received_at)
        )

    async def GetRisk(
        self, request: risks_pb2.GetRiskRequest, _: object
    ) -> risks_pb2.GetRiskResponse:
        telemetry.note(crossroads__ticket=request.ticket)
        known_at = wire.moment("known_at", request.known_at)
        until = time.monotonic() + deadlines.within(request.wait_ms / 1000)
        while True:
            bell = self._handled.bell
            async with self._engine.connect() as connection:
                found = await Intake(connection).submission(wire.declarant(), request.ticket)
                if found is None:
                    raise Refusal(grpc.StatusCode.NOT_FOUND, "DECLARATION_NOT_FOUND")
                risks = await Store(connection).numbered([found.number], known_at)
            left = until - time.monotonic()
            if found.handled is not Handled.RECEIVED or left <= 0:
                return wire.answer(found, risks.get(found.number))
            await rings(bell, left)

    async def ListRisks(
        self, request: risks_pb2.ListRisksRequest, _: object
    ) -> risks_pb2.ListRisksResponse:
        principal, most = call.caller().principal, request.page_size or PAGE
        citizen = principal.kind == CITIZEN
        employer = "" if citizen else await self._declarants.check(request.employer)
        async with self._engine.connect() as connection:
            store = Store(connection)
            if citizen:
                ssin = await Replacements(connection).in_force(principal.ssin)
                own = sorted(await store.of_persons([ssin]), key=_number, reverse=True)
                token = request.page_token
                found = [o for o in own if not token or _number(o) < token][: most + 1]
            else:
                found = await store.of_employer(employer, request.page_token, most + 1)
        return risks_pb2.ListRisksResponse(
            risks=[wire.risk(recorded, with_form=False) for recorded in found[:most]],
            next_page_token=_number(found[most - 1]) if len(found) > most else "",
        )

    async def ListCareer(
        self, request: risks_pb2.ListCareerRequest, _: object
    ) -> risks_pb2.ListCareerResponse:
        principal, known_at = call.caller().principal, wire.moment("known_at", request.known_at)
        ssin = wire.concerned(principal, request.ssin)
        citizen = principal.kind == CITIZEN
        employer = "" if citizen else await self._declarants.check(request.employer)
        async with self._engine.connect() as connection:
            now = await Replacements(connection).in_force(ssin)
            found = await self._supply.careers(connection, [now], employer, known_at)
        return risks_pb2.ListCareerResponse(career=attestation.career(found[now]))

    async def _move(self, request_id: str, number: str, action: Action) -> Submission:
        employer = await self._of_client(number)
        return await self._take(
            wire.sent(employer, request_id, Channel.GRPC, [], action=action, number=number)
        )

    async def _of_client(self, number: str) -> str:
        """The client that a risk is of; empty where it is of none."""
        if call.caller().principal.kind != EMPLOYER:
            return ""
        async with self._engine.connect() as connection:
            found = (await Store(connection).numbered([number])).get(number)
        if found is None or not await self._declarants.may(found.risk.employer):
            return ""
        return found.risk.employer

    async def _take(self, sent: Submission) -> Submission:
        async with self._engine.begin() as connection:
            stored = await Intake(connection).receive(sent)
        if stored.digest != sent.digest:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
        telemetry.note(crossroads__ticket=stored.ticket, crossroads__channel=sent.channel.value)
        return stored

    async def _employer(self, whole: social_risk_pb2.SocialRiskForm) -> str:
        """Whose declaration it is, by the numbers in the form. Raises NOT_THE_EMPLOYER."""
        name = whole.WhichOneof("form")
        if name is None:
            return declarants.caller()
        read = forms.read(getattr(whole, name))
        return await self._declarants.named(read.company_id, read.nsso_number, NO_MANDATE)


def _number(recorded: Recorded) -> str:
    return recorded.risk.number
