"""Needs: the facts without which a formula cannot be true, whatever else holds."""

from __future__ import annotations

from services.rights.law import scalar
from services.rights.law.expression import (
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
    Person,
    walk,
)

Clauses = tuple[frozenset[str], ...]
"""Of each, some member has at least one fact or amount wherever the formula is true."""


def clauses(node: Node) -> Clauses:
    """What a condition needs in a group of at least one member; empty where it may need nothing."""
    match node:
        case Has(fact=fact) | Known(fact=fact):
            return (frozenset({fact}),)
        case Over(quantifier="any_member" | "all_members", of=of) | Person(of=of):
            return clauses(of)
        case Joined(word="and", parts=parts):
            return tuple(dict.fromkeys(clause for part in parts for clause in clauses(part)))
        case Joined(parts=parts):
            needed = [clauses(part) for part in parts]
            return (frozenset().union(*(found[0] for found in needed)),) if all(needed) else ()
    return (named(node),) if unsaid(node) == 0 and named(node) else ()


def own(node: Node) -> Clauses:
    """What the person herself needs."""
    match node:
        case Person(of=of):
            return clauses(of)
        case Joined(word="and", parts=parts):
            return tuple(dict.fromkeys(clause for part in parts for clause in own(part)))
    return ()


def roles(node: Node) -> frozenset[str]:
    """As one of which the person herself must be in the group; empty where any will do."""
    match node:
        case Is(role=role):
            return frozenset({role})
        case Person(of=of):
            return roles(of)
        case Joined(word="and", parts=parts):
            return next((found for part in parts if (found := roles(part))), frozenset())
        case Joined(parts=parts):
            each = [roles(part) for part in parts]
            return frozenset().union(*each) if all(each) else frozenset()
    return frozenset()


def named(node: Node) -> frozenset[str]:
    """Every fact and amount that a formula speaks of."""
    return frozenset(n.fact for n in walk(node) if isinstance(n, Has | Known | Amount))


def unsaid(node: Node) -> int | None:  # noqa: PLR0911 - one answer a node
    """What a formula comes to where no member has a fact or an amount.

    None where that depends: on ages, roles, parameters, or how many members there are.
    """
    match node:
        case Has() | Known() | Amount():
            return 0
        case Number(value=value):
            return value
        case Not(of=of):
            inner = unsaid(of)
            return None if inner is None else not inner
        case Joined(word=word, parts=parts):
            return _joined(word, [unsaid(part) for part in parts])
        case Operation(sign=sign, left=left, right=right):
            one, other = unsaid(left), unsaid(right)
            return None if one is None or other is None else scalar.OPERATIONS[sign](one, other)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            test = unsaid(condition)
            return None if test is None else unsaid(then if test else otherwise)
        case Person(of=of) | Over(quantifier="any_member" | "all_members", of=of):
            return unsaid(of)
        case Over(of=of):
            return 0 if unsaid(of) == 0 else None
    return None


def _joined(word: str, parts: list[int | None]) -> int | None:
    settling = word == "or"
    if any(part is not None and bool(part) is settling for part in parts):
        return settling
    return None if None in parts else not settling
