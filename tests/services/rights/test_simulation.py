"""Another law on invented persons, and what it would change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crossroads.rights.v1 import simulation_pb2
from crossroads.types.v1 import types_pb2

from mesh import call, clock, identity
from mesh.identity import Caller
from mesh.refusals import Refusal
from services.rights.law import rulebook
from services.rights.simulating import simulation
from services.rights.simulating.simulations import Simulations

HERE = Path(rulebook.__file__).parents[1]
RULES = rulebook.load(HERE)
NOBODY: Any = None
"""No database: an invented household needs none."""
FROM: Any = {"from": "2026-01-01"}
"""A word of the contract that Python keeps for itself."""
CANDIDATE = """
id: free_beer
title: {nl: a, fr: b, de: c, en: d}
explanation: {nl: a, fr: b, de: c, en: d}
group: domicile
granted_by: a brewer
versions:
  - valid_from: 2026-01-01
    known_from: 2026-01-01
    legal: [{act: An act, article: '1', verified: false}]
    facts: {had: {right: social_tariff_energy}}
    when: any_member(has(had)) and group_size() >= param.least
    params: {least: [{from: 2026-01-01, value: 2, source: a test, verified: false}]}
    amount: group_size() * 100
    window: {from: first_day, until: last_day}
"""


@pytest.fixture(params=["operator"])
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    asking = Caller(identity.Identity(request.param, "1"))
    token = call.CALLER.set(asking)
    yield asking
    call.CALLER.reset(token)


@pytest.fixture
def simulations(caller: Caller) -> Simulations:
    return Simulations(RULES, NOBODY, clock.now)


def status(name: str, begin: str = "2026-05-05", **also: Any) -> simulation_pb2.SimulatedStatus:
    return simulation_pb2.SimulatedStatus(status=name, period=types_pb2.Period(begin=begin), **also)


def asked(**change: Any) -> simulation_pb2.SimulateRequest:
    members = [
        simulation_pb2.SimulatedMember(),
        simulation_pb2.SimulatedMember(statuses=[status("GRAPA")]),
    ]
    return simulation_pb2.SimulateRequest(
        **{"right": "social_tariff_energy", "on": "2026-11-24", "members": members, **change}
    )


def days(simulated: simulation_pb2.SimulatedRight) -> list[tuple[str, str]]:
    return [(p.begin, p.end) for p in simulated.periods]


def test_a_status_of_anybody_counts_for_the_household(simulations: Simulations) -> None:
    (right,) = simulations.household(asked()).rights
    assert days(right) == [("2026-04-01", "2027-01-01")]
    assert right.rule_version.startswith("2023-07-01/")


def test_every_right_is_worked_out_where_none_is_named(simulations: Simulations) -> None:
    rights = simulations.household(asked(right="")).rights
    assert [right.right for right in rights] == sorted(RULES.rules)


def test_who_does_not_belong_together_does_not_count(simulations: Simulations) -> None:
    apart = [
        simulation_pb2.SimulatedGroup(
            group="domicile", members=[simulation_pb2.SimulatedMembership(member=n)]
        )
        for n in range(2)
    ]
    (right,) = simulations.household(asked(groups=apart)).rights
    assert days(right) == []


def test_a_candidate_rule_may_rest_on_the_law_as_it_is(simulations: Simulations) -> None:
    law = simulation_pb2.SimulatedLaw(candidate=CANDIDATE)
    (right,) = simulations.household(asked(right="free_beer", law=law)).rights
    assert days(right) == [("2026-04-01", "2027-01-01")]
    assert [a.cents for a in right.amounts] == [200]


def test_a_parameter_may_have_another_value_from_a_day_on(simulations: Simulations) -> None:
    other = simulation_pb2.SimulatedParameter(
        right="free_beer", name="least", value=3, **{"from": "2026-07-01"}
    )
    law = simulation_pb2.SimulatedLaw(candidate=CANDIDATE, parameters=[other])
    (right,) = simulations.household(asked(right="free_beer", law=law)).rights
    assert days(right) == [("2026-04-01", "2026-07-01")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"right": "free_beer"}, "UNKNOWN_RIGHT"),
        ({"on": "2026-02-30"}, "MALFORMED_REQUEST"),
        (
            {"members": [simulation_pb2.SimulatedMember(statuses=[status("KING")])]},
            "UNKNOWN_STATUS",
        ),
        (
            {"members": [simulation_pb2.SimulatedMember(statuses=[status("GRAPA", "2026-02-30")])]},
            "MALFORMED_REQUEST",
        ),
        (
            {
                "groups": [
                    simulation_pb2.SimulatedGroup(
                        group="domicile", members=[simulation_pb2.SimulatedMembership(member=2)]
                    )
                ]
            },
            "MALFORMED_REQUEST",
        ),
        ({"law": simulation_pb2.SimulatedLaw(candidate="id: [")}, "CANDIDATE_INVALID"),
        ({"law": simulation_pb2.SimulatedLaw(candidate="id: ../etc")}, "CANDIDATE_INVALID"),
        (
            {"law": simulation_pb2.SimulatedLaw(candidate=CANDIDATE.replace("has(had)", "has(x)"))},
            "CANDIDATE_INVALID",
        ),
        (
            {
                "law": simulation_pb2.SimulatedLaw(
                    candidate=CANDIDATE.replace("social_tariff_energy", "free_beer")
                )
            },
            "CANDIDATE_INVALID",
        ),
        (
            {
                "law": simulation_pb2.SimulatedLaw(
                    parameters=[
                        simulation_pb2.SimulatedParameter(
                            right="social_tariff_energy", name="none", value=1, **FROM
                        )
                    ]
                )
            },
            "UNKNOWN_PARAMETER",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    simulations: Simulations, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refusal) as refused:
        simulations.household(asked(**change))
    assert refused.value.reason == reason


def test_an_error_in_a_candidate_names_its_line(simulations: Simulations) -> None:
    law = simulation_pb2.SimulatedLaw(candidate=CANDIDATE.replace("valid_from", "valid_form"))
    with pytest.raises(Refusal) as refused:
        simulations.household(asked(law=law))
    assert "free_beer.yaml:8:" in refused.value.metadata["why"]


@pytest.mark.parametrize("caller", ["institution", "auditor"], indirect=True)
def test_only_an_operator_tries_out_the_text_of_a_rule(simulations: Simulations) -> None:
    with pytest.raises(Refusal) as refused:
        simulations.household(asked(law=simulation_pb2.SimulatedLaw(candidate=CANDIDATE)))
    assert refused.value.reason == "CANDIDATE_NOT_YOURS"


def test_rights_that_stand_on_each_other_reach_as_far_as_they_are_many() -> None:
    assert simulation.depth({}) == 0
    assert simulation.depth(RULES.rules) >= 2
