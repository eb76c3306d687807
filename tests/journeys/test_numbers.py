"""A BIS number gives way to a national one: whoever knows the person hears it, and rights go on."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from crossroads.attestations.v1 import attestations_pb2, persons_pb2
from crossroads.declarations.v1 import declarations_pb2
from crossroads.forms.v1 import dimona_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.rights.v1 import rights_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2

from bench import population
from mesh import clock, periods
from mesh.periods import Period
from sandbox import cast
from sandbox.story.stage import Stage

CENTRE, OPERATOR, AUDITOR = "institution/17/1", "operator/sandbox", "auditor/privacy"
RIGHT = "social_tariff_energy"
BREWERY = f"employer/{cast.BREWERY}"


@pytest.fixture
async def stage(mesh_up: dict[str, Any]) -> AsyncIterator[Stage]:
    made = Stage(Path(mesh_up["state"]) / "endpoints.json")
    yield made
    await made.close()


def numbers() -> tuple[str, str]:
    """A BIS number and a national one of the same invented person."""
    own = secrets.randbelow(400) * 2 + 101
    nines = [f"77{month:02d}02{own:03d}" for month in (43, 3)]
    bis, national = (f"{nine}{97 - int(nine) % 97:02d}" for nine in nines)
    return bis, national


async def wage(stage: Stage, ssin: str, name: str, end: str = "") -> str:
    packed = any_pb2.Any()
    begin = (clock.today() - timedelta(days=40)).isoformat()
    period = types_pb2.Period(begin=begin, end=end)
    packed.Pack(attestations_pb2.LivingWage(period=period, category=2, kind="LIVING_WAGE"))
    receipt = await stage.exchange(CENTRE).Publish(
        exchange_pb2.PublishRequest(
            request_id=stage.request_id(name),
            mutation=exchange_pb2.Mutation(
                ssin=ssin,
                data_sort="living_wage",
                kind=exchange_pb2.MUTATION_KIND_CREATED,
                period=types_pb2.Period(begin=begin),
                attestation=packed,
            ),
        )
    )
    return receipt.ticket


async def decided(stage: Stage, ssin: str, many: int) -> list[rights_pb2.RightDecision]:
    async def look() -> list[rights_pb2.RightDecision]:
        page = await stage.rights(AUDITOR).ListDecisions(
            rights_pb2.ListDecisionsRequest(ssin=ssin, right=RIGHT)
        )
        return list(page.decisions) if len(page.decisions) == many else []

    return await stage.until(look, "the rights engine did not decide")


async def heard(stage: Stage, national: str) -> persons_pb2.NumberReplaced:
    """What the welfare centre reads in its mailbox."""

    async def look() -> persons_pb2.NumberReplaced | None:
        position = 0
        while True:
            page = await stage.mailbox(CENTRE).ListDeliveries(
                mailbox_pb2.ListDeliveriesRequest(after_position=position, page_size=1000)
            )
            for delivery in page.deliveries:
                told = persons_pb2.NumberReplaced()
                if delivery.mutation.ssin == national and delivery.mutation.attestation.Unpack(
                    told
                ):
                    return told
            if not page.deliveries:
                return None
            position = page.deliveries[-1].position

    found = await stage.until(look, "the welfare centre did not hear of the number")
    assert found
    return found


async def test_a_replaced_number_reaches_who_knows_the_person_and_her_rights(stage: Stage) -> None:
    bis, national = numbers()
    await population.register(stage, CENTRE, population.LIVING_WAGE, [bis])
    await wage(stage, bis, "granted")
    (granted,) = await decided(stage, bis, 1)
    await stage.repertory(OPERATOR).ReplacePerson(
        repertory_pb2.ReplacePersonRequest(
            request_id=stage.request_id("replaced"), old_ssin=bis, new_ssin=national
        )
    )
    told = await heard(stage, national)
    assert (told.old_ssin, told.new_ssin) == (bis, national)
    await decided(stage, national, 1)
    await wage(stage, national, "ended", end=clock.today().isoformat())
    ended, first = await decided(stage, national, 2)
    assert (first.decision_id, first.ssin) == (granted.decision_id, national)
    assert ended.kind == rights_pb2.DECISION_KIND_ENDED
    assert [d.decision_id for d in await decided(stage, bis, 2)] == [
        ended.decision_id,
        first.decision_id,
    ]


async def accepted(stage: Stage, ticket: str) -> None:
    async def look() -> bool:
        found = await stage.declarations(BREWERY).GetDeclaration(
            declarations_pb2.GetDeclarationRequest(ticket=ticket, wait_ms=1000)
        )
        return found.declaration.state == declarations_pb2.DECLARATION_STATE_ACCEPTED

    assert await stage.until(look, "the Dimona was not accepted")


async def employed(stage: Stage, ssin: str) -> list[str]:
    """The Dimona periods that the welfare centre is told of."""
    today = clock.today()
    answer = await stage.exchange(CENTRE).Consult(
        exchange_pb2.ConsultRequest(
            ssin=ssin,
            data_sorts=["employment_period"],
            quality=population.LIVING_WAGE,
            period=periods.to_wire(Period(today, today + timedelta(days=1))),
            purpose="living_wage_enquiry",
            reference="a replaced number",
        )
    )
    told = []
    for part in answer.answers:
        for packed in part.attestations:
            employment = attestations_pb2.EmploymentPeriod()
            assert packed.Unpack(employment)
            told.append(str(employment.dimona_period_id))
    return told


async def test_what_was_declared_is_consulted_under_either_number(stage: Stage) -> None:
    bis, national = numbers()
    await population.register(stage, "institution/0/0", 0, [bis])
    await population.register(stage, CENTRE, population.LIVING_WAGE, [bis])
    today = clock.today().isoformat()
    receipt = await stage.declarations(BREWERY).SubmitDimona(
        declarations_pb2.SubmitDimonaRequest(
            request_id=stage.request_id("declared"), form=entry(bis, today)
        )
    )
    await accepted(stage, receipt.ticket)

    async def told(ssin: str) -> list[str]:
        return await stage.until(partial(employed, stage, ssin), "no employment is told")

    (period,) = await told(bis)
    await stage.repertory(OPERATOR).ReplacePerson(
        repertory_pb2.ReplacePersonRequest(
            request_id=stage.request_id("employee"), old_ssin=bis, new_ssin=national
        )
    )
    assert await told(national) == [period]
    assert await told(bis) == [period]


def entry(ssin: str, today: str) -> dimona_pb2.DimonaForm:
    """An IN from today on."""
    form = dimona_pb2.DimonaForm(
        identification="DIMONA",
        form_creation_date=today,
        form_creation_hour="08:00:00.000",
        attestation_status="0",
        type_form="SU",
    )
    body = form.dimona_in
    body.starting_date = today
    body.employer_id.company_id = cast.BREWERY
    body.natural_person.inss = ssin
    body.dimona_features.joint_commission_nbr = "XXX"
    body.dimona_features.worker_type = "OTH"
    return form
