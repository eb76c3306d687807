"""Formulas of rules: a small part of Python's grammar, checked when loaded, run many times."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
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
OPERATIONS: Final[dict[str, Callable[[int, int], int]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
QUANTIFIERS: Final = frozenset({"any_member", "all_members", "count_members"})


class FormulaError(ValueError):
    """A formula that says something the rules cannot say."""


@dataclass(frozen=True, slots=True)
class Has:
    """Whether the member has the fact on the day."""

    fact: str


@dataclass(frozen=True, slots=True)
class Over:
    """A condition asked of every member: any_member, all_members or count_members."""

    quantifier: str
    of: Node


@dataclass(frozen=True, slots=True)
class Size:
    """How many members the group has."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter's value on the day."""

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
    """A comparison or a sum of two numbers."""

    sign: str
    left: Node
    right: Node


Node = Has | Over | Size | Param | Number | Not | Joined | Operation


@dataclass(frozen=True, slots=True)
class Situation:
    """One group on one day: the facts that each member has, and the parameters."""

    members: tuple[frozenset[str], ...]
    params: Mapping[str, int]
    member: frozenset[str] = frozenset()
    """The one looked at, inside a quantifier."""


def parse(text: str, *, facts: frozenset[str], params: frozenset[str], of_group: bool) -> Node:
    """Read a formula. `of_group`: members are reached by quantifiers only.

    Raises FormulaError for what is not in the grammar, for unknown names, for a number where
    a condition is meant and the reverse, and for `has` outside the members it is asked of.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise FormulaError(f"`{text}` is not a formula: {error.msg}") from error
    node = _node(tree)
    _check(node, facts, params, in_member=not of_group)
    if not is_condition(node):
        raise FormulaError(f"`{text}` is a number where a condition is meant")
    return node


def _node(tree: ast.expr) -> Node:  # noqa: PLR0911 - one answer a node
    match tree:
        case ast.BoolOp(op=op, values=values):
            word = "and" if isinstance(op, ast.And) else "or"
            return Joined(word, tuple(map(_node, values)))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_node(operand))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
            return Operation(COMPARISONS[type(op)], _node(left), _node(right))
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in SUMS:
            return Operation(SUMS[type(operation)], _node(left), _node(right))
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return Number(value)
        case ast.Attribute(value=ast.Name(id="param"), attr=name):
            return Param(name)
        case ast.Call(func=ast.Name(id="group_size"), args=[], keywords=[]):
            return Size()
        case ast.Call(func=ast.Name(id="has"), args=[ast.Name(id=fact)], keywords=[]):
            return Has(fact)
        case ast.Call(func=ast.Name(id=name), args=[of], keywords=[]) if name in QUANTIFIERS:
            return Over(name, _node(of))
    raise FormulaError(f"`{ast.unparse(tree)}` is not something a rule can say")


def is_condition(node: Node) -> bool:
    """Whether it comes to true or false, and not to a number."""
    match node:
        case Size() | Param() | Number():
            return False
        case Over(quantifier=quantifier):
            return quantifier != "count_members"
        case Operation(sign=sign):
            return sign in COMPARISONS.values()
    return True


def _check(node: Node, facts: frozenset[str], params: frozenset[str], *, in_member: bool) -> None:
    match node:
        case Has(fact=fact):
            _demand(in_member, "`has` is asked of a member: write any_member(has(...))")
            _demand(fact in facts, f"no fact is named `{fact}`")
        case Param(name=name):
            _demand(name in params, f"no parameter is named `{name}`")
        case Over(of=of):
            _demand(not in_member, "a quantifier stands outside other quantifiers")
            _demand(is_condition(of), f"`{write(of)}` is a number where a condition is meant")
            _check(of, facts, params, in_member=True)
        case Not(of=of):
            _demand(is_condition(of), f"`{write(of)}` is a number where a condition is meant")
            _check(of, facts, params, in_member=in_member)
        case Joined(parts=parts):
            for part in parts:
                _demand(is_condition(part), f"`{write(part)}` is a number, not a condition")
                _check(part, facts, params, in_member=in_member)
        case Operation(left=left, right=right):
            for part in (left, right):
                _demand(not is_condition(part), f"`{write(part)}` is a condition, not a number")
                _check(part, facts, params, in_member=in_member)


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise FormulaError(otherwise)


def evaluate(node: Node, situation: Situation) -> int:  # noqa: PLR0911 - one answer a node
    """What a formula comes to in one situation; a condition to True or False."""
    match node:
        case Has(fact=fact):
            return fact in situation.member
        case Over(quantifier=quantifier, of=of):
            answers = [evaluate(of, looking_at(situation, m)) for m in situation.members]
            return counted(quantifier, answers)
        case Size():
            return len(situation.members)
        case Param(name=name):
            return situation.params[name]
        case Number(value=value):
            return value
        case Not(of=of):
            return not evaluate(of, situation)
        case Joined(word="and", parts=parts):
            return all(evaluate(part, situation) for part in parts)
        case Joined(parts=parts):
            return any(evaluate(part, situation) for part in parts)
        case Operation(sign=sign, left=left, right=right):
            return OPERATIONS[sign](evaluate(left, situation), evaluate(right, situation))


def looking_at(situation: Situation, member: frozenset[str]) -> Situation:
    return Situation(situation.members, situation.params, member)


def counted(quantifier: str, answers: list[int]) -> int:
    """What a quantifier makes of its members' answers."""
    if quantifier == "any_member":
        return any(answers)
    return all(answers) if quantifier == "all_members" else sum(answers)


def write(node: Node) -> str:  # noqa: PLR0911 - one answer a node
    """The formula as the rule writes it, in one spelling."""
    match node:
        case Has(fact=fact):
            return f"has({fact})"
        case Over(quantifier=quantifier, of=of):
            return f"{quantifier}({write(of)})"
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
        case Operation(sign=sign, left=left, right=right):
            return f"{_enclosed(left)} {sign} {_enclosed(right)}"


def _enclosed(node: Node) -> str:
    return f"({write(node)})" if isinstance(node, Joined | Operation | Not) else write(node)
