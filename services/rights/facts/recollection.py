"""Recollection: what was known at a moment, as far as one decision rests on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.rights.deciding import affected
from services.rights.deciding.affected import Question
from services.rights.domain import Household, World
from services.rights.explaining.sources import Case
from services.rights.facts import births, holdings
from services.rights.law.rulebook import Rulebook
from services.rights.store import Store


async def case(
    store: Store,
    connection: AsyncConnection,
    rulebook: Rulebook,
    question: Question,
    known_at: datetime,
) -> Case:
    """All that counted for a right of a person: her groups, and down the chain of rights theirs."""
    homes: dict[str, tuple[Household, ...]] = {}
    while True:
        read = affected.reading(rulebook.rules, [question], homes)
        if not (unknown := read.unknown - homes.keys()):
            break
        found = await store.households(connection, unknown, known_at)
        homes |= {ssin: found.get(ssin, ()) for ssin in unknown}
    said = await store.statements(connection, read.persons, known_at)
    facts = holdings.facts_of(said, rulebook.statuses.sorts)
    world = World(births.completed(facts, read.persons), homes)
    return Case(rulebook.rules, rulebook.statuses, world, said)
