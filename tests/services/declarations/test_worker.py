"""Handling in a real database: all of a batch or nothing, and everything told once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from crossroads.attestations.v1 import attestations_pb2
from crossroads.forms.v1 import dimona_pb2, notification_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from sqlalchemy.ext.asyncio import AsyncEngine

from mesh import outbox
from services.declarations.dimona.store import Store as Periods
from services.declarations.domain import Declaration, State
from services.declarations.intake import Intake as Taking
from services.declarations.store import Store
from services.declarations.telling import INTEGRATE_AND_PUBLISH, LEDGER, Telling
from services.declarations.worker import Worker

BREWERY, BAKERY = "0400000185", "0400000284"
LINA, STRANGER = "91041241894", "84031721194"


class Intake:
    """Takes declarations in and handles them, as the process does."""

    def __init__(self, engine: AsyncEngine, url: str, outside: Any) -> None:
        self.engine = engine
        self.worker = Worker(engine, url, outside)
        handlers = Telling(outside, outside, outside).handlers
        self.outbox = outbox.Worker(engine, url, handlers)

    async def send(self, *declarations: Declaration) -> list[Declaration]:
        async with self.engine.begin() as connection:
            await Taking(connection).receive(declarations)
        while await self.worker.handle():
            pass
        return [await self.get(d) for d in declarations]

    async def get(self, sent: Declaration) -> Declaration:
        async with self.engine.connect() as connection:
            found = await Store(connection).declaration(sent.employer, sent.ticket)
        assert found
        return found

    async def tell(self) -> None:
        for kind in (INTEGRATE_AND_PUBLISH, LEDGER):
            while await self.outbox.tell(kind):
                pass

    async def count(self, table: str) -> int:
        async with self.engine.connect() as connection:
            return int(await connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)


@pytest.fixture
def intake(engine: AsyncEngine, database: str, outside: Any) -> Intake:
    return Intake(engine, database, outside)


def notification(declaration: Declaration) -> notification_pb2.NotificationForm:
    return notification_pb2.NotificationForm.FromString(declaration.notification)


def told(outside: Any) -> list[str]:
    return [type(message).__name__ for message in outside.heard]


async def test_an_in_integrates_then_publishes_then_is_in_the_ledger(
    intake: Intake, outside: Any, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    [done] = await intake.send(declaration(entry()))
    await intake.tell()
    assert done.state is State.ACCEPTED
    assert told(outside) == ["RegisterRequest", "PublishRequest", "Entry"]
    register, publish, line = outside.heard
    [inscription] = register.inscriptions
    assert (inscription.ssin, inscription.quality, inscription.institution.sector) == (LINA, 30, 12)
    assert (inscription.period.begin, inscription.period.end) == ("2026-11-16", "")
    assert publish.mutation.kind == exchange_pb2.MUTATION_KIND_CREATED
    attested = attestations_pb2.EmploymentPeriod()
    assert publish.mutation.attestation.Unpack(attested)
    assert attested.dimona_period_id == done.dimona_period_id
    assert (attested.employer_enterprise_number, attested.employer_nsso_number) == (
        BREWERY,
        "123456749",
    )
    assert (line.kind, line.ticket, line.ssin) == (
        ledger_pb2.ENTRY_KIND_DECLARATION,
        done.ticket,
        LINA,
    )
    assert line.outcome == ledger_pb2.OUTCOME_ALLOWED
    assert dimona_pb2.DimonaForm.FromString(line.content) == entry()


async def test_a_bad_in_changes_nothing_and_says_why(
    intake: Intake, outside: Any, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    [done] = await intake.send(declaration(entry(inss="91041241895", ending_date="2026-11-01")))
    await intake.tell()
    reports = notification(done).handling_result.anomaly_reports
    assert {report.error_id for report in reports} == {"00024-004", "00911-014"}
    assert all(report.anomaly_class == "B" and report.anomaly_label for report in reports)
    assert (done.state, done.dimona_period_id) == (State.REFUSED, "")
    assert await intake.count("dimona_periods") == 0
    assert told(outside) == ["Entry"]
    assert outside.heard[0].outcome == ledger_pb2.OUTCOME_REFUSED
    assert outside.heard[0].ssin == ""
    assert set(outside.heard[0].reason.split()) == {"00024-004", "00911-014"}


async def test_a_person_unknown_to_the_repertory_is_refused(
    intake: Intake, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    [done] = await intake.send(declaration(entry(inss=STRANGER)))
    [report] = notification(done).handling_result.anomaly_reports
    assert report.error_id == "00024-235"


async def test_out_ends_the_inscription_after_the_mutation_is_published(
    intake: Intake,
    outside: Any,
    entry: Callable[..., Any],
    form: Callable[..., Any],
    declaration: Callable[..., Any],
) -> None:
    [entered] = await intake.send(declaration(entry()))
    out = form("dimona_out", dimona_period_id=entered.dimona_period_id, ending_date="2026-11-30")
    [left] = await intake.send(declaration(out))
    outside.heard.clear()
    await intake.tell()
    assert told(outside)[2:4] == ["PublishRequest", "EndRequest"]
    publish, end = outside.heard[2:4]
    assert publish.mutation.kind == exchange_pb2.MUTATION_KIND_ENDED
    assert publish.mutation.period.end == ""
    assert (end.inscription.period.begin, end.inscription.period.end) == ("2026-12-01", "")
    impact = notification(left).handling_result.impact_report.dimona_impact_report
    assert impact.dimona_period_after.ending_date == "2026-11-30"
    assert not impact.dimona_period_before.HasField("ending_date")


async def test_days_that_another_employer_covers_stay_known(
    intake: Intake,
    outside: Any,
    entry: Callable[..., Any],
    form: Callable[..., Any],
    declaration: Callable[..., Any],
) -> None:
    [brewery] = await intake.send(declaration(entry()))
    bakery = entry(starting_date="2026-11-20", employer_id={"company_id": BAKERY})
    await intake.send(declaration(bakery, employer=BAKERY))
    cancel = form("dimona_cancel", dimona_period_id=brewery.dimona_period_id)
    [cancelled] = await intake.send(declaration(cancel))
    await intake.tell()
    assert cancelled.state is State.ACCEPTED
    assert told(outside)[:5] == [
        "RegisterRequest",
        "PublishRequest",
        "PublishRequest",
        "PublishRequest",
        "EndRequest",
    ]
    ended = outside.heard[4].inscription.period
    assert (ended.begin, ended.end) == ("2026-11-16", "2026-11-20")


async def test_both_axes_of_time_are_kept(
    intake: Intake,
    entry: Callable[..., Any],
    form: Callable[..., Any],
    declaration: Callable[..., Any],
) -> None:
    [entered] = await intake.send(declaration(entry()))
    async with intake.engine.connect() as connection:
        before = await connection.scalar(sa.text("SELECT clock_timestamp()"))
    cancel = form("dimona_cancel", dimona_period_id=entered.dimona_period_id)
    await intake.send(declaration(cancel))
    async with intake.engine.connect() as connection:
        [then] = await Periods(connection).of_persons({LINA}, before)
        [now] = await Periods(connection).of_persons({LINA})
    assert (then.cancelled, now.cancelled, then.days) == (False, True, now.days)
    assert await intake.count("dimona_periods") == 2


async def test_the_second_of_two_overlapping_in_one_batch_is_refused(
    intake: Intake, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    one, two = await intake.send(
        declaration(entry()), declaration(entry(starting_date="2026-11-18"))
    )
    assert (one.state, two.state) == (State.ACCEPTED, State.REFUSED)
    assert [r.error_id for r in notification(two).handling_result.anomaly_reports] == ["90373-334"]


async def test_two_workers_at_once_keep_one_person_whole(
    intake: Intake,
    database: str,
    outside: Any,
    entry: Callable[..., Any],
    declaration: Callable[..., Any],
) -> None:
    sent = [declaration(entry(), employer=e) for e in [BREWERY, BAKERY] * 5]
    async with intake.engine.begin() as connection:
        await Taking(connection).receive(sent)
    workers = [Worker(intake.engine, database, outside) for _ in range(3)]

    async def work(worker: Worker) -> None:
        for _ in range(6):
            await worker.handle()

    await asyncio.gather(*(work(worker) for worker in workers))
    done = [await intake.get(d) for d in sent]
    assert [d.state for d in done[:2]] == [State.ACCEPTED, State.ACCEPTED]
    assert {d.state for d in done[2:]} == {State.REFUSED}
    assert await intake.count("dimona_periods WHERE recorded_to IS NULL") == 2


async def test_a_batch_that_fails_leaves_everything_to_the_next(
    intake: Intake,
    outside: Any,
    entry: Callable[..., Any],
    declaration: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def dies(*_: object) -> None:
        raise ConnectionError

    sent = declaration(entry())
    monkeypatch.setattr(Store, "tell_handled", dies)
    with pytest.raises(ConnectionError):
        await intake.send(sent)
    assert (await intake.get(sent)).state is State.RECEIVED
    assert await intake.count("dimona_periods") + await intake.count("outbox") == 0
    monkeypatch.undo()
    assert await intake.worker.handle()
    await intake.tell()
    assert (await intake.get(sent)).state is State.ACCEPTED
    assert told(outside) == ["RegisterRequest", "PublishRequest", "Entry"]


async def test_what_could_not_be_told_is_told_again_under_the_same_id(
    intake: Intake, outside: Any, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    [done] = await intake.send(declaration(entry()))
    outside.failing = ConnectionError()
    with pytest.raises(ConnectionError):
        await intake.tell()
    outside.failing = None
    await intake.tell()
    register, publish, _ = outside.heard
    assert (register.request_id, publish.request_id) == (
        f"{done.ticket}-register",
        f"{done.ticket}-publish",
    )
    assert await intake.count("outbox") == 0


async def test_the_worker_wakes_when_a_declaration_is_stored(
    intake: Intake, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    running = asyncio.create_task(intake.worker.run())
    sent = declaration(entry())
    async with intake.engine.begin() as connection:
        await Taking(connection).receive([sent])
    while (await intake.get(sent)).state is State.RECEIVED:
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_anomalies_of_the_channel_refuse_too(
    intake: Intake, engine: AsyncEngine, entry: Callable[..., Any], declaration: Callable[..., Any]
) -> None:
    found = notification_pb2.AnomalyReport(
        error_id="00910-091", tag_name="StartingDate", anomaly_class="B"
    )
    found.anomaly_location.line_nbr = "12"
    sent = replace(declaration(entry()), anomalies=(found.SerializeToString(),))
    [done] = await intake.send(sent)
    [report] = notification(done).handling_result.anomaly_reports
    assert (report.error_id, report.anomaly_location.line_nbr) == ("00910-091", "12")


@pytest.mark.parametrize(
    "strange", ["\x00", "\u0661\u0662\u0663", "9" * 40, "\ud7ff", "<&>"], ids=repr
)
async def test_strange_characters_are_anomalies_and_hold_nobody_up(
    intake: Intake,
    outside: Any,
    entry: Callable[..., Any],
    form: Callable[..., Any],
    declaration: Callable[..., Any],
    strange: str,
) -> None:
    odd = entry(
        inss=strange,
        starting_date=strange,
        starting_hour=strange,
        planned_hours_nbr=strange,
        employer_id={"company_id": strange, "noss_registration_nbr": strange},
        dimona_features={"joint_commission_nbr": strange, "worker_type": strange},
    )
    odd.form_creation_hour = odd.references[0].reference_nbr = strange
    done = await intake.send(
        declaration(odd),
        declaration(form("dimona_out", dimona_period_id=strange, ending_date=strange)),
        declaration(form("dimona_cancel", dimona_period_id=strange, inss=strange)),
        declaration(dimona_pb2.DimonaForm()),
        declaration(entry()),
    )
    await intake.tell()
    assert [d.state for d in done] == [*[State.REFUSED] * 4, State.ACCEPTED]
    assert all("\x00" not in str(notification(d)) for d in done)
    assert told(outside).count("Entry") == 5
