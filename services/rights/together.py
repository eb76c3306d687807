"""Together: the rights of all whom a micro-batch reaches, worked out in columns where that pays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final, Protocol

from services.rights import crowd, spans
from services.rights.census import Census
from services.rights.domain import Entitlement, Rule, World
from services.rights.evaluation import Evaluation
from services.rights.spans import NEVER, Days

ENOUGH: Final = 24
"""Persons from which columns cost less than one person after the other."""


class WorkedOut(Protocol):
    """What follows from one world on one day; see `Evaluation`."""

    def entitlements(self, right: str, person: str) -> Sequence[Entitlement]: ...

    def due(self, right: str, person: str) -> date | None: ...


class Together:
    """Everybody of whom columns hold all that counts; the others one at a time."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        world: World,
        persons: Sequence[str],
        today: date,
        one_at_a_time: WorkedOut,
    ) -> None:
        """`persons`: as `crowd.alike` finds them."""
        self._places = {ssin: place for place, ssin in enumerate(persons)}
        self._one_at_a_time = one_at_a_time
        self._entitled: dict[tuple[str, str], list[Entitlement]] = {}
        census = Census(rules, crowd.population(world, persons), today, ahead=True)
        for right, found in census.rights():
            for who, entitlement in found.nouns():
                self._entitled.setdefault((right, persons[who]), []).append(entitlement)
        self._dues: Mapping[str, Days] = census.dues

    def entitlements(self, right: str, person: str) -> Sequence[Entitlement]:
        if person not in self._places:
            return self._one_at_a_time.entitlements(right, person)
        return self._entitled.get((right, person), ())

    def due(self, right: str, person: str) -> date | None:
        if person not in self._places:
            return self._one_at_a_time.due(right, person)
        day = int(self._dues[right][self._places[person]])
        return None if day == NEVER else spans.day(day)


def of(
    rules: Mapping[str, Rule],
    world: World,
    persons: Collection[str],
    today: date,
    one_at_a_time: Evaluation,
) -> WorkedOut:
    """The rights of those persons, the cheaper way."""
    if len(persons) < ENOUGH:
        return one_at_a_time
    alike = crowd.alike(world, persons)
    if len(alike) < ENOUGH:
        return one_at_a_time
    return Together(rules, world, alike, today, one_at_a_time)
