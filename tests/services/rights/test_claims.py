"""What a person does with her rights, on a real database: waivers and certificates kept apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.rights.v1 import (
    asker_pb2,
    certificates_pb2,
    rights_pb2,
    simulation_pb2,
    waivers_pb2,
)
from crossroads.router.v1 import exchange_pb2, supplier_pb2
from crossroads.types.v1 import types_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.postgres import Postgres
from mesh import call, clock, identity
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.rights import rulebook
from services.rights.certificate_servicer import CertificatesServicer
from services.rights.certificate_store import CertificateStore
from services.rights.inquiries import Inquiries
from services.rights.recording import Recorder, Replaced
from services.rights.supplier import Supplier
from services.rights.waiver_servicer import WaiversServicer
from services.rights.waiver_store import WaiverStore
from tests.opening import fresh
from tests.services.rights import villages
from tests.services.rights.villages import LINA, NOBODY, NOOR, Bench, wage

TARIFF = "social_tariff_energy"
HERE = Path(rulebook.__file__).parent
RULES = rulebook.load(HERE)
SUPPLIER = asker_pb2.Asker(
    institution=types_pb2.Institution(sector=39, number=0), purpose="social_tariff"
)
NEW_NUMBER = "91041241993"
CANCELLED, CREATED, ENDED = (
    exchange_pb2.MUTATION_KIND_CANCELLED,
    exchange_pb2.MUTATION_KIND_CREATED,
    exchange_pb2.MUTATION_KIND_ENDED,
)


class Desk:
    """Where citizens come with their claims."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        asking = Inquiries(NOBODY)
        self._waivers = WaiversServicer(
            RULES, bench.store, WaiverStore(bench.database), asking, bench.now
        )
        self._certificates = CertificatesServicer(
            RULES, bench.store, CertificateStore(bench.database), asking, bench.now
        )
        self._supplier = Supplier(RULES, bench.store, bench.now)

    async def waive(
        self, who: str = LINA, request_id: str = "waive-one", **also: Any
    ) -> waivers_pb2.Waiver:
        request = waivers_pb2.WaiveRequest(**{"request_id": request_id, "right": TARIFF, **also})
        with card(who):
            return (await self._waivers.Waive(request, None)).waiver

    async def revoke(
        self, waiver_id: str, who: str = LINA, request_id: str = "revoke-one", **also: Any
    ) -> waivers_pb2.Waiver:
        request = waivers_pb2.RevokeWaiverRequest(
            request_id=request_id, waiver_id=waiver_id, **also
        )
        with card(who):
            return (await self._waivers.RevokeWaiver(request, None)).waiver

    async def waived(self, who: str = LINA, **also: Any) -> list[waivers_pb2.Waiver]:
        with card(who):
            page = await self._waivers.ListWaivers(waivers_pb2.ListWaiversRequest(**also), None)
        return list(page.waivers)

    async def refuse(
        self, day: str = "2026-11-20", request_id: str = "refuse-one", right: str = TARIFF
    ) -> certificates_pb2.RecordCertificateRefusalResponse:
        request = certificates_pb2.RecordCertificateRefusalRequest(
            request_id=request_id, right=right, asker=SUPPLIER, refused_on=day
        )
        with card(LINA):
            return await self._certificates.RecordCertificateRefusal(request, None)

    async def refusals(self, **also: Any) -> list[certificates_pb2.CertificateRefusal]:
        request = certificates_pb2.ListCertificateRefusalsRequest(**also)
        with card(LINA):
            return list((await self._certificates.ListCertificateRefusals(request, None)).refusals)

    async def told(self, who: str = LINA) -> list[tuple[int, str, str]]:
        """Kind, and the days in force, of every mutation about the right of a person."""
        published = [
            exchange_pb2.PublishRequest.FromString(p) for p in await self.bench.waiting("publish")
        ]
        found: list[tuple[int, str, str]] = []
        for each in published:
            if (each.mutation.ssin, each.mutation.data_sort) == (who, TARIFF):
                granted = attestations_pb2.RightGranted()
                assert each.mutation.attestation.Unpack(granted)
                found.append((each.mutation.kind, granted.period.begin, granted.period.end))
        return found

    async def supplied(self, begin: str, who: str = LINA) -> int:
        """How many attestations the network would get from a day on."""
        question = supplier_pb2.Question(
            ticket="ABCDEFGHIJKLMNO",
            ssin=who,
            data_sort=TARIFF,
            period=types_pb2.Period(begin=begin),
            holder=types_pb2.Institution(sector=25, number=0),
        )
        request = supplier_pb2.SupplyRequest(questions=[question])
        (answer,) = (await self._supplier.Supply(request, None)).answers
        return len(answer.attestations)

    async def decisions(self) -> list[tuple[object, ...]]:
        """Every decision on the tariff, but for what tells one run from another."""
        return [
            (d.kind, d.period.begin, d.period.end, d.rule_version)
            for d in await self.bench.decisions(right=TARIFF)
        ]

    async def entries(self) -> list[ledger_pb2.Entry]:
        found = [ledger_pb2.Entry.FromString(e) for e in await self.bench.waiting("ledger")]
        return [e for e in found if e.kind == ledger_pb2.ENTRY_KIND_CLAIM]


