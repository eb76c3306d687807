"""Revoke, then ask: a reader of the repertory that is behind must not answer from before.

Without the freshness token, and with a token that nobody looks at, the data leak; that the
leak can be seen is what makes its absence worth something.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2
from crossroads.types.v1 import types_pb2

from console.authority import Authority
from console.postgres import Postgres
from mesh import refusals
from services.repertory.alike import Alike
from services.repertory.domain import Person
from services.repertory.store import Store
from tests import opening as openings
from tests.bank import Bank, Lookups

CENTRE, REGISTER = "institution/17/1", "institution/0/0"
PERSONS = ("91041241894", "15092325643", "18110513307", "84031721194")
PERIOD = types_pb2.Period(begin="2026-01-01", end="2026-02-01")
SORT = "household_composition"


class Behind(Store):
    """Reads the register as it was at a position of its log, as a replica that lags does."""

    position: int | None = None

    async def lookup(self, ssins: Sequence[str]) -> tuple[list[Person], int]:
        if self.position is None:
            return await super().lookup(ssins)
        moment = await self.moment_of(self.position)
        assert moment is not None
        persons, _ = await self.lookup_as_known(ssins, moment)
        return persons, self.position

    async def lookup_alike(
        self, ssins: Sequence[str], at: datetime | None
    ) -> tuple[list[Alike], int]:
        if self.position is None:
            return await super().lookup_alike(ssins, at)
        found, _ = await super().lookup_alike(ssins, await self.moment_of(self.position))
        return found, self.position


class Unguarded(Lookups):
    """A repertory that does not look at the token."""

    async def BatchLookup(
        self, request: repertory_pb2.BatchLookupRequest, context: Any
    ) -> repertory_pb2.BatchLookupResponse:
        request.freshness = ""
        return await super().BatchLookup(request, context)


@dataclass
class World:
    """A bank whose repertory reads from a store that can be held back."""

    bank: Bank
    stores: list[Behind]

    def hold_at(self, position: str) -> None:
        self.stores[-1].position = int(position)

    def catch_up(self) -> None:
        self.stores[-1].position = None


@pytest.fixture
async def opened(
    request: pytest.FixtureRequest, postgres: Postgres, authority: Authority, tmp_path: Path
) -> AsyncIterator[World]:
    guarded = getattr(request, "param", True)
    stores: list[Behind] = []

    def store(engine: Any) -> Behind:
        stores.append(Behind(engine))
        return stores[-1]

    serving: AbstractAsyncContextManager[Bank] = openings.serving(
        postgres, authority, tmp_path, store, Lookups if guarded else Unguarded
    )
    async with serving as bank:
        await bank.answers_for("0/0")
        yield World(bank, stores)


def line(ssin: str, institution: str, quality: int) -> repertory_pb2.Inscription:
    sector, number = map(int, institution.split("/")[1:])
    return repertory_pb2.Inscription(
        ssin=ssin,
        institution=types_pb2.Institution(sector=sector, number=number),
        quality=quality,
        period=PERIOD,
    )


async def revoke(world: World, ssin: str) -> tuple[str, str]:
    """Integrate and de-integrate a person: the position before, and the token of the end."""
    register = world.bank.repertory
    await register(REGISTER).Register(
        repertory_pb2.RegisterRequest(
            request_id=f"known-{ssin}", inscriptions=[line(ssin, REGISTER, 0)]
        )
    )
    before = await register(CENTRE).Register(
        repertory_pb2.RegisterRequest(
            request_id=f"begin-{ssin}", inscriptions=[line(ssin, CENTRE, 1)]
        )
    )
    ended = await register(CENTRE).End(
        repertory_pb2.EndRequest(request_id=f"end-{ssin}", inscription=line(ssin, CENTRE, 1))
    )
    assert int(ended.freshness) > int(before.freshness)
    return before.freshness, ended.freshness


async def ask(world: World, ssin: str, freshness: str = "") -> exchange_pb2.ConsultResponse:
    answer: exchange_pb2.ConsultResponse = await world.bank.exchange(CENTRE).Consult(
        exchange_pb2.ConsultRequest(
            ssin=ssin,
            data_sorts=[SORT],
            quality=1,
            purpose="living_wage_enquiry",
            period=PERIOD,
            freshness=freshness,
        )
    )
    return answer


def leaks(answer: exchange_pb2.ConsultResponse) -> bool:
    return any(part.attestations for part in answer.answers)


async def test_without_the_token_what_was_revoked_leaks(opened: World) -> None:
    for ssin in PERSONS:
        before, _ = await revoke(opened, ssin)
        opened.hold_at(before)
        assert leaks(await ask(opened, ssin))
        opened.catch_up()
        assert not leaks(await ask(opened, ssin))


async def test_with_the_token_it_never_leaks(opened: World) -> None:
    for ssin in PERSONS:
        before, token = await revoke(opened, ssin)
        opened.hold_at(before)
        asked = len(opened.bank.holder.asked)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ask(opened, ssin, token)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert refusals.of_error(refused.value).reason == "UNAVAILABLE"
        assert len(opened.bank.holder.asked) == asked
        opened.catch_up()
        answer = await ask(opened, ssin, token)
        (part,) = answer.decision.data_sorts
        assert part.reason == decision_pb2.REFUSAL_REASON_SUBJECT_NOT_INTEGRATED
        assert int(answer.decision.repertory_position) >= int(token)
        assert not leaks(answer)


@pytest.mark.parametrize("opened", [False], indirect=True)
async def test_a_token_that_nobody_looks_at_protects_nobody(opened: World) -> None:
    before, token = await revoke(opened, PERSONS[0])
    opened.hold_at(before)
    assert leaks(await ask(opened, PERSONS[0], token))
