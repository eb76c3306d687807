"""Invented workers to ask about: known to the welfare centre, declared by the brewery."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from crossroads.declarations.v1 import declarations_pb2
from crossroads.forms.v1 import dimona_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from crossroads.types.v1 import types_pb2

from mesh import clock, institutions
from sandbox import cast
from sandbox.story.stage import Stage

WORKERS = 100
EMPLOYED_AT_ONCE = 16
CENTRE = "institution/17/1"
REGISTER = "institution/0/0"
BREWERY = f"employer/{cast.BREWERY}"
LIVING_WAGE = 2
"""Quality in which the welfare centre knows them."""
TOLD = {CENTRE: LIVING_WAGE, "institution/10/1": 10, "institution/11/1": 1, "institution/18/1": 1}
"""Who is told of their employment, and the quality in which each knows them."""


def ssins(born: str = "700101", many: int = WORKERS) -> list[str]:
    """Men born on a day, `yymmdd` before 2000, numbers one and up; at most 499."""
    nines = [f"{born}{2 * number + 1:03d}" for number in range(many)]
    return [f"{nine}{97 - int(nine) % 97:02d}" for nine in nines]


def questions() -> list[exchange_pb2.ConsultRequest]:
    """What the welfare centre asks about each."""
    today = clock.today()
    period = types_pb2.Period(begin=today.isoformat(), end=(today + timedelta(days=1)).isoformat())
    return [
        exchange_pb2.ConsultRequest(
            ssin=ssin,
            data_sorts=["employment_period"],
            quality=LIVING_WAGE,
            period=period,
            purpose="living_wage_enquiry",
        )
        for ssin in ssins()
    ]


async def settle(stage: Stage) -> None:
    """Make them known and employed; who is already, stays so."""
    await register(stage, REGISTER, 0, ssins())
    for institution, quality in TOLD.items():
        await register(stage, institution, quality, ssins())
    workers = await stage.declarations(BREWERY).ListWorkers(
        declarations_pb2.ListWorkersRequest(on=clock.today().isoformat(), page_size=1000)
    )
    missing = set(ssins()) - {worker.ssin for worker in workers.workers}
    room = asyncio.Semaphore(EMPLOYED_AT_ONCE)
    await asyncio.gather(*(_employ(stage, ssin, room) for ssin in sorted(missing)))
    await stage.until(lambda: _all_answered(stage), "the workers' employments are not answered")


async def register(stage: Stage, identity: str, quality: int, persons: Sequence[str]) -> None:
    """Make persons known to an institution; who is already, stays so."""
    institution = institutions.to_wire(institutions.parse(identity.removeprefix("institution/")))
    await stage.repertory(identity).Register(
        repertory_pb2.RegisterRequest(
            request_id=f"bench-{stage.run}-{identity}-{persons[0]}",
            inscriptions=[
                repertory_pb2.Inscription(
                    ssin=ssin,
                    institution=institution,
                    quality=quality,
                    period=types_pb2.Period(begin=cast.ADDRESS_SINCE.isoformat()),
                )
                for ssin in persons
            ],
        )
    )


async def _employ(stage: Stage, ssin: str, room: asyncio.Semaphore) -> None:
    now = clock.now()
    form = dimona_pb2.DimonaForm(
        identification="DIMONA",
        form_creation_date=now.date().isoformat(),
        form_creation_hour=now.strftime("%H:%M:%S.000"),
        attestation_status="0",
        type_form="SU",
        dimona_in=dimona_pb2.DimonaIn(
            starting_date=clock.today().isoformat(),
            employer_id=dimona_pb2.EmployerId(noss_registration_nbr=cast.BREWERY_NSSO),
            natural_person=dimona_pb2.NaturalPerson(inss=ssin),
            dimona_features=dimona_pb2.DimonaFeatures(
                joint_commission_nbr="XXX", worker_type="OTH"
            ),
        ),
    )
    async with room:
        await stage.declarations(BREWERY).SubmitDimona(
            declarations_pb2.SubmitDimonaRequest(
                request_id=f"bench-{stage.run}-{ssins().index(ssin)}",
                form=form,
                channel=declarations_pb2.CHANNEL_GRPC,
            )
        )


async def _all_answered(stage: Stage) -> bool:
    answer = await stage.exchange(CENTRE).BatchConsult(
        exchange_pb2.BatchConsultRequest(consultations=questions())
    )
    return all(
        any(part.attestations for part in consultation.answers)
        for consultation in answer.consultations
    )
