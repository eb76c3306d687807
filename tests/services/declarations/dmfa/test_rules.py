"""The rules of a quarter: days, fractions, codes and amounts, each reckoned another way too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from crossroads.declarations.v1 import dmfa_pb2 as wires
from crossroads.forms.v1 import dmfa_pb2
from hypothesis import given
from hypothesis import strategies as st

from mesh import days
from mesh.periods import Period
from sandbox import quarterly
from services.declarations import quarters
from services.declarations.dmfa import (
    codes,
    confrontation,
    contributions,
    judgement,
    rates,
    rules,
    wages,
    working_time,
)
from services.declarations.dmfa.domain import (
    Contribution,
    Frame,
    NaturalPerson,
    Occupation,
    Remuneration,
    Service,
    Student,
    Totals,
    Unrelated,
    WorkerRecord,
)
from services.declarations.quarters import Quarter

Q3 = Quarter(2026, 3)
BEGIN, LAST = date(2026, 7, 1), date(2026, 9, 30)
DAYS = st.dates(date(2003, 1, 1), date(2040, 12, 31))


def occupation(**other: object) -> Occupation:
    whole = Occupation(
        1, date(2020, 1, 1), None, 500, False, 3800, 3800, False, (Service(1, "001", 6_600),),
        (Remuneration(1, "001", 900_000),),
    )  # fmt: skip
    return replace(whole, **other)  # type: ignore[arg-type]


def record(*occupations: Occupation, **other: object) -> WorkerRecord:
    contribution = Contribution("495", "0", 900_000, 342_630)
    whole = WorkerRecord("000", "495", BEGIN, LAST, occupations, (contribution,))
    return replace(whole, **other)  # type: ignore[arg-type]


def found(*records: WorkerRecord, about: Quarter = Q3) -> set[str]:
    person = NaturalPerson(1, "60010100172", records)
    return {finding.error_id for finding in rules.of_person(person, about)}


def test_a_right_person_has_no_findings() -> None:
    assert found(record(occupation())) == set()


@given(*[st.one_of(st.dates(), st.sampled_from([date.min, date.max]))] * 4)
def test_whatever_its_days_a_person_is_judged(
    begin: date, last: date, entered: date, left: date
) -> None:
    """A day that no form may name is told as outside its domain; the others are reckoned with."""
    person = dmfa_pb2.DmfaNaturalPerson(natural_person_sequence_nbr="1", inss="60010100172")
    told = person.worker_records.add(
        employer_class="000",
        worker_code="495",
        noss_quarter_starting_date=begin.isoformat(),
        noss_quarter_ending_date=last.isoformat(),
    )
    told.occupations.add(
        occupation_sequence_nbr="1",
        occupation_starting_date=entered.isoformat(),
        occupation_ending_date=left.isoformat(),
        working_days_system="500",
    ).services.add(service_sequence_nbr="1", service_code="001", service_nbr_days="6600")
    part = wires.DmfaPart(persons=[person]).SerializeToString()
    layout = judgement.Layout(dmfa_pb2.DmfaForm(), 1)
    [judged] = judgement.of_part(part, layout, 0, Q3)
    outside = {one.error_id for one in judged.anomalies if one.error_id.endswith("-008")}
    for zone, day in (("00038", begin), ("00039", last), ("00044", entered), ("00045", left)):
        assert days.FIRST <= day <= days.LAST or f"{zone}-008" in outside


@given(DAYS, st.integers(1, 92), st.integers(1, 7), st.integers(0, 6))
def test_the_bounds_of_days_hold_wherever_the_free_days_fall(
    begin: date, length: int, worked: int, shift: int
) -> None:
    """Count the days of one fixed week pattern, day by day: no pattern passes the bounds."""
    period = Period(begin, begin + timedelta(days=length))
    pattern = {(day + shift) % 7 for day in range(worked)}
    days = sum((begin + timedelta(days=n)).weekday() in pattern for n in range(length))
    least = working_time.least_days(period, 100 * worked)
    most = working_time.most_days(period, 100 * worked)
    assert least <= 100 * days <= most
    assert most - least <= 700


@given(st.integers(0, 10**13), st.integers(0, 2_000_000))
def test_an_amount_is_rounded_once_half_a_cent_up(amount: int, rate: int) -> None:
    exact = Decimal(amount) * rate / rates.WHOLE
    assert rates.of(amount, rate) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.integers(20031, 20999).map(str).map(quarters.parse).filter(bool))
def test_never_do_two_rates_hold_at_once(about: Quarter) -> None:
    assert rates.valid(about).subject


@pytest.mark.parametrize("name", [codes.SERVICES, codes.REMUNERATIONS, codes.WORKERS])
def test_codes_are_three_digits_and_end_after_they_begin(name: str) -> None:
    for code, meanings in codes.read(name).items():
        assert len(code) == 3
        assert code.isdecimal()
        assert all(m.label and (not m.last or m.first <= m.last) for m in meanings)


def test_a_code_holds_from_its_first_to_its_last_quarter() -> None:
    [force_majeure] = codes.read(codes.SERVICES)["077"]
    held = [int(q) for q in _quarters(2020, 2023) if "077" in codes.valid(codes.SERVICES, q)]
    assert (held[0], held[-1]) == (force_majeure.first, force_majeure.last)
    assert "015" in codes.valid(codes.WORKERS, Q3, codes.RECORD)
    assert "802" not in codes.valid(codes.WORKERS, Q3, codes.RECORD)
    assert "802" in codes.valid(codes.WORKERS, Q3, codes.UNRELATED)
    assert "859" in codes.valid(codes.WORKERS, Q3, codes.CONTRIBUTION)


def _quarters(first: int, last: int) -> list[Quarter]:
    return [Quarter(year, number) for year in range(first, last) for number in range(1, 5)]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"services": (Service(1, "999", 6_500),)}, "00062-008"),
        ({"services": (Service(1, "001", 3_000), Service(1, "050", 3_500))}, "00061-006"),
        ({"services": (Service(1, "001", 6_700),)}, "90015-096"),
        ({"services": (Service(1, "001", 9_300),)}, "90015-095"),
        ({"services": (Service(1, "001", 6_000),)}, "90015-243"),
        ({"services": (), "remunerations": ()}, "90015-134"),
        ({"services": (Service(1, "001", 6_500, 160_000),)}, "90012-260"),
        ({"hours_a_week": 1_900}, "90015-244"),
        ({"is_part_time": True}, "90015-244"),
        ({"is_part_time": True, "hours_a_week": 1_900}, "00064-001"),
        ({"hours_a_week": None}, "00048-001"),
        ({"full_hours_a_week": None}, "00049-001"),
        ({"last_day": date(2019, 12, 31)}, "00045-014"),
        ({"last_day": date(2026, 10, 1)}, "00045-008"),
        ({"begin": date(2026, 10, 1)}, "00044-008"),
        ({"remunerations": (Remuneration(1, "999", 900_000),)}, "00067-008"),
        ({"remunerations": (Remuneration(1, "001", 0),)}, "00070-008"),
        (
            {"remunerations": (Remuneration(1, "001", 1), Remuneration(1, "002", 1))},
            "00066-006",
        ),
        (
            {"remunerations": (Remuneration(1, "001", 1), Remuneration(2, "003", 1))},
            "90015-169",
        ),
        ({"remunerations": (Remuneration(1, "001", 800_000),)}, "90012-529"),
    ],
)
def test_what_is_wrong_with_an_occupation(wrong: dict[str, object], code: str) -> None:
    assert code in found(record(occupation(**wrong)))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"worker_code": "802"}, "00037-008"),
        ({"begin": date(2026, 5, 1)}, "00038-034"),
        ({"last_day": date(2026, 12, 1)}, "00039-034"),
        ({"last_day": date(2026, 6, 1)}, "00039-014"),
        ({"contributions": (Contribution("999", "0", None, 1),)}, "00082-008"),
        ({"contributions": (Contribution("495", "0", 900_000, 342_631),)}, "00085-044"),
        ({"contributions": (Contribution("495", "0", None, 342_630),)}, "00084-001"),
        ({"contributions": (Contribution("856", "0", None, 1),) * 2}, "90001-006"),
        ({"worker_code": "840", "student": Student(100_000, 8_131)}, "00077-044"),
    ],
)
def test_what_is_wrong_with_a_record(wrong: dict[str, object], code: str) -> None:
    assert code in found(record(occupation(), **wrong))


def test_twice_the_same_key() -> None:
    assert "90012-006" in found(record(occupation()), record(occupation()))
    assert "00043-006" in found(record(occupation(), occupation()))


def test_severance_pay_may_cover_days_of_later_quarters() -> None:
    pay = (Remuneration(1, "003", 900_000),)
    later = occupation(begin=date(2026, 9, 1), last_day=date(2026, 12, 31), remunerations=pay)
    assert found(record(later)) == set()
    assert "00045-001" in found(record(replace(later, last_day=None)))


def test_everything_wrong_is_told_at_once() -> None:
    bad = occupation(
        services=(Service(1, "999", 9_300),), remunerations=(Remuneration(1, "999", 0),)
    )
    assert found(record(bad, worker_code="802")) >= {
        "00037-008",
        "00062-008",
        "00067-008",
        "00070-008",
        "90015-095",
    }


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**7), st.booleans()
        ),
        max_size=8,
    ),
    st.lists(st.integers(0, 10**9), max_size=3),
)
def test_totals_are_the_sum_of_all_that_is_owed_less_all_that_is_deducted(
    persons: list[tuple[int, int, int, bool]], unrelated: list[int]
) -> None:
    total, owed = Totals(), Fraction(0)
    for contribution, other, deduction, is_student in persons:
        one = record(
            occupation(deductions_cents=deduction),
            contributions=(Contribution("495", "0", None, contribution),),
            other_contributions_cents=other,
            deductions_cents=2 * deduction,
            student=Student(0, 7) if is_student else None,
        )
        total += contributions.totals(NaturalPerson(1, "", (one,)))
        owed += contribution + other + (7 if is_student else 0) - 3 * deduction
    apart = tuple(Unrelated("000", str(number), cents) for number, cents in enumerate(unrelated))
    owed += sum(unrelated)
    frame = Frame(Q3, "", "123456749", int(owed) if owed >= 0 else 0, apart)
    told = [finding.error_id for finding in contributions.of_whole(frame, total)]
    assert told == ([] if owed >= 0 else ["00015-011"])
    if owed >= 0:
        wrong = replace(frame, net_owed=int(owed) + 1)
        [finding] = contributions.of_whole(wrong, total)
        assert finding.error_id == "00015-007"


@given(st.integers(1, 400), st.integers(0, 10**8))
def test_a_payroll_and_the_rates_agree_to_the_cent(number: int, cents: int) -> None:
    code = quarterly.MANUAL if number % 2 else quarterly.CLERICAL
    payee = quarterly.Worker("60010100172", cents + 1, code)
    paid = occupation(remunerations=(Remuneration(1, "001", payee.gross_cents),))
    due = tuple(
        Contribution(one, kind, payee.basis, owed) for one, kind, owed in payee.contributions
    )
    assert found(record(paid, worker_code=code, contributions=due)) == set()


@given(st.lists(st.tuples(st.integers(0, 120), st.integers(1, 60)), max_size=5))
def test_a_day_without_dimona_is_found_as_day_by_day(periods: list[tuple[int, int]]) -> None:
    origin = BEGIN - timedelta(days=20)
    covering = [
        Period(origin + timedelta(days=first), origin + timedelta(days=first + length))
        for first, length in periods
    ]
    person = NaturalPerson(1, "", (record(occupation()),))
    days = [BEGIN + timedelta(days=n) for n in range((LAST - BEGIN).days + 1)]
    bare = [day for day in days if not any(day in period for period in covering)]
    told = [one.error_id for one in confrontation.undeclared_work(person, covering)]
    assert told == (["90007-262"] if bare else [])


def test_whom_no_dimona_need_cover() -> None:
    officer = NaturalPerson(1, "", (record(occupation(), worker_code="675"),))
    flexi = NaturalPerson(1, "", (record(occupation(), worker_code="050"),))
    assert list(confrontation.undeclared_work(officer, [])) == []
    assert [f.error_id for f in confrontation.undeclared_work(flexi, [])] == ["90015-485"]


def test_a_worker_with_a_dimona_who_is_not_declared() -> None:
    employed = [("1", "000000000101"), ("2", "000000000202")]
    told = list(confrontation.unpaid_work(employed, {"1"}))
    assert [(one.error_id, one.value) for one in told] == [("90007-263", "000000000202")]


@given(st.lists(st.tuples(st.sampled_from(["001", "002", "010"]), st.integers(1, 10**7))))
def test_gross_wages_leave_benefits_out(paid: list[tuple[str, int]]) -> None:
    lines = tuple(Remuneration(n, code, cents) for n, (code, cents) in enumerate(paid))
    worked = wages.of(NaturalPerson(1, "", (record(occupation(remunerations=lines)),)))
    assert worked.gross_cents == sum(cents for code, cents in paid if code != "010")
    assert worked.days_hundredths == 6_600


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (Frame(Quarter(2026, 4), "", "123456749", 0), "00013-008"),
        (Frame(Quarter(2002, 4), "", "123456749", 0), "00013-008"),
        (Frame(Q3, "", "", 0), "00011-001"),
        (Frame(Q3, "", "1", 0, (Unrelated("000", "495", 1),)), "00020-008"),
        (Frame(Q3, "", "1", 0, (Unrelated("000", "870", 1),) * 2), "90002-006"),
    ],
)
def test_what_is_wrong_with_a_declaration(frame: Frame, code: str) -> None:
    assert code in {one.error_id for one in rules.of_frame(frame, date(2026, 10, 20))}


def test_a_rate_of_the_published_sample_is_reckoned_as_published() -> None:
    holding = rates.valid(Quarter(2022, 2)).contributions
    assert rates.of(1_044_998, holding["815", "1"]) == 454_574
    assert rates.of(1_000_000, holding["815", "0"]) == 75_000


def test_quarters_follow_each_other() -> None:
    assert all(one.next == two for one, two in pairwise(_quarters(2024, 2027)))
    assert quarters.parse("20265") is quarters.parse("2026") is quarters.parse("2026\u0664") is None
