"""Small worlds: a few persons, addresses, statements and days, drawn by Hypothesis."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from hypothesis import strategies as st

from mesh.institutions import Institution
from mesh.periods import Period
from services.rights import rulebook
from services.rights.domain import Household, Membership, Statement

RULES = rulebook.load(Path(__file__).parents[3] / "services" / "rights")
RULE = RULES.rules["social_tariff_energy"]
PERSONS = ("ann", "bob", "cis")
FIRST = date(2020, 11, 1)
LAST = date(2024, 3, 1)
STATUSES = ("LIVING_WAGE", "GRAPA", "RETIREMENT", "INCREASED_REIMBURSEMENT")

days = st.dates(FIRST, LAST)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    begin = draw(days)
    length = draw(st.one_of(st.none(), st.integers(1, 500)))
    return Period(begin, date.max if length is None else begin + timedelta(days=length))


@st.composite
def households(draw: st.DrawFn) -> tuple[Household, ...]:
    """Up to two addresses; who lives where on which days is left to chance."""
    memberships = st.lists(st.builds(Membership, st.sampled_from(PERSONS), periods()), min_size=1)
    return tuple(
        Household(tuple(members)) for members in draw(st.lists(memberships, min_size=1, max_size=2))
    )


@st.composite
def statements(draw: st.DrawFn) -> tuple[Statement, ...]:
    """Many about the same few things, so that they supersede and cancel each other."""
    begins = draw(st.lists(days, min_size=1, max_size=3))
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from(PERSONS),
                st.sampled_from(STATUSES),
                st.sampled_from(begins),
                st.one_of(st.none(), st.integers(1, 500)),
                st.booleans(),
            ),
            max_size=7,
        )
    )
    return tuple(
        Statement(
            ssin=ssin,
            institution=Institution(17, 1),
            data_sort="living_wage",
            status=status,
            strand="",
            period=Period(begin, date.max if n is None else begin + timedelta(days=n)),
            cancelled=cancelled and position > 0,
            ticket=f"T{position}",
            position=position + 1,
        )
        for position, (ssin, status, begin, n, cancelled) in enumerate(drawn)
    )
