"""The quarters of a reference period, and what fills them."""

from __future__ import annotations

from datetime import date

from crossroads.forms.v1 import social_risk_pb2
from hypothesis import given
from hypothesis import strategies as st

from mesh.days import FIRST, LAST
from services.declarations import quarters
from services.declarations.risks import reference, scenarios
from services.declarations.risks.domain import Quarter, Source

DAYS = st.dates(FIRST, LAST)
SCENARIOS = st.sampled_from(sorted(scenarios.known().values(), key=lambda s: s.code))


@given(SCENARIOS, DAYS)
def test_the_last_quarter_is_that_of_the_risk(scenario: object, day: date) -> None:
    found = reference.wanted(scenario, day)  # type: ignore[arg-type]
    assert len(found) == scenario.quarters_before + 1  # type: ignore[attr-defined]
    assert list(found) == sorted(set(found))
    assert found[-1:] in {(), (str(quarters.of(day)),)}


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
