"""Questions decided together get what each would get decided alone, in answer and ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh import periods
from mesh.identity import Caller, parse
from services.router import decision, replay
from services.router.asked import Asked, Reading
from services.router.deciding import Decided, Deciding
from services.router.domain import Person, Policy
from tests.services.router import worlds

AT, ON = datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2)
KIND = ledger_pb2.ENTRY_KIND_CONSULTATION
CALLER = Caller(parse(f"institution/{worlds.INSTITUTIONS[1]}"))
SSINS = ("91041241894", "15092325643", "85073003328")
unhurried = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@st.composite
def request(draw: st.DrawFn) -> exchange_pb2.ConsultRequest:
    return exchange_pb2.ConsultRequest(
        ssin=draw(st.sampled_from(SSINS)),
        data_sorts=draw(st.sampled_from((worlds.SORTS, worlds.SORTS[::-1], worlds.SORTS[:1]))),
        quality=draw(st.sampled_from(worlds.QUALITIES)),
        purpose=draw(st.sampled_from(worlds.PURPOSES)),
        period=periods.to_wire(draw(worlds.period())),
        reference=draw(st.sampled_from(("", "mine"))),
        freshness=draw(st.sampled_from(("", "7"))),
    )


@unhurried
@given(
    worlds.policy(),
    st.tuples(*(worlds.person() for _ in SSINS)),
    st.lists(request(), min_size=1, max_size=6),
)
def test_together_is_as_alone(
    policy: Policy, people: tuple[Person, ...], requests: list[exchange_pb2.ConsultRequest]
) -> None:
    persons = dict(zip(SSINS, people, strict=True))
    reading, together = Reading(CALLER, policy, ON), Deciding(KIND, AT)
    for number, one in enumerate(requests):
        found = decided(reading.read(one), persons, together, f"T{number}")
        alone = Reading(CALLER, policy, ON).read(one)
        assert found.asked.request == one
        assert found[1:] == decided(alone, persons, Deciding(KIND, AT), f"T{number}")[1:]
        made = found.made.decision
        read = persons[one.ssin] if alone.must_look_up else None
        assert made == decision.decide(alone.manner.question, policy, read, ON)
        check(found.entry, one, policy, read)


def decided(asked: Asked, persons: dict[str, Person], by: Deciding, ticket: str) -> Decided:
    return by.decide(asked, persons[asked.request.ssin] if asked.must_look_up else None, ticket)


def check(
    entry: ledger_pb2.Entry,
    asked: exchange_pb2.ConsultRequest,
    policy: Policy,
    person: Person | None,
) -> None:
    """The entry is one message as any other, holds the question, and can be made again."""
    assert entry.ssin == asked.ssin
    record = exchange_pb2.ConsultationRecord.FromString(entry.content)
    assert record.SerializeToString(deterministic=True) == entry.content
    question = exchange_pb2.ConsultRequest.FromString(asked.SerializeToString())
    question.ClearField("reference")
    assert record.consultation == question
    assert replay.differences(replay.past(entry), policy, person) == ()
