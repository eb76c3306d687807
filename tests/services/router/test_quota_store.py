"""Several routers on one database let through what a quota states, together."""

from __future__ import annotations

import asyncio
from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine

from mesh.institutions import Institution
from services.router import quotas
from services.router.leases import Leases
from services.router.quota import Quota
from services.router.quota_store import QuotaStore, Wanted
from services.router.quotas import Exceeded, Grant

CENTRE = Institution(17, 1)


class Router:
    """What a router does for each question: its leases first, then the store."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._store = QuotaStore(engine)
        self._leases = Leases()
        self.passed = 0
        self.asked_store = 0

    async def ask(self, wanted: Wanted, day: date) -> bool:
        lacking = self._leases.take(wanted, day)
        if lacking:
            self.asked_store += 1
            answer = await self._store.grant(lacking)
            if isinstance(answer, Exceeded):
                self._leases.give_back(wanted, lacking, day)
                return False
            self._leases.add(answer)
        self.passed += sum(wanted.values())
        return True

    def left(self, quota: Quota, day: date) -> int:
        return 10_000 - self._leases.take({quota: 10_000}, day)[quota]


async def today(engine: AsyncEngine) -> date:
    granted = await QuotaStore(engine).grant({Quota(Institution(99, 9)): 1})
    assert isinstance(granted, Grant)
    return granted.day


async def test_of_a_day_two_routers_let_through_what_is_stated_and_never_more(
    engine: AsyncEngine,
) -> None:
    day, quota = await today(engine), Quota(CENTRE, "", 0, 0, 3000)
    routers = [Router(engine), Router(engine)]

    async def asks(router: Router) -> None:
        while await router.ask({quota: 1}, day):
            pass

    await asyncio.gather(*(asks(router) for router in routers for _ in range(8)))
    left = sum(router.left(quota, day) for router in routers)
    passed = sum(router.passed for router in routers)
    assert passed + left == 3000
    assert left <= len(routers) * quotas.block(quota)
    assert min(router.passed for router in routers) > 0
    assert sum(router.asked_store for router in routers) < 3000


async def test_a_burst_is_one_for_all_routers_but_for_a_block_of_each(engine: AsyncEngine) -> None:
    day, quota = await today(engine), Quota(CENTRE, "", 0.001, 50)
    routers = [Router(engine), Router(engine)]
    for router in routers * 50:
        await router.ask({quota: 1}, day)
    assert sum(router.passed for router in routers) == 50


async def test_a_small_quota_is_counted_one_by_one(engine: AsyncEngine) -> None:
    day = await today(engine)
    narrow, wide = Quota(CENTRE, "living_wage_enquiry", 0, 0, 3), Quota(CENTRE, "", 0, 0, 5)
    first, second = Router(engine), Router(engine)
    told = [await router.ask({narrow: 1, wide: 1}, day) for router in (first, second) * 3]
    assert told == [True, True, True, False, False, False]
    assert [await router.ask({wide: 1}, day) for router in (first, second) * 2] == [
        True,
        True,
        False,
        False,
    ]


async def test_a_quota_stated_anew_goes_on_with_what_was_left_of_the_old(
    engine: AsyncEngine,
) -> None:
    day, router = await today(engine), Router(engine)
    assert await router.ask({Quota(CENTRE, "", 0, 0, 3): 3}, day)
    assert not await router.ask({Quota(CENTRE, "", 0, 0, 4): 2}, day)
    assert await router.ask({Quota(CENTRE, "", 0, 0, 4): 1}, day)
