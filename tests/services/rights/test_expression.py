"""Formulas: what they may say, and how they are written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from services.rights.law import expression, grammar
from services.rights.law.expression import Node
from services.rights.law.grammar import FormulaError
from tests.services.rights import formulas


@given(formulas.conditions_of_group)
def test_what_is_written_of_a_group_reads_the_same(formula: Node) -> None:
    formula = formulas.guarded(formula, of_group=True)
    assert grammar.condition(expression.write(formula), formulas.OF_GROUP) == formula


@given(formulas.numbers_of_member)
def test_what_is_written_of_one_person_reads_the_same(formula: Node) -> None:
    formula = formulas.guarded(formula, of_group=False)
    assert grammar.number(expression.write(formula), formulas.OF_PERSON) == formula


def test_a_plain_name_in_a_sum_is_short_for_its_amounts() -> None:
    short = "all_members(known(income)) and group_sum(income) < param.ceiling"
    long = short.replace("group_sum(income)", "group_sum(amount(income))")
    assert grammar.condition(short, formulas.OF_GROUP) == grammar.condition(long, formulas.OF_GROUP)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("any_member(", "not a formula"),
        ("", "not a formula"),
        ("any_member(has(old))\nor True", "not a formula"),
        ("any_member(has(old)) or (", "not a formula"),
        ("open('x')", "not something a rule can say"),
        ("any_member(has(old)).real", "not something a rule can say"),
        ("any_member(has('old'))", "not something a rule can say"),
        ("any_member(has(old, poor))", "not something a rule can say"),
        ("any_member(has(fact=old))", "not something a rule can say"),
        ("any_member(*[has(old)])", "not something a rule can say"),
        ("1 < group_size() < 3", "not something a rule can say"),
        ("group_size() != 3", "not something a rule can say"),
        ("group_size() // 2 > 1", "not something a rule can say"),
        ("group_size() ** 2 > 1", "not something a rule can say"),
        ("group_size(1) > 1", "not something a rule can say"),
        ("-1 < group_size()", "not something a rule can say"),
        ("1.5 < group_size()", "not something a rule can say"),
        ("'a' < group_size()", "not something a rule can say"),
        ("True", "not something a rule can say"),
        ("any_member(age() > True)", "not something a rule can say"),
        ("any_member(age() > param.extra)", "not something a rule can say"),
        ("any_member(18 < age())", "not something a rule can say"),
        ("param > 1", "not something a rule can say"),
        ("other.extra > 1", "not something a rule can say"),
        ("lowest(1, 2, 3) > 1", "not something a rule can say"),
        ("(lambda: 1)() > 1", "not something a rule can say"),
        ("__import__('os').system('true')", "not something a rule can say"),
        ("any_member(sees(old))", "not something a rule can say"),
        ("any_member(has(rich))", "no fact is named `rich`"),
        ("any_member(has(income))", "no fact is named `income`"),
        ("any_member(known(old))", "no amount is named `old`"),
        ("group_sum(old) > 1 and any_member(known(old))", "no amount is named `old`"),
        ("group_size() > param.most", "no parameter is named `most`"),
        ("group_size() > 1000000000001", "more than a rule may name"),
        ("any_member(age() >= 151)", "nobody is 151 years old"),
        ("has(old)", "asked of a member"),
        ("known(income)", "asked of a member"),
        ("age() > 18", "asked of a member"),
        ("role(HOLDER)", "asked of a member"),
        ("any_member(any_member(has(old)))", "outside other quantifiers"),
        ("person(any_member(has(old)))", "outside other quantifiers"),
        ("any_member(person(has(old)))", "`person` stands outside quantifiers"),
        ("any_member(group_size())", "a number where a condition"),
        ("count_members(1) > 1", "a number where a condition"),
        ("group_sum(has(old)) > 1", "a condition where a number"),
        ("group_size()", "a number where a condition"),
        ("any_member(has(old)) + 1 > 1", "a condition where a number"),
        ("not group_size()", "a number where a condition"),
        ("any_member(has(old)) and 1", "a number where a condition"),
        ("(1 if group_size() else 2) > 1", "a number where a condition"),
        ("(any_member(has(old)) if group_size() > 1 else 2) > 1", "a condition where a number"),
        ("group_sum(income) < 5", "counts without asking known"),
        ("any_member(amount(income) < 5)", "counts without asking known"),
    ],
)
def test_a_formula_that_says_something_else_is_refused(text: str, why: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(why)):
        grammar.condition(text, formulas.OF_GROUP)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("any_member(has(old))", "asked of a group"),
        ("count_members(has(old)) > 1", "asked of a group"),
        ("person(has(old))", "leave `person` out"),
    ],
)
def test_one_person_is_no_group(text: str, why: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(why)):
        grammar.condition(text, formulas.OF_PERSON)


def test_a_condition_is_no_number() -> None:
    with pytest.raises(FormulaError, match="a condition where a number is meant"):
        grammar.number("any_member(has(old))", formulas.OF_GROUP)


def test_the_birthdays_of_a_formula_are_those_on_which_it_can_change() -> None:
    text = "any_member(age() >= 18 and age() < 25) or any_member(age() == 40 or age() > 65)"
    formula = grammar.condition(text, formulas.OF_GROUP)
    assert expression.ages(formula) >= {18, 25, 40, 41, 66}
