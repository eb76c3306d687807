"""The welfare centres behind the hub of their network, over the real processes of both hubs."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.attestations.v1 import attestations_pb2, persons_pb2
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import (
    decision_pb2,
    exchange_pb2,
    exchange_pb2_grpc,
    mailbox_pb2,
    mailbox_pb2_grpc,
    supplier_pb2,
    supplier_pb2_grpc,
)
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2
from google.protobuf.message import Message

from console import reconciliation, replay
from console.state import State
from mesh import clock, institutions, refusals
from sandbox import cast
from sandbox.story.stage import Stage
from tests.conftest import mesh_of
from tests.console.test_command import crossroads

GENT, AALST = "institution/17/1001", "institution/17/1002"
HUB, AUDITOR, FUND = "hub/welfare", "auditor/privacy", "institution/11/1"
CHAIN = [GENT, HUB]
BENEFICIARY = 2
BIS, NATIONAL = "85431512358", "85031512369"


@pytest.fixture(scope="module")
def mesh_with_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with mesh_of(tmp_path_factory.mktemp("hub"), "--with-hub") as served:
        yield served


@pytest.fixture
async def stage(mesh_with_hub: dict[str, Any]) -> AsyncIterator[Stage]:
    stage = Stage(Path(mesh_with_hub["state"]) / "endpoints.json")
    yield stage
    await stage.close()


@pytest.fixture
async def gent_knows_lina(stage: Stage) -> None:
    await register(stage, GENT, cast.LINA)
    await known_at_the_primary(stage, cast.LINA)


async def test_a_member_consults_through_both_hubs(stage: Stage, gent_knows_lina: None) -> None:
    response = await consult(stage, GENT, "household_composition")
    (answer,) = response.answers
    assert (response.decision.verdict, list(response.decision.chain)) == (
        decision_pb2.VERDICT_PERMITTED,
        CHAIN,
    )
    assert (answer.status, place(answer.holder)) == (exchange_pb2.ANSWER_STATUS_OK, "0/0")
    household = attestations_pb2.HouseholdComposition()
    assert answer.attestations[0].Unpack(household)
    assert {member.ssin for member in household.members} == set(cast.HOUSEHOLD)
    assert household.postal_code == ""
    assert answer.primary_ticket not in {"", response.ticket}


async def test_the_chain_is_in_both_ledgers(stage: Stage, gent_knows_lina: None) -> None:
    response = await consult(stage, GENT, "household_composition")
    ours = await decision_in(stage, "welfare-ledger", response.ticket)
    theirs = await decision_in(stage, "ledger", response.answers[0].primary_ticket)
    assert (ours.caller, list(ours.chain), place(ours.institution)) == (GENT, CHAIN, "17/1001")
    assert (theirs.caller, list(theirs.chain), place(theirs.institution)) == (HUB, CHAIN, "17/1")
    asked = exchange_pb2.ConsultationRecord.FromString(theirs.content)
    assert list(asked.consultation.chain) == [GENT]
    assert asked.consultation.reference == response.ticket
    assert list(asked.decision.chain) == CHAIN


async def test_the_outcome_leads_from_one_ledger_to_the_other(
    stage: Stage, gent_knows_lina: None
) -> None:
    response = await consult(stage, GENT, "household_composition")

    primary_ticket = response.answers[0].primary_ticket
    entry = await outcome_in(stage, "welfare-ledger", response.ticket)
    (told,) = exchange_pb2.OutcomeRecord.FromString(entry.content).answers
    assert told.primary_ticket == primary_ticket
    assert (await outcome_in(stage, "ledger", primary_ticket)).caller == HUB


async def outcome_in(stage: Stage, ledger: str, ticket: str) -> ledger_pb2.Entry:
    """It follows the answer."""

    async def look() -> list[ledger_pb2.Entry]:
        found = await entries(stage, ledger, ticket=ticket)
        return [entry for entry in found if entry.kind == ledger_pb2.ENTRY_KIND_OUTCOME]

    (entry,) = await stage.until(look, f"the outcome is not in the {ledger}")
    return entry


async def test_a_member_that_does_not_know_the_person_is_refused_by_its_own_hub(
    stage: Stage, gent_knows_lina: None
) -> None:
    began = clock.rfc3339(clock.now())
    response = await consult(stage, AALST, "household_composition")
    (part,) = response.decision.data_sorts
    assert part.reason == decision_pb2.REFUSAL_REASON_SUBJECT_NOT_INTEGRATED
    assert not response.answers
    ours = await decision_in(stage, "welfare-ledger", response.ticket)
    assert (ours.caller, ours.outcome) == (AALST, ledger_pb2.OUTCOME_REFUSED)
    at_the_primary = await entries(stage, "ledger", ssin=cast.LINA, recorded_from=began)
    assert [entry for entry in at_the_primary if HUB in entry.chain] == []


async def test_what_the_primary_refuses_is_told_with_its_reason(stage: Stage) -> None:
    """The hub's own register says yes; at the primary an authorization of the network is gone."""
    await register(stage, GENT, cast.JORIS)
    await known_at_the_primary(stage, cast.JORIS)
    operator = stage.repertory("operator/sandbox")
    listed = await operator.ListDeliberations(
        repertory_pb2.ListDeliberationsRequest(page_size=1000)
    )
    (standing,) = [one for one in listed.deliberations if one.number == "18/014"]
    changed = repertory_pb2.Deliberation()
    changed.CopyFrom(standing)
    del changed.authorizations[0]
    await operator.PutDeliberation(repertory_pb2.PutDeliberationRequest(deliberation=changed))
    try:

        async def refused() -> exchange_pb2.HolderAnswer | None:
            response = await consult(stage, GENT, "household_composition", cast.JORIS)
            (answer,) = response.answers
            return answer if answer.status == exchange_pb2.ANSWER_STATUS_REFUSED else None

        answer = await stage.until(refused, "the primary hub goes on answering")
        assert answer is not None
        assert answer.reason == decision_pb2.REFUSAL_REASON_NOT_AUTHORISED
        assert not answer.attestations
    finally:
        await operator.PutDeliberation(repertory_pb2.PutDeliberationRequest(deliberation=standing))


