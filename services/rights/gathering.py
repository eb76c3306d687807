"""Gathering: all that counts for some decisions, consulting only what was never told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from mesh.periods import ALWAYS
from services.rights import affected, births, holdings, together
from services.rights.affected import Question, Reach, Reading, Touch
from services.rights.domain import Decision, Group, Household, Membership, Statement, World
from services.rights.evaluation import Evaluation
from services.rights.gaps import Gap, Known, gaps
from services.rights.rulebook import Rulebook
from services.rights.store import Store
from services.rights.together import WorkedOut

Homes = Mapping[str, tuple[Household, ...]]
Looked = TypeVar("Looked", Reach, Reading)


class Register(Protocol):
    """Who tells, through the router, what the engine was never told."""

    async def households(
        self, ssins: Collection[str], groups: Collection[Group]
    ) -> dict[str, tuple[Household, ...]]:
        """The groups of each, of those sorts; none of a sort where nobody knows any."""

    async def statements(self, asked: Collection[Gap], position: int) -> list[Statement]:
        """What holders say on those persons and sorts of data; nothing where nobody says any.

        Both raise Refusal where an answer is not sure.
        """


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why there is something to decide."""

    touches: Sequence[Touch] = ()
    questions: Collection[Question] = ()
    """To be decided whatever changed: their day has come."""
    said: Sequence[Statement] = ()
    """What is new, not yet kept."""
    position: int = 0
    """In the mailbox: what is consulted stands before what is delivered after it."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that counts for what is to be decided."""

    causes: Mapping[Question, int]
    """What is to be decided, and which of the touches led to it; -1 where none did."""
    worked_out: WorkedOut
    standing: Mapping[Question, Sequence[Decision]]
    world: World
    told: Homes
    """Groups that were consulted now and differ from those kept."""
    consulted: Sequence[Statement]
    asked: Collection[Gap]
    fresh: Collection[str]
    """Of whom nothing was decided before: all their rights are."""


class Gathering:
    """For one occasion: what was looked up once is not looked up again."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        register: Register,
        connection: AsyncConnection,
        now: datetime,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._register = register
        self._connection = connection
        self._now = now
        self._looked_up: set[str] = set()
        self._before: dict[str, tuple[Household, ...]] = {}
        self._homes: dict[str, tuple[Household, ...]] = {}
        self._told: set[str] = set()

    async def gather(self, occasion: Occasion, today: date) -> Gathered:
        rules = self._rulebook.rules
        await self._ask_anew({touch.ssin for touch in occasion.touches if touch.groups})
        reach = await self._known(lambda: affected.reach(rules, occasion.touches, self._both()))
        causes = dict.fromkeys(occasion.questions, -1) | dict(reach.causes)
        persons = frozenset(ssin for _, ssin in causes)
        fresh = persons - await self._store.followed(self._connection, persons)
        causes = affected.in_full(rules, causes, fresh)
        read = await self._known(lambda: affected.reading(rules, causes, self._homes))
        said = await self._store.statements(self._connection, read.persons, self._now)
        asked = await self._store.asked(self._connection, read.persons)
        consulted: list[Statement] = []
        newly: set[Gap] = set()
        while True:
            world = self._world([*said, *occasion.said, *consulted], read.persons)
            worked_out = Evaluation(rules, world, today)
            known = Known(world, asked | newly)
            missing = gaps(self._rulebook, worked_out, read.questions, known)
            if not missing:
                break
            consulted += await self._register.statements(missing, occasion.position)
            newly |= missing
        return Gathered(
            causes,
            together.of(rules, world, persons, today, worked_out),
            await self._standing(persons),
            world,
            {s: self._homes[s] for s in self._told if self._differs(s)},
            consulted,
            newly,
            fresh,
        )

    def _world(self, said: Iterable[Statement], ssins: Collection[str]) -> World:
        facts = holdings.facts_of(said, self._rulebook.statuses.sorts)
        return World(births.completed(facts, ssins), self._homes)

    async def _ask_anew(self, ssins: Collection[str]) -> None:
        """Of whom a group changed, and of all who shared one with her before."""
        if ssins:
            await self._look_up(ssins)
            await self._consult({*ssins, *_members(self._before.get(s, ()) for s in ssins)})

    async def _known(self, look: Callable[[], Looked]) -> Looked:
        """Look as often as it takes until every group that counts is known."""
        while (seen := look()).unknown:
            if new := seen.unknown - self._looked_up:
                await self._look_up(new)
            else:
                await self._consult(seen.unknown)
        return seen

    async def _look_up(self, ssins: Collection[str]) -> None:
        """What is kept of persons."""
        if wanted := frozenset(ssins) - self._looked_up:
            found = await self._store.households(self._connection, wanted, self._now)
            self._looked_up |= wanted
            self._before |= found
            self._homes |= {s: homes for s, homes in found.items() if s not in self._told}

    async def _consult(self, ssins: Collection[str]) -> None:
        """Ask for the groups of persons and of all who share one with them."""
        sorts = self._rulebook.groups
        told = await self._register.households(ssins, sorts)
        if others := _members(told.values()) - told.keys() - self._told:
            told |= await self._register.households(others, sorts)
        await self._look_up(told.keys())
        self._homes |= {s: _whole(s, homes, sorts) for s, homes in mutual(told).items()}
        self._told |= told.keys()

    def _both(self) -> Homes:
        """Groups of before and after together."""
        if not self._told:
            return self._homes
        return {s: (*homes, *self._before.get(s, ())) for s, homes in self._homes.items()}

    def _differs(self, ssin: str) -> bool:
        return _content(self._homes[ssin]) != _content(self._before.get(ssin, ()))

    async def _standing(self, ssins: Collection[str]) -> dict[Question, list[Decision]]:
        standing: dict[Question, list[Decision]] = {}
        for found in await self._store.standing(self._connection, ssins):
            standing.setdefault((found.right, found.ssin), []).append(found)
        return standing


def mutual(told: Mapping[str, Sequence[Household]]) -> dict[str, tuple[Household, ...]]:
    """Each group also with those of its members who were told nothing of it themselves."""
    found = {ssin: list(homes) for ssin, homes in told.items()}
    for homes in told.values():
        for home in homes:
            for ssin in home.ssins & found.keys():
                if _content([home]) <= _content(found[ssin]):
                    continue
                found[ssin].append(home)
    return {ssin: tuple(homes) for ssin, homes in found.items()}


def _whole(
    ssin: str, homes: Sequence[Household], groups: Collection[Group]
) -> tuple[Household, ...]:
    """With a group of her own of each sort of which nobody knows any."""
    known = {home.group for home in homes}
    ticket = next((home.ticket for home in homes), "")
    alone = (
        Household((Membership(ssin, ALWAYS),), ticket, group)
        for group in sorted(groups)
        if group not in known
    )
    return (*homes, *alone)


def _content(homes: Iterable[Household]) -> frozenset[tuple[Group, frozenset[Membership]]]:
    return frozenset((home.group, frozenset(home.members)) for home in homes)


def _members(of: Iterable[Sequence[Household]]) -> frozenset[str]:
    return frozenset(ssin for homes in of for home in homes for ssin in home.ssins)
