"""Formulas of rules: a small part of Python's grammar, read once and checked when loaded.

From one tree of nodes come the scalar form (`scalar`), the columns (`columns`) and the
explanation (`explanation`); the three agree.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
}
SUMS: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
CALLS: Final = frozenset({"lowest", "highest", "percent"})
"""Of two numbers: the lower, the higher, and so many percent of the first, halves away from 0."""
CONDITIONS: Final = frozenset(COMPARISONS.values())
QUANTIFIERS: Final = frozenset({"any_member", "all_members", "count_members", "group_sum"})
OLDEST: Final = 150
MOST: Final = 10**12
"""The highest number that a rule may name: products of two stay within 64 bits."""


class FormulaError(ValueError):
    """A formula that says something the rules cannot say."""


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
