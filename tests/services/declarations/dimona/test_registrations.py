"""Daily registrations: a table of cases, made, changed and taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mesh import identification
from mesh.periods import Period
from services.declarations.dimona import rules
from services.declarations.dimona.domain import (
    Change,
    DimonaPeriod,
    Facts,
    Form,
    Kind,
    Registration,
)

PERIOD, DAY_ID, OTHER_ID, NEW_ID = (identification.dimona_period(n) for n in (1, 2, 3, 4))
BREWERY, BAKERY, LINA = "0400000185", "0400000284", "91041241894"
TODAY = date(2026, 11, 16)
FLEXIBLE = DimonaPeriod(
    PERIOD, LINA, BREWERY, "123456749", "FLX", "302", Period(date(2026, 11, 2), date(2026, 12, 1))
)
MADE = Registration(DAY_ID, LINA, PERIOD, TODAY, "1000", TODAY, "1800")
MAKE = Form(
    Kind.DAILY,
    dimona_period_id=PERIOD,
    status="0",
    starting_date="2026-11-17",
    starting_hour="1000",
    ending_date="2026-11-17",
    ending_hour="1800",
)
CHANGE = Form(Kind.DAILY, registration_id=DAY_ID, status="1", ending_hour="1900")
TAKE_BACK = Form(Kind.DAILY, registration_id=DAY_ID, status="3")
FACTS = Facts(
    BREWERY,
    "123456749",
    TODAY,
    periods=(FLEXIBLE,),
    new_id=NEW_ID,
    registers_days=True,
    registrations=(MADE,),
)


def test_a_day_is_made_changed_and_taken_back() -> None:
    made = rules.judge(MAKE, FACTS)
    assert made.registration == replace(
        MADE, id=NEW_ID, begin=date(2026, 11, 17), last_day=date(2026, 11, 17)
    )
    changed = rules.judge(CHANGE, FACTS)
    assert changed.registration == replace(MADE, ending_hour="1900")
    back = rules.judge(TAKE_BACK, FACTS)
    assert back.registration == replace(MADE, cancelled=True)
    for outcome in (made, changed, back):
        assert (outcome.change, outcome.anomalies, outcome.after) == (Change.REGISTERED, (), None)


def test_a_night_ends_on_the_next_day() -> None:
    night = replace(MAKE, starting_hour="2200", ending_date="2026-11-18", ending_hour="0600")
    assert rules.judge(night, FACTS).accepted


REFUSED = {
    "of no period": (replace(MAKE, dimona_period_id=""), FACTS, ["00913-001"]),
    "of another's period": (MAKE, replace(FACTS, employer=BAKERY), ["00913-354"]),
    "of a cancelled period": (
        MAKE,
        replace(FACTS, periods=(replace(FLEXIBLE, cancelled=True),)),
        ["00913-355"],
    ),
    "of a locked period": (
        MAKE,
        replace(FACTS, periods=(replace(FLEXIBLE, locked=True),)),
        ["00913-362"],
    ),
    "by who did not choose it": (MAKE, replace(FACTS, registers_days=False), ["00913-461"]),
    "of ordinary work": (
        MAKE,
        replace(FACTS, periods=(replace(FLEXIBLE, worker_type="OTH"),)),
        ["00913-462"],
    ),
    "with a number of its own": (replace(MAKE, registration_id=DAY_ID), FACTS, ["01085-005"]),
    "without hours": (
        replace(MAKE, starting_hour="", ending_hour=""),
        FACTS,
        ["00777-001", "00778-001"],
    ),
    "outside the period": (
        replace(MAKE, starting_date="2026-12-01", ending_date="2026-12-01"),
        FACTS,
        ["00910-462", "00911-462"],
    ),
    "that ends before it begins": (replace(MAKE, ending_hour="0900"), FACTS, ["00778-345"]),
    "that ends on a day before": (
        replace(MAKE, ending_date="2026-11-16"),
        FACTS,
        ["00911-014"],
    ),
    "longer than a day": (
        replace(MAKE, ending_date="2026-11-18"),
        FACTS,
        ["90480-260"],
    ),
    "in hours registered before": (
        replace(MAKE, starting_date="2026-11-16", ending_date="2026-11-16", ending_hour="1030"),
        FACTS,
        ["90480-334"],
    ),
    "change of an unknown day": (
        replace(CHANGE, registration_id=OTHER_ID),
        FACTS,
        ["01085-354"],
    ),
    "change of no day": (replace(CHANGE, registration_id=""), FACTS, ["01085-001"]),
    "change of nothing": (replace(CHANGE, ending_hour="1800"), FACTS, ["90480-444"]),
    "change of a day taken back": (
        CHANGE,
        replace(FACTS, registrations=(replace(MADE, cancelled=True),)),
        ["01085-355"],
    ),
    "change in a locked period": (
        CHANGE,
        replace(FACTS, periods=(replace(FLEXIBLE, locked=True),)),
        ["01085-181"],
    ),
    "change that names the period": (
        replace(CHANGE, dimona_period_id=PERIOD),
        FACTS,
        ["00913-005"],
    ),
    "taken back with an hour": (
        replace(TAKE_BACK, ending_hour="1900"),
        FACTS,
        ["00778-005"],
    ),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_refused_with_every_anomaly(case: str) -> None:
    form, facts, expected = REFUSED[case]
    outcome = rules.judge(form, facts)
    assert [anomaly.error_id for anomaly in outcome.anomalies] == expected
    assert (outcome.accepted, outcome.registration) == (False, None)