async def test_only_a_hub_names_for_whom_it_asks(stage: Stage) -> None:
    question = asked("household_composition", cast.LINA)
    question.chain.append(GENT)
    for identity, router in ((GENT, "welfare-router"), (FUND, "router")):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await exchange(stage, identity, router).Consult(question)
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("named", [[], [FUND], ["institution/17/1003"], [GENT, FUND]])
async def test_a_hub_asks_for_nobody_who_is_not_a_member_of_its_network(
    stage: Stage, gent_knows_lina: None, named: list[str]
) -> None:
    question = asked("household_composition", cast.LINA)
    question.chain.append(GENT)
    await exchange(stage, HUB, "router").Consult(question)
    question.chain[:] = named
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await exchange(stage, HUB, "router").Consult(question)
    assert refusals.of_error(refused.value).reason == "NOT_OF_YOUR_NETWORK"


async def test_the_primary_asks_the_member_that_holds_the_data(
    stage: Stage, gent_knows_lina: None
) -> None:
    grant(stage)
    began = clock.rfc3339(clock.now() - timedelta(seconds=1))
    consulted = await living_wage_for_the_fund(stage)
    (answer,) = consulted.answers
    assert (answer.status, place(answer.holder)) == (exchange_pb2.ANSWER_STATUS_OK, "17/1")
    assert len(answer.attestations) == 1
    kept = await entries(
        stage,
        "welfare-ledger",
        ticket=consulted.ticket,
        kind=ledger_pb2.ENTRY_KIND_SUPPLY,
        recorded_from=began,
    )
    record = supplier_pb2.SupplyRecord.FromString(kept[0].content)
    assert [place(member) for member in record.members] == ["17/1001"]
    assert kept[0].caller == "service/router"


