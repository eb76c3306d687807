"""What a secondary hub hands to its members, and how their parts become one answer."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import exchange_pb2, supplier_pb2
from google.protobuf import any_pb2
from hypothesis import given
from hypothesis import strategies as st

from mesh.identity import Caller, parse
from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from mesh.refusals import Refusal
from services.router import decision, entries, network, refusals
from services.router.domain import (
    Authorization,
    Availability,
    InstitutionRecord,
    Person,
    Policy,
    Question,
    Use,
)
from tests.services.router import worlds

NETWORK = Institution(17, 0)
NAMES = {
    "OK": exchange_pb2.ANSWER_STATUS_OK,
    "NO_DATA": exchange_pb2.ANSWER_STATUS_NO_DATA,
    "LATE": exchange_pb2.ANSWER_STATUS_LATE,
    "UNAVAILABLE": exchange_pb2.ANSWER_STATUS_UNAVAILABLE,
}


def with_beyond(policy: Policy) -> Policy:
    """The same world, whose second sort of data is held beyond it too."""
    return Policy.of(
        policy.revision,
        (
            *policy.institutions.values(),
            InstitutionRecord(NETWORK, "network", frozenset(), "", "", ALWAYS),
        ),
        (
            *(one for held in policy.availabilities.values() for one in held),
            Availability(worlds.SORTS[1], "x", NETWORK, beyond=True),
        ),
        tuple({a for granted in policy.authorizations.values() for a in granted}),
    )


@given(worlds.question(), worlds.policy(), worlds.person(), st.sampled_from(worlds.EVERY_DAY))
def test_what_is_held_beyond_adds_one_to_ask_and_nothing_else(
    question: Question, policy: Policy, person: Person, on: date
) -> None:
    within, over = policy, with_beyond(policy)
    asked = decision.decide(question, over, person, on)
    for part in asked.data_sorts:
        known = network.members(part.data_sort, question.period, over, person)
        assert known == decision.holders(part.data_sort, question.period, within, person)
        if part.reason is None:
            beyond = network.beyond_of(part, over)
            assert beyond == ({NETWORK} if part.data_sort == worlds.SORTS[1] else set())
            assert set(part.holders) == {*known, *beyond}


def test_what_is_held_beyond_is_not_asked_for_who_is_not_known() -> None:
    asker = worlds.INSTITUTIONS[1]
    granted = Authorization(
        "A1",
        "18/014",
        "article 15",
        asker,
        frozenset({worlds.SORTS[1]}),
        worlds.PURPOSES[0],
        frozenset({Use.CONSULTATION}),
        blocking=True,
    )
    policy = with_beyond(
        Policy.of(
            1,
            (InstitutionRecord(asker, "centre", frozenset(), "", "", ALWAYS),),
            (),
            (granted,),
        )
    )
    period = Period(worlds.START, worlds.START + timedelta(days=1))
    question = Question(asker, (worlds.SORTS[1],), period, Use.CONSULTATION, 1, worlds.PURPOSES[0])
    (part,) = decision.decide(question, policy, Person((), "1"), worlds.START).data_sorts
    assert part.reason is not None
    assert part.holders == ()
    assert network.beyond_of(part, policy) == frozenset()


@pytest.mark.parametrize(
    ("given_by_members", "told"),
    [
        ([], "NO_DATA"),
        (["NO_DATA", "NO_DATA"], "NO_DATA"),
        (["OK", "NO_DATA"], "OK"),
        (["OK", "LATE"], "LATE"),
        (["LATE", "UNAVAILABLE", "OK"], "UNAVAILABLE"),
    ],
)
def test_a_part_that_is_missing_is_told(given_by_members: list[str], told: str) -> None:
    packed = any_pb2.Any()
    packed.Pack(attestations_pb2.LivingWage(category=1))
    parts = [
        supplier_pb2.Answer(status=NAMES[name], attestations=[packed] if name == "OK" else [])
        for name in given_by_members
    ]
    joined = network.joined(parts)
    assert joined.status == NAMES[told]
    assert len(joined.attestations) == given_by_members.count("OK")


def test_the_chain_ends_with_the_hub_that_names_it() -> None:
    hub, centre = Caller(parse("hub/welfare")), Caller(parse("institution/17/1001"))
    assert entries.chain(hub, Institution(17, 1), ["institution/17/1001"]) == [
        "institution/17/1001",
        "hub/welfare",
    ]
    assert entries.chain(centre, Institution(17, 1001)) == []


MANAGER, CENTRES, GENT, GONE = (Institution(17, number) for number in (0, 1, 1001, 1003))
FUND, TODAY = Institution(11, 1), date(2026, 3, 1)


def listed() -> Policy:
    """The welfare centres as the primary hub knows them; one was merged a year ago."""
    last_year = Period(date(2000, 1, 1), date(2025, 1, 1))
    return Policy.of(
        1,
        (
            InstitutionRecord(MANAGER, "manager", frozenset(), "", "", ALWAYS),
            InstitutionRecord(FUND, "fund", frozenset(), "", "", ALWAYS),
            *(
                InstitutionRecord(one, "centre", frozenset(), "", "", period, managing=MANAGER)
                for one, period in ((CENTRES, ALWAYS), (GENT, ALWAYS), (GONE, last_year))
            ),
        ),
        (),
        (),
    )


@pytest.mark.parametrize(
    ("path", "chain", "reason"),
    [
        ("hub/welfare", ["institution/17/1001"], ""),
        ("hub/welfare", ["institution/17/1001", "institution/17/0"], ""),
        ("hub/welfare", [], "NOT_OF_YOUR_NETWORK"),
        ("hub/welfare", ["institution/17/1003"], "NOT_OF_YOUR_NETWORK"),
        ("hub/welfare", ["institution/17/9999"], "NOT_OF_YOUR_NETWORK"),
        ("hub/welfare", ["institution/17/1001", "institution/11/1"], "NOT_OF_YOUR_NETWORK"),
        ("hub/welfare", ["institution/somebody"], "NOT_OF_YOUR_NETWORK"),
        ("hub/welfare", ["service/17/1001"], "NOT_OF_YOUR_NETWORK"),
        ("institution/17/1", ["institution/17/1001"], "CHAIN_NOT_YOURS"),
        ("institution/17/1", [], ""),
    ],
)
def test_a_hub_asks_for_members_of_its_network_and_for_nobody_else(
    path: str, chain: list[str], reason: str
) -> None:
    refused = pytest.raises(Refusal, match=reason) if reason else nullcontext()
    with refused:
        refusals.check_chain(chain, Caller(parse(path)), CENTRES, listed(), TODAY)


def test_a_hub_that_speaks_for_no_network_asks_for_nobody() -> None:
    for network_of in (None, Institution(99, 9)):
        assert not network.speaks_for(network_of, ["institution/17/1001"], listed(), TODAY)
