"""Reach: from which day on conditions must be worked out, for rights to be known from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.rights import terms
from services.rights.domain import Rule, Version
from services.rights.provisions import Window

_A_MONTH: Final = 1
"""A right may begin so much later than its ground."""
LONGEST: Final[Mapping[str, int]] = {
    "last_day": 0,
    "end_of_month": 1,
    "end_of_quarter": 3,
    "end_of_year": 12,
    "end_of_next_year": 24,
    "anniversary": 12,
    "fifth_anniversary": 60,
}
"""The months by which a window may outlast the last day of a ground; see `windows.ENDS`."""
_FROM_THE_FIRST_DAY: Final = frozenset({"anniversary", "fifth_anniversary"})


@dataclass(frozen=True, slots=True)
class Reach:
    """The day from which on each right is right, and each ground of it is to be worked out."""

    rights: Mapping[str, date]
    grounds: Mapping[tuple[str, Window], date]


def back(rules: Mapping[str, Rule], since: date) -> Reach:
    """So that every right has the same days from `since` on as with all that was before.

    `rules` are in order: each after those that it reads.
    """
    rights = dict.fromkeys(rules, since)
    grounds: dict[tuple[str, Window], date] = {}
    for rule in reversed(list(rules.values())):
        for version in rule.versions:
            first = rights[rule.id]
            for ground in version.grounds:
                asked = grounds[rule.id, ground.window] = of_window(ground.window, rights[rule.id])
                first = min(first, asked)
            for right, day in _of_rights(version, first).items():
                rights[right] = min(rights[right], day)
    return Reach(rights, grounds)


def of_window(window: Window, since: date) -> date:
    """From which day on its grounds count for the days from `since` on.

    Where the end of a window follows from the first day of a ground, that day is always asked.
    """
    if window.until in _FROM_THE_FIRST_DAY and not window.on:
        return date.min
    return _before(since, LONGEST[window.until] + _A_MONTH)


def _of_rights(version: Version, since: date) -> dict[str, date]:
    """From which day on each right must be known that is a fact of the version."""
    found: dict[str, date] = {}
    for fact in version.facts.values():
        if fact.right:
            day = _before(since, fact.later + fact.held)
            found[fact.right] = min(found.get(fact.right, day), day)
    return found


def _before(day: date, months: int) -> date:
    """A day before, by so many months and a few days more; the open begin stays open."""
    if day < date(2, 1, 1) or day.year * 12 <= months + 24:
        return date.min
    return terms.earlier(day, months) - timedelta(days=_SLACK)


_SLACK: Final = 3
"""Terms that end with their month end up to so many days later."""
