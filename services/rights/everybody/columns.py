"""Formulas for many groups on their days at once, compiled to numpy over columns of members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from services.rights.everybody.spans import Cents, Flags, Rows
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

Column = NDArray[np.bool_] | NDArray[np.int64]


class Cells(Protocol):
    """The members of situations (a group on some days), in order of situation.

    Every column but `of` answers for each cell, that is for one member of one situation.
    """

    @property
    def situations(self) -> int: ...
    @property
    def of(self) -> Rows:
        """The situation of each cell."""
        ...

    @property
    def there(self) -> Flags | None:
        """Which cells count; None where all do."""
        ...

    @property
    def params(self) -> Mapping[str, int]: ...

    def has(self, fact: str) -> Flags: ...
    def known(self, fact: str) -> Flags: ...
    def amount(self, fact: str) -> Cents: ...
    def born(self) -> Flags:
        """On the day or before; false where the birth is not known."""
        ...

    def completed(self, years: int) -> Flags:
        """Whether so many years of life are over."""
        ...

    def role(self, role: str) -> Flags: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a formula comes to: for each cell, for each situation, or the same for all."""

    value: Column | int
    of_cells: bool = False

    def lifted(self, cells: Cells) -> Column | int:
        """For each cell, or one number for all."""
        if self.of_cells or isinstance(self.value, int):
            return self.value
        return self.value.take(cells.of)

    def by_cell(self, cells: Cells) -> Column:
        value = self.lifted(cells)
        return np.full(len(cells.of), value) if isinstance(value, int) else value


def percent(of: Column | int, rate: Column | int) -> Column:
    """So many percent, to the nearest; halves go away from zero."""
    product = np.asarray(of, np.int64) * np.asarray(rate, np.int64)
    found: Column = np.where(product < 0, -((50 - product) // 100), (product + 50) // 100)
    return found


OPERATIONS: Final[dict[str, Callable[..., Column]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "lowest": np.minimum,
    "highest": np.maximum,
    "percent": percent,
}


def evaluate(node: Node, cells: Cells) -> Answer:  # noqa: C901, PLR0911, PLR0912 - one answer a node
    """The formula in every situation, for each cell as the person where it asks of the person."""
    match node:
        case Has(fact=fact):
            return Answer(cells.has(fact), of_cells=True)
        case Known(fact=fact):
            return Answer(cells.known(fact), of_cells=True)
        case Amount(fact=fact):
            return Answer(cells.amount(fact), of_cells=True)
        case Aged():
            return Answer(_aged(node, cells), of_cells=True)
        case Is(role=role):
            return Answer(cells.role(role), of_cells=True)
        case Over(quantifier=quantifier, of=of):
            return Answer(_over(quantifier, evaluate(of, cells).by_cell(cells), cells))
        case Person(of=of):
            return Answer(evaluate(of, cells).by_cell(cells), of_cells=True)
        case Size():
            return Answer(_sizes(cells))
        case Param(name=name):
            return Answer(cells.params[name])
        case Number(value=value):
            return Answer(value)
        case Not(of=of):
            return _made(np.logical_not, cells, evaluate(of, cells))
        case Joined(word=word, parts=parts):
            return _joined(word, parts, cells)
        case Operation(sign=sign, left=left, right=right):
            return _made(OPERATIONS[sign], cells, evaluate(left, cells), evaluate(right, cells))
        case Choice(condition=condition, then=then, otherwise=otherwise):
            asked = (evaluate(part, cells) for part in (condition, then, otherwise))
            return _made(np.where, cells, *asked)


def _sizes(cells: Cells) -> Column:
    of = cells.of if cells.there is None else cells.of[cells.there]
    return np.bincount(of, minlength=cells.situations)


def _joined(word: str, parts: tuple[Node, ...], cells: Cells) -> Answer:
    join = np.logical_and if word == "and" else np.logical_or
    answer = evaluate(parts[0], cells)
    for part in parts[1:]:
        answer = _made(join, cells, answer, evaluate(part, cells))
    return answer


def _made(make: Callable[..., Column], cells: Cells, *of: Answer) -> Answer:
    """Of answers for situations one for situations; of any for cells one for cells."""
    of_cells = any(answer.of_cells for answer in of)
    values = [answer.lifted(cells) if of_cells else answer.value for answer in of]
    made = make(*values)
    return Answer(made if np.ndim(made) else int(made), of_cells=of_cells)


def _over(quantifier: str, answers: Column, cells: Cells) -> Column:
    if quantifier == "group_sum":
        counting = answers if cells.there is None else answers * cells.there
        return summed(counting, cells.of, cells.situations)
    hold = answers.astype(np.bool_, copy=False)
    if quantifier == "any_member":
        return _some(hold, cells)
    if quantifier == "all_members":
        return ~_some(~hold, cells)
    return np.bincount(cells.of.take(_places(hold, cells)), minlength=cells.situations)


def _some(answers: Flags, cells: Cells) -> Flags:
    found = np.zeros(cells.situations, np.bool_)
    found[cells.of.take(_places(answers, cells))] = True
    return found


def _places(answers: Flags, cells: Cells) -> Rows:
    return np.flatnonzero(answers if cells.there is None else answers & cells.there)


def summed(values: Column, of: Rows, situations: int) -> Cents:
    """By situation, in whole cents."""
    found = np.zeros(situations, np.int64)
    if len(of):
        first = np.flatnonzero(np.diff(of, prepend=-1))
        found[of[first]] = np.add.reduceat(values.astype(np.int64, copy=False), first)
    return found


def _aged(node: Aged, cells: Cells) -> Flags:
    """No age compares where the birth is not known, or not yet."""
    match node.sign:
        case ">=":
            return cells.completed(node.years)
        case ">":
            return cells.completed(node.years + 1)
        case "<":
            return cells.born() & ~cells.completed(node.years)
        case "<=":
            return cells.born() & ~cells.completed(node.years + 1)
    return cells.completed(node.years) & ~cells.completed(node.years + 1)
