"""Reach: from which day on conditions must be worked out, for rights to be known from a day on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.rights import terms
from services.rights.domain import Rule, Version
from services.rights.provisions import Window
from services.rights.windows import BEGINS, ENDS

_FROM_THE_FIRST_DAY: Final = frozenset({"anniversary", "fifth_anniversary"})
_LONGEST: Final = 6 * 366
"""No window outlasts its ground by so many days."""
_A_YEAR: Final = 366
"""No right begins so many days before its ground."""


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
    if since.toordinal() <= _LONGEST or (window.until in _FROM_THE_FIRST_DAY and not window.on):
        return date.min
    lasting = _first_beyond(since, lambda day: ENDS[window.until](day, day))
    if window.on:
        return lasting
    begun = _first_beyond(since, BEGINS[window.begin])
    return min(lasting, date.fromordinal(begun.toordinal() - 1))


def _first_beyond(since: date, moved: Callable[[date], date]) -> date:
    """The first day that is moved to one after `since`."""
    days = range(since.toordinal() - _LONGEST, since.toordinal() + _A_YEAR + 1)
    place = bisect_right(days, since, key=lambda day: moved(date.fromordinal(day)))
    return date.fromordinal(days[place])


def _of_rights(version: Version, since: date) -> dict[str, date]:
    """From which day on each right must be known that is a fact of the version."""
    found: dict[str, date] = {}
    for fact in version.facts.values():
        if fact.right:
            day = _earlier(_earlier(since, fact.later), fact.held)
            found[fact.right] = min(found.get(fact.right, day), day)
    return found


def _earlier(day: date, months: int) -> date:
    return day if day == date.min else terms.earlier(day, months)