@contextmanager
def card(ssin: str) -> Iterator[None]:
    """Whatever is asked within is asked with the card of a citizen."""
    token = call.CALLER.set(Caller(identity.Identity("citizen", "card", ssin)))
    try:
        yield
    finally:
        call.CALLER.reset(token)


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    """Lina has the tariff since a moment ago."""
    async with villages.opened(database, RULES) as bench:
        await bench.engine.take_in([wage(1)])
        yield Desk(bench)


async def test_a_waiver_ends_what_was_told_and_changes_no_decision(desk: Desk) -> None:
    before = await desk.decisions()
    waiver = await desk.waive()
    assert (waiver.period.begin, waiver.period.end) == ("2026-11-24", "")
    assert await desk.told() == [
        (CREATED, "2026-10-01", "2027-01-01"),
        (ENDED, "2026-10-01", "2026-11-24"),
    ]
    assert await desk.decisions() == before
    (decision,) = await desk.bench.decisions(right=TARIFF)
    assert [(p.begin, p.end) for p in decision.waived] == [("2026-11-24", "2027-01-01")]
    assert (await desk.bench.explain(decision.decision_id)).reason.value == "true"
    assert await desk.told(NOOR) == [(CREATED, "2026-10-01", "2027-01-01")]


async def test_the_network_finds_no_right_on_days_that_are_waived(desk: Desk) -> None:
    assert await desk.supplied("2026-11-24") == 1
    await desk.waive()
    assert await desk.supplied("2026-11-24") == 0
    assert await desk.supplied("2026-11-23") == 1


async def test_who_waives_from_the_first_day_never_had_it(desk: Desk) -> None:
    await desk.waive(**{"from": "2026-10-01"})
    assert (await desk.told())[-1] == (CANCELLED, "2026-10-01", "2027-01-01")


async def test_a_revocation_gives_the_right_back(desk: Desk) -> None:
    waiver = await desk.waive()
    desk.bench.moment += timedelta(days=6)
    revoked = await desk.revoke(waiver.waiver_id)
    assert (revoked.period.begin, revoked.period.end) == ("2026-11-24", "2026-11-30")
    assert (await desk.told())[-1] == (CREATED, "2026-11-30", "2027-01-01")
    assert await desk.supplied("2026-11-24") == 1


async def test_both_axes_of_time_are_kept(desk: Desk) -> None:
    waiver = await desk.waive()
    between = clock.rfc3339(desk.bench.now())
    await desk.revoke(waiver.waiver_id, **{"from": "2026-11-24"})
    (now,), (then,) = await desk.waived(), await desk.waived(known_at=between)
    assert not now.HasField("period")
    assert now.revoked_at
    assert (then.period.begin, then.period.end, then.revoked_at) == ("2026-11-24", "", "")
    (known,) = await desk.bench.decisions(right=TARIFF, known_at=between)
    assert [p.begin for p in known.waived] == ["2026-11-24"]
    assert not (await desk.bench.decisions(right=TARIFF))[0].waived


async def test_the_new_year_of_a_waived_right_is_decided_and_told_to_nobody(desk: Desk) -> None:
    waiver = await desk.waive()
    told = await desk.told()
    desk.bench.moment = datetime(2027, 1, 1, 9, tzinfo=UTC)
    assert await desk.bench.engine.renew()
    assert (await desk.decisions())[0][2] == "2028-01-01"
    assert await desk.told() == told
    await desk.revoke(waiver.waiver_id)
    assert (await desk.told())[-1] == (CREATED, "2027-01-01", "2028-01-01")


async def test_a_right_without_a_ground_is_taken_back_where_it_was_told(desk: Desk) -> None:
    await desk.waive()
    await desk.bench.engine.take_in([wage(2, cancelled=True)])
    assert (await desk.told())[-1] == (CANCELLED, "2026-10-01", "2026-11-24")


async def test_a_request_has_one_effect(desk: Desk) -> None:
    first, again = await desk.waive(), await desk.waive()
    assert first == again
    revoked, twice = await desk.revoke(first.waiver_id), await desk.revoke(first.waiver_id)
    assert revoked == twice
    assert len(await desk.told()) == 3
    assert len(await desk.waived()) == 1


