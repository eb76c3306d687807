"""Quarterly declarations as a payroll package makes them, taken in and handled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from crossroads.declarations.v1 import dmfa_pb2 as contract
from crossroads.forms.v1 import dmfa_pb2, dmfa_update_pb2, notification_pb2
from lxml import etree
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway import codec
from mesh import outbox, tickets
from sandbox import quarterly
from sandbox.quarterly import Worker as Payee
from services.declarations.dmfa.intake import Intake
from services.declarations.dmfa.records import Kind, Submission
from services.declarations.dmfa.telling import ATTEST, Telling
from services.declarations.dmfa.worker import Worker
from services.declarations.domain import Channel
from services.declarations.telling import LEDGER
from services.declarations.telling import Telling as LedgerTelling

BREWERY, BREWERY_NSSO = "0400000185", "123456749"
QUARTER = "20263"
AT = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)


@dataclass
class Declared:
    """A form without its persons, and its persons."""

    form: dmfa_pb2.DmfaForm
    persons: list[dmfa_pb2.DmfaNaturalPerson]

    def owe(self, cents: int) -> None:
        self.form.employer_declaration.net_owed_amount = str(cents)


def declared(payees: Sequence[Payee], quarter: str = QUARTER) -> Declared:
    xml = b"".join(quarterly.document(AT, quarter, BREWERY_NSSO, payees))
    document, anomalies = codec.read(etree.fromstring(xml), dmfa_pb2.DmfaOriginal)
    assert anomalies == []
    form = document.forms[0]
    persons = list(form.employer_declaration.natural_persons)
    del form.employer_declaration.natural_persons[:]
    return Declared(form, persons)


@pytest.fixture
def declare() -> Callable[..., Declared]:
    """`declare(many)`: so many invented workers of every kind."""

    def of(many: int, quarter: str = QUARTER) -> Declared:
        return declared(list(quarterly.workers(many)), quarter)

    return of


class Quarters:
    """Takes declarations in and handles them, as the process does."""

    def __init__(self, engine: AsyncEngine, url: str, outside: Any) -> None:
        self.engine = engine
        self.worker = Worker(engine, url, outside)
        handlers = {
            **Telling(outside, outside).handlers,
            LEDGER: LedgerTelling(outside, outside, outside).record,
        }
        self.outbox = outbox.Worker(engine, url, handlers)

    async def receive(self, whole: Declared, part: int = 2, employer: str = BREWERY) -> Submission:
        ticket = tickets.new()
        async with self.engine.begin() as connection:
            intake = Intake(connection)
            for number, first in enumerate(range(0, len(whole.persons), part)):
                content = contract.DmfaPart(persons=whole.persons[first : first + part])
                await intake.put_part(employer, ticket, number, content.SerializeToString())
            return await intake.receive(
                Submission(
                    employer=employer,
                    ticket=ticket,
                    request_id=ticket,
                    digest=ticket.encode(),
                    kind=Kind.ORIGINAL,
                    channel=Channel.GRPC,
                    quarter=whole.form.employer_declaration.quarter,
                    workers=len(whole.persons),
                    received_at=AT,
                    form=whole.form.SerializeToString(),
                    caller=f"employer/{employer}",
                    declarant=employer,
                )
            )

    async def send(self, whole: Declared, employer: str = BREWERY) -> Submission:
        sent = await self.receive(whole, employer=employer)
        return await self.handled(sent)

    async def correct(self, form: dmfa_update_pb2.DmfaUpdateForm) -> Submission:
        ticket = tickets.new()
        whole = form.employer_declaration_update
        async with self.engine.begin() as connection:
            sent = await Intake(connection).receive(
                Submission(
                    employer=BREWERY,
                    ticket=ticket,
                    request_id=ticket,
                    digest=ticket.encode(),
                    kind=Kind.CORRECTION,
                    channel=Channel.GRPC,
                    quarter=whole.quarter,
                    workers=len(whole.natural_person_updates),
                    received_at=AT,
                    form=form.SerializeToString(),
                )
            )
        return await self.handled(sent)

    async def handled(self, sent: Submission) -> Submission:
        while await self.worker.handle():
            pass
        async with self.engine.connect() as connection:
            found = await Intake(connection).submission(sent.employer, sent.ticket)
        assert found
        return found

    async def tell(self) -> None:
        for kind in (ATTEST, LEDGER):
            while await self.outbox.tell(kind):
                pass

    async def count(self, table: str) -> int:
        async with self.engine.connect() as connection:
            return int(await connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)


@pytest.fixture
def quarters(engine: AsyncEngine, database: str, outside: Any) -> Quarters:
    outside.known = set(quarterly.ssins(50))
    return Quarters(engine, database, outside)


@pytest.fixture
def codes() -> Callable[[Submission], list[tuple[str, str]]]:
    """The anomalies of a declaration, each with its class."""

    def of(submission: Submission) -> list[tuple[str, str]]:
        told = notification_pb2.NotificationForm.FromString(submission.notification)
        reports = told.handling_result.anomaly_reports
        return [(report.error_id, report.anomaly_class) for report in reports]

    return of
