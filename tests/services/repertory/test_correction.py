"""Correcting what was never right: the line closes as known, the past keeps what it knew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import clock, refusals

LINA, BIS, JORIS = "91041241894", "84421312390", "84031721194"
Stub = Callable[[str], repertory_pb2_grpc.RepertoryStub]
Line = Callable[..., repertory_pb2.Inscription]
Told = Callable[[], Awaitable[list[ledger_pb2.Entry]]]


def correction(
    wrong: repertory_pb2.Inscription, *right: repertory_pb2.Inscription, id_: str = "corrects-1"
) -> repertory_pb2.CorrectRequest:
    return repertory_pb2.CorrectRequest(request_id=id_, wrong=wrong, right=right)


def said(lines: object) -> list[tuple[int, str, str]]:
    return [(one.quality, one.period.begin, one.period.end) for one in lines]  # type: ignore[attr-defined]


async def register(stub: Stub, *lines: repertory_pb2.Inscription) -> None:
    await stub("institution/17/1").Register(
        repertory_pb2.RegisterRequest(request_id="request-1", inscriptions=lines)
    )


async def reason(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    refused = refusals.of_error(raised.value)
    return refused.code, refused.reason


async def listed(stub: Stub, known_at: str = "", ssin: str = LINA) -> list[tuple[int, str, str]]:
    answer = await stub("institution/17/1").ListInscriptions(
        repertory_pb2.ListInscriptionsRequest(ssin=ssin, known_at=known_at)
    )
    return said(answer.inscriptions)


async def test_both_axes_are_kept(stub: Stub, line: Line, told: Told) -> None:
    await register(stub, line("2026-01-01", "2026-04-01"))
    before = clock.rfc3339(clock.now())
    request = correction(
        line("2026-01-01", "2026-04-01"),
        line("2025-12-01", "2026-02-01"),
        line("2026-02-01", quality=2),
    )
    answer = await stub("institution/17/1").Correct(request)
    right = [(1, "2025-12-01", "2026-02-01"), (2, "2026-02-01", "")]
    assert said(answer.inscriptions) == await listed(stub) == right
    assert await listed(stub, before) == [(1, "2026-01-01", "2026-04-01")]
    entry = (await told())[-1]
    assert (entry.ticket, entry.ssin, entry.outcome) == (
        answer.ticket,
        LINA,
        ledger_pb2.OUTCOME_ALLOWED,
    )
    assert repertory_pb2.CorrectRequest.FromString(entry.content) == request


async def test_a_correction_to_nothing_takes_the_line_away(stub: Stub, line: Line) -> None:
    await register(stub, line("2026-01-01", "2026-02-01"), line("2026-03-01"))
    answer = await stub("institution/17/1").Correct(correction(line("2026-03-01")))
    assert said(answer.inscriptions) == [(1, "2026-01-01", "2026-02-01")]


async def test_what_is_right_merges_with_what_stands(stub: Stub, line: Line) -> None:
    await register(stub, line("2026-01-01", "2026-02-01"), line("2026-03-01"))
    await stub("institution/17/1").Correct(correction(line("2026-03-01"), line("2026-02-01")))
    assert await listed(stub) == [(1, "2026-01-01", "")]


async def test_a_repeat_gets_the_first_answer(stub: Stub, line: Line, told: Told) -> None:
    await register(stub, line())
    request = correction(line(), line("2026-02-01"))
    first = await stub("institution/17/1").Correct(request)
    await stub("institution/17/1").Correct(
        correction(line("2026-02-01"), line("2026-03-01"), id_="corrects-2")
    )
    assert await stub("institution/17/1").Correct(request) == first
    assert len(await told()) == 3
    request.right[0].quality = 2
    assert (await reason(stub("institution/17/1").Correct(request)))[1] == "REQUEST_ID_REUSED"


async def test_only_what_stands_exactly_so_is_corrected(stub: Stub, line: Line) -> None:
    await register(stub, line("2026-01-01", "2026-04-01"))
    for wrong in (line("2026-01-01", "2026-03-01"), line("2026-01-01", "2026-04-01", quality=2)):
        assert await reason(stub("institution/17/1").Correct(correction(wrong))) == (
            grpc.StatusCode.NOT_FOUND,
            "NO_SUCH_LINE",
        )
    assert await listed(stub) == [(1, "2026-01-01", "2026-04-01")]


async def test_a_correction_keeps_to_one_person_and_institution(stub: Stub, line: Line) -> None:
    await register(stub, line())
    for right, expected in (
        (line(ssin=JORIS), "MALFORMED_REQUEST"),
        (line(institution="11/1"), "MALFORMED_REQUEST"),
        (line(quality=777), "UNKNOWN_QUALITY"),
        (line("2026-02-30"), "MALFORMED_REQUEST"),
    ):
        refused = await reason(stub("institution/17/1").Correct(correction(line(), right)))
        assert refused == (grpc.StatusCode.INVALID_ARGUMENT, expected)


async def test_others_correct_nothing_and_the_ledger_hears_of_it(
    stub: Stub, line: Line, told: Told
) -> None:
    await register(stub, line())
    request = correction(line())
    assert (await reason(stub("institution/11/1").Correct(request)))[1] == "NOT_YOUR_INSTITUTION"
    assert (await reason(stub("employer/0400000185").Correct(request)))[1] == "NO_ACCESS"
    assert [(entry.reason, entry.ssin) for entry in await told()] == [
        ("", LINA),
        ("NOT_YOUR_INSTITUTION", LINA),
        ("NO_ACCESS", LINA),
    ]


async def test_a_line_under_a_replaced_number_is_corrected_under_either(
    stub: Stub, line: Line
) -> None:
    await register(stub, line(ssin=BIS))
    await stub("institution/0/0").ReplacePerson(
        repertory_pb2.ReplacePersonRequest(request_id="replaces-1", old_ssin=BIS, new_ssin=LINA)
    )
    await stub("institution/17/1").Correct(correction(line(ssin=BIS), line("2026-05-01", ssin=BIS)))
    assert await listed(stub) == await listed(stub, ssin=BIS) == [(1, "2026-05-01", "")]
