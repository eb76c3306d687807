"""Households of invented citizens: who lives with whom, and from where some of them came."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from services.rights.everybody.population import ROLES, Memberships
from services.rights.everybody.spans import NEVER, Days, number

TODAY = number(date(2026, 7, 1))
YEAR = 365.25
Places = NDArray[np.int64]


class Homes:
    """Households: who heads them, with whom, whose child, and from where somebody came."""

    def __init__(self, births: Days, home: Places, roles: NDArray[np.int8], since: Days) -> None:
        self.births = births
        self.home = home
        self.roles = roles
        self.since = since
        self.before = np.full(len(births), -1)
        """The household that they left on `since`; -1 for none."""

    def by_home(self) -> Places:
        """Number everybody anew, household by household; the old numbers in the new order."""
        order = np.argsort(self.home, kind="stable")
        self.births, self.home = self.births[order], self.home[order]
        self.roles, self.since = self.roles[order], self.since[order]
        self.before = self.before[order]
        return order

    def _both(self) -> tuple[Places, Places, Days, Days, NDArray[np.int8]]:
        """Where everybody is, and where those who came from elsewhere were."""
        left = np.flatnonzero(self.before >= 0)
        everybody = np.arange(len(self.births))
        dependant, partner = ROLES.index("DEPENDANT"), ROLES.index("PARTNER")
        grown = self.births[left] + int(26 * YEAR) > self.since[left]
        was = np.where(grown, dependant, partner)
        began = np.where(grown, self.births[left], number(date(2006, 1, 1)))
        return (
            np.concatenate((self.home, self.before[left])),
            np.concatenate((everybody, left)),
            np.concatenate((self.since, began)).astype(np.int32),
            np.concatenate((np.full(len(everybody), NEVER), self.since[left])).astype(np.int32),
            np.concatenate((self.roles, was)).astype(np.int8),
        )

    def fund_households(self) -> Memberships:
        return _memberships(*self._both())

    def domiciles(self, draw: Generator) -> Memberships:
        """One household in thirty lives at the address of another."""
        home, who, begin, end, _ = self._both()
        addresses = np.arange(int(home.max()) + 1)
        shared = np.flatnonzero(draw.random(len(addresses)) < 1 / 30)
        addresses[shared] = draw.integers(0, len(addresses), len(shared))
        return _memberships(addresses[home], who, begin, end, np.zeros(len(who), np.int8))

    def families(self, draw: Generator) -> Memberships:
        """Parents and their children up to 25; of one child in twenty a parent lives elsewhere."""
        dependant = self.roles == ROLES.index("DEPENDANT")
        grown = (self.before >= 0) & (self.births + int(25 * YEAR) > self.since)
        children = np.flatnonzero(dependant | grown)
        of = np.where(grown, self.before, self.home)[children]
        raises = np.zeros(int(self.home.max()) + 1, np.bool_)
        raises[of] = True
        parents = np.flatnonzero(raises[self.home] & ~dependant)
        adults = np.flatnonzero(~dependant & ~raises[self.home])
        apart = of[draw.random(len(of)) < 1 / 20]
        elsewhere = draw.choice(adults, min(len(apart), len(adults)), replace=False)
        child, parent = ROLES.index("CHILD"), ROLES.index("PARENT")
        began = np.full(len(parents) + len(elsewhere), number(date(2006, 1, 1)))
        return _memberships(
            np.concatenate((of, self.home[parents], apart[: len(elsewhere)])),
            np.concatenate((children, parents, elsewhere)),
            np.concatenate((self.births[children], began)),
            np.concatenate((self.births[children] + int(25 * YEAR), np.full(len(began), NEVER))),
            np.repeat((child, parent), (len(children), len(began))),
        )


def settled(draw: Generator, births: Days) -> Homes:
    """Neighbours in age live as couples, children with somebody of 22 to 42 years more."""
    adults = int(np.searchsorted(births, TODAY - int(18 * YEAR)))
    order = np.argsort(births[:adults] + draw.normal(0, 3 * YEAR, adults), kind="stable")
    order = order[: adults // 2 * 2]
    couple = np.repeat(draw.random(len(order) // 2) < 0.62, 2)
    second = couple & (np.arange(len(order)) % 2 == 1)
    home = np.full(len(births), -1)
    home[order] = np.cumsum(~second) - 1
    alone = np.flatnonzero(home[:adults] < 0)
    home[alone] = int(home.max()) + 1 + np.arange(len(alone))
    roles = np.full(len(births), ROLES.index("DEPENDANT"), np.int8)
    roles[:adults] = ROLES.index("HOLDER")
    roles[order[second]] = ROLES.index("PARTNER")
    home[adults:] = home[_parents(draw, births, np.arange(adults, len(births)), adults)]
    since = births.copy()
    settled = number(date(2006, 1, 1)) + draw.integers(0, 3000, adults)
    since[:adults] = np.maximum(settled, births[:adults] + int(18 * YEAR))
    homes = Homes(births, home, roles, since)
    _let_leave(draw, homes, order[~couple], adults)
    return homes


def _parents(draw: Generator, births: Days, children: Places, adults: int) -> Places:
    older = draw.uniform(22 * YEAR, 42 * YEAR, len(children))
    found = np.searchsorted(births[:adults], births[children] - older)
    return np.minimum(found, adults - 1)


def _let_leave(draw: Generator, homes: Homes, single: Places, adults: int) -> None:
    """Young ones left their parents, some others a partner."""
    age = (TODAY - homes.births[single]) / YEAR
    young = single[(age < 33) & (draw.random(len(single)) < 0.6)]
    left = homes.births[young] + draw.uniform(18 * YEAR, 26 * YEAR, len(young)).astype(np.int32)
    homes.before[young] = homes.home[_parents(draw, homes.births, young, adults)]
    parted = single[(age > 40) & (draw.random(len(single)) < 0.05)]
    homes.before[parted] = homes.home[draw.choice(adults, len(parted))]
    homes.since[young] = np.minimum(left, TODAY + 100)
    homes.since[parted] = TODAY - draw.integers(0, 4000, len(parted))
    own = homes.before == homes.home
    homes.before[own] = -1


def _memberships(
    home: Places, who: Places, begin: Days, end: Days, role: NDArray[np.integer]
) -> Memberships:
    order = np.lexsort((begin, who, home))
    order = order[begin[order] < end[order]]
    days = (begin[order].astype(np.int32), end[order].astype(np.int32))
    return Memberships(
        home[order].astype(np.int32),
        who[order].astype(np.int32),
        *days,
        role[order].astype(np.int8),
    )
