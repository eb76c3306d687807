"""Formulas: what they may say, and what they come to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rights import expression
from services.rights.expression import (
    FormulaError,
    Has,
    Joined,
    Node,
    Not,
    Number,
    Operation,
    Over,
    Param,
    Situation,
    Size,
)

FACTS = frozenset({"old", "poor"})
PARAMS = frozenset({"least"})

several_members = st.lists(st.frozensets(st.sampled_from(sorted(FACTS))), max_size=4)


def joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, inner) | st.builds(Joined, st.sampled_from(["and", "or"]), parts)


conditions_of_members = st.recursive(
    st.sampled_from(sorted(FACTS)).map(Has),
    joined,
    max_leaves=5,
)
numbers = st.recursive(
    st.just(Size())
    | st.just(Param("least"))
    | st.integers(0, 9).map(Number)
    | st.builds(Over, st.just("count_members"), conditions_of_members),
    lambda inner: st.builds(Operation, st.sampled_from(["+", "-", "*"]), inner, inner),
    max_leaves=4,
)
formulas = st.recursive(
    st.builds(Over, st.sampled_from(["any_member", "all_members"]), conditions_of_members)
    | st.builds(Operation, st.sampled_from(["<", "<=", ">", ">=", "=="]), numbers, numbers),
    joined,
    max_leaves=5,
)
situations = st.builds(
    Situation,
    several_members.map(tuple),
    st.fixed_dictionaries({"least": st.integers(0, 4)}),
)


def parse(text: str, *, of_group: bool = True) -> Node:
    return expression.parse(text, facts=FACTS, params=PARAMS, of_group=of_group)


@given(formulas)
def test_what_is_written_reads_the_same(formula: Node) -> None:
    assert parse(expression.write(formula)) == formula


@given(formulas, situations)
def test_a_formula_comes_to_what_python_would_make_of_it(
    formula: Node, situation: Situation
) -> None:
    def over(fold: object) -> object:
        return lambda ask: fold(ask(member) for member in situation.members)  # type: ignore[operator]

    names = {
        "any_member": over(any),
        "all_members": over(all),
        "count_members": over(lambda answers: sum(map(bool, answers))),
        "group_size": lambda: len(situation.members),
        "least": situation.params["least"],
    }
    text = expression.write(formula).replace("param.", "")
    for quantifier in expression.QUANTIFIERS:
        text = text.replace(f"{quantifier}(", f"{quantifier}(lambda member: ")
    for fact in FACTS:
        text = text.replace(f"has({fact})", f"({fact!r} in member)")
    assert expression.evaluate(formula, situation) == eval(text, {}, names)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("any_member(", "not a formula"),
        ("open('x')", "not something a rule can say"),
        ("any_member(has(old)).real", "not something a rule can say"),
        ("any_member(has('old'))", "not something a rule can say"),
        ("1 < group_size() < 3", "not something a rule can say"),
        ("any_member(has(rich))", "no fact is named `rich`"),
        ("group_size() > param.most", "no parameter is named `most`"),
        ("has(old)", "asked of a member"),
        ("any_member(any_member(has(old)))", "outside other quantifiers"),
        ("any_member(group_size())", "a number where a condition"),
        ("group_size()", "a number where a condition"),
        ("True", "not something a rule can say"),
        ("any_member(has(old)) + 1 > 1", "a condition, not a number"),
        ("not group_size()", "a number where a condition"),
        ("any_member(has(old)) and 1", "a number, not a condition"),
        ("__import__('os').system('true')", "not something a rule can say"),
    ],
)
def test_a_formula_that_says_something_else_is_refused(text: str, why: str) -> None:
    with pytest.raises(FormulaError, match=why.replace("(", r"\(")):
        parse(text)


def test_in_a_group_of_one_person_a_fact_is_asked_directly() -> None:
    formula = parse("has(old) and not has(poor)", of_group=False)
    assert expression.evaluate(formula, Situation((), {}, frozenset({"old"})))
