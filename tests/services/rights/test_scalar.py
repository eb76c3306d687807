"""The scalar form: it comes to what Python would make of the written formula."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.rights.law import scalar
from services.rights.law.expression import Node
from services.rights.law.scalar import Member, Situation
from tests.services.rights import formulas

cents = st.integers(-3000, 3000)
members = st.builds(
    Member,
    st.frozensets(st.sampled_from(formulas.FACTS)),
    st.none() | st.dictionaries(st.sampled_from(formulas.AMOUNTS), cents),
    st.none() | st.sampled_from([0, 1, 17, 18, 19, 20, 64, 65, 66]),
    st.sampled_from(["", *formulas.ROLES]),
)
values = st.sampled_from([-1, 0, 1, 2, 50, 1000])
params = st.fixed_dictionaries(dict.fromkeys(formulas.PARAMS, values))


@given(formulas.conditions_of_group | formulas.numbers_of_group, st.lists(members), members, params)
def test_a_formula_of_a_group_comes_to_what_python_makes_of_it(
    formula: Node, others: list[Member], person: Member, params: Mapping[str, int]
) -> None:
    there = (person, *others)
    found = scalar.evaluate(formula, Situation(there, params, person))
    assert found == formulas.python(formula, there, person, params)


@given(formulas.conditions_of_member | formulas.numbers_of_member, members, params)
def test_a_formula_of_one_person_comes_to_what_python_makes_of_it(
    formula: Node, person: Member, params: Mapping[str, int]
) -> None:
    found = scalar.evaluate(formula, Situation((person,), params, person))
    assert found == formulas.python(formula, (person,), person, params)


@given(st.integers(-(10**12), 10**12), st.integers(-200, 200))
def test_percent_is_the_nearest_cent(of: int, rate: int) -> None:
    off = abs(Fraction(of * rate, 100) - (found := scalar.percent(of, rate)))
    assert off < Fraction(1, 2) or (off == Fraction(1, 2) and abs(found) * 100 > abs(of * rate))
