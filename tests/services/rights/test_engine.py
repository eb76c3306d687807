"""The engine on a real PostgreSQL: every effect once, and kept with what caused it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.rights.v1 import rights_pb2
from crossroads.router.v1 import exchange_pb2, supplier_pb2
from crossroads.types.v1 import types_pb2

from mesh import clock
from mesh.identity import Caller, Identity
from mesh.periods import ALWAYS, Period
from mesh.refusals import Refusal
from services.rights.arrival import Arrival
from services.rights.domain import Group, Household, Membership
from services.rights.supplier import Supplier
from tests.services.rights import lawbooks, villages
from tests.services.rights.villages import LINA, NOOR, OMA, Bench, alone, wage

TARIFF = "social_tariff_energy"
RULES = lawbooks.load(TARIFF)
"""One right alone, so that what is decided is plain."""
GRANTED, CHANGED, ENDED = 1, 2, 3


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    async with villages.opened(database, RULES) as made:
        yield made


async def test_a_status_grants_the_right_to_the_whole_household(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    for ssin in (LINA, NOOR):
        (decision,) = await bench.decisions(ssin)
        assert decision.kind == GRANTED
        assert (decision.period.begin, decision.period.end) == ("2026-10-01", "2027-01-01")


async def test_what_is_decided_waits_to_be_published_and_recorded(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    published = [exchange_pb2.PublishRequest.FromString(p) for p in await bench.waiting("publish")]
    assert {p.mutation.ssin for p in published} == {LINA, NOOR}
    granted = attestations_pb2.RightGranted()
    assert published[0].mutation.attestation.Unpack(granted)
    assert granted.right == "social_tariff_energy"
    assert granted.decision_id == published[0].request_id
    entries = [ledger_pb2.Entry.FromString(p) for p in await bench.waiting("ledger")]
    assert {e.entry_id for e in entries} == {f"{p.request_id}/right" for p in published}
    assert all(e.grounds and e.ticket == "TICKET1" for e in entries)


async def test_a_repeated_delivery_has_no_second_effect(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    await bench.engine.take_in([wage(1), wage(2, end="2026-11-25")])
    await bench.engine.take_in([wage(1), wage(2, end="2026-11-25")])
    assert [d.kind for d in await bench.decisions()] == [ENDED, GRANTED]
    assert len(await bench.waiting("publish")) == 4


async def test_the_same_deliveries_at_once_have_their_effects_once(bench: Bench) -> None:
    await asyncio.gather(*(bench.engine.take_in([wage(1), wage(2)]) for _ in range(4)))
    assert [d.kind for d in await bench.decisions()] == [GRANTED]


async def test_the_end_of_the_status_ends_the_right_at_the_end_of_the_year(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    await bench.engine.take_in([wage(2, end="2026-11-25")])
    ended, _ = await bench.decisions()
    assert (ended.kind, ended.period.end) == (ENDED, "2027-01-01")
    explained = await bench.explain(ended.decision_id)
    assert sources(explained.reason) == {("TICKET2", "self")}
    assert [a.act for a in explained.articles]
    assert "31 December" not in explained.window["en"]
    assert "2026-12-31" in explained.window["en"]


async def test_a_status_said_in_error_takes_the_right_back(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    await bench.engine.take_in([wage(2, cancelled=True)])
    ended, _ = await bench.decisions()
    assert ended.kind == ENDED
    assert not ended.HasField("period")
    last = exchange_pb2.PublishRequest.FromString((await bench.waiting("publish"))[-1])
    assert last.mutation.kind == exchange_pb2.MUTATION_KIND_CANCELLED
    await bench.engine.take_in([wage(3)])
    assert [d.kind for d in await bench.decisions()] == [GRANTED, ENDED, GRANTED]


async def test_an_explanation_of_another_member_names_nobody(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    (decision,) = await bench.decisions(NOOR)
    explained = await bench.explain(decision.decision_id)
    assert sources(explained.reason) == {("TICKET1", "member 2")}
    assert LINA not in str(explained)
    herself = Caller(Identity("citizen", "card", NOOR), None, "1")
    explained = await bench.explain(decision.decision_id, herself)
    assert not {ticket for ticket, _ in sources(explained.reason)} & {"TICKET1"}
    assert LINA not in str(explained)


async def test_a_decision_is_explained_by_what_was_known_when_it_was_made(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    (granted,) = await bench.decisions()
    before = await bench.explain(granted.decision_id)
    await bench.engine.take_in([wage(2, cancelled=True)])
    assert await bench.explain(granted.decision_id) == before


async def test_decisions_are_listed_as_known_at_a_moment(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    between = clock.rfc3339(bench.now())
    await bench.engine.take_in([wage(2, end="2026-11-25")])
    assert [d.kind for d in await bench.decisions(known_at=between)] == [GRANTED]


async def test_decisions_come_in_pages(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    await bench.engine.take_in([wage(2, end="2026-11-25")])
    first = await bench.page(ssin=LINA, page_size=1)
    rest = await bench.decisions(page_size=1, page_token=first.next_page_token)
    assert [d.kind for d in [*first.decisions, *rest]] == [ENDED, GRANTED]


async def test_who_moves_out_finishes_the_year_and_is_looked_at_too(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    moved = Period(date(2020, 1, 1), date(2026, 11, 20))
    bench.village.homes = [
        Household((Membership(LINA, ALWAYS), Membership(NOOR, moved))),
        alone(NOOR),
    ]
    await bench.engine.take_in(
        [Arrival(LINA, 2, "MOVE", "", None, concerns=True, group=Group.DOMICILE)]
    )
    ended, _ = await bench.decisions(NOOR)
    assert (ended.kind, ended.period.end) == (ENDED, "2027-01-01")
    assert [d.kind for d in await bench.decisions(LINA)] == [GRANTED]


async def test_a_former_household_still_counts_for_who_left_it(bench: Bench) -> None:
    until = Period(date(2020, 1, 1), date(2026, 6, 1))
    bench.village.homes.append(Household((Membership(NOOR, until), Membership(OMA, ALWAYS))))
    await bench.engine.take_in([wage(1, "2026-02-01", "2026-03-01", who=OMA)])
    assert [d.period.begin for d in await bench.decisions(NOOR)] == ["2026-01-01"]
    await bench.engine.take_in([wage(2, "2026-11-10")])
    assert [d.kind for d in await bench.decisions(NOOR)] == [CHANGED, GRANTED]
    assert [d.period.begin for d in await bench.decisions(LINA)] == ["2026-10-01"]


async def test_a_new_year_extends_what_runs_on(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    assert not await bench.engine.renew()
    bench.moment = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # already 1 January in Brussels
    assert await bench.engine.renew()
    assert not await bench.engine.renew()
    changed, _ = await bench.decisions()
    assert (changed.kind, changed.period.end) == (CHANGED, "2028-01-01")


async def test_a_status_of_next_year_is_granted_when_it_comes(bench: Bench) -> None:
    await bench.engine.take_in([wage(1, "2027-02-01")])
    assert await bench.decisions() == []
    bench.moment = datetime(2027, 1, 1, 9, tzinfo=UTC)
    assert await bench.engine.renew()
    assert [d.period.begin for d in await bench.decisions()] == ["2027-01-01"]


async def test_nothing_is_decided_while_the_household_is_not_sure(bench: Bench) -> None:
    bench.village.silent = True
    with pytest.raises(Refusal):
        await bench.engine.take_in([wage(1)])
    assert await bench.decisions() == []
    bench.village.silent = False
    await bench.engine.take_in([wage(1)])
    assert [d.kind for d in await bench.decisions()] == [GRANTED]


async def test_the_engine_answers_the_network_on_what_it_granted(bench: Bench) -> None:
    await bench.engine.take_in([wage(1)])
    question = supplier_pb2.Question(
        ticket="ABCDEFGHIJKLMNO",
        ssin=LINA,
        data_sort="social_tariff_energy",
        period=types_pb2.Period(begin="2026-12-01"),
        holder=types_pb2.Institution(sector=25, number=0),
    )
    later = supplier_pb2.Question()
    later.CopyFrom(question)
    later.period.begin = "2027-01-01"
    other = supplier_pb2.Question()
    other.CopyFrom(question)
    other.data_sort = "free_transport"
    request = supplier_pb2.SupplyRequest(questions=[question, later, other])
    answers = (await Supplier(RULES, bench.store).Supply(request, None)).answers
    assert [len(answer.attestations) for answer in answers] == [1, 0, 0]


async def test_an_unknown_decision_is_not_found(bench: Bench) -> None:
    with pytest.raises(Refusal) as refused:
        await bench.explain("none")
    assert refused.value.reason == "UNKNOWN_DECISION"


def sources(reason: rights_pb2.Reason) -> set[tuple[str, str]]:
    own = {(reason.source.ticket, reason.source.member)} if reason.HasField("source") else set()
    return own.union(*(sources(part) for part in reason.because))
