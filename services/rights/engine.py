"""The engine: gather what is known, decide, and let every effect happen once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import uuid4

from mesh import clock
from mesh.outbox import Parcel
from services.rights import decisions, telling, waiver_store, waivers, withdrawal
from services.rights.affected import Question, Touch
from services.rights.arrival import Arrival
from services.rights.decisions import Change
from services.rights.domain import World
from services.rights.gathering import Gathered, Gathering, Occasion, Register
from services.rights.in_force import Follower
from services.rights.recording import Effects, Overtaken, Recorder, Replaced
from services.rights.rulebook import Rulebook
from services.rights.store import Store, Turn
from services.rights.waivers import Waiver

MOST_DUE = 500
MOST_AT_A_STRETCH = 32
"""Persons decided before others of this process have their turn."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of an occasion, and what it was decided from."""

    changes: Sequence[Change]
    world: World
    at: datetime


class Engine(Follower):
    """Decides for all whom a micro-batch reaches. One occasion at a time."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        recorder: Recorder,
        register: Register,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._recorder = recorder
        self._register = register
        self._now = now
        self._alone = asyncio.Lock()

    async def take_in(self, arrivals: Sequence[Arrival]) -> None:
        """Give deliveries, in order of position, their effects; a repeated one has none."""
        if any(arrival.replaces for arrival in arrivals):
            await self._replace_numbers(arrivals)
        await self._decide(arrivals=arrivals)

    async def renew(self) -> bool:
        """Look again at some rights of persons whose day has come; whether there were any."""
        today = self._now().astimezone(clock.BRUSSELS).date()
        due = await self._store.due(today, MOST_DUE)
        if due:
            await self._decide(
                {
                    (name, ssin)
                    for right, ssin in due
                    for name in ([right] if right in self._rulebook.rules else self._rulebook.rules)
                }
            )
        return bool(due)

    async def decide_anew(
        self, ssins: Iterable[str], rights: Collection[str], *, dry: bool = False
    ) -> Decided:
        """Those rights of those persons, from what is known; dry: nothing is kept or told."""
        questions = {(right, ssin) for right in rights for ssin in ssins}
        return await self._decide(questions, dry=dry)

    async def _decide(
        self,
        questions: Collection[Question] = (),
        arrivals: Sequence[Arrival] = (),
        *,
        dry: bool = False,
    ) -> Decided:
        async with self._alone:
            while True:
                try:
                    return await self._try(questions, arrivals, dry=dry)
                except Overtaken:
                    continue

    async def _try(
        self, questions: Collection[Question], arrivals: Sequence[Arrival], *, dry: bool
    ) -> Decided:
        """Everything is read and asked first; then one transaction holds all that follows."""
        now, rulebook = self._now(), self._rulebook
        async with self._store.reading() as connection:
            turn = await self._store.turn(connection)
            fresh = [a for a in arrivals if a.position > turn.position]
            named = {a.ssin for a in fresh} | {ssin for _, ssin in questions}
            replaced = await self._store.in_force(connection, named) if named else {}
            fresh = [_renamed(arrival, replaced) for arrival in fresh]
            occasion = Occasion(
                tuple(touches(fresh, rulebook)),
                frozenset((right, replaced.get(ssin, ssin)) for right, ssin in questions),
                tuple(a.statement for a in fresh if a.statement is not None),
                turn.position,
            )
            gathering = Gathering(rulebook, self._store, self._register, connection, now)
            gathered = await gathering.gather(occasion, now.astimezone(clock.BRUSSELS).date())
            persons = {ssin for _, ssin in gathered.causes}
            waived = await waiver_store.known(connection, persons, now) if persons else ()
        changes, parcels = await self._changes(rulebook, gathered, fresh, waived, now)
        if not dry and (fresh or occasion.questions):
            await self._record(turn, occasion, gathered, fresh, changes, parcels, now)
        return Decided(changes, gathered.world, now)

    async def _record(
        self,
        turn: Turn,
        occasion: Occasion,
        gathered: Gathered,
        fresh: Sequence[Arrival],
        changes: Sequence[Change],
        parcels: Sequence[Parcel],
        now: datetime,
    ) -> None:
        await self._recorder.record(
            turn,
            Effects(
                at=now,
                position=fresh[-1].position if fresh else turn.position,
                statements=(*occasion.said, *gathered.consulted),
                homes=gathered.told,
                asked=gathered.asked,
                decisions=[change.decision for change in changes],
                dues={(r, s): gathered.worked_out.due(r, s) for r, s in gathered.causes},
                parcels=parcels,
                followed=gathered.fresh,
            ),
        )

    async def _changes(
        self,
        rulebook: Rulebook,
        gathered: Gathered,
        fresh: Sequence[Arrival],
        waived: Sequence[Waiver],
        now: datetime,
    ) -> tuple[list[Change], list[Parcel]]:
        """What differs from what stands, person by person, and what is to be told of it."""
        order = {right: number for number, right in enumerate(rulebook.rules)}
        withdrawn = {question for question in gathered.standing if question[0] not in order}
        questions = sorted(
            {*gathered.causes, *withdrawn}, key=lambda q: (q[1], order.get(q[0], -1), q[0])
        )
        found: list[Change] = []
        parcels: list[Parcel] = []
        for number, (_, of_person) in enumerate(groupby(questions, key=lambda q: q[1])):
            if number % MOST_AT_A_STRETCH == 0:
                await asyncio.sleep(0)
            for question in of_person:
                cause = fresh[c] if (c := gathered.causes.get(question, -1)) >= 0 else None
                differ = _withdrawn if question in withdrawn else _difference
                changes = differ(question, gathered, cause, now)
                if changes:
                    found += changes
                    right, ssin = question
                    days = waivers.days((w for w in waived if w.ssin == ssin), right)
                    before = {d.entitlement_id: d for d in gathered.standing.get(question, ())}
                    parcels += telling.of_changes(changes, before, days, rulebook, cause)
        return found, parcels

    async def _replace_numbers(self, arrivals: Sequence[Arrival]) -> None:
        """Numbers that give way do so first: whatever follows is decided under the new ones."""
        async with self._alone:
            replaced = [Replaced(a.replaces, a.ssin, a.ticket) for a in arrivals if a.replaces]
            await self._recorder.replace(replaced, self._now())


def touches(arrivals: Iterable[Arrival], rulebook: Rulebook) -> Iterable[Touch]:
    """What each delivery changes of what is known of a person."""
    for number, arrival in enumerate(arrivals):
        if not arrival.concerns:
            continue
        if arrival.replaces:
            statuses, groups = frozenset(rulebook.statuses.titles), rulebook.groups
        else:
            said = arrival.statement
            sort = rulebook.statuses.sorts.get(said.data_sort) if said else None
            statuses = sort.values if sort else frozenset()
            groups = frozenset({arrival.group} if arrival.group else ())
        yield Touch(arrival.ssin, statuses, groups, number)


def _renamed(arrival: Arrival, replaced: Mapping[str, str]) -> Arrival:
    """About the number that is in force."""
    if arrival.ssin not in replaced:
        return arrival
    ssin, said = replaced[arrival.ssin], arrival.statement
    return replace(arrival, ssin=ssin, statement=said and replace(said, ssin=ssin))


def _difference(
    question: Question, gathered: Gathered, cause: Arrival | None, now: datetime
) -> tuple[Change, ...]:
    right, ssin = question
    return decisions.difference(
        ssin,
        right,
        gathered.standing.get(question, ()),
        gathered.worked_out.entitlements(right, ssin),
        new_id=lambda: uuid4().hex,
        decided_at=now,
        caused_by=cause.ticket if cause else "",
    )


def _withdrawn(
    question: Question, gathered: Gathered, cause: Arrival | None, now: datetime
) -> tuple[Change, ...]:
    """Of a right that has no law any more."""
    right, ssin = question
    return withdrawal.changes(
        ssin,
        right,
        gathered.standing[question],
        new_id=lambda: uuid4().hex,
        decided_at=now,
        caused_by=cause.ticket if cause else "",
    )
