"""Risks in a real database: handled once, told once, compared once when the quarter comes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from crossroads.attestations.v1 import risks_pb2
from crossroads.forms.v1 import notification_pb2, social_risk_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import clock, outbox, tickets
from mesh.institutions import Institution
from mesh.periods import Period
from services.declarations.domain import Channel
from services.declarations.domain import State as Handled
from services.declarations.risks.domain import Source, State, Subject, Submission
from services.declarations.risks.intake import Intake
from services.declarations.risks.quarters import DmfaQuarters
from services.declarations.risks.store import Recorded, Store
from services.declarations.risks.supply import Supply
from services.declarations.risks.worker import Worker
from services.declarations.telling import INTEGRATE_AND_PUBLISH, LEDGER, Telling
from tests.services.declarations.risks import forms

LINA, BREWERY = forms.LINA, forms.BREWERY
FUND = Institution(11, 1)
RECEIVED_AT = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)


class Register:
    """The repertory: Lina is known, and her health fund knows her."""

    async def subjects(self, ssins: Collection[str]) -> dict[str, Subject]:
        lines = ((FUND, 1, Period(date(2020, 1, 1), date.max)),)
        return {ssin: Subject(ssin, ssin == LINA, lines) for ssin in ssins}


class Desk:
    """Takes declarations of risks in and handles them, as the process does."""

    def __init__(self, engine: AsyncEngine, url: str, outside: Any) -> None:
        self.engine = engine
        self.worker = Worker(engine, url, Register(), DmfaQuarters())
        self.outbox = outbox.Worker(engine, url, Telling(outside, outside, outside).handlers)

    async def send(
        self,
        form: social_risk_pb2.SocialRiskForm | None = None,
        declarer: str = f"employer/{BREWERY}",
        **changes: Any,
    ) -> Submission:
        ticket = tickets.new()
        sent = Submission(
            **{
                "declarer": declarer,
                "ticket": ticket,
                "request_id": ticket,
                "digest": b"",
                "channel": Channel.GRPC,
                "received_at": RECEIVED_AT,
                "form": form.SerializeToString() if form else b"",
                "caller": declarer,
                **changes,
            }
        )
        async with self.engine.begin() as connection:
            await Intake(connection).receive(sent)
        while await self.worker.handle():
            pass
        async with self.engine.connect() as connection:
            found = await Intake(connection).submission(declarer, ticket)
        assert found
        return found

    async def risk(self, number: str, known_at: datetime | None = None) -> Recorded:
        async with self.engine.connect() as connection:
            return (await Store(connection).numbered([number], known_at))[number]

    async def declare(self, quarter: str, *lines: dict[str, int], cancelled: bool = False) -> None:
        """The DmfA of a quarter comes, with Lina in it, or a correction of it."""
        content = forms.person(quarter, *lines).SerializeToString()
        async with self.engine.begin() as connection:
            await connection.execute(
                sa.text(
                    "UPDATE dmfa_persons SET recorded_to = :at WHERE ssin = :ssin"
                    " AND quarter = :quarter AND recorded_to IS NULL"
                ),
                {"ssin": LINA, "quarter": quarter, "at": clock.now()},
            )
            await connection.execute(
                sa.text(
                    "INSERT INTO dmfa_persons (ssin, employer, quarter, version, content,"
                    " identifiers, person_pid, gross_cents, days_hundredths, hours_hundredths,"
                    " cancelled, ticket, recorded_from) SELECT :ssin, :employer, :quarter,"
                    " count(*), :content, '', 1, 0, 0, 0, :cancelled, 'T', :at FROM dmfa_persons"
                ),
                {
                    "ssin": LINA,
                    "employer": BREWERY,
                    "quarter": quarter,
                    "content": content,
                    "cancelled": cancelled,
                    "at": clock.now(),
                },
            )
            await Store(connection).quarter_declared(BREWERY, quarter)

    async def compare(self) -> None:
        while await self.worker.compare():
            pass

    async def tell(self) -> None:
        for kind in (INTEGRATE_AND_PUBLISH, LEDGER):
            while await self.outbox.tell(kind):
                pass


@pytest.fixture
def desk(engine: AsyncEngine, database: str, outside: Any) -> Desk:
    return Desk(engine, database, outside)


def notified(submission: Submission) -> list[str]:
    form = notification_pb2.NotificationForm.FromString(submission.notification)
    return [report.error_id for report in form.handling_result.anomaly_reports]


def published(outside: Any) -> list[tuple[exchange_pb2.Mutation, risks_pb2.SocialRisk]]:
    found = []
    for request in outside.heard:
        if isinstance(request, exchange_pb2.PublishRequest):
            risk = risks_pb2.SocialRisk()
            assert request.mutation.attestation.Unpack(risk)
            found.append((request.mutation, risk))
    return found


async def test_introduced_told_and_entered(desk: Desk, outside: Any) -> None:
    await desk.declare("20263", {"1": 6500}, {"1": 900_000})
    ahead = forms.quarter("20264", {"1": 2500}, {"1": 400_000})
    sent = await desk.send(forms.incapacity(quarters=[ahead]))
    assert (sent.handled, notified(sent), sent.number) == (Handled.ACCEPTED, [], sent.ticket)
    await desk.tell()
    ((mutation, risk),) = published(outside)
    assert (mutation.data_sort, mutation.kind) == (
        "incapacity_risk",
        exchange_pb2.MUTATION_KIND_CREATED,
    )
    assert [(q.quarter, q.source, q.gross_wage_cents) for q in risk.quarters] == [
        ("20263", "DECLARED", 900_000),
        ("20264", "ANTICIPATED", 400_000),
    ]
    assert risk.form.zima001.risk_detail.risk_starting_date == "2026-11-10"
    (entry,) = [one for one in outside.heard if isinstance(one, ledger_pb2.Entry)]
    assert (entry.ssin, entry.outcome) == (LINA, ledger_pb2.OUTCOME_ALLOWED)


async def test_a_quarter_that_comes_is_compared_once_and_told_to_both_sides(
    desk: Desk, outside: Any
) -> None:
    ahead = [forms.quarter("20263", {"1": 6500}, {"1": 900_000, "2": 100})]
    sent = await desk.send(forms.incapacity(quarters=ahead))
    before = clock.now()
    await desk.declare("20263", {"001": 6500}, {"001": 910_000})
    await desk.compare()
    await desk.compare()
    recorded = await desk.risk(sent.number)
    assert [(d.code, d.anticipated, d.declared) for d in recorded.risk.differences] == [
        ("001", 900_000, 910_000),
        ("002", 100, 0),
    ]
    assert [f.source for f in recorded.risk.quarters] == [Source.DECLARED, Source.MISSING]
    assert recorded.risk.version == 2
    assert (await desk.risk(sent.number, before)).risk.version == 1
    await desk.tell()
    (_, first), (mutation, second) = published(outside)
    assert (len(first.differences), len(second.differences)) == (0, 2)
    assert mutation.kind == exchange_pb2.MUTATION_KIND_CHANGED


async def test_a_quarter_that_is_corrected_is_compared_with_what_was_filled_in(
    desk: Desk, outside: Any
) -> None:
    for quarter in ("20263", "20264"):
        await desk.declare(quarter, {"1": 6500}, {"1": 900_000})
    sent = await desk.send(forms.incapacity())
    final = await desk.send(action="FINALISE", number=sent.number)
    assert final.handled is Handled.ACCEPTED
    await desk.declare("20263", {"1": 6500}, {"1": 910_000})
    await desk.compare()
    await desk.declare("20263", {"1": 6500}, {"1": 910_000})
    await desk.compare()
    corrected = (await desk.risk(sent.number)).risk
    assert (corrected.state, corrected.version) == (State.FINALISED, 3)
    assert [(d.anticipated, d.declared) for d in corrected.differences] == [(900_000, 910_000)]
    await desk.declare("20263", {}, {}, cancelled=True)
    await desk.compare()
    gone = (await desk.risk(sent.number)).risk
    assert [f.source for f in gone.quarters] == [Source.MISSING, Source.DECLARED]
    assert [(d.zone, d.anticipated, d.declared) for d in gone.differences[1:]] == [
        ("00063", 6500, 0),
        ("00070", 910_000, 0),
    ]
    await desk.tell()
    assert [len(risk.differences) for _, risk in published(outside)] == [0, 0, 1, 3]


async def test_a_risk_that_never_was_hears_of_no_correction(desk: Desk) -> None:
    await desk.declare("20263", {"1": 6500}, {"1": 900_000})
    sent = await desk.send(forms.incapacity())
    await desk.send(action="CANCEL", number=sent.number)
    await desk.declare("20263", {"1": 6500}, {"1": 910_000})
    await desk.compare()
    assert (await desk.risk(sent.number)).risk.version == 2


async def test_a_quarter_that_comes_while_a_risk_is_handled_is_never_missed(desk: Desk) -> None:
    """Whichever transaction is first, the other sees what it wrote."""
    ahead = [forms.quarter("20264", {"1": 2500}, {"1": 400_000})]
    sent, _ = await asyncio.gather(
        desk.send(forms.incapacity(quarters=ahead)),
        desk.declare("20263", {"1": 6500}, {"1": 900_000}),
    )
    await desk.compare()
    recorded = await desk.risk(sent.number)
    assert [f.source for f in recorded.risk.quarters] == [Source.DECLARED, Source.ANTICIPATED]


async def test_modified_finalised_and_taken_back_on_both_axes_of_time(desk: Desk) -> None:
    sent = await desk.send(forms.incapacity())
    times = [clock.now()]
    ahead = [forms.quarter(q, {"1": 100}, {"1": 100}) for q in ("20263", "20264")]
    early = await desk.send(action="FINALISE", number=sent.number)
    assert notified(early) == ["90007-001", "90007-001"]
    await desk.send(forms.incapacity("2026-11-09", ahead, "1", sent.number))
    times.append(clock.now())
    final = await desk.send(action="FINALISE", number=sent.number)
    assert final.handled is Handled.ACCEPTED
    late = await desk.send(forms.incapacity("2026-11-08", ahead, "1", sent.number))
    assert notified(late) == ["00110-181"]
    times.append(clock.now())
    await desk.send(forms.incapacity("2026-11-09", ahead, "3", sent.number))
    known = [(await desk.risk(sent.number, at)).risk for at in times]
    assert [(risk.state, risk.days.begin.day) for risk in known] == [
        (State.INTRODUCED, 10),
        (State.MODIFIED, 9),
        (State.FINALISED, 9),
    ]
    assert (await desk.risk(sent.number)).risk.state is State.CANCELLED


async def test_the_same_risk_is_not_declared_twice(desk: Desk, outside: Any) -> None:
    await desk.send(forms.incapacity())
    again = await desk.send(forms.incapacity())
    assert (again.handled, notified(again)) == (Handled.REFUSED, ["90059-272"])
    await desk.tell()
    assert len(published(outside)) == 1


async def test_nobody_changes_the_risk_of_another(desk: Desk) -> None:
    sent = await desk.send(forms.incapacity())
    for declarer in ("employer/0400000284", "institution/11/1"):
        taken = await desk.send(declarer=declarer, action="CANCEL", number=sent.number)
        assert notified(taken) == ["00222-234"]


async def test_paper_is_marked_and_corrected_by_its_institution(desk: Desk) -> None:
    paper = {"channel": Channel.PAPER, "image_digest": b"d" * 32, "received_on": date(2026, 11, 14)}
    sent = await desk.send(forms.incapacity(), "institution/11/1", **paper)
    risk = (await desk.risk(sent.number)).risk
    assert (risk.on_paper, risk.employer) == (True, BREWERY)
    other = await desk.send(declarer="institution/18/1", action="CANCEL", number=sent.number)
    assert notified(other) == ["00222-234"]
    gone = await desk.send(declarer="institution/11/1", action="CANCEL", number=sent.number)
    assert gone.handled is Handled.ACCEPTED


async def test_paper_of_an_employer_that_nobody_knows_is_refused(desk: Desk) -> None:
    whole = forms.incapacity()
    declaration = whole.zima001.employer_declarations[0]
    declaration.company_id, declaration.noss_registration_nbr = "0202239951", "0"
    sent = await desk.send(whole, "institution/11/1", image_digest=b"d" * 32)
    assert "00014-017" in notified(sent)


async def test_a_submission_without_form_is_refused(desk: Desk) -> None:
    sent = await desk.send(social_risk_pb2.SocialRiskForm())
    assert (sent.handled, notified(sent)) == (Handled.REFUSED, ["90059-001"])


async def test_nothing_is_stored_of_a_refused_form_but_itself(desk: Desk, outside: Any) -> None:
    sent = await desk.send(forms.incapacity(inss="84031721194"))
    assert notified(sent) == ["00024-235"]
    async with desk.engine.connect() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM risks")) == 0
    await desk.tell()
    assert published(outside) == []


async def test_a_career_of_what_was_declared(desk: Desk) -> None:
    await desk.declare("20263", {"1": 6500}, {"1": 900_000})
    await desk.send(forms.incapacity())
    await desk.send(forms.resumption())
    supply = Supply(DmfaQuarters())
    async with desk.engine.connect() as connection:
        whole = (await supply.careers(connection, [LINA]))[LINA]
        others = (await supply.careers(connection, [LINA], "0400000284"))[LINA]
        early = await supply.careers(connection, [LINA], "", clock.now() - timedelta(days=1))
    assert [event.kind.name for event in whole] == ["WORKS", "FALLS_ILL", "RESUMES_WORK"]
    assert others == ()
    assert early[LINA] == ()
