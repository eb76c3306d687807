"""Holdings: the last word counts, and where only one can be right, that of most authority."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from mesh.institutions import Institution
from mesh.periods import Period
from services.rights.domain import Statement
from services.rights.facts import holdings
from tests.services.rights import worlds
from tests.services.rights.oracle import Oracle

ONE = timedelta(days=1)


@given(worlds.statements(), st.randoms(use_true_random=False))
def test_every_day_goes_to_whom_the_oracle_gives_it(
    said: tuple[Statement, ...], random: Random
) -> None:
    shuffled = [*said, *random.sample(said, random.randint(0, len(said)))]
    random.shuffle(shuffled)
    facts = holdings.facts_of(shuffled, worlds.SORTS)
    assert facts == holdings.facts_of(said, worlds.SORTS)
    oracle = Oracle({}, (), said, worlds.SORTS, worlds.LAST)
    for person in worlds.PERSONS:
        held = facts.get(person, ())
        assert holdings.birth(held) == oracle.birth(person)
        for n in range(-1, (worlds.LAST - worlds.FIRST).days + 500, 3):
            day = worlds.FIRST + n * ONE
            on = {s.position for s in held if s.status != "BORN" and day in s.period}
            assert on == {s.position for s in oracle.holding(person, day) if s.status != "BORN"}


def told(sector: int, begin: date, position: int, *, cancelled: bool = False) -> Statement:
    return Statement(
        "ann", Institution(sector, 1), "income", "TAXABLE_INCOME", "",
        Period(begin, begin + 365 * ONE), cancelled, f"T{position}", position, sector * 100,
    )  # fmt: skip


def test_of_two_amounts_that_of_most_authority_counts_and_the_other_keeps_what_is_left() -> None:
    weak, strong = told(17, date(2023, 1, 1), 2), told(18, date(2023, 7, 1), 1)
    held = holdings.facts_of([weak, strong], worlds.SORTS)["ann"]
    assert [(s.amount, s.period) for s in held] == [
        (1800, strong.period),
        (1700, Period(date(2023, 1, 1), date(2023, 7, 1))),
    ]


def test_what_was_cancelled_leaves_its_days_to_the_other() -> None:
    weak, strong = told(17, date(2023, 1, 1), 1), told(18, date(2023, 1, 1), 2)
    cancelled = told(18, date(2023, 1, 1), 3, cancelled=True)
    assert holdings.facts_of([weak, strong, cancelled], worlds.SORTS)["ann"] == (weak,)


def test_of_two_births_one_counts_whole() -> None:
    def born(sector: int, year: int, position: int) -> Statement:
        since = Period(date(year, 2, 1), date.max)
        return Statement(
            "ann", Institution(sector, 1), "identification", "BORN", "", since,
            cancelled=False, ticket="T", position=position,
        )  # fmt: skip

    counting, other = born(18, 1990, 1), born(17, 1985, 2)
    assert holdings.facts_of([counting, other], worlds.SORTS)["ann"] == (counting,)
