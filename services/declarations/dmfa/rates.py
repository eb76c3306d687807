"""Dated rates of contributions: what is due on a basis, to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from services.declarations.quarters import Quarter

K = TypeVar("K")
WHOLE = 1_000_000
"""A rate is kept in millionths, so that every amount is reckoned in whole numbers."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates that hold in one quarter, in millionths."""

    subject: frozenset[str]
    """Remunerations on which ordinary contributions are due."""
    bases: Mapping[str, int]
    """By worker code: the part of those remunerations that is the basis."""
    contributions: Mapping[tuple[str, str], int]
    """By code and type of the contribution."""
    students: Mapping[str, int]


def of(amount: int, rate: int) -> int:
    """A part of an amount in cents, rounded to the nearest cent, half a cent up."""
    return (2 * amount * rate + WHOLE) // (2 * WHOLE)


@cache
def valid(quarter: Quarter) -> Rates:
    """Raises ValueError where two rates would hold at once for the same thing."""
    content = _content()
    bases: dict[str, int] = {}
    rates: dict[tuple[str, str], int] = {}
    students: dict[str, int] = {}
    for row in _holding(content["bases"], quarter):
        for code in row["codes"]:
            _put(bases, code, row)
    for row in _holding(content["rates"], quarter):
        _put(rates, (row["code"], row["type"]), row)
    for row in _holding(content["students"], quarter):
        _put(students, row["code"], row)
    return Rates(frozenset(content["subject"]), bases, rates, students)


def _put(rates: dict[K, int], key: K, row: Mapping[str, str]) -> None:
    if key in rates:
        raise ValueError(f"two rates hold at once for {key}")
    millionths = Decimal(row["percent"]) * WHOLE / 100
    if millionths != int(millionths):
        raise ValueError(f"a rate of {key} is finer than a millionth")
    rates[key] = int(millionths)


def _holding(rows: list[dict[str, Any]], quarter: Quarter) -> list[dict[str, Any]]:
    number = int(quarter)
    return [r for r in rows if r["first"] <= number and (not r["last"] or number <= r["last"])]


@cache
def _content() -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.safe_load(
        Path(__file__).with_name("rates.yaml").read_text("utf-8")
    )
    return content
