"""A living wage is granted and ends; a right follows that nobody asked for."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from crossroads.attestations.v1 import attestations_pb2
from crossroads.rights.v1 import rights_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import any_pb2

from mesh import clock, institutions, periods
from mesh.periods import Period
from sandbox import cast
from sandbox.letters import Letter
from sandbox.story import integration
from sandbox.story.stage import Stage
from sandbox.story.telling import Told, expect

CENTRE = "institution/17/1"
AUDITOR = "auditor/privacy"
RIGHT = "social_tariff_energy"
SUPPLIER = "39/0"
MONTHLY_CENTS = 177_618


async def grant(stage: Stage) -> Told:
    """The welfare centre grants a living wage; the social tariff follows for her household."""
    today = clock.today()
    wage = attestations_pb2.LivingWage(
        period=periods.to_wire(Period(today, date.max)),
        category=3,
        monthly_cents=MONTHLY_CENTS,
        decided_on=today.isoformat(),
        kind="LIVING_WAGE",
    )
    line = await integration.register(
        stage, "17/1", integration.BENEFICIARY, Period(today, date.max)
    )
    ticket = await _publish(stage, wage, exchange_pb2.MUTATION_KIND_CREATED, "grant")
    stage.memory.tickets["living wage published"] = ticket
    decided = await _decided(stage, ticket)
    expect(
        decided.decision.kind == rights_pb2.DECISION_KIND_GRANTED,
        f"the right is not granted: {rights_pb2.DecisionKind.Name(decided.decision.kind)}",
    )
    stage.memory.tickets["right published"] = decided.decision.ticket
    return Told(
        "granted",
        ticket,
        (
            line,
            f"{_days(decided.decision)}, told to the energy supplier ({SUPPLIER})",
            f"published under {decided.decision.ticket}",
            *explained(decided),
        ),
    )


async def end(stage: Stage) -> Told:
    """The living wage ends today; the right holds until the day the law says."""
    today = clock.today()
    tomorrow = today + timedelta(days=1)
    wage = stage.wages.of(cast.LINA)[-1]
    wage.period.end = tomorrow.isoformat()
    ticket = await _publish(stage, wage, exchange_pb2.MUTATION_KIND_ENDED, "end")
    stage.memory.tickets["living wage ended"] = ticket
    decided = await _decided(stage, ticket)
    expect(
        decided.decision.kind == rights_pb2.DECISION_KIND_ENDED,
        f"the right is not ended: {rights_pb2.DecisionKind.Name(decided.decision.kind)}",
    )
    expect(
        decided.decision.period.end == date(today.year + 1, 1, 1).isoformat(),
        f"the right ends {decided.decision.period.end}, not after 31 December",
    )
    stage.memory.tickets["right ended"] = decided.decision.ticket
    return Told(
        "ended",
        ticket,
        (
            f"living wage ends on {today}, published under {ticket}",
            f"{_days(decided.decision)}, told to the energy supplier ({SUPPLIER})",
            f"window: {decided.window['en']}",
        ),
    )


async def take_back(stage: Stage) -> None:
    """Cancel every living wage that an earlier run granted, and wait until the right is gone."""
    for wage in stage.wages.of(cast.LINA):
        await _publish(
            stage, wage, exchange_pb2.MUTATION_KIND_CANCELLED, f"cancel-{wage.period.begin}"
        )
        await stage.until(partial(_is_void, stage), "the right of an earlier run still stands")
        stage.wages.withdraw(cast.LINA, wage.period.begin)


async def _publish(
    stage: Stage,
    wage: attestations_pb2.LivingWage,
    kind: exchange_pb2.MutationKind.ValueType,
    name: str,
) -> str:
    """Write it down at the centre and announce it; the ticket."""
    if kind != exchange_pb2.MUTATION_KIND_CANCELLED:
        stage.wages.put(cast.LINA, wage)
    packed = any_pb2.Any()
    packed.Pack(wage)
    request = exchange_pb2.PublishRequest(
        request_id=stage.request_id(f"living-wage-{name}"),
        mutation=exchange_pb2.Mutation(
            ssin=cast.LINA,
            data_sort="living_wage",
            kind=kind,
            period=wage.period,
            attestation=packed,
        ),
    )
    answer = await stage.persist(lambda: stage.exchange(CENTRE).Publish(request))
    return answer.ticket


async def decisions(stage: Stage) -> list[rights_pb2.RightDecision]:
    """On Lina's social tariff, newest first."""
    answer = await stage.rights(AUDITOR).ListDecisions(
        rights_pb2.ListDecisionsRequest(ssin=cast.LINA, right=RIGHT)
    )
    return list(answer.decisions)


async def _is_void(stage: Stage) -> bool:
    """Whether the newest decision, if any, says that the right never was."""
    newest = next(iter(await decisions(stage)), None)
    return newest is None or not newest.HasField("period")


async def _decided(stage: Stage, ticket: str) -> rights_pb2.ExplainResponse:
    """The newest decision explained, once it rests on that message and the supplier knows it."""

    async def look() -> rights_pb2.ExplainResponse | None:
        newest = next(iter(await decisions(stage)), None)
        if newest is None or not newest.ticket:
            return None
        explanation = await stage.rights(AUDITOR).Explain(
            rights_pb2.ExplainRequest(decision_id=newest.decision_id)
        )
        return explanation if ticket in _sources(explanation.reason) else None

    found = await stage.until(look, "the rights engine did not decide on that message")
    assert found is not None
    await _told(stage, found.decision.ticket)
    return found


async def _told(stage: Stage, ticket: str) -> list[Letter]:
    async def look() -> list[Letter]:
        return [letter for letter in stage.letters.on(ticket) if letter.institution == SUPPLIER]

    return await stage.until(look, "the right did not reach the energy supplier")


def _sources(reason: rights_pb2.Reason) -> set[str]:
    """The tickets of the messages a decision rests on."""
    own = {reason.source.ticket} if reason.HasField("source") else set()
    return own.union(*(_sources(part) for part in reason.because))


def _days(decision: rights_pb2.RightDecision) -> str:
    last = periods.from_wire(decision.period).end - timedelta(days=1)
    return f"{decision.right} from {decision.period.begin} until {last}"


def explained(explanation: rights_pb2.ExplainResponse) -> list[str]:
    """The explanation in lines: rule version, articles, window, and the tree of reasons."""
    articles = ", ".join(f"{a.act}, article {a.article}" for a in explanation.articles)
    return [
        f"rule {explanation.decision.right}, version {explanation.decision.rule_version}",
        f"law: {articles}",
        f"window: {explanation.window['en']}",
        *_branch(explanation.reason, 0),
    ]


def _branch(reason: rights_pb2.Reason, depth: int) -> list[str]:
    line = f"{'  ' * depth}{reason.text['en'] or reason.expression} = {reason.value}"
    if reason.HasField("source"):
        source = reason.source
        institution = str(institutions.from_wire(source.institution))
        line += f" [{source.member}; {source.data_sort} from {institution}, ticket {source.ticket}]"
    return [line, *(below for part in reason.because for below in _branch(part, depth + 1))]
