"""The engine: gather what is known, decide, and let every effect happen once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import clock, outbox, telemetry
from services.rights import decisions, holdings, wire
from services.rights.decisions import Change
from services.rights.domain import Arrival, Decision, Household, Rule, Statement, World
from services.rights.evaluation import Evaluation
from services.rights.rulebook import Rulebook
from services.rights.store import Store

CALLER = "service/rights"
MOST_DUE = 200
Homes = Mapping[str, tuple[Household, ...]]


class Register(Protocol):
    """Who tells where people live."""

    async def households(self, ssins: Iterable[str]) -> dict[str, tuple[Household, ...]]:
        """Where each lives and lived with whom."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of some persons at one moment."""

    homes: Homes
    facts: Mapping[str, tuple[Statement, ...]]
    standing: Sequence[Decision]
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(clock.BRUSSELS).date()

    def standing_of(self, ssin: str, right: str) -> list[Decision]:
        return [d for d in self.standing if d.ssin == ssin and d.right == right]


class Engine:
    """Decides for the persons of a micro-batch and for all who lived with them."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        register: Register,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._register = register
        self._now = now

    async def take_in(self, arrivals: Sequence[Arrival]) -> None:
        """Give deliveries, in order of position, their effects; a repeated one has none."""
        await self._decide({a.ssin for a in arrivals if a.concerns}, arrivals)

    async def renew(self) -> bool:
        """Look again at some persons whose day has come; whether there were any."""
        today = self._now().astimezone(clock.BRUSSELS).date()
        due = await self._store.due(today, MOST_DUE)
        if due:
            await self._decide(due, ())
        return bool(due)

    async def _decide(self, ssins: Iterable[str], arrivals: Sequence[Arrival]) -> None:
        """The Register is asked first; then one transaction holds everything that follows."""
        homes = await self._homes(frozenset(ssins))
        async with self._store.transaction() as connection:
            position = await self._store.lock(connection)
            fresh = [a for a in arrivals if a.position > position]
            known = await self._record(connection, homes, fresh)
            evaluation = Evaluation(
                self._rulebook.rules, World(known.facts, known.homes), known.today
            )
            for ssin in sorted(homes):
                cause = _cause(homes[ssin], fresh)
                with telemetry.span("decide rights", parent=cause.traceparent if cause else ""):
                    await self._apply(
                        connection, ssin, known, evaluation, cause.ticket if cause else ""
                    )
            await self._store.set_dues(
                connection, {ssin: self._due(ssin, evaluation) for ssin in homes}
            )
            if fresh:
                await self._store.move(connection, fresh[-1].position)

    async def _homes(self, ssins: frozenset[str]) -> Homes:
        """Where those persons, and all who live or were known to live with them, live and lived."""
        if not ssins:
            return {}
        homes = await self._register.households(ssins)
        async with self._store.transaction() as connection:
            before = await self._store.households(connection, ssins, self._now())
        others = _members(homes) | _members(before)
        return homes | await self._register.households(others - homes.keys())

    async def _record(
        self, connection: AsyncConnection, homes: Homes, fresh: Sequence[Arrival]
    ) -> Known:
        """Keep what was told, then read all that counts for those persons."""
        now = self._now()
        said = [a.statement for a in fresh if a.statement is not None]
        await self._store.add_statements(connection, said, now)
        await self._store.add_households(connection, homes, now)
        counting = _members(homes) | homes.keys()
        statements = await self._store.statements(connection, counting, now)
        standing = await self._store.standing(connection, homes)
        facts = holdings.facts_of(statements, self._rulebook.statuses.sorts)
        return Known(homes, facts, standing, now)

    async def _apply(
        self,
        connection: AsyncConnection,
        ssin: str,
        known: Known,
        evaluation: Evaluation,
        ticket: str,
    ) -> None:
        """Decide every right of one person; keep, publish and record what is new."""
        for rule in self._rulebook.rules.values():
            changes = _changes(rule, ssin, known, evaluation, ticket)
            await self._store.add_decisions(connection, [c.decision for c in changes])
            versions = {v.name: v for v in rule.versions}
            for change in changes:
                telemetry.note(
                    crossroads__decision=change.decision.kind,
                    crossroads__rule_version=change.decision.version,
                )
                entry = wire.entry(change.decision, versions.get(change.decision.version), CALLER)
                publication = wire.publication(change)
                await outbox.put(connection, "ledger", entry.SerializeToString())
                await outbox.put(connection, "publish", publication.SerializeToString())

    def _due(self, ssin: str, evaluation: Evaluation) -> date | None:
        days = (evaluation.due(right, ssin) for right in self._rulebook.rules)
        return min((day for day in days if day is not None), default=None)


def _changes(
    rule: Rule, ssin: str, known: Known, evaluation: Evaluation, ticket: str
) -> tuple[Change, ...]:
    return decisions.difference(
        ssin,
        rule.id,
        known.standing_of(ssin, rule.id),
        evaluation.entitlements(rule.id, ssin),
        new_id=lambda: uuid4().hex,
        decided_at=known.now,
        caused_by=ticket,
    )


def _members(homes: Homes) -> frozenset[str]:
    return frozenset(ssin for found in homes.values() for h in found for ssin in h.ssins)


def _cause(homes: Sequence[Household], fresh: Sequence[Arrival]) -> Arrival | None:
    """The last message about anybody in a person's households."""
    concerned = {ssin for household in homes for ssin in household.ssins}
    return next((a for a in reversed(fresh) if a.concerns and a.ssin in concerned), None)
