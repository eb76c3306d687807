"""Dated rates of contributions: what is due on a basis, to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from services.declarations.dmfa import codes
from services.declarations.quarters import Quarter

K = TypeVar("K")
WHOLE = 1_000_000
"""A rate is kept in millionths, so that every amount is reckoned in whole numbers."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates that hold in one quarter, in millionths."""

    subject: frozenset[str]
    """Remunerations on which ordinary contributions are due."""
    bases: Mapping[tuple[str, str], int]
    """By worker code and type: the part of those remunerations that is the basis."""
    contributions: Mapping[tuple[str, str], int]
    """By code and type of the contribution."""
    flat: frozenset[str]
    """Contributions of a fixed amount: they have no basis."""
    students: Mapping[str, int]
    student_time: tuple[str, int]
    """Whether days or hours tell how long a student worked, and the most of them in a year."""
    bonuses: frozenset[str]
    """Remunerations of which is told how often they are paid."""


def of(amount: int, rate: int) -> int:
    """A part of an amount in cents, rounded to the nearest cent, half a cent up."""
    return (2 * amount * rate + WHOLE) // (2 * WHOLE)


@cache
def valid(quarter: Quarter) -> Rates:
    """Raises ValueError where two rates would hold at once for the same thing."""
    content = _content()
    bases: dict[tuple[str, str], int] = {}
    rates: dict[tuple[str, str], int] = {}
    students: dict[str, int] = {}
    for row in _holding(content["bases"], quarter):
        for code in row["codes"]:
            _put(bases, (code, row["type"]), row)
    for row in _holding(content["rates"], quarter):
        _put(rates, (row["code"], row["type"]), row)
    for row in _holding(content["students"], quarter):
        _put(students, row["code"], row)
    (time,) = _holding(content["student_time"], quarter)
    return Rates(
        subject=frozenset(content["subject"]),
        bases=bases,
        contributions=rates,
        flat=frozenset(content["flat"]),
        students=students,
        student_time=(time["unit"], time["most"]),
        bonuses=frozenset(content["bonuses"]),
    )


def _put(rates: dict[K, int], key: K, row: Mapping[str, str]) -> None:
    if key in rates:
        raise ValueError(f"two rates hold at once for {key}")
    millionths = Decimal(row["percent"]) * WHOLE / 100
    if millionths != int(millionths):
        raise ValueError(f"a rate of {key} is finer than a millionth")
    rates[key] = int(millionths)


def _holding(rows: list[dict[str, Any]], quarter: Quarter) -> list[dict[str, Any]]:
    return [row for row in rows if codes.holds_in(row, int(quarter))]


@cache
def _content() -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.safe_load(
        Path(__file__).with_name("rates.yaml").read_text("utf-8")
    )
    return content
