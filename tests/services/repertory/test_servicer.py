"""The repertory over the wire: real database, real certificates."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc

from mesh import clock, refusals

LINA, BIS, JORIS = "91041241894", "84421312390", "84031721194"
ROUTER, OPERATOR = "service/router", "operator/sandbox"
Stub = Callable[[str], repertory_pb2_grpc.RepertoryStub]
Line = Callable[..., repertory_pb2.Inscription]
Told = Callable[[], Awaitable[list[ledger_pb2.Entry]]]


def register(
    *lines: repertory_pb2.Inscription, id_: str = "request-1"
) -> repertory_pb2.RegisterRequest:
    return repertory_pb2.RegisterRequest(request_id=id_, inscriptions=lines)


def spans(lines: object) -> list[tuple[str, str]]:
    return [(one.period.begin, one.period.end) for one in lines]  # type: ignore[attr-defined]


async def refusal(call: Awaitable[object]) -> refusals.Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return refusals.of_error(raised.value)


async def looked_up(stub: Stub, *ssins: str, **options: Any) -> repertory_pb2.BatchLookupResponse:
    request = repertory_pb2.BatchLookupRequest(ssins=ssins, **options)
    return await stub(ROUTER).BatchLookup(request)


async def test_touching_lines_become_one_and_every_change_is_told_the_ledger(
    stub: Stub, line: Line, told: Told
) -> None:
    centre = stub("institution/17/1")
    first = await centre.Register(register(line("2026-01-01", "2026-02-01")))
    second = await centre.Register(register(line("2026-02-01", "2026-03-01"), id_="request-2"))
    assert spans(first.inscriptions) == [("2026-01-01", "2026-02-01")]
    assert spans(second.inscriptions) == [("2026-01-01", "2026-03-01")]
    assert int(second.freshness) > int(first.freshness)
    entries = await told()
    assert [(e.kind, e.caller, e.ssin) for e in entries] == [
        (ledger_pb2.ENTRY_KIND_INSCRIPTION, "institution/17/1", LINA)
    ] * 2
    assert [e.ticket for e in entries] == [first.ticket, second.ticket]


async def test_ending_the_middle_splits_a_line(stub: Stub, line: Line) -> None:
    centre = stub("institution/17/1")
    await centre.Register(register(line("2026-01-01", "2026-04-01")))
    cut = repertory_pb2.EndRequest(
        request_id="request-2", inscription=line("2026-02-01", "2026-03-01")
    )
    left = await centre.End(cut)
    assert spans(left.inscriptions) == [
        ("2026-01-01", "2026-02-01"),
        ("2026-03-01", "2026-04-01"),
    ]
    cut.request_id = "request-3"
    refused = await refusal(centre.End(cut))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_INSCRIBED")


async def test_a_repeated_request_gets_its_first_answer(stub: Stub, line: Line) -> None:
    centre = stub("institution/17/1")
    request = register(line("2026-01-01", "2026-02-01"))
    first = await centre.Register(request)
    await centre.Register(register(line("2026-02-01"), id_="request-2"))
    assert await centre.Register(request) == first


@pytest.mark.parametrize("other", ["2026-01-02", "another person"])
async def test_a_request_id_has_one_content(stub: Stub, line: Line, other: str) -> None:
    centre = stub("institution/17/1")
    await centre.Register(register(line()))
    changed = line(ssin=JORIS) if other == "another person" else line(other)
    refused = await refusal(centre.Register(register(changed)))
    assert (refused.code, refused.reason) == (
        grpc.StatusCode.ALREADY_EXISTS,
        "REQUEST_ID_REUSED",
    )
    answer = await looked_up(stub, JORIS)
    assert not answer.persons[0].inscriptions


async def test_concurrent_registrations_lose_nothing(stub: Stub, line: Line) -> None:
    centre = stub("institution/17/1")
    months = [f"2026-{month:02}-01" for month in range(1, 13)]
    await asyncio.gather(
        *(
            centre.Register(register(line(begin, end), id_=f"request-{begin}"))
            for begin, end in itertools.pairwise(months)
        )
    )
    answer = await looked_up(stub, LINA)
    assert spans(answer.persons[0].inscriptions) == [("2026-01-01", "2026-12-01")]


async def test_concurrent_repeats_register_once(stub: Stub, line: Line, told: Told) -> None:
    request = register(line())
    answers = await asyncio.gather(*(stub("institution/17/1").Register(request) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await told()) == 1


async def test_an_institution_registers_for_itself_only(stub: Stub, line: Line, told: Told) -> None:
    refused = await refusal(stub("institution/11/1").Register(register(line())))
    assert (refused.code, refused.reason) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_YOUR_INSTITUTION",
    )
    answer = await looked_up(stub, LINA)
    assert not answer.persons[0].inscriptions
    entry = (await told())[0]
    assert (entry.outcome, entry.reason) == (
        ledger_pb2.OUTCOME_REFUSED,
        "NOT_YOUR_INSTITUTION",
    )


async def test_a_managing_institution_registers_for_its_sector(stub: Stub, line: Line) -> None:
    managing = stub("institution/17/0")
    assert (await managing.Register(register(line()))).inscriptions
    other = register(line(institution="11/1"), id_="request-2")
    assert (await refusal(managing.Register(other))).reason == "NOT_YOUR_INSTITUTION"


async def test_a_service_registers_for_the_institution_it_speaks_for(
    stub: Stub, line: Line
) -> None:
    declarations = stub("service/declarations")
    own, other = line(institution="12/0", quality=30), line()
    answer = await declarations.BatchRegister(
        repertory_pb2.BatchRegisterRequest(
            requests=[register(own), register(other, id_="request-2")]
        )
    )
    known, refused = answer.outcomes
    assert known.written.ticket
    assert refusals.of_status(refused.refusal).reason == "NOT_YOUR_INSTITUTION"


async def test_who_speaks_for_an_institution_that_ceased_to_exist_is_refused(
    stub: Stub, line: Line
) -> None:
    listed = await stub(OPERATOR).ListInstitutions(
        repertory_pb2.ListInstitutionsRequest(page_size=1000)
    )
    record = next(
        one for one in listed.institutions if list(one.identities)[:1] == ["institution/17/3"]
    )
    record.period.end = "2020-01-01"
    await stub(OPERATOR).PutInstitution(repertory_pb2.PutInstitutionRequest(institution=record))
    refused = await refusal(stub("institution/17/3").Register(register(line(institution="17/3"))))
    assert refused.reason == "NOT_YOUR_INSTITUTION"


async def test_bad_requests_say_what_is_wrong_and_leave_no_trace(stub: Stub, line: Line) -> None:
    centre = stub("institution/17/1")
    cases = [
        (line(ssin="91041241895"), "SSIN_CHECK_DIGIT"),
        (line("2026-02-30"), "MALFORMED_REQUEST"),
        (line("2026-02-02", "2026-02-01"), "MALFORMED_REQUEST"),
        (line(quality=777), "UNKNOWN_QUALITY"),
        (line(institution="17/9"), "UNKNOWN_INSTITUTION"),
        (line(ssin="9104124189"), "MALFORMED_REQUEST"),
    ]
    for number, (bad, reason) in enumerate(cases):
        refused = await refusal(centre.Register(register(line(), bad, id_=f"request-{number}")))
        assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    answer = await looked_up(stub, LINA)
    assert not answer.persons[0].inscriptions
    assert answer.position == "0"


async def test_no_refusal_repeats_the_number(stub: Stub, line: Line) -> None:
    wrong = "91041241895"
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub("institution/17/1").Register(register(line(ssin=wrong)))
    assert wrong not in str(raised.value)
    assert wrong not in str(raised.value.trailing_metadata())


async def test_an_institution_sees_its_own_lines_an_auditor_all(stub: Stub, line: Line) -> None:
    await stub("institution/17/1").Register(register(line()))
    await stub("institution/11/1").Register(register(line(institution="11/1")))
    request = repertory_pb2.ListInscriptionsRequest(ssin=LINA)
    own = await stub("institution/11/1").ListInscriptions(request)
    everything = await stub("auditor/privacy").ListInscriptions(request)
    assert [one.institution.sector for one in own.inscriptions] == [11]
    assert [one.institution.sector for one in everything.inscriptions] == [11, 17]


async def test_lists_come_in_pages(stub: Stub, line: Line) -> None:
    centre, auditor = stub("institution/17/1"), stub("auditor/privacy")
    lines = [line(f"202{year}-01-01", f"202{year}-02-01") for year in range(5)]
    await centre.Register(register(*lines))
    seen, token = [], ""
    while True:
        page = await auditor.ListInscriptions(
            repertory_pb2.ListInscriptionsRequest(ssin=LINA, page_size=2, page_token=token)
        )
        seen += spans(page.inscriptions)
        token = page.next_page_token
        if not token:
            break
    assert seen == spans(lines)
    for bad in ("x", "[1]", '["a", 1, 2, 3, 4]'):
        request = repertory_pb2.ListInscriptionsRequest(ssin=LINA, page_token=bad)
        assert (await refusal(auditor.ListInscriptions(request))).reason == "MALFORMED_REQUEST"


async def test_both_axes_of_time(stub: Stub, line: Line) -> None:
    centre = stub("institution/17/1")
    first = await centre.Register(register(line("2026-01-01", "2026-04-01")))
    known_at = first.inscriptions[0].recorded_at
    await centre.End(
        repertory_pb2.EndRequest(request_id="request-2", inscription=line("2026-02-01"))
    )

    async def ask(on: str = "", known_at: str = "") -> list[tuple[str, str]]:
        request = repertory_pb2.ListInscriptionsRequest(ssin=LINA, on=on, known_at=known_at)
        return spans((await centre.ListInscriptions(request)).inscriptions)

    assert await ask(on="2026-03-01") == []
    assert await ask(on="2026-03-01", known_at=known_at) == [("2026-01-01", "2026-04-01")]
    assert await ask(on="2026-01-31") == [("2026-01-01", "2026-02-01")]
    assert await ask(known_at="2020-01-01T00:00:00Z") == []
    request = repertory_pb2.ListInscriptionsRequest(ssin=LINA, known_at="2999-01-01T00:00:00Z")
    assert (await refusal(centre.ListInscriptions(request))).reason == "MALFORMED_REQUEST"


async def test_a_lookup_is_never_older_than_its_freshness_token(stub: Stub, line: Line) -> None:
    written = await stub("institution/17/1").Register(register(line()))
    answer = await looked_up(stub, JORIS, LINA, JORIS, freshness=written.freshness)
    assert [(p.ssin, len(p.inscriptions)) for p in answer.persons] == [
        (JORIS, 0),
        (LINA, 1),
        (JORIS, 0),
    ]
    assert int(answer.position) >= int(written.freshness)
    later = str(int(answer.position) + 1)
    refused = await refusal(looked_up(stub, LINA, freshness=later))
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "NOT_YET_KNOWN")
    assert (await refusal(looked_up(stub, LINA, freshness="-1"))).reason == "MALFORMED_REQUEST"


async def test_the_history_follows_a_replaced_number(stub: Stub, line: Line) -> None:
    centre, register_ = stub("institution/17/1"), stub("institution/0/0")
    await centre.Register(register(line("2025-01-01", "2025-06-01", ssin=BIS)))
    await centre.Register(register(line("2025-06-01", "2025-09-01"), id_="request-2"))
    before = clock.rfc3339(clock.now())
    replaced = await register_.ReplacePerson(
        repertory_pb2.ReplacePersonRequest(request_id="replaces-1", old_ssin=BIS, new_ssin=LINA)
    )
    answer = await looked_up(stub, BIS, LINA, freshness=replaced.freshness)
    old, new = answer.persons
    assert (old.replaced_by, new.replaced_by) == (LINA, "")
    assert spans(old.inscriptions) == spans(new.inscriptions) == [("2025-01-01", "2025-09-01")]
    then = await looked_up(stub, BIS, known_at=before)
    assert spans(then.persons[0].inscriptions) == [("2025-01-01", "2025-06-01")]
    late = await centre.Register(register(line("2025-09-01", ssin=BIS), id_="request-3"))
    assert [(one.ssin, one.period.begin) for one in late.inscriptions] == [(LINA, "2025-01-01")]


async def test_replacements_form_chains_but_no_circles(stub: Stub, line: Line) -> None:
    register_ = stub("institution/0/0")

    def ask(old: str, new: str) -> Awaitable[repertory_pb2.ReplacePersonResponse]:
        request = repertory_pb2.ReplacePersonRequest(
            request_id=f"{old[-4:]}-{new[-4:]}", old_ssin=old, new_ssin=new
        )
        return register_.ReplacePerson(request)

    await stub("institution/17/1").Register(register(line(ssin=BIS)))
    await ask(BIS, JORIS)
    await ask(JORIS, LINA)
    answer = await looked_up(stub, BIS, JORIS, LINA)
    assert [p.replaced_by for p in answer.persons] == [LINA, LINA, ""]
    assert [len(p.inscriptions) for p in answer.persons] == [1, 1, 1]
    assert (await refusal(ask(LINA, BIS))).reason == "REPLACEMENT_CIRCULAR"
    assert await ask(BIS, LINA)
    assert (await refusal(ask(LINA, LINA))).reason == "REPLACEMENT_CIRCULAR"


async def test_who_is_turned_away_at_the_door_is_told_the_ledger(
    stub: Stub, line: Line, told: Told
) -> None:
    refused = await refusal(stub("employer/0400000185").Register(register(line())))
    assert refused.reason == "NO_ACCESS"
    entry = (await told())[0]
    assert (entry.kind, entry.caller, entry.ssin, entry.reason) == (
        ledger_pb2.ENTRY_KIND_DOOR,
        "employer/0400000185",
        LINA,
        "NO_ACCESS",
    )
    assert refused.metadata["ticket"] == entry.ticket
