"""A crowd: some persons of one world in columns, and who must be looked at one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from mesh.periods import Period
from services.rights import holdings, spans
from services.rights.domain import Group, Household, Membership, Statement, World
from services.rights.population import ROLES, Memberships, Population
from services.rights.spans import NEVER, Spans

Line = tuple[int, Period, int]
Content = tuple[Group, frozenset[Membership]]
"""What a group is, however it came to be known."""


def population(world: World, persons: Sequence[str]) -> Population:
    """The persons in that order; nobody else may be in their groups."""
    places = {ssin: place for place, ssin in enumerate(persons)}
    births = [holdings.birth(world.facts.get(ssin, ())) for ssin in persons]
    homes = {_content(h): h for ssin in persons for h in world.homes.get(ssin, ())}
    facts = {ssin: world.facts.get(ssin, ()) for ssin in persons}
    return Population(
        np.array([ssin.encode() for ssin in persons], np.bytes_),
        np.array([NEVER if day is None else spans.number(day) for day in births], np.int32),
        said(facts, places),
        {
            group: memberships(tuple(homes.values()), group, places)
            for group in Group
            if group != Group.PERSON
        },
    )


def alike(world: World, persons: Iterable[str]) -> list[str]:
    """Those of whom columns hold all that counts, with everybody who shares a group with them.

    Not so where one knows of a group of which another of its members knows otherwise, or in which
    somebody is twice, nor where two amounts of one sort hold at once. Whom such a person reaches
    through groups is not there either.
    """
    kept: list[str] = []
    seen: set[str] = set()
    for ssin in persons:
        if ssin not in seen:
            together = _connected(world, ssin)
            seen |= together
            if all(_is_plain(world, one) for one in together):
                kept += sorted(together)
    return kept


def said(facts: Mapping[str, Sequence[Statement]], places: Mapping[str, int]) -> dict[str, Spans]:
    lines: dict[str, list[Line]] = {}
    for ssin, statements in facts.items():
        for statement in statements:
            line = (places[ssin], statement.period, statement.amount or 0)
            lines.setdefault(statement.status, []).append(line)
    amounts = {s.status for found in facts.values() for s in found if s.amount is not None}
    return {status: columns(found, valued=status in amounts) for status, found in lines.items()}


def columns(lines: Iterable[Line], *, valued: bool) -> Spans:
    found = sorted(lines)
    value = np.array([cents for _, _, cents in found], np.int64) if valued else None
    return Spans(
        np.array([who for who, _, _ in found], np.int32),
        np.array([spans.number(period.begin) for _, period, _ in found], np.int32),
        np.array([spans.number(period.end) for _, period, _ in found], np.int32),
        value,
    )


def memberships(homes: Sequence[Household], group: Group, places: Mapping[str, int]) -> Memberships:
    """Of overlapping days of one person the last in order counts, as `evaluation.present` says."""
    of_sort = [h for h in homes if h.group is group]
    rows = [
        (number, places[m.ssin], m.period, m.role)
        for number, household in enumerate(of_sort)
        for m in apart(household.members)
    ]
    rows.sort()
    return Memberships(
        np.array([number for number, _, _, _ in rows], np.int32),
        np.array([who for _, who, _, _ in rows], np.int32),
        np.array([spans.number(period.begin) for _, _, period, _ in rows], np.int32),
        np.array([spans.number(period.end) for _, _, period, _ in rows], np.int32),
        np.array([ROLES.index(role) for _, _, _, role in rows], np.int8),
    )


def apart(members: Iterable[Membership]) -> list[Membership]:
    kept: list[Membership] = []
    for last in sorted(members, reverse=True):
        left = [last.period]
        for other in kept:
            if other.ssin == last.ssin:
                left = [piece for whole in left for piece in whole.minus(other.period)]
        kept += [Membership(last.ssin, period, last.role) for period in left]
    return kept


def _connected(world: World, ssin: str) -> set[str]:
    """All who share a group with a person, or with one who does."""
    found, waiting = {ssin}, [ssin]
    while waiting:
        of = world.homes.get(waiting.pop(), ())
        further = {one for home in of for one in home.ssins} - found
        found |= further
        waiting += further
    return found


def _is_plain(world: World, ssin: str) -> bool:
    for home in world.homes.get(ssin, ()):
        if len(home.ssins) < len(home.members):
            return False
        if any(not _knows(world, one, home) for one in home.ssins if one != ssin):
            return False
    amounts: dict[str, list[Statement]] = {}
    for statement in world.facts.get(ssin, ()):
        if statement.amount is not None:
            amounts.setdefault(statement.status, []).append(statement)
    return not any(_at_once(told) for told in amounts.values())


def _knows(world: World, ssin: str, home: Household) -> bool:
    content = _content(home)
    return any(_content(known) == content for known in world.homes.get(ssin, ()))


def _at_once(told: Sequence[Statement]) -> bool:
    periods = sorted(statement.period for statement in told)
    return any(one.overlaps(next_one) for one, next_one in pairwise(periods))


def _content(home: Household) -> Content:
    return home.group, frozenset(home.members)
