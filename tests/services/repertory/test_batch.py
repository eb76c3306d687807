"""Many writes in one call are as many writes one after another, each with its own outcome."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, timedelta
from itertools import pairwise

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import refusals
from mesh.refusals import Refusal

LINA, JORIS = "91041241894", "84031721194"
DECLARATIONS, NSSO, ROUTER = "service/declarations", "institution/12/0", "service/router"
FIRST = date(2026, 1, 1)
Stub = Callable[[str], repertory_pb2_grpc.RepertoryStub]
Line = Callable[..., repertory_pb2.Inscription]
Told = Callable[[], Awaitable[list[ledger_pb2.Entry]]]
Registration = repertory_pb2.RegisterRequest


@pytest.fixture
def worker(line: Line) -> Line:
    """A line of a worker at the NSSO."""

    def make(begin: str = "2026-01-01", end: str = "", **other: object) -> object:
        return line(begin, end, **{"institution": "12/0", "quality": 30, **other})

    return make  # type: ignore[return-value]


def adding(id_: str, *lines: repertory_pb2.Inscription) -> Registration:
    return Registration(request_id=id_, inscriptions=lines)


def cutting(id_: str, cut: repertory_pb2.Inscription) -> repertory_pb2.EndRequest:
    return repertory_pb2.EndRequest(request_id=id_, inscription=cut)


async def register(
    stub: Stub, *requests: Registration, path: str = DECLARATIONS
) -> list[repertory_pb2.WriteOutcome]:
    asked = repertory_pb2.BatchRegisterRequest(requests=requests)
    return list((await stub(path).BatchRegister(asked)).outcomes)


async def end(stub: Stub, *requests: repertory_pb2.EndRequest) -> list[repertory_pb2.WriteOutcome]:
    asked = repertory_pb2.BatchEndRequest(requests=requests)
    return list((await stub(DECLARATIONS).BatchEnd(asked)).outcomes)


async def refusal_of(asked: Awaitable[object]) -> str:
    """Why a call was refused; empty where it was not."""
    try:
        await asked
    except grpc.aio.AioRpcError as error:
        return refusals.of_error(error).reason
    return ""


def reasons(outcomes: Iterable[repertory_pb2.WriteOutcome]) -> list[str]:
    return [
        refusals.of_status(one.refusal).reason if one.HasField("refusal") else ""
        for one in outcomes
    ]


async def known(stub: Stub, ssin: str, position: str = "") -> list[tuple[str, str]]:
    answer = await stub(ROUTER).BatchLookup(
        repertory_pb2.BatchLookupRequest(ssins=[ssin], position=position)
    )
    return sorted((one.period.begin, one.period.end) for one in answer.persons[0].inscriptions)


@pytest.mark.parametrize("seed", range(4))
async def test_a_batch_is_its_requests_one_after_another(
    stub: Stub, worker: Line, seed: int
) -> None:
    """What is known after each is the same, now and later: the lines of one person written in
    batches, those of another one by one.
    """
    source = random.Random(seed)
    after: dict[str, list[list[tuple[str, str]]]] = {LINA: [], JORIS: []}
    positions: list[str] = []
    for number in range(6):
        kind = source.choice(["register", "end"])
        days = [sorted(source.sample(range(60), 2)) for _ in range(source.randint(1, 5))]
        spans = [[(FIRST + timedelta(days=one)).isoformat() for one in pair] for pair in days]
        ids = [f"request-{seed}-{number}-{place}" for place in range(len(spans))]
        if kind == "register":
            outcomes = await register(
                stub, *(adding(i, worker(*s)) for i, s in zip(ids, spans, strict=True))
            )
        else:
            outcomes = await end(
                stub, *(cutting(i, worker(*s)) for i, s in zip(ids, spans, strict=True))
            )
        positions += [one.written.freshness for one in outcomes if one.HasField("written")]
        for id_, span, outcome in zip(ids, spans, outcomes, strict=True):
            one, nsso = worker(*span, ssin=JORIS), stub(NSSO)
            if kind == "register":
                refused = await refusal_of(nsso.Register(adding(id_, one)))
            else:
                refused = await refusal_of(nsso.End(cutting(id_, one)))
            assert reasons([outcome]) == [refused]
            if not refused:
                after[JORIS].append(await known(stub, JORIS))
    after[LINA] = [await known(stub, LINA, position) for position in positions]
    assert after[LINA] == after[JORIS]
    assert await known(stub, LINA) == await known(stub, JORIS)
    assert sorted(set(positions), key=int) == positions


async def test_where_one_is_refused_the_others_stand(
    stub: Stub, worker: Line, line: Line, told: Told
) -> None:
    requests = [
        adding("request-1", worker()),
        adding("request-2", worker(ssin="91041241895")),
        adding("request-3", worker(quality=777)),
        adding("request-4", line()),
        adding("request-5", line(institution="17/9")),
        adding("request-6", worker("2026-02-30")),
        adding("request-7", worker(ssin=JORIS)),
    ]
    outcomes = await register(stub, *requests)
    wanted = ["", "SSIN_CHECK_DIGIT", "UNKNOWN_QUALITY", "NOT_YOUR_INSTITUTION"]
    assert reasons(outcomes) == [*wanted, "UNKNOWN_INSTITUTION", "MALFORMED_REQUEST", ""]
    assert [await known(stub, ssin) for ssin in (LINA, JORIS)] == [[("2026-01-01", "")]] * 2
    entries = await told()
    refused = refusals.of_status(outcomes[3].refusal)
    assert {(one.ticket, one.ssin, one.reason) for one in entries} == {
        (outcomes[0].written.ticket, LINA, ""),
        (outcomes[6].written.ticket, JORIS, ""),
        (refused.metadata["ticket"], LINA, "NOT_YOUR_INSTITUTION"),
    }


async def test_said_again_each_gets_its_first_outcome(stub: Stub, worker: Line, told: Told) -> None:
    one, other = adding("request-1", worker()), adding("request-2", worker(ssin=JORIS))
    first = await register(stub, one, other)
    third = adding("request-3", worker("2025-01-01", "2025-02-01"))
    assert (await register(stub, third, other, one))[1:] == first[::-1]
    assert len(await told()) == 3


async def test_a_request_id_has_one_content_within_a_batch_too(
    stub: Stub, worker: Line, told: Told
) -> None:
    one, other = adding("request-1", worker()), adding("request-1", worker(ssin=JORIS))
    outcomes = await register(stub, one, one, other)
    assert reasons(outcomes) == ["", "", "REQUEST_ID_REUSED"]
    assert outcomes[0] == outcomes[1]
    assert reasons(await end(stub, cutting("request-1", worker()))) == ["REQUEST_ID_REUSED"]
    assert len(await told()) == 1


async def test_what_was_ended_before_in_the_batch_is_not_there_to_end(
    stub: Stub, worker: Line
) -> None:
    await register(stub, adding("request-1", worker("2026-01-01", "2026-03-01")))
    outcomes = await end(
        stub,
        cutting("request-2", worker("2026-02-01", "2026-03-01")),
        cutting("request-3", worker("2026-02-01", "2026-03-01")),
        cutting("request-4", worker("2026-01-01", "2026-02-01")),
    )
    assert reasons(outcomes) == ["", "NOT_INSCRIBED", ""]
    assert await known(stub, LINA) == []
    again = cutting("request-3", worker("2026-02-01", "2026-03-01"))
    assert reasons(await end(stub, again)) == ["NOT_INSCRIBED"]


async def test_batches_that_meet_lose_nothing(stub: Stub, worker: Line) -> None:
    days = [(FIRST + timedelta(days=day)).isoformat() for day in range(41)]
    asked = [
        adding(f"request-{begin}-{ssin}", worker(begin, after, ssin=ssin))
        for begin, after in pairwise(days)
        for ssin in (LINA, JORIS)
    ]
    random.Random(1).shuffle(asked)
    await asyncio.gather(*(register(stub, *asked[begin::8]) for begin in range(8)))
    assert [await known(stub, ssin) for ssin in (LINA, JORIS)] == [[(days[0], days[-1])]] * 2


async def test_too_many_lines_are_refused_as_a_whole(stub: Stub, worker: Line, told: Told) -> None:
    many = [worker()] * 501
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await register(stub, adding("request-1", *many), adding("request-2", *many))
    assert refusals.of_error(raised.value).reason == "MALFORMED_REQUEST"
    assert await known(stub, LINA) == []
    assert not await told()


@pytest.mark.parametrize("path", [NSSO, ROUTER, "operator/sandbox"])
async def test_nobody_else_writes_in_batches(stub: Stub, worker: Line, path: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await register(stub, adding("request-1", worker()), path=path)
    refused: Refusal = refusals.of_error(raised.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")
