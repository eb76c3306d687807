"""Types, bases and student time by quarter, as the annexes of the NSSO have them."""

from __future__ import annotations

import pytest
import yaml
from crossroads.forms.v1 import dmfa_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import codec, documents
from services.declarations import quarters
from services.declarations.dmfa import codes, contribution_types, form, rates, rules
from services.declarations.dmfa.domain import (
    Contribution,
    NaturalPerson,
    Remuneration,
    Student,
)
from services.declarations.quarters import Quarter
from tests.gateway import reference
from tests.services.declarations.dmfa.test_rules import Q3, found, occupation, record

ROWS = yaml.safe_load((codes.HERE / "contribution_types.yaml").read_text("utf-8"))
STUDENT = Student(100_000, 8_130, hours=100)


def test_every_row_holds_from_its_first_quarter_on_for_its_employers() -> None:
    for row in ROWS:
        first = quarters.parse(str(row["first"]))
        assert first is not None
        types = contribution_types.valid(row["code"].replace("x", "1"), first)
        assert types is not None, row
        for one in row.get("classes", ["any"]):
            assert row["type"] in types.of(one) <= types.known, row


@pytest.mark.parametrize(
    ("one", "employer_class", "about", "code"),
    [
        (Contribution("495", "1", None, 1), "000", Q3, "00083-008"),
        (Contribution("495", "2", None, 1), "105", Q3, ""),
        (Contribution("495", "2", None, 1), "000", Q3, "00083-084"),
        (Contribution("825", "0", None, 1), "084", Q3, ""),
        (Contribution("825", "0", None, 1), "000", Q3, "00083-084"),
        (Contribution("270", "5", None, 1), "000", Quarter(2016, 4), "00083-008"),
        (Contribution("270", "5", None, 1), "000", Quarter(2017, 1), ""),
        (Contribution("826", "0", 100, 1), "000", Q3, "00084-062"),
        (Contribution("826", "0", None, 1), "000", Q3, ""),
    ],
)
def test_a_type_is_that_of_its_code_quarter_and_employer(
    one: Contribution, employer_class: str, about: Quarter, code: str
) -> None:
    person = NaturalPerson(1, "", (record(contributions=(one,), employer_class=employer_class),))
    told = {finding.error_id for finding in rules.of_person(person, about)}
    assert {told_one for told_one in told if told_one[:6] in {"00083-", "00084-"}} == (
        {code} if code else set()
    )


@settings(deadline=None)
@given(st.integers(0, 10**8), st.integers(0, 10**8), st.integers(0, 10**8))
def test_wages_in_full_and_wages_raised_are_all_the_wages(
    in_full: int, to_raise: int, other: int
) -> None:
    def told(paid: int) -> set[str]:
        due = [Contribution("015", "0", in_full, 0)] if in_full else []
        raised = rates.of(to_raise, 108 * rates.WHOLE // 100)
        due += [Contribution("015", "1", raised, 0)] if to_raise else []
        pay = occupation(remunerations=(Remuneration(1, "001", paid),))
        return found(record(pay, worker_code="015", contributions=tuple(due)))

    assert "90012-529" not in told(in_full + to_raise)
    if other and (in_full or to_raise):
        assert "90012-529" in told(in_full + to_raise + other)


@pytest.mark.parametrize(
    ("student", "about", "code"),
    [
        (STUDENT, Q3, ""),
        (Student(100_000, 8_130, hours=600), Quarter(2023, 1), ""),
        (Student(100_000, 8_130, hours=601), Quarter(2023, 1), "01158-008"),
        (Student(100_000, 8_130, hours=476), Quarter(2022, 4), "01158-008"),
        (Student(100_000, 8_130), Q3, "01158-001"),
        (Student(100_000, 8_130, days=3, hours=20), Q3, "00078-146"),
        (Student(100_000, 8_130, days=50), Quarter(2016, 4), ""),
        (Student(100_000, 8_130, days=24), Quarter(2011, 4), "00078-008"),
        (Student(100_000, 8_130), Quarter(2016, 4), "00078-001"),
        (Student(100_000, 8_130, days=3, hours=3), Quarter(2016, 4), "01158-146"),
    ],
)
def test_a_student_tells_days_or_hours_by_quarter(
    student: Student, about: Quarter, code: str
) -> None:
    one = record(worker_code="840", contributions=(), student=student)
    told = {each.error_id for each in rules.of_person(NaturalPerson(1, "", (one,)), about)}
    assert {c for c in told if c[:5] in {"00078", "01158"}} == ({code} if code else set())


def test_a_bonus_and_nothing_else_says_how_often_it_is_paid() -> None:
    def told(code: str, months: int | None) -> set[str]:
        one = occupation(remunerations=(Remuneration(1, code, 900_000, months),))
        return {error for error in found(record(one)) if error.startswith("00068")}

    assert told("002", 12) == told("002", 0) == told("001", None) == set()
    assert told("002", None) == {"00068-001"}
    assert told("001", 12) == {"00068-029"}


@reference.needed
def test_the_published_sample_is_reckoned_on_what_it_says() -> None:
    """An official with a bonus that is paid yearly."""
    sample = reference.sample("DmfAOriginal_20222_1.xml")
    whole, _ = codec.read(documents.parse(sample), dmfa_pb2.DmfaOriginal)
    official = form.person(whole.forms[0].employer_declaration.natural_persons[0])
    assert official.records[0].worker_code == "675"
    told = {one.error_id for one in rules.of_person(official, Quarter(2022, 2))}
    assert not {"90012-529", "00083-008", "00083-084", "00068-001", "00068-029"} & told
