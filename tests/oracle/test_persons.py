"""The persons compared on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

import services.rights
from bench.oracle import persons
from sandbox.circumstances import INCOME
from services.rights import rulebook
from services.rights.spans import number

RULE = rulebook.load(Path(services.rights.__file__).parent).rules[
    "right_to_increased_reimbursement"
]


@pytest.mark.parametrize("since", [persons.START, date(2024, 1, 1)])
def test_nothing_is_said_of_days_before_the_first(since: date) -> None:
    made = persons.made(1, 300, RULE, since)
    said = {status: spans for status, spans in made.said.items() if status != INCOME}
    assert any(len(spans) for spans in said.values())
    assert len(said[persons.MEANS])
    assert all((spans.begin >= number(since)).all() for spans in said.values())
    assert all((one.begin >= number(since)).all() for one in made.groups.values())
    again = persons.made(1, 300, RULE, since)
    assert np.array_equal(made.said[persons.MEANS].begin, again.said[persons.MEANS].begin)
