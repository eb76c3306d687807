"""No formula that a rule may have comes out otherwise in columns of 64 bits."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.rights import grammar, magnitude
from services.rights.expression import MOST, Node
from services.rights.scalar import Member
from tests.services.rights import formulas, test_columns

amounts = st.sampled_from([-MOST, MOST, 0, 1]) | st.integers(-MOST, MOST)
rich = st.builds(
    Member,
    st.frozensets(st.sampled_from(test_columns.FACTS)),
    st.dictionaries(st.sampled_from(test_columns.AMOUNTS), amounts),
    st.none() | st.integers(0, 100),
    st.sampled_from(["", "HOLDER", "CHILD"]),
)
groups = st.lists(st.lists(rich, min_size=1, max_size=4), min_size=1, max_size=3)
params = st.fixed_dictionaries(dict.fromkeys(test_columns.PARAMS, amounts))


@settings(deadline=None)
@given(formulas.conditions_of_group | formulas.numbers_of_group, groups, params)
def test_what_fits_is_the_same_in_columns(
    formula: Node, groups: list[list[Member]], params: dict[str, int]
) -> None:
    formula = formulas.guarded(formula, of_group=True)
    assume(magnitude.fits(formula, params))
    test_columns.check(formula, groups, params)


def test_a_product_of_two_amounts_does_not_fit() -> None:
    names = formulas.OF_GROUP
    small = {"ceiling": 1000, "extra": 1}
    one = grammar.number("group_sum(amount(income) if known(income) else 0)", names)
    assert magnitude.fits(one, small)
    twice = "(group_sum(amount(income) if known(income) else 0)) * param.ceiling"
    assert magnitude.fits(grammar.number(twice, names), {"ceiling": 900, "extra": 1})
    assert not magnitude.fits(grammar.number(twice, names), {"ceiling": MOST, "extra": 1})
