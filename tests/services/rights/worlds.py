"""Small worlds: a few persons, what institutions said of them, and the groups they are in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from hypothesis import strategies as st

from mesh.institutions import Institution
from mesh.periods import Period
from services.rights.domain import Group, Household, Membership, Statement, World
from services.rights.facts import holdings
from services.rights.law import rulebook
from services.rights.law.statuses import Sort

RULES = rulebook.load(Path(__file__).parents[3] / "services" / "rights")
RULE = RULES.rules["social_tariff_energy"]
PERSONS = ("ann", "bob", "cis")
FIRST = date(2022, 11, 1)
LAST = date(2024, 6, 1)
ROLES = {
    Group.DOMICILE: ("",),
    Group.FUND_HOUSEHOLD: ("HOLDER", "PARTNER", "DEPENDANT"),
    Group.FAMILY: ("PARENT", "CHILD"),
}
BIRTHS = (date(2004, 2, 29), date(1958, 6, 15), date(2024, 2, 10), date(2005, 1, 1))


def sort(*values: str, several: bool = False, alone: bool = False) -> Sort:
    """One whose word is settled by authority, where it is `alone`: sector 18 before sector 17."""
    authority = (18, 17) if alone else ()
    return Sort("", "", frozenset(values), several, alone, authority)


SORTS = {
    "living_wage": sort("LIVING_WAGE", "EQUIVALENT", alone=True),
    "pension": sort("GRAPA", "RETIREMENT", several=True),
    "income": sort("TAXABLE_INCOME", alone=True),
    "identification": sort("BORN", alone=True),
}
"""Of the made-up worlds; those of the statuses in force are other ones."""
INSTITUTIONS = (Institution(17, 1), Institution(18, 1), Institution(25, 3))
CENTS = (0, 1, 2, 1000, 2000)

days = st.dates(FIRST, LAST)
lengths = st.none() | st.integers(1, 500)


def lasting(begin: date, length: int | None) -> Period:
    return Period(begin, date.max if length is None else begin + timedelta(days=length))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    begin = draw(st.just(date.min) | days)
    return lasting(begin if begin > date.min else FIRST, draw(lengths))


@st.composite
def households(draw: st.DrawFn) -> tuple[Household, ...]:
    """Up to two groups of each sort; who is in which, as what and when is left to chance."""
    made: list[Household] = []
    for group, roles in ROLES.items():
        memberships = st.builds(
            Membership, st.sampled_from(PERSONS), periods(), st.sampled_from(roles)
        )
        members = st.lists(memberships, min_size=1, max_size=4).map(tuple)
        drawn = draw(st.lists(members, min_size=1, max_size=2))
        made += [Household(members, "HOME", group) for members in drawn]
    return tuple(made)


@st.composite
def statements(draw: st.DrawFn) -> tuple[Statement, ...]:
    """Many about the same few things: they supersede, cancel and contradict each other."""
    begins = draw(st.lists(days, min_size=1, max_size=3))
    words = st.tuples(
        st.sampled_from(PERSONS),
        st.sampled_from(INSTITUTIONS),
        st.sampled_from(
            [(name, value) for name, of in SORTS.items() for value in sorted(of.values)]
        ),
        st.sampled_from(begins),
        lengths,
        st.sampled_from(CENTS),
        st.sampled_from(BIRTHS),
        st.sampled_from([False, False, False, True]),
    )
    drawn = draw(st.lists(words, min_size=1, max_size=9))
    return tuple(
        Statement(
            ssin=ssin,
            institution=institution,
            data_sort=name,
            status=status,
            strand=status if SORTS[name].several_at_once else "",
            period=lasting(birth, None) if status == "BORN" else lasting(begin, length),
            cancelled=cancelled,
            ticket=f"T{position}",
            position=position,
            amount=cents if status == "TAXABLE_INCOME" else None,
        )
        for position, (ssin, institution, (name, status), begin, length, cents, birth, cancelled)
        in enumerate(drawn, start=1)
    )  # fmt: skip


def world(homes: Sequence[Household], said: Sequence[Statement]) -> World:
    """All groups, given to everybody: who is in none of them has no part in it."""
    return World(holdings.facts_of(said, SORTS), dict.fromkeys(PERSONS, tuple(homes)))
