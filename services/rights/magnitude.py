"""Magnitude: how large the numbers of a formula become, so that 64 bits hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.rights import expression
from services.rights.expression import (
    MOST,
    Amount,
    Choice,
    Node,
    Number,
    Operation,
    Over,
    Param,
    Person,
    Size,
)

MEMBERS: Final = 10_000
"""No group has more."""
LARGEST: Final = 2**63 - 1
_HALF: Final = 50
"""Added by `percent` before it divides."""


def fits(formula: Node, params: Mapping[str, int]) -> bool:
    """Whether no number on the way can leave 64 bits; of each parameter the most it ever is."""
    return all(most(node, params) <= LARGEST for node in expression.walk(formula))


def most(node: Node, params: Mapping[str, int]) -> int:  # noqa: PLR0911 - one answer a node
    """What the node comes to, or passes on the way there, is never further from 0."""
    match node:
        case Amount():
            return MOST
        case Number(value=value):
            return abs(value)
        case Param(name=name):
            return abs(params[name])
        case Size() | Over(quantifier="count_members"):
            return MEMBERS
        case Over(quantifier="group_sum", of=of):
            return MEMBERS * most(of, params)
        case Person(of=of):
            return most(of, params)
        case Choice(then=then, otherwise=otherwise):
            return max(most(then, params), most(otherwise, params))
        case Operation(sign=sign, left=left, right=right):
            return _made(sign, most(left, params), most(right, params))
    return 1


def _made(sign: str, one: int, other: int) -> int:
    match sign:
        case "+" | "-":
            return one + other
        case "*":
            return one * other
        case "percent":
            return one * other + _HALF
        case "lowest" | "highest":
            return max(one, other)
    return 1
