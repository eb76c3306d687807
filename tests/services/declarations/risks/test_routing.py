"""A risk goes to who manages its branch, and to the body that knows the person."""

from __future__ import annotations

from collections.abc import Container
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mesh import sectors
from mesh.institutions import Institution
from mesh.periods import Period
from mesh.sectors import Party
from services.declarations.risks import routing
from services.declarations.risks.domain import Branch, Subject
from services.repertory import catalogue
from services.repertory.domain import IntegrationControl, Use

FUND, PAYER, INSURER = Institution(11, 1), Institution(18, 1), Institution(1, 1)
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
RISK = Period(date(2026, 11, 10), date.max)


def subject(*known: tuple[Institution, int, Period]) -> Subject:
    return Subject("91041241894", True, known)


def test_the_body_of_the_branch_that_knows_the_person() -> None:
    lina = subject((FUND, 1, YEAR), (PAYER, 1, YEAR), (INSURER, 10, YEAR))
    assert routing.recipients(Branch.INCAPACITY, lina, RISK) == (Institution(11, 0), FUND)
    assert routing.recipients(Branch.UNEMPLOYMENT, lina, RISK) == (Institution(18, 0), PAYER)
    assert routing.recipients(Branch.WORK_ACCIDENT, lina, RISK) == (Institution(1, 0), INSURER)


def test_a_body_that_knows_her_no_longer_is_not_told() -> None:
    before = Period(date(2020, 1, 1), date(2026, 11, 10))
    assert routing.recipients(Branch.INCAPACITY, subject((FUND, 1, before)), RISK) == (
        Institution(11, 0),
    )


@given(
    st.sampled_from(Branch),
    st.lists(
        st.tuples(
            st.sampled_from([FUND, PAYER, INSURER, Institution(11, 2), Institution(17, 1)]),
            st.sampled_from([1, 2, 10, 30]),
            st.just(YEAR),
        )
    ),
)
def test_only_the_branch_and_everybody_once(
    branch: Branch, known: list[tuple[Institution, int, Period]]
) -> None:
    found = routing.recipients(branch, subject(*known), RISK)
    assert found[0] == Institution(routing.SECTORS[branch], 0)
    assert len(set(found)) == len(found)
    assert {one.sector for one in found} == {routing.SECTORS[branch]}


def test_the_router_tells_those_that_are_named() -> None:
    """What the policy allows and what the declarer is shown are the same institutions."""
    for branch, sort in routing.DATA_SORTS.items():
        told = {
            one.recipient: one
            for deliberation in catalogue.read().policy.deliberations
            for one in deliberation.authorizations
            if sort in one.data_sorts and one.use is not Use.CONSULTATION
        }
        manager = Institution(routing.SECTORS[branch], 0)
        bodies = {body: _party(body, told) for body in routing.BODIES[branch]}
        assert set(told) == {manager, *bodies.values()}
        assert told[manager].integration_control is IntegrationControl.NON_BLOCKING
        for party in bodies.values():
            assert told[party].integration_control is IntegrationControl.BLOCKING
            assert set(told[party].qualities) == routing.QUALITIES[branch]


def _party(body: Institution, told: Container[Party]) -> Party:
    """As what a body is named: by itself, or with all of its sector."""
    sector = sectors.of(body)
    return sector if sector is not None and sector in told else body