async def test_a_waiver_and_a_decision_at_one_moment_see_each_other(desk: Desk) -> None:
    """In whatever order they come, what was told last is what is had."""
    await asyncio.gather(
        desk.waive(), desk.bench.engine.take_in([wage(2, end="2026-11-20")]), desk.waived()
    )
    (decision, _) = await desk.bench.decisions(right=TARIFF)
    assert decision.kind == rights_pb2.DECISION_KIND_ENDED
    assert (await desk.told())[-1][1:] == ("2026-10-01", "2026-11-24")
    assert await desk.supplied("2026-11-24") == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"right": "free_beer"}, "UNKNOWN_RIGHT"),
        ({"right": "water_bill_reduction"}, "NOTHING_TO_WAIVE"),
        ({"from": "2027-01-01"}, "NOTHING_TO_WAIVE"),
        ({"from": "2026-02-30"}, "MALFORMED_REQUEST"),
        ({"ssin": NOOR}, "NOT_YOUR_RIGHTS"),
        ({"from": "2026-12-24"}, "REQUEST_ID_REUSED"),
        ({"request_id": "waive-two"}, "WAIVED_ALREADY"),
    ],
)
async def test_what_cannot_be_waived_is_refused(
    desk: Desk, change: dict[str, str], reason: str
) -> None:
    await desk.waive()
    with pytest.raises(Refusal) as refused:
        await desk.waive(**{"request_id": "waive-other", **_same_id(reason), **change})
    assert refused.value.reason == reason
    assert len(await desk.waived()) == 1


async def test_after_thirty_working_days_it_is_too_late(desk: Desk) -> None:
    desk.bench.moment = datetime(2027, 1, 8, 9, tzinfo=UTC)
    with pytest.raises(Refusal) as refused:
        await desk.waive(**{"from": "2026-12-01"})
    assert refused.value.reason == "WAIVER_TOO_LATE"
    assert refused.value.metadata == {"last_day": "2027-01-07", "working_days": "30"}


async def test_a_waiver_is_revoked_once_and_by_its_own(desk: Desk) -> None:
    waiver = await desk.waive()
    for who, ident, begin, reason in (
        (NOOR, waiver.waiver_id, "", "UNKNOWN_WAIVER"),
        (LINA, "none", "", "UNKNOWN_WAIVER"),
        (LINA, waiver.waiver_id, "2026-12-01", "MALFORMED_REQUEST"),
    ):
        with pytest.raises(Refusal) as refused:
            await desk.revoke(ident, who, **{"from": begin})
        assert refused.value.reason == reason
    await desk.revoke(waiver.waiver_id)
    with pytest.raises(Refusal) as refused:
        await desk.revoke(waiver.waiver_id, request_id="revoke-two")
    assert refused.value.reason == "WAIVER_REVOKED"


async def test_waivers_follow_a_number_that_is_replaced(desk: Desk) -> None:
    waiver = await desk.waive()
    desk.bench.village.rename(LINA, NEW_NUMBER)
    recorder = Recorder(desk.bench.database)
    await recorder.replace([Replaced(LINA, NEW_NUMBER, "TICKET")], desk.bench.now())
    assert [w.ssin for w in await desk.waived(NEW_NUMBER)] == [NEW_NUMBER]
    assert await desk.supplied("2026-11-24", NEW_NUMBER) == 0
    await desk.revoke(waiver.waiver_id, NEW_NUMBER)
    assert await desk.supplied("2026-11-24", LINA) == 1


async def test_the_ledger_tells_what_was_done_with_a_right(desk: Desk) -> None:
    waiver = await desk.waive()
    await desk.revoke(waiver.waiver_id)
    await desk.refuse()
    entries = await desk.entries()
    assert [e.entry_id.partition("/")[2] for e in entries] == ["waived", "revoked", "certificate"]
    assert {(e.caller, e.ssin, tuple(e.data_sorts)) for e in entries} == {
        ("citizen/card", LINA, (TARIFF,))
    }


async def test_a_refusal_is_recorded_with_the_duty_to_consult(desk: Desk) -> None:
    recorded, again = await desk.refuse(), await desk.refuse()
    assert recorded == again
    assert (recorded.duty.purpose, list(recorded.duty.data_sorts)) == ("social_tariff", [TARIFF])
    assert recorded.refusal.recorded_by == "citizen"
    assert await desk.refusals() == [recorded.refusal]
    assert await desk.refusals(known_at="2026-01-01T00:00:00Z") == []
    assert len(await desk.entries()) == 1


