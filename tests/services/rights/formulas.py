"""Formulas drawn by Hypothesis, and what Python itself makes of their text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from types import CodeType, SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from services.rights.law import expression, grammar
from services.rights.law.expression import (
    Aged,
    Amount,
    Choice,
    Has,
    Is,
    Joined,
    Known,
    Node,
    Not,
    Number,
    Operation,
    Over,
    Param,
    Person,
    Size,
)
from services.rights.law.grammar import Names
from services.rights.law.scalar import Member

FACTS = ("poor", "poor_long", "old", "ill_young", "poor_once", "granted")
AMOUNTS = ("income", "income_before")
PARAMS = ("ceiling", "extra")
ROLES = ("HOLDER", "PARTNER", "DEPENDANT", "PARENT", "CHILD")
SIGNS = tuple(grammar.COMPARISONS.values())
OF_GROUP = Names(
    frozenset(FACTS), frozenset(AMOUNTS), frozenset(PARAMS), of_group=True, roles=frozenset(ROLES)
)
OF_PERSON = replace(OF_GROUP, of_group=False)
MADE = (*grammar.SUMS.values(), *sorted(expression.CALLS))


@st.composite
def condition(draw: st.DrawFn, of_group: bool, deep: int = 2) -> Node:
    """A condition on a group, or on one member; at most so deep."""
    kinds = ["plain", "plain", "plain", "compared", "not", "and", "or"]
    match draw(st.sampled_from(kinds[: None if deep else 4])):
        case "plain" if of_group:
            quantifier = draw(st.sampled_from(["any_member", "any_member", "all_members", ""]))
            asked = draw(condition(of_group=False, deep=max(deep - 1, 0)))
            return Over(quantifier, asked) if quantifier else Person(asked)
        case "plain":
            return draw(_PLAIN)
        case "compared":
            sides = number(of_group, deep=max(deep - 1, 0))
            return Operation(draw(st.sampled_from(SIGNS)), draw(sides), draw(sides))
        case "not":
            return Not(draw(condition(of_group, deep - 1)))
        case word:
            parts = condition(of_group, deep - 1)
            return Joined(word, (draw(parts), draw(parts)))


@st.composite
def number(draw: st.DrawFn, of_group: bool, deep: int = 2) -> Node:  # noqa: PLR0911
    """A number of a group, or of one member; at most so deep."""
    match draw(
        st.sampled_from(["constant", "own", "own", "made", "choice"][: None if deep else 3])
    ):
        case "constant":
            return draw(_CONSTANT)
        case "own" if of_group:
            match draw(st.sampled_from(["group_size", "count_members", "group_sum", "person"])):
                case "group_size":
                    return Size()
                case "count_members":
                    return Over("count_members", draw(condition(of_group=False, deep=0)))
                case "group_sum":
                    return Over("group_sum", draw(number(of_group=False, deep=max(deep - 1, 0))))
            return Person(draw(number(of_group=False, deep=0)))
        case "own":
            return Amount(draw(st.sampled_from(AMOUNTS)))
        case "made":
            sides = number(of_group, deep - 1)
            return Operation(draw(st.sampled_from(MADE)), draw(sides), draw(sides))
    sides = number(of_group, deep - 1)
    return Choice(draw(condition(of_group, deep - 1)), draw(sides), draw(sides))


_PLAIN: st.SearchStrategy[Node] = st.sampled_from(
    [
        *map(Has, FACTS),
        *map(Has, FACTS),
        *map(Known, AMOUNTS),
        *map(Is, ROLES),
        *(Aged(sign, years) for sign in SIGNS for years in (0, 1, 18, 19, 20, 65)),
    ]
)
_CONSTANT: st.SearchStrategy[Node] = st.sampled_from(
    [*map(Param, PARAMS), *map(Number, (0, 1, 2, 3, 50, 1000, 1500))]
)
conditions_of_group = condition(of_group=True)
conditions_of_member = condition(of_group=False)
numbers_of_group = number(of_group=True)
numbers_of_member = number(of_group=False)


def guarded(node: Node, *, of_group: bool) -> Node:
    """The same, with the question whether each amount is known before it, as rules demand."""
    asked = {n.fact for n in expression.walk(node) if isinstance(n, Known)}
    amounts = {n.fact for n in expression.walk(node) if isinstance(n, Amount)} - asked
    if not amounts:
        return node
    known: tuple[Node, ...] = tuple(Known(fact) for fact in sorted(amounts))
    questions = tuple(map(Person, known)) if of_group else known
    if expression.is_condition(node):
        return Joined("and", (*questions, node))
    condition = questions[0] if len(questions) == 1 else Joined("and", questions)
    return Choice(condition, node, Number(7))


@lru_cache(maxsize=1024)
def _code(text: str) -> CodeType:
    for word in (*sorted(expression.QUANTIFIERS), "person"):
        text = text.replace(f"{word}(", f"{word}(lambda: ")
    return compile(text, "formula", "eval")


def python(node: Node, members: Sequence[Member], person: Member, params: Mapping[str, int]) -> int:
    """Python's own answer to the written formula."""
    asked = [person]

    def of(member: Member, question: Callable[[], int]) -> int:
        asked.append(member)
        try:
            return question()
        finally:
            asked.pop()

    def over(fold: Callable[[list[int]], int]) -> Callable[[Callable[[], int]], int]:
        return lambda question: fold([of(member, question) for member in members])

    names: dict[str, Any] = {
        **{name: name for name in (*FACTS, *AMOUNTS, *ROLES)},
        "has": lambda fact: fact in asked[-1].facts,
        "known": lambda fact: fact in (asked[-1].amounts or {}),
        "amount": lambda fact: (asked[-1].amounts or {}).get(fact, 0),
        "age": lambda: float("nan") if asked[-1].age is None else asked[-1].age,
        "role": lambda role: asked[-1].role == role,
        "person": lambda question: of(person, question),
        "any_member": over(any),
        "all_members": over(all),
        "count_members": over(lambda answers: sum(map(bool, answers))),
        "group_sum": over(sum),
        "group_size": lambda: len(members),
        "param": SimpleNamespace(**params),
        "lowest": min,
        "highest": max,
        "percent": lambda of, rate: int(
            (Decimal(of) * rate / 100).to_integral_value(ROUND_HALF_UP)
        ),
    }
    return int(eval(_code(expression.write(node)), names | {"__builtins__": {}}))
