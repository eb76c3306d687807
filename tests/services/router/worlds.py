"""Small worlds for proving decisions: few institutions, days and sorts of data."""

from datetime import date, timedelta
from itertools import combinations

from hypothesis import strategies as st

from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from mesh.sectors import Party, Sector
from services.router.domain import (
    Authorization,
    Availability,
    Inscription,
    InstitutionRecord,
    Person,
    Policy,
    Question,
    Use,
)

START = date(2026, 1, 1)
DAYS = 4
INSTITUTIONS = (Institution(12, 0), Institution(17, 1), Institution(17, 2), Institution(39, 0))
PARTIES: tuple[Party, ...] = (*INSTITUTIONS, Sector(17), Sector(12))
STRANGER = Institution(99, 9)
SORTS = ("employment_period", "living_wage")
PURPOSES = ("living_wage_enquiry", "social_tariff")
QUALITIES = (1, 2)
EVERY_DAY = [
    date.min,
    *(START + timedelta(n) for n in range(-1, DAYS + 1)),
    date.max - timedelta(days=1),
]
"""Days on which something may differ, with one before and one after all that is bounded."""
BOUNDS = [date.min, *(START + timedelta(n) for n in range(DAYS + 1)), date.max]
PERIODS = [Period(*both) for both in combinations(BOUNDS, 2)]
"""Every period of these worlds: open, half open and closed."""


def period() -> st.SearchStrategy[Period]:
    return st.sampled_from(PERIODS)


def term() -> st.SearchStrategy[Period]:
    """How long something in the policy holds: often for ever, or the rest is never looked at."""
    return st.just(ALWAYS) | period()


@st.composite
def authorization(draw: st.DrawFn, number: int) -> Authorization:
    return Authorization(
        f"A{number}",
        "18/001",
        "article 15",
        draw(st.sampled_from(PARTIES)),
        draw(st.frozensets(st.sampled_from(SORTS), min_size=1)),
        draw(st.sampled_from(PURPOSES)),
        draw(st.frozensets(st.sampled_from(list(Use)), min_size=1)),
        draw(st.booleans()),
        draw(st.frozensets(st.sampled_from(QUALITIES))),
        draw(st.frozensets(st.sampled_from(("a", "b")))),
        draw(term()),
    )


@st.composite
def policy(draw: st.DrawFn) -> Policy:
    holdings = draw(
        st.lists(
            st.tuples(
                st.sampled_from(SORTS),
                st.sampled_from(PARTIES),
                st.frozensets(st.sampled_from(QUALITIES)),
            ),
            max_size=3,
        )
    )
    return Policy.of(
        7,
        tuple(
            InstitutionRecord(
                i,
                str(i),
                frozenset({f"institution/{i}"}),
                "",
                "",
                draw(term()),
                successor=draw(st.none() | st.sampled_from(INSTITUTIONS)),
            )
            for i in INSTITUTIONS
        ),
        tuple(Availability(sort, "x", holder, q) for sort, holder, q in holdings),
        tuple(draw(authorization(n)) for n in range(draw(st.integers(0, 4)))),
    )


@st.composite
def person(draw: st.DrawFn) -> Person:
    lines = st.builds(
        Inscription, st.sampled_from(INSTITUTIONS), st.sampled_from(QUALITIES), period()
    )
    known = tuple(draw(st.lists(lines, max_size=4)))
    died = draw(st.none() | st.sampled_from(EVERY_DAY))
    return Person(known, "1", "", died, not known and died is None and draw(st.booleans()))


@st.composite
def question(draw: st.DrawFn) -> Question:
    use = draw(st.sampled_from(Use))
    consulting = use is Use.CONSULTATION
    return Question(
        draw(st.sampled_from((*INSTITUTIONS, STRANGER, None))),
        tuple(draw(st.permutations(SORTS))),
        draw(period()),
        use,
        draw(st.sampled_from(QUALITIES)) if consulting else None,
        draw(st.sampled_from(PURPOSES)) if consulting else None,
    )
