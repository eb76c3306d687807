"""Simulations as the contract writes them: invented persons, and a law that is tried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import grpc
from crossroads.rights.v1 import simulation_pb2
from crossroads.types.v1 import types_pb2

from mesh import periods
from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from mesh.refusals import Refusal
from services.rights import asked
from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import Group, Household, Membership, Rule, Statement, World
from services.rights.facts import holdings
from services.rights.law.rule_versions import Library
from services.rights.law.rulefile import RuleFileError
from services.rights.law.statuses import Statuses
from services.rights.simulating import simulation
from services.rights.simulating.simulation import Difference, OtherValue, UnknownParameter

INVENTOR = Institution(25, 0)
"""In whose name invented facts are said."""


def law(
    wire: simulation_pb2.SimulatedLaw, rules: Mapping[str, Rule], library: Library
) -> dict[str, Rule]:
    """The law that is tried out. Raises Refusal."""
    others = [
        OtherValue(p.right, p.name, asked.day(getattr(p, "from"), "from"), p.value)
        for p in wire.parameters
    ]
    try:
        rule = simulation.candidate(wire.candidate, library) if wire.candidate else None
        for other in others:
            asked.rule({**rules, **({rule.id: rule} if rule else {})}, other.right)
        return simulation.law(rules, others, rule)
    except RuleFileError as error:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT, "CANDIDATE_INVALID", metadata={"why": str(error)}
        ) from error
    except UnknownParameter as error:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "UNKNOWN_PARAMETER",
            metadata={"name": str(error)},
            violations=[("law.parameters.name", "is read by no version of the rule")],
        ) from error


def world(request: simulation_pb2.SimulateRequest, statuses: Statuses) -> World:
    """The invented persons, named by their place. Raises Refusal."""
    said = [
        statement
        for number, member in enumerate(request.members)
        for statement in _said(str(number), member, statuses)
    ]
    households = _households(request)
    homes = {
        str(number): tuple(h for h in households if str(number) in h.ssins)
        for number in range(len(request.members))
    }
    return World(holdings.facts_of(said, statuses.sorts), homes)


def simulated(right: str, worked_out: Evaluation, on: date) -> simulation_pb2.SimulatedRight:
    """What the first of the invented persons would have."""
    entitled = worked_out.entitlements(right, "0")
    in_force = [v for v in worked_out.versions(right) if on in v.validity]
    return simulation_pb2.SimulatedRight(
        right=right,
        periods=[periods.to_wire(e.period) for e in entitled],
        amounts=[
            simulation_pb2.SimulatedAmount(period=periods.to_wire(period), cents=cents)
            for e in entitled
            for period, cents in e.amounts
        ],
        rule_version=in_force[-1].name if in_force else "",
    )


def differences(
    persons: int, found: Counter[tuple[str, Difference]]
) -> simulation_pb2.SimulatePopulationResponse:
    return simulation_pb2.SimulatePopulationResponse(
        persons=persons,
        differences=[
            simulation_pb2.SimulatedDifference(
                right=right,
                granted=found[right, Difference.GRANTED],
                ended=found[right, Difference.ENDED],
                changed=found[right, Difference.CHANGED],
            )
            for right in sorted({right for right, _ in found})
        ],
    )


def _said(
    name: str, member: simulation_pb2.SimulatedMember, statuses: Statuses
) -> Iterable[Statement]:
    for number, status in enumerate(member.statuses):
        if status.status not in statuses.titles:
            known = ", ".join(sorted(statuses.titles))
            raise Refusal(
                grpc.StatusCode.INVALID_ARGUMENT,
                "UNKNOWN_STATUS",
                metadata={"known": known},
                violations=[("members.statuses.status", f"is not one of: {known}")],
            )
        cents = status.cents if status.HasField("cents") else None
        yield _statement(name, status.status, _days(status.period, "statuses"), number, cents)
    if member.born:
        born = Period(asked.day(member.born, "members.born"), date.max)
        yield _statement(name, holdings.BORN, born, len(member.statuses), None)


def _statement(name: str, status: str, period: Period, number: int, cents: int | None) -> Statement:
    return Statement(
        ssin=name,
        institution=INVENTOR,
        data_sort="",
        status=status,
        strand=str(number),
        period=period,
        cancelled=False,
        ticket="",
        position=number,
        amount=cents,
    )


def _households(request: simulation_pb2.SimulateRequest) -> tuple[Household, ...]:
    """The groups given; else everybody together in every sort of group."""
    if not request.groups:
        everybody = tuple(Membership(str(n), ALWAYS) for n in range(len(request.members)))
        return tuple(Household(everybody, group=g) for g in Group if g is not Group.PERSON)
    return tuple(
        Household(
            tuple(_membership(m, len(request.members)) for m in group.members),
            group=Group(group.group),
        )
        for group in request.groups
    )


def _membership(wire: simulation_pb2.SimulatedMembership, persons: int) -> Membership:
    if wire.member >= persons:
        raise asked.malformed("groups.members.member", "is none of the persons")
    period = _days(wire.period, "groups.members") if wire.HasField("period") else ALWAYS
    return Membership(str(wire.member), period, wire.role)


def _days(wire: types_pb2.Period, field: str) -> Period:
    return asked.period(wire, f"{field}.period")
