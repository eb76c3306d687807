"""Formulas of rules, as trees of nodes.

From one tree come the scalar form (`scalar`), the columns (`columns`) and the
explanation (`explanation`); the three agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CALLS: Final = frozenset({"lowest", "highest", "percent"})
"""Of two numbers: the lower, the higher, and so many percent of the first, halves away from 0."""
CONDITIONS: Final = frozenset({"<", "<=", ">", ">=", "=="})
QUANTIFIERS: Final = frozenset({"any_member", "all_members", "count_members", "group_sum"})
OLDEST: Final = 150
MOST: Final = 10**12
"""The highest number that a rule may name, and amount that is said; see `magnitude`."""


@dataclass(frozen=True, slots=True)
class Has:
    """Whether the member has the fact on the day: `has(fact)`."""

    fact: str


@dataclass(frozen=True, slots=True)
class Known:
    """Whether the amount of the member is known on the day: `known(fact)`."""

    fact: str


@dataclass(frozen=True, slots=True)
class Amount:
    """The amount of the member on the day, in cents; 0 where it is not known: `amount(fact)`."""

    fact: str


@dataclass(frozen=True, slots=True)
class Aged:
    """Whether the member's completed years compare so; false where the birth is not known."""

    sign: str
    years: int


@dataclass(frozen=True, slots=True)
class Is:
    """Whether the member is in the group as that: `role(HOLDER)`."""

    role: str


@dataclass(frozen=True, slots=True)
class Over:
    """Asked of every member: any_member, all_members, count_members, or group_sum of numbers."""

    quantifier: str
    of: Node


@dataclass(frozen=True, slots=True)
class Person:
    """Asked of the person herself within her group: `person(...)`."""

    of: Node


@dataclass(frozen=True, slots=True)
class Size:
    """How many members the group has: `group_size()`."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter's value on the day: `param.name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: int


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    of: Node


@dataclass(frozen=True, slots=True)
class Joined:
    """`and` or `or` over two or more conditions."""

    word: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A comparison of two numbers, or what is made of them: + - * lowest highest percent."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice:
    """One number where a condition holds, another where not: `a if condition else b`."""

    condition: Node
    then: Node
    otherwise: Node


OfMember = Has | Known | Amount | Aged | Is
"""What is asked of one member."""
Node = OfMember | Over | Person | Size | Param | Number | Not | Joined | Operation | Choice


def is_condition(node: Node) -> bool:
    """Whether it comes to true or false, and not to a number."""
    match node:
        case Size() | Param() | Number() | Amount() | Choice():
            return False
        case Over(quantifier=quantifier):
            return quantifier in ("any_member", "all_members")
        case Person(of=of):
            return is_condition(of)
        case Operation(sign=sign):
            return sign in CONDITIONS
    return True


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Over(of=of) | Person(of=of) | Not(of=of):
            return (of,)
        case Joined(parts=parts):
            return parts
        case Operation(left=left, right=right):
            return (left, right)
        case Choice(condition=asked, then=then, otherwise=otherwise):
            return (asked, then, otherwise)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all within it."""
    yield node
    for child in children(node):
        yield from walk(child)


def ages(node: Node) -> frozenset[int]:
    """The birthdays on which an answer of the formula can change."""
    asked = [n for n in walk(node) if isinstance(n, Aged)]
    return frozenset(
        years
        for n in asked
        for years in ((n.years,) if n.sign in ("<", ">=") else (n.years, n.years + 1))
    )


def write(node: Node) -> str:  # noqa: C901, PLR0911, PLR0912 - one answer a node
    """The formula as the rule writes it, in one spelling."""
    match node:
        case Has(fact=fact):
            return f"has({fact})"
        case Known(fact=fact):
            return f"known({fact})"
        case Amount(fact=fact):
            return f"amount({fact})"
        case Aged(sign=sign, years=years):
            return f"age() {sign} {years}"
        case Is(role=role):
            return f"role({role})"
        case Over(quantifier=quantifier, of=of):
            return f"{quantifier}({write(of)})"
        case Person(of=of):
            return f"person({write(of)})"
        case Size():
            return "group_size()"
        case Param(name=name):
            return f"param.{name}"
        case Number(value=value):
            return str(value)
        case Not(of=of):
            return f"not {_enclosed(of)}"
        case Joined(word=word, parts=parts):
            return f" {word} ".join(map(_enclosed, parts))
        case Operation(sign=sign, left=left, right=right) if sign in CALLS:
            return f"{sign}({write(left)}, {write(right)})"
        case Operation(sign=sign, left=left, right=right):
            return f"{_enclosed(left)} {sign} {_enclosed(right)}"
        case Choice(condition=asked, then=then, otherwise=otherwise):
            return f"{_enclosed(then)} if {_enclosed(asked)} else {_enclosed(otherwise)}"


def _enclosed(node: Node) -> str:
    plain = not isinstance(node, Joined | Operation | Not | Choice | Aged)
    if isinstance(node, Operation) and node.sign in CALLS:
        plain = True
    return write(node) if plain else f"({write(node)})"
