"""Mutations planned together get what each would get planned alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from google.protobuf import any_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh import periods
from mesh.institutions import Institution
from mesh.periods import Period
from services.router import distribution, planning
from services.router.delivery import delivery
from services.router.domain import DataSortDecision, Person, Policy, Verdict
from services.router.mutation import ReceivedMutation
from services.router.planning import Planner
from tests.services.router import worlds

AT, ON = datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2)
FIELDS = {"a": "kind", "b": "monthly_cents"}
SIGNALS = frozenset({str(worlds.INSTITUTIONS[2])})
SSINS = ("91041241894", "15092325643", "85073003328")
IN_FORCE = "84031721194"
unhurried = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def of_living_wages(policy: Policy) -> Policy:
    """The same policy, about attestations that there are."""
    return Policy.of(
        policy.revision,
        tuple(policy.institutions.values()),
        tuple(
            replace(held, attestation="crossroads.attestations.v1.LivingWage")
            for several in policy.availabilities.values()
            for held in several
        ),
        tuple(
            {
                ground.id: replace(ground, fields=frozenset(FIELDS[f] for f in ground.fields))
                for several in policy.authorizations.values()
                for ground in several
            }.values()
        ),
    )


@st.composite
def batch(draw: st.DrawFn) -> list[ReceivedMutation]:
    return [received(number, *draw(told())) for number in range(draw(st.integers(1, 6)))]


def told() -> st.SearchStrategy[tuple[str, str, Period, int]]:
    return st.tuples(
        st.sampled_from(SSINS),
        st.sampled_from(worlds.SORTS),
        worlds.period(),
        st.sampled_from((0, 1)),
    )


@st.composite
def known(draw: st.DrawFn) -> Person:
    """A person, whose number may have given way to another."""
    return replace(draw(worlds.person()), replaced_by=draw(st.sampled_from(("", IN_FORCE))))


def received(number: int, ssin: str, sort: str, period: Period, by: int) -> ReceivedMutation:
    attestation = any_pb2.Any()
    attestation.Pack(attestations_pb2.LivingWage(kind="LIVING_WAGE", monthly_cents=number))
    mutation = exchange_pb2.Mutation(
        ssin=ssin,
        data_sort=sort,
        kind=exchange_pb2.MUTATION_KIND_CHANGED,
        period=periods.to_wire(period),
        attestation=attestation,
    )
    content = mutation.SerializeToString(deterministic=True)
    sender = worlds.INSTITUTIONS[by]
    moment = AT.replace(second=number)
    return ReceivedMutation(
        f"T{number}", ssin, sender, f"institution/{sender}", "r", b"", content, "", moment
    )


@unhurried
@given(worlds.policy(), st.tuples(*(known() for _ in SSINS)), batch())
def test_together_is_as_alone(
    policy: Policy, people: tuple[Person, ...], mutations: list[ReceivedMutation]
) -> None:
    policy, persons = of_living_wages(policy), dict(zip(SSINS, people, strict=True))
    together = Planner(policy, SIGNALS, "A", AT, ON).plans(mutations, persons)
    alone = [
        Planner(policy, SIGNALS, "A", AT, ON).plan(one, persons[one.ssin]) for one in mutations
    ]
    assert together == alone
    for one, plan in zip(mutations, together, strict=True):
        check(one, plan, policy, persons[one.ssin])


def check(one: ReceivedMutation, plan: planning.Plan, policy: Policy, person: Person) -> None:
    """Who is told what is what is decided on each institution by itself."""
    mutation = exchange_pb2.Mutation.FromString(one.mutation)
    period = periods.from_wire(mutation.period)
    decisions = distribution.distribute(mutation.data_sort, period, one.sender, policy, person, ON)
    mutation.ssin = person.replaced_by or one.ssin
    expected = [
        (institution, delivered(one, mutation, decided.data_sorts[0], policy, institution))
        for institution, decided in decisions.items()
        if decided.verdict is Verdict.PERMITTED
    ]
    assert {to.ssin for to in plan.addressed} <= {person.replaced_by or one.ssin}
    found = [
        (to.institution, mailbox_pb2.Delivery.FromString(to.delivery)) for to in plan.addressed
    ]
    assert found == expected
    assert [entry.ssin for entry in plan.entries] == [one.ssin] * len(plan.entries)
    assert {entry.ticket for entry in plan.entries} == {one.ticket}
    assert set(plan.written) == {entry.entry_id for entry in plan.entries}
    assert len(plan.written) == len(plan.entries)
    assert {to.entry_id for to in plan.addressed} <= set(plan.written)
    untold = any(decided.verdict is Verdict.REFUSED for decided in decisions.values())
    assert len(plan.entries) == 1 + len(expected) + untold


def delivered(
    one: ReceivedMutation,
    mutation: exchange_pb2.Mutation,
    part: DataSortDecision,
    policy: Policy,
    to: Institution,
) -> mailbox_pb2.Delivery:
    signal = str(to) in SIGNALS
    return delivery(
        *(one.ticket, mutation, one.sender, part, policy, AT), signal=signal, traceparent=""
    )
