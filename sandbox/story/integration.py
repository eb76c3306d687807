"""A health fund and a welfare centre say that they know Lina, on a stage cleared before."""

from __future__ import annotations

from datetime import date, timedelta

from crossroads.declarations.v1 import declarations_pb2
from crossroads.repertory.v1 import repertory_pb2

from mesh import clock, institutions, periods
from mesh.periods import Period
from sandbox import cast, payroll
from sandbox.story import employment, living_wage
from sandbox.story.stage import Stage
from sandbox.story.telling import Told, expect

INSURED = 1
"""Quality in which a health fund knows its members."""
ENQUIRY, BENEFICIARY = 1, 2
"""Qualities in which a welfare centre knows a person: file under examination, living wage."""
ENQUIRY_LASTS = timedelta(days=61)


async def clear(stage: Stage) -> None:
    """Take back what an earlier run declared and granted, so that the story begins anew."""
    workers = await stage.persist(
        lambda: stage.declarations(employment.BREWERY).ListWorkers(
            declarations_pb2.ListWorkersRequest(page_size=1000)
        )
    )
    for worker in workers.workers:
        if worker.ssin == cast.LINA:
            document = payroll.dimona_cancel(clock.now(), worker.dimona_period_id)
            _, notification = await employment.declared(
                stage, document, f"cancel-{worker.dimona_period_id}"
            )
            expect(notification.accepted, "an earlier Dimona cannot be cancelled")
    await living_wage.take_back(stage)


async def integrate(stage: Stage) -> Told:
    """Each registers her in its own quality and period."""
    today = clock.today()
    insured = Period(date(today.year, 1, 1), date.max)
    lines = [
        await register(stage, "11/1", INSURED, insured),
        await register(stage, "17/1", ENQUIRY, Period(today, today + ENQUIRY_LASTS)),
    ]
    ticket = stage.memory.tickets[f"inscription at 17/1 in quality {ENQUIRY}"]
    return Told("registered", ticket, tuple(lines))


async def register(stage: Stage, institution: str, quality: int, period: Period) -> str:
    """Register Lina; a line that says so."""
    inscription = repertory_pb2.Inscription(
        ssin=cast.LINA,
        institution=institutions.to_wire(institutions.parse(institution)),
        quality=quality,
        period=periods.to_wire(period),
    )
    request = repertory_pb2.RegisterRequest(
        request_id=stage.request_id(f"{cast.server_name(institution)}-{quality}"),
        inscriptions=[inscription],
    )
    answer = await stage.persist(
        lambda: stage.repertory(f"institution/{institution}").Register(request)
    )
    expect(answer.inscriptions, "the repertory recorded nothing")
    stage.memory.tickets[f"inscription at {institution} in quality {quality}"] = answer.ticket
    name = cast.INSTITUTIONS[institution]
    return f"{name} ({institution}) knows Lina in quality {quality} from {period.begin}"
