"""An institution joins while the bank runs, by its record alone, and another takes its place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2

from console.authority import Authority
from console.postgres import Postgres
from mesh import clock, institutions
from mesh.institutions import Institution
from tests import opening
from tests.bank import HOLDER, OPERATOR, Bank, strangers

TODAY = clock.today()
NEW, HEIR, FUND, NSSO, RIGHTS = (
    Institution(17, 4000),
    Institution(17, 4001),
    Institution(11, 1),
    Institution(12, 0),
    Institution(25, 0),
)
SERVICES = {NSSO: "service/declarations", RIGHTS: "service/rights"}
REGISTER = Institution(0, 0)
THIS_MONTH = types_pb2.Period(
    begin=str(TODAY - timedelta(days=20)), end=str(TODAY + timedelta(days=1))
)
ATTESTATIONS = {
    "household_composition": "crossroads.attestations.v1.HouseholdComposition",
    "living_wage": "crossroads.attestations.v1.LivingWage",
    "employment_period": "crossroads.attestations.v1.EmploymentPeriod",
}


@pytest.fixture
async def bank(postgres: Postgres, authority: Authority, tmp_path: Path) -> AsyncIterator[Bank]:
    async with opening.serving(postgres, authority, tmp_path) as bank:
        await bank.answers_for(str(REGISTER))
        bank.holder.attestation |= ATTESTATIONS
        yield bank


async def test_a_centre_that_joins_asks_answers_tells_and_is_told(bank: Bank) -> None:
    ssin = next(strangers())
    await put(bank, NEW)
    for place, quality in ((NEW, 1), (NEW, 2), (REGISTER, 0), (NSSO, 30), (FUND, 1)):
        await register(bank, ssin, place, quality)
    asked = await consult(bank, ssin, NEW, "household_composition", "living_wage_enquiry")
    assert [holder(one) for one in asked.answers] == [REGISTER]
    answered = await consult(bank, ssin, FUND, "living_wage", "health_insurance")
    assert [holder(one) for one in answered.answers] == [NEW]
    assert answered.answers[0].status == exchange_pb2.ANSWER_STATUS_OK
    for sender, sort, recipient in (
        (NSSO, "employment_period", NEW),
        (NEW, "living_wage", RIGHTS),
    ):
        ticket = await publish(bank, ssin, sender, sort)
        assert ticket in await told(bank, recipient)


async def test_who_took_over_is_asked_for_what_still_stands_at_the_one_that_ended(
    bank: Bank,
) -> None:
    ssin = next(strangers())
    await put(bank, NEW)
    for place, quality in ((NEW, 2), (FUND, 1)):
        await register(bank, ssin, place, quality)
    await put(bank, HEIR)
    await put(bank, NEW, end=str(TODAY), successor=HEIR)
    asked = await consult(bank, ssin, FUND, "living_wage", "health_insurance")
    assert [holder(one) for one in asked.answers] == [HEIR]
    await put(bank, HEIR, end=str(TODAY))
    none = await consult(bank, ssin, FUND, "living_wage", "health_insurance")
    assert not none.answers


async def put(
    bank: Bank, place: Institution, end: str = "", successor: Institution | None = None
) -> None:
    """A centre with a certificate and a supplier of its own."""
    record = repertory_pb2.InstitutionRecord(
        institution=institutions.to_wire(place),
        name=f"Centre {place}",
        identities=[f"institution/{place}"],
        supplier_address=bank.addresses["holder"],
        supplier_name=HOLDER,
        period=types_pb2.Period(begin="2025-01-01", end=end),
        level=repertory_pb2.LEVEL_SECONDARY,
        managing_institution=types_pb2.Institution(sector=17, number=0),
        successor=institutions.to_wire(successor) if successor else None,
    )
    request = repertory_pb2.PutInstitutionRequest(institution=record)
    done = await bank.repertory(OPERATOR).PutInstitution(request)
    await bank.heard(done.revision)


async def register(bank: Bank, ssin: str, place: Institution, quality: int) -> None:
    line = repertory_pb2.Inscription(
        ssin=ssin,
        institution=institutions.to_wire(place),
        quality=quality,
        period=types_pb2.Period(begin="2026-01-01"),
    )
    await bank.repertory(f"institution/{place}").Register(
        repertory_pb2.RegisterRequest(request_id=f"{ssin}-{place}-{quality}", inscriptions=[line])
    )


async def consult(
    bank: Bank, ssin: str, asker: Institution, sort: str, purpose: str
) -> exchange_pb2.ConsultResponse:
    return await bank.exchange(f"institution/{asker}").Consult(
        exchange_pb2.ConsultRequest(
            ssin=ssin, data_sorts=[sort], quality=1, purpose=purpose, period=THIS_MONTH
        )
    )


async def publish(bank: Bank, ssin: str, sender: Institution, sort: str) -> str:
    """The ticket of a change that has been distributed."""
    mutation = exchange_pb2.Mutation(
        ssin=ssin,
        data_sort=sort,
        kind=exchange_pb2.MUTATION_KIND_CREATED,
        period=THIS_MONTH,
        attestation=any_pb2.Any(type_url=f"type.googleapis.com/{ATTESTATIONS[sort]}"),
    )
    published = await bank.exchange(speaker(sender)).Publish(
        exchange_pb2.PublishRequest(
            request_id=f"{ssin}-{sort}", mutation=mutation, sender=institutions.to_wire(sender)
        )
    )
    while await bank.distribution.deliver():
        pass
    return published.ticket


async def told(bank: Bank, recipient: Institution) -> list[str]:
    page = await bank.mailbox(speaker(recipient)).ListDeliveries(
        mailbox_pb2.ListDeliveriesRequest(page_size=100)
    )
    return [one.ticket for one in page.deliveries]


def holder(answer: exchange_pb2.HolderAnswer) -> Institution:
    return institutions.from_wire(answer.holder)


def speaker(institution: Institution) -> str:
    return SERVICES.get(institution, f"institution/{institution}")
