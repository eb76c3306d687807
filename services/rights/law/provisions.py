"""Provisions of law: its articles, its conditions with their windows, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.rights.law import expression


@dataclass(frozen=True, slots=True)
class Article:
    """A legal article; unverified ones await a jurist."""

    act: str
    article: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Window:
    """How the days of a right follow from the days of its ground; see `windows`."""

    begin: str
    until: str
    on: str = ""
    """`MM-DD`: only that day of each year counts, and opens a window each time."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A condition, and the window that it opens."""

    text: str
    when: expression.Node
    window: Window


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter's value from a day on: a number, or an amount in cents."""

    begin: date
    value: int
    source: str
    verified: bool
    known_from: date = date.min
