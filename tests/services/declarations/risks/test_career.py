"""A career is the whole line of what was declared, in order."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh.periods import Period
from services.declarations import quarters as calendar
from services.declarations.risks import career
from services.declarations.risks.career import Employment, Kind
from services.declarations.risks.domain import Branch, Line, Quarter, Risk, State

BREWERY, BAKERY = "0400000185", "0400000284"
WORK = (Line("00063", "495", "1", 6000),)


def risk(scenario: str, begin: date, state: State = State.INTRODUCED) -> Risk:
    return Risk(
        f"{scenario}{begin:%Y%m%d}",
        "91041241894",
        BREWERY,
        "",
        scenario,
        Branch.INCAPACITY,
        "001",
        state,
        Period(begin, begin + timedelta(days=1)),
        (),
    )


def test_a_working_life() -> None:
    events = career.line(
        [Employment("1", BREWERY, Period(date(2024, 1, 8), date(2026, 10, 1)))],
        [
            (BREWERY, Quarter("20241", WORK)),
            (BREWERY, Quarter("20242", WORK)),
            (BREWERY, Quarter("20244", WORK)),
            (BAKERY, Quarter("20271", WORK, retired=True)),
        ],
        [
            risk("ZIMA001", date(2025, 3, 3)),
            risk("ZIMA006", date(2025, 4, 1)),
            risk("WECH001", date(2026, 9, 30)),
            risk("AOAT001", date(2025, 5, 5), State.CANCELLED),
            risk("WECH006", date(2025, 5, 5)),
        ],
    )
    assert [(e.kind, e.days.begin.isoformat()) for e in events] == [
        (Kind.WORKS, "2024-01-01"),
        (Kind.ENTERS_OFFICE, "2024-01-08"),
        (Kind.WORKS, "2024-10-01"),
        (Kind.FALLS_ILL, "2025-03-03"),
        (Kind.RESUMES_WORK, "2025-04-01"),
        (Kind.LEAVES, "2026-09-30"),
        (Kind.BECOMES_UNEMPLOYED, "2026-09-30"),
        (Kind.WORKS, "2027-01-01"),
        (Kind.RETIRES, "2027-01-01"),
    ]


QUARTERS = st.lists(
    st.tuples(
        st.sampled_from([BREWERY, BAKERY]),
        st.builds(
            lambda year, number, lines: Quarter(f"{year}{number}", lines),
            st.integers(2020, 2022),
            st.integers(1, 4),
            st.sampled_from([(), WORK]),
        ),
    ),
    max_size=12,
)


@given(QUARTERS, st.randoms())
def test_the_order_of_what_was_declared_does_not_matter(
    quarters: list[tuple[str, Quarter]], chance: object
) -> None:
    shuffled = list(quarters)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert career.line([], quarters, []) == career.line([], shuffled, [])


@given(QUARTERS)
def test_days_of_work_are_those_of_the_quarters_with_work(
    quarters: list[tuple[str, Quarter]],
) -> None:
    events = career.line([], quarters, [])
    for employer in (BREWERY, BAKERY):
        worked = {q.quarter for e, q in quarters if e == employer and q.lines}
        told = [event.days for event in events if event.employer == employer]
        for year in (2020, 2021, 2022):
            for number in (1, 2, 3, 4):
                days = calendar.Quarter(year, number).period
                assert any(one.covers(days) for one in told) is (f"{year}{number}" in worked)
        assert not any(a.touches(b) for a in told for b in told if a is not b)
