"""What a secondary hub tells the primary one, against the set of the days, and its catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh import clock, sectors
from mesh.institutions import Institution
from mesh.periods import Period
from mesh.sectors import Sector
from services.repertory import catalogue, coverage, inscriptions, network
from services.repertory.domain import Authorization, Inscription, IntegrationControl, Key, Use

FIRST = date(2026, 1, 1)
NETWORK = Institution(17, 1)
MEMBERS = (Institution(17, 1001), Institution(17, 1002))
CENTRES = Sector(17)
KEYS = [Key("91041241894", member, quality, 0) for member in MEMBERS for quality in (1, 2)]
TODAY = clock.today()
WELFARE = catalogue.of_hub("welfare")
days = st.integers(0, 20)
period = st.tuples(days, st.integers(1, 8)).map(
    lambda span: Period(FIRST + timedelta(days=span[0]), FIRST + timedelta(days=span[0] + span[1]))
)
line = st.builds(Inscription, st.sampled_from(KEYS), period)
writes = st.lists(st.tuples(st.sampled_from(["register", "end"]), line), max_size=12)
Days = set[tuple[Key, date]]


def days_of(lines: Iterable[Inscription]) -> Days:
    return {
        (one.key, one.period.begin + timedelta(days=n))
        for one in lines
        for n in range((one.period.end - one.period.begin).days)
    }


def as_one(known: Days) -> Days:
    return {(replace(key, institution=NETWORK), day) for key, day in known}


@given(writes)
def test_the_network_is_known_on_the_days_on_which_any_member_is(
    made: list[tuple[str, Inscription]],
) -> None:
    standing: frozenset[Inscription] = frozenset()
    at_the_primary: Days = set()
    for verb, one in made:
        write = inscriptions.register(standing, [one]) if verb == "register" else None
        change = write or inscriptions.end(standing, one)
        told = network.integration(standing, change, NETWORK)
        assert not days_of(told.registered) & at_the_primary, "told twice"
        assert days_of(told.ended) <= at_the_primary, "ended before it was told"
        at_the_primary = (at_the_primary | days_of(told.registered)) - days_of(told.ended)
        standing = (standing - set(change.closed)) | set(change.opened)
        assert at_the_primary == as_one(days_of(standing))


@given(line)
def test_the_primary_is_told_of_the_first_member_and_of_the_last(one: Inscription) -> None:
    first = replace(one, key=replace(one.key, institution=MEMBERS[0]))
    second = replace(one, key=replace(one.key, institution=MEMBERS[1]))
    nothing = network.Integration((), ())
    comes = inscriptions.register({first}, [second])
    goes = inscriptions.end({first, second}, second)
    assert network.integration({first}, comes, NETWORK) == nothing
    assert network.integration({first, second}, goes, NETWORK) == nothing


def test_an_unknown_network_has_no_catalogue() -> None:
    with pytest.raises(FileNotFoundError, match="narnia"):
        catalogue.of_hub("narnia")


def test_the_catalogue_of_the_network_holds_together() -> None:
    assert coverage.gaps(WELFARE.policy, WELFARE.codes, TODAY) == ()
    granted = [a for d in WELFARE.policy.deliberations for a in d.authorizations]
    assert {one.recipient for one in granted} == {CENTRES}
    assert {one.integration_control for one in granted} == {IntegrationControl.BLOCKING}


def test_who_speaks_in_a_network_holds_nothing_beyond_it() -> None:
    ours = catalogue.read()
    first, *others = ours.policy.availabilities
    policy = replace(ours.policy, availabilities=(replace(first, beyond=True), *others))
    (gap,) = coverage.gaps(policy, ours.codes, TODAY)
    assert "speaks in this network" in gap


def test_members_may_have_of_the_primary_what_it_gives_their_network() -> None:
    """A question that the hub permits is not refused by the primary for want of a deliberation."""
    beyond = {one.data_sort for one in WELFARE.policy.availabilities if one.beyond}
    assert {one.holder for one in WELFARE.policy.availabilities if one.beyond} == {NETWORK}
    theirs = [
        one
        for deliberation in catalogue.read().policy.deliberations
        for one in deliberation.authorizations
        if sectors.includes(one.recipient, NETWORK)
    ]
    for deliberation in WELFARE.policy.deliberations:
        for one in deliberation.authorizations:
            for sort in beyond.intersection(one.data_sorts):
                assert any(gives(their, one, sort) for their in theirs), (one.id, sort)


def gives(theirs: Authorization, ours: Authorization, sort: str) -> bool:
    return (
        sort in theirs.data_sorts
        and theirs.purpose == ours.purpose
        and theirs.use in {ours.use, Use.BOTH}
        and set(ours.qualities) <= set(theirs.qualities)
        and (not theirs.fields or (bool(ours.fields) and set(ours.fields) <= set(theirs.fields)))
        and ours.retention_days <= theirs.retention_days
    )
