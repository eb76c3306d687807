"""Check digits of the numbers of the field."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mesh import identification, tickets


def ssin(nine: int, *, from_2000: bool) -> str:
    base = nine + (2_000_000_000 if from_2000 else 0)
    return f"{nine:09d}{97 - base % 97:02d}"


def test_a_national_number_of_either_century_is_valid() -> None:
    assert identification.ssin_is_valid(ssin(850730033, from_2000=False))
    assert identification.ssin_is_valid(ssin(90_05_17_012, from_2000=False))
    assert identification.ssin_is_valid(ssin(10_05_17_012, from_2000=True))


def test_a_bis_number_is_valid() -> None:
    assert identification.ssin_is_valid(ssin(85_47_30_033, from_2000=False))


def test_a_number_tells_the_day_of_birth_where_it_is_known() -> None:
    born = {
        ssin(85_07_30_033, from_2000=False): date(1985, 7, 30),
        ssin(10_05_17_012, from_2000=True): date(2010, 5, 17),
        ssin(4_02_29_001, from_2000=True): date(2004, 2, 29),
        ssin(85_47_30_033, from_2000=False): date(1985, 7, 30),
        ssin(85_27_30_033, from_2000=False): date(1985, 7, 30),
        ssin(85_00_00_033, from_2000=False): None,
        ssin(85_47_00_033, from_2000=False): None,
        ssin(85_40_00_033, from_2000=False): None,
        "85073003327": None,
        "no number": None,
    }
    assert {number: identification.birth_date(number) for number in born} == born


@given(st.integers(0, 99))
def test_one_pair_of_check_digits_is_right(check: int) -> None:
    right = ssin(850730033, from_2000=False)
    number = right[:9] + f"{check:02d}"
    later = ssin(850730033, from_2000=True)  # would be a birth to come
    assert identification.ssin_is_valid(number) == (number == right) or number == later


def test_odd_shapes_are_not_valid() -> None:
    for number in ("", "8507300332", "850730033280", "8507300332x", "85073003३28"):
        assert not identification.ssin_is_valid(number)


def test_an_enterprise_number_checks() -> None:
    assert identification.enterprise_number_is_valid("0206731645")
    assert not identification.enterprise_number_is_valid("0206731646")
    assert not identification.enterprise_number_is_valid("206731645")


@given(st.integers(0, 9_999_999_999))
def test_a_dimona_period_checks(sequence: int) -> None:
    number = identification.dimona_period(sequence)
    assert identification.dimona_period_is_valid(number)
    assert not identification.dimona_period_is_valid(number[:-2] + "98")


@given(st.integers(1000, 1_999_999))
def test_an_nsso_number_checks(number: int) -> None:
    check = 96 - number * 100 % 97
    assert identification.nsso_number_is_valid(f"{number}{check:02d}")
    assert not identification.nsso_number_is_valid(f"{number}{(check + 1) % 97:02d}")


def test_tickets_are_fifteen_capitals_and_digits() -> None:
    made = {tickets.new() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(t) == 15 and t.isalnum() and t == t.upper() for t in made)