async def test_a_member_that_hangs_costs_only_its_own_part(
    stage: Stage, gent_knows_lina: None
) -> None:
    """The hub answers in time for the primary, with what the others gave."""
    grant(stage)
    await register(stage, AALST, cast.LINA)
    operator = repertory_pb2_grpc.RepertoryStub(
        stage.channel("operator/sandbox", "welfare-repertory")
    )
    found = await operator.GetInstitution(
        repertory_pb2.GetInstitutionRequest(
            institution=types_pb2.Institution(sector=17, number=1002)
        )
    )
    changed = repertory_pb2.InstitutionRecord()
    changed.CopyFrom(found.institution)
    silent = socket.create_server(("127.0.0.1", 0))  # it takes calls and says nothing
    changed.supplier_address = f"127.0.0.1:{silent.getsockname()[1]}"
    await operator.PutInstitution(repertory_pb2.PutInstitutionRequest(institution=changed))
    try:

        async def marked() -> exchange_pb2.HolderAnswer | None:
            (answer,) = (await living_wage_for_the_fund(stage)).answers
            return None if answer.status == exchange_pb2.ANSWER_STATUS_OK else answer

        answer = await stage.until(marked, "the silent member is not missed")
        assert answer is not None
        assert answer.status == exchange_pb2.ANSWER_STATUS_LATE
        assert len(answer.attestations) == 1
    finally:
        silent.close()
        await operator.PutInstitution(
            repertory_pb2.PutInstitutionRequest(institution=found.institution)
        )
        await end(stage, AALST, cast.LINA)


