"""Asking: answered by gRPC and by XML alike, and refused for four good reasons."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import grpc
from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2

from mesh import clock, institutions, periods, refusals
from mesh.periods import Period
from sandbox import cast
from sandbox.story import integration
from sandbox.story.stage import Stage
from sandbox.story.telling import StepFailed, Told, expect

CENTRE = "institution/17/1"
STRIPPED = ("employer_nsso_number", "starting_hour")
"""What the welfare centre may not have of an employment."""


def today() -> Period:
    day = clock.today()
    return Period(day, day + timedelta(days=1))


def question(data_sort: str, quality: int, purpose: str) -> exchange_pb2.ConsultRequest:
    return exchange_pb2.ConsultRequest(
        ssin=cast.LINA,
        data_sorts=[data_sort],
        quality=quality,
        period=periods.to_wire(today()),
        purpose=purpose,
        reference=f"story {data_sort}",
    )


def by_the_centre() -> exchange_pb2.ConsultRequest:
    """The welfare centre's question on her employment."""
    return question("employment_period", integration.BENEFICIARY, "living_wage_enquiry")


async def by_grpc(stage: Stage) -> Told:
    """The welfare centre asks for her employment; the NSSO's side answers."""
    answer = await stage.until(partial(_settled, stage), "the holder does not answer")
    assert answer is not None
    decided = answer.decision.data_sorts[0]
    expect(
        decided.verdict == decision_pb2.VERDICT_PERMITTED,
        f"refused: {decision_pb2.RefusalReason.Name(decided.reason)}",
    )
    employment = employment_of(answer)
    expect(
        employment.dimona_period_id == stage.memory.dimona_period_id,
        "the answer is about another employment",
    )
    for field in STRIPPED:
        expect(not getattr(employment, field), f"{field} is not stripped")
    stage.memory.tickets["consultation by gRPC"] = answer.ticket
    stage.memory.consulted = employment
    holder = str(institutions.from_wire(answer.answers[0].holder))
    grounds = ", ".join(f"{g.deliberation} {g.article}" for g in decided.grounds)
    given = ", ".join(field.name for field, _ in employment.ListFields())
    return Told(
        "answered",
        answer.ticket,
        (
            f"by {cast.INSTITUTIONS[holder]} ({holder}), on the ground of {grounds}",
            f"given: {given}",
            f"stripped: {', '.join(STRIPPED)}",
        ),
    )


async def _settled(stage: Stage) -> exchange_pb2.ConsultResponse | None:
    """The answer, unless a holder is being restarted."""
    answer = await stage.exchange(CENTRE).Consult(by_the_centre())
    waiting = {exchange_pb2.ANSWER_STATUS_LATE, exchange_pb2.ANSWER_STATUS_UNAVAILABLE}
    return None if any(part.status in waiting for part in answer.answers) else answer


async def by_a_stranger(stage: Stage) -> Told:
    """A payment body that does not know her asks for the same."""
    return await _refused(
        stage,
        "institution/18/1",
        question("employment_period", 1, "unemployment_benefit"),
        decision_pb2.REFUSAL_REASON_SUBJECT_NOT_INTEGRATED,
    )


async def without_ground(stage: Stage) -> Told:
    """The welfare centre asks for her income, which no deliberation gives it."""
    return await _refused(
        stage,
        CENTRE,
        question("income", integration.BENEFICIARY, "living_wage_enquiry"),
        decision_pb2.REFUSAL_REASON_NOT_AUTHORISED,
    )


async def with_revoked_certificate(stage: Stage) -> Told:
    """A certificate of the welfare centre that has been revoked."""
    try:
        await stage.persist(lambda: stage.exchange(cast.REVOKED).Consult(by_the_centre()))
    except grpc.aio.AioRpcError as error:
        refusal = refusals.of_error(error)
        expect(refusal.code is grpc.StatusCode.UNAUTHENTICATED, f"answered {refusal.code.name}")
        expect(refusal.reason == "CERTIFICATE_REVOKED", f"refused for {refusal.reason}")
        ticket = refusal.metadata.get("ticket", "")
        expect(ticket, "the refusal bears no ticket")
        stage.memory.tickets["revoked certificate"] = ticket
        return Told(refusal.reason, ticket, (error.details() or "",))
    raise StepFailed("a revoked certificate is let in")


def employment_of(answer: exchange_pb2.ConsultResponse) -> attestations_pb2.EmploymentPeriod:
    """The one employment in an answer."""
    found = [packed for part in answer.answers for packed in part.attestations]
    expect(len(found) == 1, f"{len(found)} employments in the answer, not one")
    employment = attestations_pb2.EmploymentPeriod()
    expect(found[0].Unpack(employment), "the answer is no employment")
    return employment


async def _refused(
    stage: Stage,
    identity: str,
    request: exchange_pb2.ConsultRequest,
    wanted: decision_pb2.RefusalReason.ValueType,
) -> Told:
    answer = await stage.persist(lambda: stage.exchange(identity).Consult(request))
    decided = answer.decision.data_sorts[0]
    reason = decision_pb2.RefusalReason.Name(decided.reason).removeprefix("REFUSAL_REASON_")
    expect(decided.verdict == decision_pb2.VERDICT_REFUSED, "the question is permitted")
    expect(decided.reason == wanted, f"refused for {reason}")
    expect(not answer.answers, "data came with a refusal")
    sort = request.data_sorts[0]
    stage.memory.tickets[f"refused {sort}"] = answer.ticket
    return Told(reason, answer.ticket, (f"{sort} for {request.purpose}: no data",))