async def test_a_refusal_of_another_content_or_of_tomorrow_is_refused(desk: Desk) -> None:
    await desk.refuse()
    for day, request_id, reason in (
        ("2026-11-19", "refuse-one", "REQUEST_ID_REUSED"),
        ("2026-11-25", "refuse-two", "MALFORMED_REQUEST"),
    ):
        with pytest.raises(Refusal) as refused:
            await desk.refuse(day, request_id)
        assert refused.value.reason == reason


async def test_refusals_come_in_pages(desk: Desk) -> None:
    for number in range(3):
        await desk.refuse(f"2026-11-{number + 10}", f"refuse-{number}")
    assert [r.refused_on for r in await desk.refusals(page_size=2)] == ["2026-11-12", "2026-11-11"]


async def test_a_citizen_sees_her_own_decisions_only(desk: Desk) -> None:
    servicer = desk.bench.rights
    (mine,) = await desk.bench.decisions(right=TARIFF)
    with card(LINA):
        page = await servicer.ListDecisions(rights_pb2.ListDecisionsRequest(right=TARIFF), None)
        assert [d.decision_id for d in page.decisions] == [mine.decision_id]
    with card(NOOR), pytest.raises(Refusal) as refused:
        await servicer.Explain(rights_pb2.ExplainRequest(decision_id=mine.decision_id), None)
    assert refused.value.code is grpc.StatusCode.NOT_FOUND
    with card(NOOR), pytest.raises(Refusal) as refused:
        await servicer.ListDecisions(rights_pb2.ListDecisionsRequest(ssin=LINA), None)
    assert refused.value.reason == "NOT_YOUR_RIGHTS"


async def test_whom_the_engine_knows_is_entered_in_the_repertory_once(desk: Desk) -> None:
    await desk.bench.engine.take_in([wage(2, end="2026-11-25")])
    entered = [
        line.ssin
        for payload in await desk.bench.waiting("register")
        for line in repertory_pb2.RegisterRequest.FromString(payload).inscriptions
    ]
    assert sorted(entered) == sorted([LINA, NOOR])


async def test_another_law_is_tried_on_a_sample_and_nothing_is_kept(desk: Desk) -> None:
    before = [await desk.bench.waiting(kind) for kind in ("publish", "ledger")]
    rule = (HERE / "rules" / f"{TARIFF}.yaml").read_text("utf-8")
    asked = simulation_pb2.SimulatePopulationRequest(
        law=simulation_pb2.SimulatedLaw(candidate=rule.replace("end_of_year", "last_day")),
        on="2026-11-24",
        persons=10,
    )
    token = call.CALLER.set(Caller(identity.parse("operator/1")))
    try:
        answer = await desk.bench.rights.SimulatePopulation(asked, None)
        asked.law.candidate = rule.replace("LIVING_WAGE, ", "")
        stricter = await desk.bench.rights.SimulatePopulation(asked, None)
    finally:
        call.CALLER.reset(token)
    assert (answer.persons, len(answer.differences)) == (2, 0)
    assert [(d.right, d.granted, d.ended) for d in stricter.differences] == [(TARIFF, 0, 2)]
    assert [await desk.bench.waiting(kind) for kind in ("publish", "ledger")] == before


facts = st.lists(st.dates(date(2026, 11, 11), date(2027, 3, 1)) | st.none(), max_size=4)
refused = st.lists(st.dates(date(2026, 11, 1), date(2026, 11, 23)), min_size=1, max_size=4)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(facts, refused, st.randoms(use_true_random=False))
def test_no_history_of_refusals_changes_any_decision(
    postgres: Postgres, ends: list[date | None], days: list[date], chance: Random
) -> None:
    """The same facts with refusals between them, and without: the same decisions, told the same."""
    steps: list[tuple[str, date | None]] = [("fact", end) for end in ends]
    for day in days:
        steps.insert(chance.randint(0, len(steps)), ("refusal", day))
    with fresh(postgres) as one, fresh(postgres) as other:
        with_refusals = asyncio.run(_lived(one, steps))
        without = asyncio.run(_lived(other, [s for s in steps if s[0] == "fact"]))
    assert with_refusals == without


async def _lived(url: str, steps: list[tuple[str, date | None]]) -> tuple[object, object]:
    """What is decided and told after all of it; a fact without an end cancels the wage."""
    async with villages.opened(url, RULES) as bench:
        desk = Desk(bench)
        await bench.engine.take_in([wage(1)])
        position = 1
        for number, (what, day) in enumerate(steps):
            if what == "refusal":
                await desk.refuse(str(day), f"refuse-{number}")
            else:
                position += 1
                end = str(day) if day else ""
                await bench.engine.take_in([wage(position, end=end, cancelled=day is None)])
        return await desk.decisions(), await desk.told()


def _same_id(reason: str) -> dict[str, str]:
    return {"request_id": "waive-one"} if reason == "REQUEST_ID_REUSED" else {}
