"""A quota over the wire: what passes, what is told, and that beyond it nothing is looked up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import grpc
import pytest
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc
from crossroads.types.v1 import types_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from console.authority import Authority
from console.postgres import Postgres
from mesh import institutions, refusals
from mesh.institutions import Institution
from tests import opening
from tests.bank import Bank, strangers

ENQUIRY, DEBTS = "living_wage_enquiry", "debt_mediation"
SSINS = strangers()
Stub = exchange_pb2_grpc.ExchangeStub
Question = exchange_pb2.ConsultRequest
Detail = TypeVar("Detail", bound=Message)


@pytest.fixture(scope="module")
async def bank(
    postgres: Postgres, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bank]:
    """What was asked today stays counted, so each test is about another institution."""
    async with opening.serving(postgres, authority, tmp_path_factory.mktemp("bank")) as serving:
        yield serving


def quota(
    of: Institution, purpose: str = "", per_day: int = 0, per_second: int = 0
) -> repertory_pb2.Quota:
    return repertory_pb2.Quota(
        institution=institutions.to_wire(of),
        purpose=purpose,
        per_day=per_day,
        per_second=per_second,
    )


def question(
    purpose: str = ENQUIRY, quality: int = 1, sort: str = "household_composition"
) -> exchange_pb2.ConsultRequest:
    return exchange_pb2.ConsultRequest(
        ssin=next(SSINS),
        data_sorts=[sort],
        quality=quality,
        purpose=purpose,
        period=types_pb2.Period(begin="2026-11-01", end="2026-12-01"),
    )


async def consult(stub: Stub, one: Question) -> object:
    return await stub.Consult(one)


async def explain(stub: Stub, one: Question) -> object:
    return await stub.Explain(exchange_pb2.ExplainRequest(consultation=one))


async def batch(stub: Stub, one: Question) -> object:
    return await stub.BatchConsult(exchange_pb2.BatchConsultRequest(consultations=[one]))


async def askable(stub: Stub, one: Question) -> object:
    return await stub.ListAskable(
        exchange_pb2.ListAskableRequest(
            ssin=one.ssin, quality=one.quality, purpose=one.purpose, period=one.period
        )
    )


@pytest.mark.parametrize(
    ("ask", "asker", "one"),
    [
        (consult, "17/1", question()),
        (explain, "11/1", question("health_insurance", sort="living_wage")),
        (batch, "7/1", question("family_benefit", 101)),
        (askable, "10/1", question("holiday_pay", 10)),
    ],
)
async def test_beyond_its_quota_an_institution_is_told_when_and_nothing_is_looked_up(
    bank: Bank, ask: Callable[[Stub, Question], Awaitable[object]], asker: str, one: Question
) -> None:
    await bank.state(quota(institutions.parse(asker), per_day=2))
    stub, before = bank.exchange(f"institution/{asker}"), bank.lookups.looked_up
    for _ in range(2):
        await ask(stub, one)
    looked_up = bank.lookups.looked_up
    assert looked_up == before + 2
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ask(stub, one)
    assert bank.lookups.looked_up == looked_up
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    told = refusals.of_error(refused.value)
    assert told.reason == "QUOTA_EXCEEDED"
    assert told.metadata == {"institution": asker, "purpose": "*"}
    assert 0 < wait(refused.value) <= 25 * 3600


async def test_who_exceeds_is_told_so_in_four_languages(bank: Bank) -> None:
    asker = Institution(39, 0)
    await bank.state(quota(asker, per_second=1))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        for _ in range(50):
            await bank.exchange(f"institution/{asker}").Consult(question())
    assert 0 < wait(refused.value) <= 1
    texts = [
        detail
        for detail in details(refused.value, error_details_pb2.LocalizedMessage)
        if "39/0" in detail.message
    ]
    assert {text.locale for text in texts} == set(refusals.LANGUAGES)


def details(error: grpc.aio.AioRpcError, kind: type[Detail]) -> list[Detail]:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it has what is read
    both = [(packed, kind()) for packed in (status.details if status else ())]
    return [detail for packed, detail in both if packed.Unpack(detail)]


def wait(error: grpc.aio.AioRpcError) -> float:
    """The time to wait that it tells, in seconds."""
    (retry,) = details(error, error_details_pb2.RetryInfo)
    return float(retry.retry_delay.ToTimedelta().total_seconds())


async def test_a_batch_counts_each_person_and_passes_whole_or_not_at_all(bank: Bank) -> None:
    member = Institution(5, 0)
    centre = bank.exchange(f"institution/{member}")
    await bank.state(quota(member, per_day=5))
    three = exchange_pb2.BatchConsultRequest(consultations=[question() for _ in range(3)])
    await centre.BatchConsult(three)
    with pytest.raises(grpc.aio.AioRpcError):
        await centre.BatchConsult(three)
    await centre.Consult(question())
    await centre.Consult(question())
    with pytest.raises(grpc.aio.AioRpcError):
        await centre.Consult(question())


async def test_in_a_stream_what_is_too_much_fails_and_the_rest_is_answered(bank: Bank) -> None:
    member = Institution(18, 1)
    centre = bank.exchange(f"institution/{member}")
    await bank.state(quota(member, per_day=2))
    asked = [exchange_pb2.ConsultStreamRequest(consultation=question()) for _ in range(5)]
    for number, one in enumerate(asked):
        one.consultation.reference = str(number)
    answers = [a async for a in centre.ConsultStream(iter(asked))]
    failures = [a.failure for a in answers if a.HasField("failure")]
    assert [(f.reason, f.passing) for f in failures] == [("QUOTA_EXCEEDED", True)] * 3
    assert sum(a.HasField("consultation") for a in answers) == 2


async def test_a_lot_waits_for_its_quota_and_goes_on_when_there_is_room(bank: Bank) -> None:
    member = Institution(70, 0)
    centre = bank.exchange(f"institution/{member}")
    await bank.state(quota(member, per_day=2))
    one = question()
    meant = exchange_pb2.LotQuestion(
        data_sorts=one.data_sorts, quality=one.quality, purpose=one.purpose, period=one.period
    )
    lot = exchange_pb2.LotOpening(request_id="lot-of-a-quota", question=meant)
    persons = exchange_pb2.LotPersons(ssins=[next(SSINS) for _ in range(5)])
    submitted = await centre.SubmitLot(
        iter(
            [
                exchange_pb2.SubmitLotRequest(opening=lot),
                exchange_pb2.SubmitLotRequest(persons=persons),
            ]
        )
    )
    look = exchange_pb2.GetLotRequest(ticket=submitted.lot.ticket)
    assert await bank.lots.work()
    waiting = (await centre.GetLot(look)).lot
    assert (waiting.answered, waiting.waits_for) == (2, "QUOTA_EXCEEDED")
    await bank.state(quota(member))
    while await bank.lots.work():
        pass
    done = (await centre.GetLot(look)).lot
    assert (done.state, done.answered) == (exchange_pb2.LOT_STATE_DONE, 5)


async def test_the_quota_of_a_purpose_leaves_the_others_alone(bank: Bank) -> None:
    member = Institution(43, 0)
    centre = bank.exchange(f"institution/{member}")
    await bank.state(quota(member, ENQUIRY, per_second=1))
    await centre.Consult(question())
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        for _ in range(50):
            await centre.Consult(question())
    assert refusals.of_error(refused.value).metadata["purpose"] == ENQUIRY
    await centre.Consult(question(DEBTS))


async def test_who_asks_on_behalf_of_a_member_draws_from_the_quota_of_the_member(
    bank: Bank,
) -> None:
    member = Institution(17, 3)
    centre = bank.exchange(f"institution/{member}")
    await bank.state(quota(member, per_day=1))
    manager, one = bank.exchange("institution/17/0"), question()
    await manager.Consult(one)
    one.on_behalf_of.CopyFrom(institutions.to_wire(member))
    await manager.Consult(one)
    for stub, asked in ((manager, one), (centre, question())):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Consult(asked)
        assert refusals.of_error(refused.value).reason == "QUOTA_EXCEEDED"


async def test_only_an_operator_states_a_quota_and_only_of_who_exists(bank: Bank) -> None:
    member = Institution(17, 1)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await bank.repertory(f"institution/{member}").PutQuota(
            repertory_pb2.PutQuotaRequest(quota=quota(member))
        )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    nobody = repertory_pb2.Quota(institution=types_pb2.Institution(sector=99, number=9), per_day=1)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await bank.state(nobody)
    assert refusals.of_error(refused.value).reason == "POLICY_INCOHERENT"
