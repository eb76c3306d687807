"""Quarters follow one another, and are written as in the names of schemas."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.schemas import quarters
from mesh.schemas.quarters import Quarter

QUARTERS = st.builds(Quarter, st.integers(1900, 2100), st.integers(1, 4))


@given(QUARTERS)
def test_what_is_written_is_read(quarter: Quarter) -> None:
    assert quarters.parse(str(quarter)) == quarter
    assert int(quarter) == int(str(quarter))


@pytest.mark.parametrize(
    "text", ["", "2023", "20230", "20235", "202311", "2023Q1", "03231", "²0231"]
)
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no quarter"):
        quarters.parse(text)


@given(QUARTERS, st.integers(-300, 300))
def test_plus_and_minus_are_each_others_way_back(quarter: Quarter, some: int) -> None:
    assert quarter.plus(some).plus(-some) == quarter
    assert quarter.plus(some).minus(quarter) == some
    assert (quarter.plus(some) > quarter) is (some > 0)


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_day_is_in_one_quarter(day: date) -> None:
    quarter = quarters.of(day)
    assert quarter.begin <= day < quarter.plus(1).begin
    assert quarters.of(quarter.begin - timedelta(days=1)) == quarter.plus(-1)