async def test_only_the_primary_may_have_the_hub_supply(stage: Stage) -> None:
    stub = supplier_pb2_grpc.SupplierStub(stage.channel(GENT, "welfare-router"))
    question = supplier_pb2.Question(
        ticket="A" * 15,
        ssin=cast.LINA,
        data_sort="living_wage",
        period=today(),
        holder=types_pb2.Institution(sector=17, number=1),
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.Supply(supplier_pb2.SupplyRequest(questions=[question]))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_mutation_reaches_the_right_member_only(
    stage: Stage, gent_knows_lina: None
) -> None:
    published = await stage.exchange("institution/0/0").Publish(
        exchange_pb2.PublishRequest(
            request_id=stage.request_id("decease"),
            mutation=exchange_pb2.Mutation(
                ssin=cast.LINA,
                data_sort="decease",
                kind=exchange_pb2.MUTATION_KIND_CREATED,
                period=today(),
                attestation=packed(persons_pb2.Decease(date=str(clock.today()))),
            ),
        )
    )

    async def arrived() -> list[mailbox_pb2.Delivery]:
        return [one for one in await mail(stage, GENT) if one.ticket == published.ticket]

    (delivery,) = await stage.until(arrived, "the mutation does not reach the member")
    assert delivery.authorization == "H21-034/1"
    assert place(delivery.sender) == "0/0"
    assert await mail(stage, AALST) == []
    told = await entries(
        stage,
        "welfare-ledger",
        ticket=published.ticket,
        kind=ledger_pb2.ENTRY_KIND_DISTRIBUTION,
    )
    (ours,) = told
    assert (place(ours.institution), ours.outcome) == ("17/1001", ledger_pb2.OUTCOME_ALLOWED)


async def test_a_number_that_is_replaced_is_followed_and_told_to_the_member_that_knows_the_person(
    stage: Stage,
) -> None:
    await register(stage, GENT, BIS)
    await known_at_the_primary(stage, BIS)
    await stage.repertory("institution/0/0").ReplacePerson(
        repertory_pb2.ReplacePersonRequest(
            request_id=stage.request_id("national"), old_ssin=BIS, new_ssin=NATIONAL
        )
    )

    async def arrived() -> list[mailbox_pb2.Delivery]:
        return [one for one in await mail(stage, GENT) if one.mutation.ssin == NATIONAL]

    (delivery,) = await stage.until(arrived, "the member does not hear of the new number")
    told = persons_pb2.NumberReplaced()
    assert delivery.mutation.attestation.Unpack(told)
    assert (told.old_ssin, told.new_ssin) == (BIS, NATIONAL)
    assert [one for one in await mail(stage, AALST) if one.mutation.ssin == NATIONAL] == []
    for number, notice in ((BIS, NATIONAL), (NATIONAL, "")):
        response = await consult(stage, GENT, "household_composition", number)
        assert response.decision.verdict == decision_pb2.VERDICT_PERMITTED
        assert response.replaced_by == notice


async def test_the_network_is_integrated_from_the_first_member_to_the_last(stage: Stage) -> None:
    for member in (GENT, AALST):
        await register(stage, member, cast.NOOR)
    await known_at_the_primary(stage, cast.NOOR)
    await end(stage, GENT, cast.NOOR)
    await register(stage, GENT, cast.ADIL)
    await known_at_the_primary(stage, cast.ADIL)  # told after the end of the one before
    assert await lines_at_the_primary(stage, cast.NOOR)
    await end(stage, AALST, cast.NOOR)

    async def forgotten() -> bool:
        return not await lines_at_the_primary(stage, cast.NOOR)

    await stage.until(forgotten, "the primary hub still knows the person in the network")


async def test_a_hub_learns_nothing_of_other_networks(stage: Stage) -> None:
    repertory = stage.repertory(HUB)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await repertory.BatchLookup(repertory_pb2.BatchLookupRequest(ssins=[cast.LINA]))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    theirs = repertory_pb2_grpc.RepertoryStub(stage.channel("service/router", "welfare-repertory"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await theirs.BatchLookup(repertory_pb2.BatchLookupRequest(ssins=[cast.LINA]))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_the_story_is_not_told_where_the_hub_reads_the_mailbox_of_its_centre(
    mesh_with_hub: dict[str, Any],
) -> None:
    answer = crossroads(mesh_with_hub["state"], "demo", "--once")
    assert answer.returncode == 1
    assert "not a network" in " ".join(answer.stderr.split())


async def test_the_ledger_of_the_hub_can_be_replayed_and_reconciled(
    mesh_with_hub: dict[str, Any], stage: Stage, gent_knows_lina: None
) -> None:
    await consult(stage, GENT, "household_composition")
    hub = State(Path(mesh_with_hub["state"]), "welfare")
    made_again = await replay.run(hub, AUDITOR)
    assert (made_again.differences, made_again.incomplete) == ({}, [])
    assert made_again.same

    async def agrees() -> bool:
        count, found = await reconciliation.run(hub, AUDITOR)
        return count > 0 and not found

    await stage.until(agrees, "the ledger of the hub does not agree with its records")


def place(wire: types_pb2.Institution) -> str:
    return str(institutions.from_wire(wire))


def today() -> types_pb2.Period:
    now = clock.today()
    return types_pb2.Period(begin=str(now), end=str(now + timedelta(days=1)))


def packed(message: Message) -> any_pb2.Any:
    result = any_pb2.Any()
    result.Pack(message)
    return result


def line(identity: str, ssin: str) -> repertory_pb2.Inscription:
    return repertory_pb2.Inscription(
        ssin=ssin,
        institution=institutions.to_wire(institutions.parse(identity.partition("/")[2])),
        quality=BENEFICIARY,
        period=types_pb2.Period(begin=str(clock.today())),
    )


def grant(stage: Stage) -> None:
    wage = attestations_pb2.LivingWage(
        period=types_pb2.Period(begin=str(date(2026, 1, 1))), category=3, kind="LIVING_WAGE"
    )
    stage.wages.put(cast.LINA, wage)


async def living_wage_for_the_fund(stage: Stage) -> exchange_pb2.ConsultResponse:
    """What a health fund, which knows Lina, gets of the network through the primary hub."""
    known = repertory_pb2.Inscription(
        ssin=cast.LINA,
        institution=types_pb2.Institution(sector=11, number=1),
        quality=1,
        period=types_pb2.Period(begin=str(clock.today())),
    )
    await stage.repertory(FUND).Register(
        repertory_pb2.RegisterRequest(request_id=stage.request_id("fund"), inscriptions=[known])
    )
    return await stage.exchange(FUND).Consult(
        exchange_pb2.ConsultRequest(
            ssin=cast.LINA,
            data_sorts=["living_wage"],
            quality=1,
            purpose="health_insurance",
            period=today(),
        )
    )


def asked(data_sort: str, ssin: str) -> exchange_pb2.ConsultRequest:
    return exchange_pb2.ConsultRequest(
        ssin=ssin,
        data_sorts=[data_sort],
        quality=BENEFICIARY,
        purpose="living_wage_enquiry",
        period=today(),
    )


def exchange(stage: Stage, identity: str, router: str) -> exchange_pb2_grpc.ExchangeStub:
    return exchange_pb2_grpc.ExchangeStub(stage.channel(identity, router))


async def consult(
    stage: Stage, identity: str, data_sort: str, ssin: str = cast.LINA
) -> exchange_pb2.ConsultResponse:
    return await exchange(stage, identity, "welfare-router").Consult(asked(data_sort, ssin))


async def register(stage: Stage, identity: str, ssin: str) -> None:
    stub = repertory_pb2_grpc.RepertoryStub(stage.channel(identity, "welfare-repertory"))
    await stub.Register(
        repertory_pb2.RegisterRequest(
            request_id=stage.request_id(f"{identity}-{ssin[:4]}"),
            inscriptions=[line(identity, ssin)],
        )
    )


async def end(stage: Stage, identity: str, ssin: str) -> None:
    stub = repertory_pb2_grpc.RepertoryStub(stage.channel(identity, "welfare-repertory"))
    await stub.End(
        repertory_pb2.EndRequest(
            request_id=stage.request_id(f"end-{identity}-{ssin[:4]}"),
            inscription=line(identity, ssin),
        )
    )


async def lines_at_the_primary(stage: Stage, ssin: str) -> list[repertory_pb2.Inscription]:
    listed = await stage.repertory(AUDITOR).ListInscriptions(
        repertory_pb2.ListInscriptionsRequest(ssin=ssin, on=str(clock.today()))
    )
    return [one for one in listed.inscriptions if place(one.institution) == cast.NETWORK]


async def known_at_the_primary(stage: Stage, ssin: str) -> None:
    await stage.until(
        lambda: lines_at_the_primary(stage, ssin), "the network is not integrated at the primary"
    )


async def entries(stage: Stage, ledger: str, **asked_for: Any) -> list[ledger_pb2.Entry]:
    stub = ledger_pb2_grpc.LedgerStub(stage.channel(AUDITOR, ledger))
    response = await stub.ListAccesses(ledger_pb2.ListAccessesRequest(**asked_for))
    return [access.entry for access in response.accesses]


async def decision_in(stage: Stage, ledger: str, ticket: str) -> ledger_pb2.Entry:
    found = await entries(stage, ledger, ticket=ticket)
    (entry,) = [one for one in found if one.kind == ledger_pb2.ENTRY_KIND_CONSULTATION]
    return entry


async def mail(stage: Stage, identity: str) -> list[mailbox_pb2.Delivery]:
    stub = mailbox_pb2_grpc.MailboxStub(stage.channel(identity, "welfare-router"))
    return list((await stub.ListDeliveries(mailbox_pb2.ListDeliveriesRequest())).deliveries)
