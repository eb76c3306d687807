"""What a waiver leaves of a right, what it tells, and when it is possible."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.periods import Period, merge
from services.rights.deciding import decisions
from services.rights.domain import Decision, DecisionKind, Entitlement, Rule
from services.rights.law import rulebook
from services.rights.waivers import domain as waivers
from services.rights.waivers.domain import Hindered, Hindrance, Notice, Waiver
from tests.services.rights import worlds

RULE = rulebook.load(Path(rulebook.__file__).parents[1]).rules["social_tariff_energy"]
LINA = "91041241894"
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
TODAY = date(2026, 11, 24)
YEAR = Period(date(2026, 10, 1), date(2027, 1, 1))
FROM_DECEMBER = Period(date(2026, 12, 1), date.max)

waived_days = st.lists(worlds.periods(), max_size=3).map(merge)
bounded = worlds.periods().filter(lambda p: p.end < date.max)


def decision(period: Period = YEAR, *, renewable: bool = True) -> Decision:
    return Decision(
        id="first",
        entitlement_id="first",
        ssin=LINA,
        right=RULE.id,
        kind=DecisionKind.GRANTED,
        period=period,
        void=False,
        renewable=renewable,
        ground=Period(period.begin, date.max),
        version=RULE.versions[-1].name,
        decided_at=AT,
        amounts=((period, 100),),
    )


def waiver(begin: date, end: date = date.max, right: str = RULE.id) -> Waiver:
    return Waiver("one", LINA, right, begin, "first", "citizen", AT, end)


def days_of(pieces: tuple[Decision, ...]) -> tuple[Period, ...]:
    return merge(piece.period for piece in pieces)


def test_a_waiver_ends_the_right_for_its_recipients() -> None:
    (told,) = waivers.on_waiver(decision(), (), (FROM_DECEMBER,))
    assert told == Notice(
        DecisionKind.ENDED,
        void=False,
        period=Period(YEAR.begin, date(2026, 12, 1)),
        about=YEAR,
        amounts=((Period(YEAR.begin, date(2026, 12, 1)), 100),),
    )


def test_a_waiver_from_the_first_day_on_leaves_nothing() -> None:
    (told,) = waivers.on_waiver(decision(), (), (Period(YEAR.begin, date.max),))
    assert (told.kind, told.void, told.about) == (DecisionKind.ENDED, True, YEAR)


def test_a_revocation_from_a_later_day_grants_what_is_left() -> None:
    without = (Period(date(2026, 12, 1), date(2026, 12, 10)),)
    (told,) = waivers.on_waiver(decision(), (FROM_DECEMBER,), without)
    assert (told.kind, told.period) == (
        DecisionKind.GRANTED,
        Period(date(2026, 12, 10), YEAR.end),
    )


def test_a_revocation_from_the_first_day_gives_all_back() -> None:
    (told,) = waivers.on_waiver(decision(), (FROM_DECEMBER,), ())
    assert (told.kind, told.period, told.about) == (DecisionKind.CHANGED, YEAR, YEAR)


def test_a_year_more_of_a_right_that_is_waived_is_told_to_nobody() -> None:
    longer = replace(decision(Period(YEAR.begin, date(2028, 1, 1))), id="second")
    assert waivers.on_decision(decision(), longer, (FROM_DECEMBER,)) == ()


def test_a_waiver_undone_altogether_has_no_days() -> None:
    assert waivers.days([waiver(TODAY, TODAY)], RULE.id) == ()
    assert waivers.days([waiver(TODAY)], "another_right") == ()


@given(bounded, waived_days)
def test_what_is_left_are_the_days_that_are_not_waived(
    period: Period, waived: tuple[Period, ...]
) -> None:
    left = days_of(waivers.had(decision(period), waived))
    day = period.begin
    while day < period.end:
        assert any(day in p for p in left) is not any(day in p for p in waived)
        day += timedelta(days=17)
    assert all(period.covers(piece) for piece in left)


@given(bounded, waived_days, st.booleans())
def test_entitlements_and_decisions_lose_the_same_days(
    period: Period, waived: tuple[Period, ...], renewable: bool
) -> None:
    made = decision(period, renewable=renewable)
    entitled = Entitlement(period, renewable, made.ground, made.version, made.amounts)
    assert [(e.period, e.renewable, e.amounts) for e in waivers.applied([entitled], waived)] == [
        (d.period, d.renewable, d.amounts) for d in waivers.had(made, waived)
    ]


@given(bounded, waived_days, waived_days, waived_days)
def test_waivers_in_any_order_tell_their_way_to_the_same_days(
    period: Period,
    first: tuple[Period, ...],
    second: tuple[Period, ...],
    last: tuple[Period, ...],
) -> None:
    """Whoever applies every notice in turn has what the last waivers leave."""
    made = decision(period)
    known = {piece.period for piece in waivers.had(made, ())}
    for before, after in (((), first), (first, second), (second, last)):
        for told in waivers.on_waiver(made, before, after):
            known = {p for p in known if not told.about.covers(p)}
            if not told.void:
                known.add(told.period)
    assert known == {piece.period for piece in waivers.had(made, last)}


@given(st.lists(bounded, min_size=1, max_size=2).map(merge), bounded)
def test_without_waivers_a_change_is_told_as_it_was_decided(
    before: tuple[Period, ...], now: Period
) -> None:
    standing = [
        replace(decision(p), id=str(n), entitlement_id=str(n)) for n, p in enumerate(before)
    ]
    entitled = Entitlement(now, True, Period(now.begin, date.max), "v", ((now, 100),))
    changes = decisions.difference(
        LINA,
        RULE.id,
        standing,
        [entitled],
        new_id=lambda: "new",
        decided_at=AT,
        caused_by="",
    )
    for change in changes:
        made = change.decision
        stood = next((d for d in standing if d.entitlement_id == made.entitlement_id), None)
        (told,) = waivers.on_decision(stood, made, ())
        assert (told.kind, told.void, told.period, told.about) == (
            made.kind,
            made.void,
            made.period,
            change.about,
        )


def hindrance(
    begin: date = TODAY,
    today: date = TODAY,
    waived: tuple[Period, ...] = (),
    rule: Rule = RULE,
) -> Hindrance | None:
    found = waivers.possible(rule, [decision()], waived, begin, today)
    return found.why if isinstance(found, Hindered) else None


@pytest.mark.parametrize(
    ("today", "why"),
    [
        (date(2026, 11, 24), None),
        (date(2027, 1, 7), None),
        (date(2027, 1, 8), Hindrance.WAIVER_TOO_LATE),
    ],
)
def test_a_right_is_waived_within_thirty_working_days(today: date, why: Hindrance | None) -> None:
    assert hindrance(today=today) is why


def test_only_a_right_that_is_had_is_waived() -> None:
    assert hindrance(date(2027, 1, 1)) is Hindrance.NOTHING_TO_WAIVE
    assert hindrance(date(2026, 9, 30)) is Hindrance.NOTHING_TO_WAIVE
    assert hindrance(waived=(FROM_DECEMBER,), begin=date(2026, 12, 3)) is Hindrance.WAIVED_ALREADY


def test_a_rule_without_a_term_knows_no_waiver() -> None:
    versions = tuple(replace(v, waivable_workdays=None) for v in RULE.versions)
    assert hindrance(rule=replace(RULE, versions=versions)) is Hindrance.NO_WAIVER
