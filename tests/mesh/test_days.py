"""Days that a form may name."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh import days


@given(st.dates())
def test_a_day_is_read_where_a_form_may_name_it(day: date) -> None:
    assert days.read(day.isoformat()) == (day if days.FIRST <= day <= days.LAST else None)


@pytest.mark.parametrize("text", ["", "2026", "20261124", "2026-02-30", "2026-W48-2", "x" * 10])
def test_what_is_no_day_is_none(text: str) -> None:
    assert days.read(text) is None
