"""What becomes of a Dimona: a table of cases, then any order of declarations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh import identification
from mesh.periods import Period
from services.declarations.dimona import rules
from services.declarations.dimona.domain import (
    BLOCKING,
    Anomaly,
    Change,
    DimonaPeriod,
    Facts,
    Form,
    Kind,
    Outcome,
    Person,
    Registration,
)

TODAY = date(2026, 11, 16)
LINA = "91041241894"
JORIS = "84031721194"
BREWERY, BAKERY = "0400000185", "0400000284"
IDS = [identification.dimona_period(number) for number in range(1, 60)]
OPEN = DimonaPeriod(
    IDS[0], LINA, BREWERY, "123456749", "OTH", "XXX", Period(date(2026, 11, 2), date.max)
)
CLOSED = replace(OPEN, days=Period(date(2026, 11, 2), date(2026, 12, 1)))
STUDENT = replace(CLOSED, worker_type="STU", planned_hours="40")
IN = Form(
    Kind.IN,
    inss=LINA,
    starting_date="2026-11-16",
    worker_type="OTH",
    joint_commission="XXX",
    company_id=BREWERY,
)
OUT = Form(Kind.OUT, dimona_period_id=IDS[0], ending_date="2026-11-30")
UPDATE = Form(Kind.UPDATE, dimona_period_id=IDS[0], ending_date="2026-12-15")
CANCEL = Form(Kind.CANCEL, dimona_period_id=IDS[0])
SHORT = replace(IN, worker_type="STU", ending_date="2026-12-31", planned_hours="40")
CASUAL = replace(
    IN,
    worker_type="EXT",
    joint_commission="302",
    starting_hour="1000",
    ending_date="2026-11-16",
    ending_hour="1800",
)


FLEXIBLE = replace(OPEN, worker_type="FLX")
FEW_HOURS = DimonaPeriod(
    IDS[1],
    LINA,
    BREWERY,
    "123456749",
    "EXT",
    "302",
    Period(date(2026, 11, 16), date(2026, 11, 17)),
    "1000",
    "1800",
)
REGISTERED = Registration(
    IDS[9], LINA, IDS[0], date(2026, 11, 16), "1000", date(2026, 11, 16), "1800"
)
DAY = Form(
    Kind.DAILY,
    dimona_period_id=IDS[0],
    status="0",
    starting_date="2026-11-16",
    starting_hour="1000",
    ending_date="2026-11-16",
    ending_hour="1800",
)


def facts(*periods: DimonaPeriod, known: bool = True, employer: str = BREWERY) -> Facts:
    return Facts(employer, "123456749", TODAY, Person(LINA, known), periods, IDS[-1])


def codes(outcome: Outcome) -> list[str]:
    return [anomaly.error_id for anomaly in outcome.anomalies]


ACCEPTED = {
    "an IN makes an open period": (
        IN,
        facts(),
        Change.CREATED,
        Period(date(2026, 11, 16), date.max),
    ),
    "the last day declared is still in the period": (
        SHORT,
        facts(),
        Change.CREATED,
        Period(date(2026, 11, 16), date(2027, 1, 1)),
    ),
    "casual work of a few hours": (
        CASUAL,
        facts(),
        Change.CREATED,
        Period(date(2026, 11, 16), date(2026, 11, 17)),
    ),
    "casual work in hotels may be declared by the day": (
        replace(CASUAL, ending_hour=""),
        facts(),
        Change.CREATED,
        Period(date(2026, 11, 16), date(2026, 11, 17)),
    ),
    "another employer may have her at the same time": (
        IN,
        facts(replace(OPEN, employer=BAKERY)),
        Change.CREATED,
        Period(date(2026, 11, 16), date.max),
    ),
    "a cancelled period is in nobody's way": (
        IN,
        facts(replace(OPEN, cancelled=True)),
        Change.CREATED,
        Period(date(2026, 11, 16), date.max),
    ),
    "an IN on the day after the last is no overlap": (
        replace(IN, starting_date="2026-12-01"),
        facts(CLOSED),
        Change.CREATED,
        Period(date(2026, 12, 1), date.max),
    ),
    "an OUT ends": (OUT, facts(OPEN), Change.ENDED, Period(date(2026, 11, 2), date(2026, 12, 1))),
    "an OUT on the first day leaves one day": (
        replace(OUT, ending_date="2026-11-02"),
        facts(OPEN),
        Change.ENDED,
        Period(date(2026, 11, 2), date(2026, 11, 3)),
    ),
    "an UPDATE moves the end": (
        UPDATE,
        facts(CLOSED),
        Change.CHANGED,
        Period(date(2026, 11, 2), date(2026, 12, 16)),
    ),
    "an UPDATE opens again": (
        replace(UPDATE, ending_date="9999-12-31"),
        facts(CLOSED),
        Change.CHANGED,
        Period(date(2026, 11, 2), date.max),
    ),
    "an OUT by a number that was replaced": (
        replace(OUT, inss=JORIS),
        facts(OPEN),
        Change.ENDED,
        Period(date(2026, 11, 2), date(2026, 12, 1)),
    ),
    "casual work twice on a day, one after the other": (
        CASUAL,
        facts(replace(FEW_HOURS, starting_hour="1800", ending_hour="2200")),
        Change.CREATED,
        Period(date(2026, 11, 16), date(2026, 11, 17)),
    ),
    "a student in another quarter": (
        replace(SHORT, starting_date="2027-01-04", ending_date="2027-03-31"),
        facts(replace(STUDENT, planned_hours="650")),
        Change.CREATED,
        Period(date(2027, 1, 4), date(2027, 4, 1)),
    ),
    "a flexi-job beside employment": (
        replace(IN, worker_type="FLX"),
        facts(replace(OPEN, employer=BAKERY, days=Period(date(2026, 1, 1), date.max))),
        Change.CREATED,
        Period(date(2026, 11, 16), date.max),
    ),
    "a flexi-job of a pensioner": (
        replace(IN, worker_type="FLX"),
        replace(
            facts(),
            person=Person(LINA, known=True, pensions=(Period(date(2020, 1, 1), date.max),)),
        ),
        Change.CREATED,
        Period(date(2026, 11, 16), date.max),
    ),
    "a CANCEL takes back": (CANCEL, facts(OPEN), Change.CANCELLED, OPEN.days),
}


@pytest.mark.parametrize("case", ACCEPTED, ids=str)
def test_accepted(case: str) -> None:
    form, known, change, days = ACCEPTED[case]
    outcome = rules.judge(form, known)
    assert codes(outcome) == []
    assert (outcome.change, outcome.after and outcome.after.days) == (change, days)
    assert outcome.after
    assert outcome.after.cancelled is (change is Change.CANCELLED)


REFUSED = {
    "end before start": (replace(IN, ending_date="2026-11-15"), facts(), ["00911-014"]),
    "an unknown person": (IN, facts(known=False), ["00024-235"]),
    "no person": (replace(IN, inss=""), facts(), ["90017-363"]),
    "a person by a name without a birth": (
        replace(IN, inss="", named=True),
        facts(),
        ["90017-151"],
    ),
    "a person whom nobody knows": (
        replace(IN, inss="", named=True, birthdate="1991-04-12", unidentifiable=True),
        facts(),
        ["90017-151"],
    ),
    "casual work without a number": (replace(CASUAL, inss=""), facts(), ["00024-001"]),
    "no employer": (replace(IN, company_id=""), facts(), ["90256-364"]),
    "a student without an end": (replace(SHORT, ending_date=""), facts(), ["00911-001"]),
    "agency work without an end": (
        replace(IN, joint_commission="322"),
        facts(),
        ["00911-001"],
    ),
    "a student over two quarters": (
        replace(SHORT, ending_date="2027-01-01"),
        facts(),
        ["90373-421"],
    ),
    "a student without hours": (replace(SHORT, planned_hours=""), facts(), ["01135-001"]),
    "hours planned for another": (replace(IN, planned_hours="8"), facts(), ["01135-005"]),
    "casual work without an hour": (
        replace(CASUAL, starting_hour="", joint_commission="144", ending_hour=""),
        facts(),
        ["00777-001", "00778-001"],
    ),
    "an hour of end before that of begin": (
        replace(CASUAL, ending_hour="0900"),
        facts(),
        ["00778-345"],
    ),
    "casual work of more than a day": (
        replace(CASUAL, ending_date="2026-11-17"),
        facts(),
        ["90373-341"],
    ),
    "no joint commission": (replace(IN, joint_commission=""), facts(), ["00046-001"]),
    "a builder outside building": (replace(IN, worker_type="BCW"), facts(), ["90374-349"]),
    "a kind abolished": (replace(IN, worker_type="TEA"), facts(), ["00655-003"]),
    "article 17 too early": (
        replace(SHORT, worker_type="O17", starting_date="2026-12-02"),
        facts(),
        ["00910-008"],
    ),
    "a flexi-job too early": (
        replace(IN, worker_type="FLX", starting_date="2027-01-04"),
        facts(),
        ["00910-008", "90017-510"],
    ),
    "a begin in the distant past": (
        replace(IN, starting_date="1919-12-31"),
        facts(),
        ["00910-008", "90373-460"],
    ),
    "an end that never comes": (replace(IN, ending_date="9999-12-31"), facts(), ["00911-008"]),
    "the same period again": (
        replace(IN, starting_date="2026-11-16"),
        facts(replace(OPEN, days=Period(TODAY, date.max))),
        ["90373-333"],
    ),
    "an overlap": (IN, facts(OPEN), ["90373-334"]),
    "two anomalies at once": (
        replace(IN, ending_date="2026-11-15"),
        facts(known=False),
        ["00024-235", "00911-014"],
    ),
    "OUT of an unknown period": (OUT, facts(), ["00913-354"]),
    "OUT of zeros": (replace(OUT, dimona_period_id="0"), facts(OPEN), ["00913-354"]),
    "OUT of another's period": (OUT, facts(OPEN, employer=BAKERY), ["00913-354"]),
    "OUT of a cancelled period": (OUT, facts(replace(OPEN, cancelled=True)), ["00913-355"]),
    "OUT of a closed period": (OUT, facts(CLOSED), ["00913-356"]),
    "OUT before the begin": (
        replace(OUT, ending_date="2026-11-01"),
        facts(OPEN),
        ["00911-014"],
    ),
    "OUT for another person": (
        replace(OUT, inss=JORIS),
        replace(facts(OPEN), person=Person(JORIS, known=True)),
        ["00024-347"],
    ),
    "UPDATE of an open period's end": (UPDATE, facts(OPEN), ["00913-359"]),
    "UPDATE without anything": (
        replace(UPDATE, ending_date=""),
        facts(CLOSED),
        ["90378-360", "90378-444"],
    ),
    "UPDATE that changes nothing": (
        replace(UPDATE, ending_date="2026-11-30"),
        facts(CLOSED),
        ["90378-444"],
    ),
    "UPDATE that puts the begin off": (
        replace(UPDATE, starting_date="2026-11-20"),
        facts(CLOSED),
        ["00910-344"],
    ),
    "UPDATE that opens a student's": (
        replace(UPDATE, ending_date="9999-12-31"),
        facts(STUDENT),
        ["00913-368"],
    ),
    "UPDATE of a student's begin": (
        replace(UPDATE, starting_date="2026-11-01"),
        facts(STUDENT),
        ["00910-005", "90378-460"],
    ),
    "UPDATE of a student over the quarter": (
        replace(UPDATE, ending_date="2027-01-02"),
        facts(STUDENT),
        ["90378-421"],
    ),
    "UPDATE into another period": (
        UPDATE,
        facts(CLOSED, replace(OPEN, id=IDS[1], days=Period(date(2026, 12, 1), date.max))),
        ["90378-334"],
    ),
    "OUT of a locked period": (OUT, facts(replace(OPEN, locked=True)), ["00913-362"]),
    "UPDATE of a locked period": (UPDATE, facts(replace(CLOSED, locked=True)), ["00913-362"]),
    "CANCEL of a locked period": (CANCEL, facts(replace(OPEN, locked=True)), ["00913-362"]),
    "casual work in the same hours": (
        replace(CASUAL, ending_hour="1200"),
        facts(FEW_HOURS),
        ["90373-334"],
    ),
    "casual work declared twice": (CASUAL, facts(FEW_HOURS), ["90373-333"]),
    "casual work for three days in a row": (
        replace(CASUAL, starting_date="2026-11-18", ending_date="2026-11-18"),
        facts(
            FEW_HOURS,
            replace(FEW_HOURS, id=IDS[2], days=Period(date(2026, 11, 17), date(2026, 11, 18))),
        ),
        ["00910-459"],
    ),
    "days planned where hours are": (
        replace(SHORT, planned_days="5"),
        facts(),
        ["01017-005"],
    ),
    "OUT that leaves a registered day outside": (
        replace(OUT, ending_date="2026-11-15"),
        replace(facts(FLEXIBLE), registrations=(REGISTERED,)),
        ["00910-462", "00911-462"],
    ),
    "CANCEL twice": (CANCEL, facts(replace(OPEN, cancelled=True)), ["00913-355"]),
    "daily registration by an employer who did not choose it": (
        DAY,
        facts(FLEXIBLE),
        ["00913-461"],
    ),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_refused_with_every_anomaly_and_no_change(case: str) -> None:
    form, known, expected = REFUSED[case]
    outcome = rules.judge(form, known)
    assert codes(outcome) == expected
    assert (outcome.accepted, outcome.before, outcome.after) == (False, None, None)


def noted(outcome: Outcome) -> list[tuple[str, str, str]]:
    assert outcome.accepted
    return [(a.error_id, a.gravity, a.value) for a in outcome.anomalies]


def test_a_late_declaration_is_taken_in_and_noted_with_its_delay() -> None:
    outcome = rules.judge(replace(IN, starting_date="2026-11-10"), facts())
    assert noted(outcome) == [("90373-460", "NP", "P6D")]
    assert outcome.after
    assert outcome.after.delay == "P6D"


def test_work_by_the_hour_is_declared_before_its_hour() -> None:
    early, late = time(9, 59), time(11, 30)
    assert noted(rules.judge(CASUAL, replace(facts(), received=early))) == []
    assert noted(rules.judge(CASUAL, replace(facts(), received=late))) == [
        ("90373-460", "NP", "PT1H30M")
    ]
    ordinary = replace(IN, starting_hour="1000")
    assert noted(rules.judge(ordinary, replace(facts(), received=late))) == []


@pytest.mark.parametrize(
    ("before", "planned", "beyond"),
    [("610", "40", []), ("620", "40", [10]), ("", "660", [10]), ("650", "1", [1])],
)
def test_hours_of_a_student_beyond_the_quota_of_the_year_are_noted(
    before: str, planned: str, beyond: list[int]
) -> None:
    earlier = replace(
        STUDENT,
        id=IDS[1],
        employer=BAKERY,
        planned_hours=before,
        days=Period(date(2026, 1, 5), date(2026, 4, 1)),
    )
    taken_back = replace(earlier, id=IDS[2], planned_hours="600", cancelled=True)
    outcome = rules.judge(replace(SHORT, planned_hours=planned), facts(earlier, taken_back))
    assert outcome.accepted
    found = [(a.error_id, a.gravity, a.quota, a.hours_beyond) for a in outcome.anomalies]
    assert found == [("90017-369", "NP", "STUDENT", by) for by in beyond]


def test_the_fifty_first_day_of_casual_work_in_hospitality_is_noted() -> None:
    fifty = [
        replace(
            FEW_HOURS,
            id=IDS[n],
            employer=BAKERY,
            days=Period(date(2026, 1, 1) + timedelta(days=n), date(2026, 1, 2) + timedelta(days=n)),
        )
        for n in range(50)
    ]
    assert noted(rules.judge(CASUAL, facts(*fifty[:49]))) == []
    [found] = rules.judge(CASUAL, facts(*fifty)).anomalies
    assert (found.quota, found.days_beyond, found.gravity) == ("HORECA_WORKER", 1, "NP")


def test_a_flexi_job_without_what_it_asks_is_taken_in_to_be_looked_into() -> None:
    half = replace(OPEN, employer=BAKERY, days=Period(date(2026, 3, 1), date.max))
    for known in (facts(), facts(half)):
        outcome = rules.judge(replace(IN, worker_type="FLX"), known)
        assert noted(outcome) == [("90017-510", "I", "")]


@pytest.mark.parametrize(
    ("birthdate", "sex", "expected"),
    [
        ("1991-04-12", "2", []),
        ("1991-00-00", "", []),
        ("1991-04-13", "2", ["00028-348"]),
        ("1991-04-12", "1", ["00029-348"]),
        ("1990-04-12", "1", ["00028-348", "00029-348"]),
    ],
)
def test_what_does_not_fit_the_number_is_noted(
    birthdate: str, sex: str, expected: list[str]
) -> None:
    outcome = rules.judge(replace(IN, birthdate=birthdate, sex=sex), facts())
    assert outcome.accepted
    assert codes(outcome) == expected


def test_a_person_without_a_number_waits_and_is_never_guessed() -> None:
    form = replace(IN, inss="", named=True, birthdate="1991-04-12")
    unknown = replace(facts(), person=None)
    outcome = rules.judge(form, unknown)
    assert (outcome.waiting, outcome.accepted, outcome.after) == (True, False, None)
    wrong = rules.judge(replace(form, ending_date="2026-11-01"), unknown)
    assert (wrong.waiting, codes(wrong)) == (False, ["00911-014"])


def test_what_the_elements_show_refuses_beside_what_the_rules_find() -> None:
    found = (Anomaly("00024-004", "INSS", "91041241800"),)
    form = replace(IN, inss="91041241800", ending_date="2026-11-01")
    outcome = rules.judge(form, replace(facts(), person=None), found)
    assert codes(outcome) == ["00024-004", "00911-014"]
    assert not outcome.accepted


def test_an_anomaly_is_told_once() -> None:
    found = (Anomaly("00911-001", "EndingDate", location="1,1,1"),)
    outcome = rules.judge(replace(SHORT, ending_date=""), facts(), found)
    assert codes(outcome) == ["00911-001"]


days = st.dates(date(2026, 10, 1), date(2027, 2, 28)).map(date.isoformat)
texts = st.one_of(
    st.sampled_from(["", "2026-13-45", "9999-12-31", "0001-01-01", "2026-11-16", "1000"]),
    st.dates().map(date.isoformat),
)
ids = st.sampled_from([*IDS[:8], "", "0", "123", "600027876089"])
entering = st.builds(
    lambda begin, end, kind, hours, inss: Form(
        Kind.IN,
        inss=inss,
        starting_date=begin,
        ending_date=end,
        starting_hour="1000",
        worker_type=kind,
        joint_commission="144" if kind == "EXT" else "XXX",
        planned_hours=hours,
        company_id=BREWERY,
    ),
    days,
    st.one_of(st.just(""), days),
    st.sampled_from(["OTH", "STU", "FLX", "EXT"]),
    st.sampled_from(["", "40"]),
    st.sampled_from([LINA, JORIS]),
)
later = st.builds(
    Form,
    st.sampled_from([Kind.OUT, Kind.UPDATE, Kind.CANCEL]),
    dimona_period_id=ids,
    starting_date=st.one_of(st.just(""), days),
    ending_date=st.one_of(st.just(""), st.just("9999-12-31"), days),
)
anything = st.builds(
    Form,
    st.sampled_from(Kind),
    inss=st.sampled_from(["", LINA]),
    dimona_period_id=ids,
    starting_date=texts,
    starting_hour=texts,
    ending_date=texts,
    ending_hour=texts,
    planned_hours=texts,
    worker_type=st.sampled_from(["OTH", "STU", "EXT", "FLX", "A17", "O17", "TEA", "?"]),
    joint_commission=st.sampled_from(["", "302", "322", "XXX"]),
)


def shown(form: Form) -> list[Anomaly]:
    """What the elements themselves show of the forms made here."""
    found = []
    if form.kind is not Kind.IN and form.dimona_period_id in {"", "123"}:
        found.append(Anomaly("00913-003", "DimonaPeriodId", form.dimona_period_id))
    if form.kind is Kind.OUT and not form.ending_date:
        found.append(Anomaly("00911-001", "EndingDate"))
    return found


@given(st.lists(st.one_of(entering, later), max_size=25))
@settings(deadline=None)
def test_any_order_of_declarations_keeps_the_periods_whole(forms: list[Form]) -> None:
    known: dict[str, DimonaPeriod] = {}
    for number, form in enumerate(forms):
        addressed = known.get(form.dimona_period_id)
        ssin = addressed.ssin if addressed else form.inss
        person = Person(form.inss, known=True) if form.kind is Kind.IN else None
        hers = tuple(period for period in known.values() if period.ssin == ssin)
        known_now = Facts(BREWERY, "", TODAY, person, hers, IDS[number])
        outcome = rules.judge(form, known_now, shown(form))
        blocking = [a for a in outcome.anomalies if a.gravity == BLOCKING]
        assert outcome.accepted is not bool(blocking)
        if not outcome.after:
            continue
        before = known.get(outcome.after.id)
        assert outcome.before == before
        assert not (before and before.cancelled)
        assert (before is None) is (outcome.change is Change.CREATED)
        known[outcome.after.id] = outcome.after
    standing = [period for period in known.values() if not period.cancelled]
    for one in standing:
        assert (one.days.end - timedelta(days=1)).year < 9999 or one.is_open
        for other in standing:
            same = (one.ssin, one.worker_type) == (other.ssin, other.worker_type)
            assert one is other or not same or not one.days.overlaps(other.days)


@given(anything, st.booleans())
@settings(deadline=None)
def test_no_form_is_too_strange_to_judge(form: Form, known: bool) -> None:
    outcome = rules.judge(form, facts(OPEN, replace(STUDENT, id=IDS[1]), known=known))
    if outcome.accepted:
        assert outcome.after
