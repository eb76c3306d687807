"""Formulas for one group on one day, compiled to plain Python."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

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


class Member(NamedTuple):
    """One member on one day."""

    facts: frozenset[str] = frozenset()
    amounts: Mapping[str, int] | None = None
    """In cents, of those that are known."""
    age: int | None = None
    """Completed years; None where the birth is not known, or not yet."""
    role: str = ""


NOBODY: Final = Member()


class Situation(NamedTuple):
    """One group on one day, the parameters, and the person whose right it is."""

    members: tuple[Member, ...]
    params: Mapping[str, int]
    person: Member = NOBODY


Answer = Callable[[Situation, Member], int]


def percent(of: int, rate: int) -> int:
    """So many percent, to the nearest; halves go away from zero."""
    product = of * rate
    return -((50 - product) // 100) if product < 0 else (product + 50) // 100


OPERATIONS: Final[dict[str, Callable[[int, int], int]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "lowest": min,
    "highest": max,
    "percent": percent,
}


def evaluate(node: Node, situation: Situation) -> int:
    """What a formula comes to: true or false, or a number."""
    return compiled(node)(situation, situation.person)


@lru_cache(maxsize=4096)
def compiled(node: Node) -> Answer:  # noqa: C901, PLR0911, PLR0912 - one answer a node
    """Of a situation, and of the member that a condition inside a quantifier is asked of."""
    match node:
        case Has(fact=fact):
            return lambda _, member: fact in member.facts
        case Known(fact=fact):
            return lambda _, member: fact in (member.amounts or {})
        case Amount(fact=fact):
            return lambda _, member: (member.amounts or {}).get(fact, 0)
        case Aged(sign=sign, years=years):
            compare = OPERATIONS[sign]
            return lambda _, member: member.age is not None and compare(member.age, years)
        case Is(role=role):
            return lambda _, member: member.role == role
        case Over(quantifier=quantifier, of=of):
            return _over(quantifier, compiled(of))
        case Person(of=of):
            inner = compiled(of)
            return lambda situation, _: inner(situation, situation.person)
        case Size():
            return lambda situation, _: len(situation.members)
        case Param(name=name):
            return lambda situation, _: situation.params[name]
        case Number(value=value):
            return lambda _, __: value
        case Not(of=of):
            inner = compiled(of)
            return lambda situation, member: not inner(situation, member)
        case Joined(word=word, parts=parts):
            asked = tuple(map(compiled, parts))
            if word == "and":
                return lambda situation, member: all(part(situation, member) for part in asked)
            return lambda situation, member: any(part(situation, member) for part in asked)
        case Operation(sign=sign, left=left, right=right):
            one, other, make = compiled(left), compiled(right), OPERATIONS[sign]
            return lambda situation, member: make(one(situation, member), other(situation, member))
        case Choice(condition=condition, then=then, otherwise=otherwise):
            test, one, other = compiled(condition), compiled(then), compiled(otherwise)
            return lambda situation, member: (one if test(situation, member) else other)(
                situation, member
            )


def _over(quantifier: str, of: Answer) -> Answer:
    if quantifier == "any_member":
        return lambda situation, _: any(of(situation, member) for member in situation.members)
    if quantifier == "all_members":
        return lambda situation, _: all(of(situation, member) for member in situation.members)
    return lambda situation, _: sum(of(situation, member) for member in situation.members)


def counted(quantifier: str, answers: list[int]) -> int:
    """What a quantifier makes of its members' answers."""
    if quantifier == "any_member":
        return any(answers)
    return all(answers) if quantifier == "all_members" else sum(answers)
