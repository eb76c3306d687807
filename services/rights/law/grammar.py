"""The grammar of formulas: a small part of Python's, read once and checked when loaded."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from services.rights.law.expression import (
    CALLS,
    MOST,
    OLDEST,
    QUANTIFIERS,
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
    OfMember,
    Operation,
    Over,
    Param,
    Person,
    Size,
    children,
    is_condition,
    walk,
    write,
)

COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
}
SUMS: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


class FormulaError(ValueError):
    """A formula that says something the rules cannot say."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a formula may speak of."""

    facts: frozenset[str]
    """Those that hold or not."""
    amounts: frozenset[str]
    params: frozenset[str]
    of_group: bool
    """Members are reached by quantifiers and `person` only."""
    roles: frozenset[str] = frozenset()
    """As what one can be in the group."""


def condition(text: str, names: Names) -> Node:
    """Read a formula that comes to true or false.

    Raises FormulaError for what is not in the grammar, for unknown names, for a number where a
    condition is meant and the reverse, for a member's fact outside the members it is asked of,
    and for an amount without the question whether it is known.
    """
    node = _read(text, names)
    _demand(is_condition(node), f"`{text}` is a number where a condition is meant")
    return node


def number(text: str, names: Names) -> Node:
    """Read a formula that comes to a number. Raises FormulaError as `condition` does."""
    node = _read(text, names)
    _demand(not is_condition(node), f"`{text}` is a condition where a number is meant")
    return node


def _read(text: str, names: Names) -> Node:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise FormulaError(f"`{text}` is not a formula: {error.msg}") from error
    node = _node(tree)
    _check(node, names, in_member=not names.of_group)
    asked = {n.fact for n in walk(node) if isinstance(n, Known)}
    for unguarded in sorted({n.fact for n in walk(node) if isinstance(n, Amount)} - asked):
        raise FormulaError(f"`{unguarded}` counts without asking known({unguarded})")
    return node


def _node(tree: ast.expr) -> Node:  # noqa: C901, PLR0911, PLR0912 - one answer a node
    match tree:
        case ast.BoolOp(op=op, values=values):
            word = "and" if isinstance(op, ast.And) else "or"
            return Joined(word, tuple(map(_node, values)))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_node(operand))
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="age"), args=[], keywords=[]),
            ops=[op],
            comparators=[ast.Constant(value=int(years))],
        ) if type(op) in COMPARISONS and not isinstance(years, bool):
            return Aged(COMPARISONS[type(op)], years)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
            return Operation(COMPARISONS[type(op)], _node(left), _node(right))
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in SUMS:
            return Operation(SUMS[type(operation)], _node(left), _node(right))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return Choice(_node(test), _node(body), _node(orelse))
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            _demand(value <= MOST, f"{value} is more than a rule may name")
            return Number(value)
        case ast.Attribute(value=ast.Name(id="param"), attr=name):
            return Param(name)
        case ast.Call(func=ast.Name(id="group_size"), args=[], keywords=[]):
            return Size()
        case ast.Call(func=ast.Name(id=name), args=[left, right], keywords=[]) if name in CALLS:
            return Operation(name, _node(left), _node(right))
        case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=about)], keywords=[]):
            return _named(name, about)
        case ast.Call(func=ast.Name(id=name), args=[of], keywords=[]) if name in QUANTIFIERS:
            return Over(name, _node(of))
        case ast.Call(func=ast.Name(id="person"), args=[of], keywords=[]):
            return Person(_node(of))
    raise FormulaError(f"`{ast.unparse(tree)}` is not something a rule can say")


def _named(name: str, about: str) -> Node:
    """A call with one plain name in it; `group_sum(income)` is short for the sum of amounts."""
    match name:
        case "has":
            return Has(about)
        case "known":
            return Known(about)
        case "amount":
            return Amount(about)
        case "role":
            return Is(about)
        case "group_sum":
            return Over("group_sum", Amount(about))
    raise FormulaError(f"`{name}({about})` is not something a rule can say")


def _check(node: Node, names: Names, *, in_member: bool) -> None:  # noqa: C901 - one answer a node
    match node:
        case Has() | Known() | Amount() | Aged() | Is():
            _demand(in_member, f"`{write(node)}` is asked of a member: write any_member(...)")
            _check_name(node, names)
        case Param(name=name):
            _demand(name in names.params, f"no parameter is named `{name}`")
        case Over(quantifier=quantifier, of=of):
            _demand(names.of_group, f"`{quantifier}` is asked of a group, and this is one person")
            _demand(not in_member, "a quantifier stands outside other quantifiers")
            _demand_kind(of, condition=quantifier != "group_sum")
        case Person(of=of):
            _demand(names.of_group, "the rule is on one person: leave `person` out")
            _demand(not in_member, "`person` stands outside quantifiers")
        case Not(of=of):
            _demand_kind(of, condition=True)
        case Joined(parts=parts):
            for part in parts:
                _demand_kind(part, condition=True)
        case Operation(left=left, right=right):
            for part in (left, right):
                _demand_kind(part, condition=False)
        case Choice(condition=asked, then=then, otherwise=otherwise):
            _demand_kind(asked, condition=True)
            for part in (then, otherwise):
                _demand_kind(part, condition=False)
    for child in children(node):
        _check(child, names, in_member=in_member or isinstance(node, Over | Person))


def _check_name(node: OfMember, names: Names) -> None:
    match node:
        case Has(fact=fact):
            _demand(fact in names.facts, f"no fact is named `{fact}`")
        case Known(fact=fact) | Amount(fact=fact):
            _demand(fact in names.amounts, f"no amount is named `{fact}`")
        case Is(role=role):
            _demand(role in names.roles, f"nobody is in the group as `{role}`")
        case Aged(years=years):
            _demand(0 <= years <= OLDEST, f"nobody is {years} years old")


def _demand_kind(node: Node, *, condition: bool) -> None:
    meant = "a condition" if condition else "a number"
    is_a = "a number" if condition else "a condition"
    _demand(is_condition(node) is condition, f"`{write(node)}` is {is_a} where {meant} is meant")


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise FormulaError(otherwise)
