"""A country of persons who could exist, each once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.identification import ssin_is_valid
from sandbox import nation


@given(st.integers(0, nation.MOST_PERSONS - 1))
def test_every_number_checks(number: int) -> None:
    assert ssin_is_valid(nation.ssin(number))


def test_no_number_is_given_twice_within_a_century_or_across_it() -> None:
    days = (0, 1, 23_741, 23_742, 24_000, nation.BIRTH_DAYS - 1)
    some = [day * nation.A_DAY + person for day in days for person in range(nation.A_DAY)]
    assert len({nation.ssin(number) for number in some}) == len(some)


def test_every_person_has_the_same_number_of_lines() -> None:
    (chunk,) = nation.chunks(0, 100)
    lines = chunk.decode().splitlines()
    assert len(lines) == 100 * nation.LINES_A_PERSON
    assert len(set(lines)) == len(lines)
    assert {len(line.split("\t")) for line in lines} == {8}


def test_the_country_has_an_end() -> None:
    with pytest.raises(ValueError, match="room"):
        next(nation.chunks(0, nation.MOST_PERSONS + 1))
