"""Deceases: reported, corrected, taken back, and known as of any moment; unknown numbers."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2

from mesh import clock, refusals
from tests.services.repertory.conftest import Line, Stub

LINA, NOOR, BIS = "91041241894", "85073003328", "85473003317"
REGISTER, OPERATOR, CENTRE, ROUTER = (
    "institution/0/0",
    "operator/sandbox",
    "institution/17/1",
    "service/router",
)
Told = Callable[[], Awaitable[list[ledger_pb2.Entry]]]


def report(
    day: str, *, ssin: str = LINA, request_id: str = "decease-1"
) -> repertory_pb2.ReportDeceaseRequest:
    return repertory_pb2.ReportDeceaseRequest(request_id=request_id, ssin=ssin, day=day)


def withdrawal(
    *, ssin: str = LINA, request_id: str = "withdraw-1"
) -> repertory_pb2.WithdrawDeceaseRequest:
    return repertory_pb2.WithdrawDeceaseRequest(request_id=request_id, ssin=ssin)


async def refusal(asked: Awaitable[Any]) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asked
    found = refusals.of_error(caught.value)
    return found.code.name, found.reason


async def looked_up(
    stub: Stub, *ssins: str, known_at: str = "", position: str = ""
) -> list[tuple[str, bool]]:
    """When each died, and whether she is unknown."""
    answer = await stub(ROUTER).BatchLookup(
        repertory_pb2.BatchLookupRequest(ssins=ssins, known_at=known_at, position=position)
    )
    return [(person.deceased_on, person.unknown) for person in answer.persons]


@pytest.mark.parametrize("caller", [REGISTER, OPERATOR])
async def test_a_decease_is_reported_corrected_and_taken_back(stub: Stub, caller: str) -> None:
    asked = stub(caller)
    days = [""]
    moments = [clock.rfc3339(clock.now())]
    for request in (
        report("2026-03-01"),
        report("2026-02-28", request_id="decease-2"),
        withdrawal(),
        report("2026-02-27", request_id="decease-3"),
    ):
        if isinstance(request, repertory_pb2.ReportDeceaseRequest):
            await asked.ReportDecease(request)
            days.append(request.day)
        else:
            await asked.WithdrawDecease(request)
            days.append("")
        moments.append(clock.rfc3339(clock.now()))
        assert await looked_up(stub, LINA) == [(days[-1], False)]
    then = [(await looked_up(stub, LINA, known_at=moment))[0][0] for moment in moments]
    assert then == days


async def test_a_report_may_be_repeated_and_is_told_the_ledger(stub: Stub, told: Told) -> None:
    first = await stub(REGISTER).ReportDecease(report("2026-03-01"))
    assert await stub(REGISTER).ReportDecease(report("2026-03-01")) == first
    (entry,) = await told()
    assert (entry.ticket, entry.caller, entry.ssin) == (first.ticket, REGISTER, LINA)
    assert entry.kind == ledger_pb2.ENTRY_KIND_INSCRIPTION
    assert repertory_pb2.ReportDeceaseRequest.FromString(entry.content) == report("2026-03-01")
    other = stub(REGISTER).ReportDecease(report("2026-03-02"))
    assert await refusal(other) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")
    assert await looked_up(stub, LINA) == [("2026-03-01", False)]
    withdrawn = await stub(REGISTER).WithdrawDecease(withdrawal())
    assert await stub(REGISTER).WithdrawDecease(withdrawal()) == withdrawn
    assert await refusal(stub(REGISTER).WithdrawDecease(withdrawal(request_id="withdraw-2"))) == (
        "NOT_FOUND",
        "NO_DECEASE",
    )


async def test_who_may_not_report_and_what_cannot_be(stub: Stub) -> None:
    for closed in (
        stub(CENTRE).ReportDecease(report("2026-03-01")),
        stub(CENTRE).WithdrawDecease(withdrawal()),
    ):
        assert await refusal(closed) == ("PERMISSION_DENIED", "NO_ACCESS")
    tomorrow = (clock.today() + timedelta(days=2)).isoformat()
    for day in (tomorrow, "2026-02-30"):
        asked = stub(REGISTER).ReportDecease(report(day))
        assert (await refusal(asked))[1] == "MALFORMED_REQUEST"
    wrong = stub(REGISTER).ReportDecease(report("2026-03-01", ssin="91041241895"))
    assert (await refusal(wrong))[1] == "SSIN_CHECK_DIGIT"
    assert await looked_up(stub, LINA) == [("", True)]


async def test_a_decease_follows_a_replaced_number(stub: Stub) -> None:
    await stub(REGISTER).ReportDecease(report("2026-03-01", ssin=BIS))
    before = clock.rfc3339(clock.now())
    await stub(REGISTER).ReplacePerson(
        repertory_pb2.ReplacePersonRequest(request_id="replaces-1", old_ssin=BIS, new_ssin=LINA)
    )
    assert await looked_up(stub, BIS, LINA) == [("2026-03-01", False)] * 2
    await stub(REGISTER).ReportDecease(report("2026-03-02", ssin=BIS, request_id="decease-2"))
    assert await looked_up(stub, BIS, LINA) == [("2026-03-02", False)] * 2
    assert await looked_up(stub, BIS, LINA, known_at=before) == [
        ("2026-03-01", False),
        ("", True),
    ]


async def test_whoever_was_ever_known_is_not_unknown(stub: Stub, line: Line) -> None:
    before = clock.rfc3339(clock.now())
    registered = line("2026-01-01", "2026-02-01")
    await stub(CENTRE).Register(
        repertory_pb2.RegisterRequest(request_id="register-1", inscriptions=[registered])
    )
    await stub(CENTRE).Correct(
        repertory_pb2.CorrectRequest(request_id="correct-1", wrong=registered)
    )
    await stub(REGISTER).ReplacePerson(
        repertory_pb2.ReplacePersonRequest(request_id="replaces-1", old_ssin=BIS, new_ssin=LINA)
    )
    assert await looked_up(stub, LINA, NOOR, BIS) == [("", False), ("", True), ("", False)]
    assert await looked_up(stub, LINA, BIS, known_at=before) == [("", True), ("", True)]


@pytest.mark.parametrize("seed", range(3))
async def test_every_position_answers_for_ever_what_it_answered_then(
    stub: Stub, line: Line, seed: int
) -> None:
    chance, ssins = random.Random(seed), (LINA, NOOR)
    then: dict[str, list[tuple[str, bool]]] = {"0": await looked_up(stub, *ssins)}
    for number in range(12):
        ssin, request_id = chance.choice(ssins), f"request-{number}"
        what, day = chance.random(), f"2026-03-{chance.randint(1, 20):02}"
        if what < 0.4:
            done: Any = await stub(REGISTER).ReportDecease(
                report(day, ssin=ssin, request_id=request_id)
            )
        elif what < 0.7 and then[max(then, key=int)][ssins.index(ssin)][0]:
            done = await stub(REGISTER).WithdrawDecease(
                withdrawal(ssin=ssin, request_id=request_id)
            )
        else:
            added = repertory_pb2.RegisterRequest(
                request_id=request_id, inscriptions=[line(day, ssin=ssin)]
            )
            done = await stub(CENTRE).Register(added)
        then[done.freshness] = await looked_up(stub, *ssins)
    for position, known in then.items():
        assert await looked_up(stub, *ssins, position=position) == known
