"""The quarters of a reference period, and what fills them."""

from __future__ import annotations

from datetime import date, timedelta

from crossroads.forms.v1 import social_risk_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.declarations.risks import reference, scenarios
from services.declarations.risks.domain import Quarter, Source

DAYS = st.dates(date(2003, 1, 1), date(2098, 12, 31))
SCENARIOS = st.sampled_from(sorted(scenarios.known().values(), key=lambda s: s.code))


@given(DAYS)
def test_a_day_lies_in_its_quarter(day: date) -> None:
    days = reference.days_of(reference.quarter_of(day))
    assert day in days
    assert 90 <= (days.end - days.begin).days <= 92


@given(DAYS, st.integers(0, 40))
def test_quarters_are_counted_back_day_by_day(day: date, many: int) -> None:
    quarter, walked = reference.quarter_of(day), day
    for _ in range(many):
        walked = reference.days_of(reference.quarter_of(walked)).begin - timedelta(days=1)
    assert reference.before(quarter, many) == reference.quarter_of(walked)


@given(SCENARIOS, DAYS)
def test_the_last_quarter_is_that_of_the_risk(scenario: object, day: date) -> None:
    found = reference.quarters(scenario, day)  # type: ignore[arg-type]
    assert len(found) == scenario.quarters_before + 1  # type: ignore[attr-defined]
    assert list(found) == sorted(set(found))
    assert found[-1:] in {(), (reference.quarter_of(day),)}


@given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
def test_what_was_declared_goes_before_what_was_anticipated(
    declared: set[str], anticipated: set[str]
) -> None:
    filled = reference.fill(
        ("a", "b", "c", "d"),
        {q: Quarter(q, retired=True) for q in declared},
        {q: Quarter(q) for q in anticipated},
    )
    for one in filled:
        expected = (
            Source.DECLARED
            if one.quarter in declared
            else Source.ANTICIPATED
            if one.quarter in anticipated
            else Source.MISSING
        )
        assert one.source is expected
        assert (one.content is None) is (expected is Source.MISSING)


def test_scenarios_are_those_that_have_a_form() -> None:
    forms = {field.name.upper() for field in social_risk_pb2.SocialRiskForm.DESCRIPTOR.fields}
    assert set(scenarios.known()) == forms
