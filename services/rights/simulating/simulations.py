"""Simulations as asked: the law that is tried out, on invented persons or on a sample."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import grpc
from crossroads.rights.v1 import simulation_pb2

from mesh import call
from mesh.refusals import Refusal
from services.rights import asked
from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import Household, Rule, World
from services.rights.facts import holdings
from services.rights.law.in_force import Follower
from services.rights.law.rule_versions import Library
from services.rights.law.rulebook import Rulebook
from services.rights.simulating import simulation
from services.rights.simulating import wire as simulation_wire
from services.rights.simulating.simulation import Difference
from services.rights.store import Store

MOST_TOGETHER = 500
"""Persons worked out at a time."""


class Simulations(Follower):
    """Stores nothing and names nobody."""

    def __init__(self, rulebook: Rulebook, store: Store, now: Callable[[], datetime]) -> None:
        self._rulebook = rulebook
        self._store = store
        self._now = now

    def household(self, request: simulation_pb2.SimulateRequest) -> simulation_pb2.SimulateResponse:
        """The rights of the first of the invented persons."""
        on, rules = asked.day(request.on, "on"), self._law(request.law)
        if request.right:
            asked.rule(rules, request.right)
        worked_out = Evaluation(rules, simulation_wire.world(request, self._rulebook.statuses), on)
        rights = [request.right] if request.right else sorted(rules)
        return simulation_pb2.SimulateResponse(
            rights=[simulation_wire.simulated(right, worked_out, on) for right in rights]
        )

    async def population(
        self, request: simulation_pb2.SimulatePopulationRequest
    ) -> simulation_pb2.SimulatePopulationResponse:
        """The differences for a sample, counted by right; what is known now, some at a time."""
        on, rules = asked.day(request.on, "on"), self._law(request.law)
        persons = await self._store.sample(request.persons, request.seed)
        found: Counter[tuple[str, Difference]] = Counter()
        for start in range(0, len(persons), MOST_TOGETHER):
            found += await self._differences(rules, persons[start : start + MOST_TOGETHER], on)
        return simulation_wire.differences(len(persons), found)

    async def _differences(
        self, rules: Mapping[str, Rule], persons: Sequence[str], on: date
    ) -> Counter[tuple[str, Difference]]:
        async with self._store.transaction() as connection:
            homes: dict[str, tuple[Household, ...]] = {}
            everybody = frozenset(persons)
            for _ in range(simulation.depth(rules) + 1):
                fresh = everybody - homes.keys()
                told = await self._store.households(connection, fresh, self._now())
                homes |= {ssin: told.get(ssin, ()) for ssin in fresh}
                everybody |= {ssin for found in told.values() for h in found for ssin in h.ssins}
            said = await self._store.statements(connection, everybody, self._now())
        world = World(holdings.facts_of(said, self._rulebook.statuses.sorts), homes)
        return await asyncio.to_thread(
            simulation.differences, self._rulebook.rules, rules, world, persons, on
        )

    def _law(self, wire: simulation_pb2.SimulatedLaw) -> dict[str, Rule]:
        if wire.candidate and call.caller().principal.kind != "operator":
            raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "CANDIDATE_NOT_YOURS")
        rules = self._rulebook.rules
        library = Library(self._rulebook.statuses, self._rulebook.params, frozenset(rules))
        return simulation_wire.law(wire, rules, library)
