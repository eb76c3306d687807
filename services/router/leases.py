"""Leases: consultations that were granted to this router and not let through yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.router.quota import Quota
from services.router.quotas import Exceeded, Grant


@dataclass(frozen=True, slots=True)
class Full:
    """That a quota does not leave so many until a moment; None: however long one waits."""

    count: int
    until: datetime | None


class Leases:
    """What is left of each grant, and which quotas are known to be full.

    A quota stated anew is another quota: what was granted of the old one is no longer good, nor
    is what was refused. What was granted on a day is good on that day.
    """

    def __init__(self) -> None:
        self._left: dict[Quota, tuple[date, int]] = {}
        self._full: dict[Quota, Full] = {}

    def take(self, counts: Mapping[Quota, int], day: date) -> dict[Quota, int]:
        """Take as much of what is wanted as there is; what is lacking."""
        lacking: dict[Quota, int] = {}
        for quota, count in counts.items():
            granted_on, left = self._left.get(quota, (day, 0))
            taken = min(count, left) if granted_on == day else 0
            if granted_on == day:
                self._left[quota] = (day, left - taken)
            if taken < count:
                lacking[quota] = count - taken
        return lacking

    def give_back(
        self, counts: Mapping[Quota, int], lacking: Mapping[Quota, int], day: date
    ) -> None:
        """Undo a `take` that lacked something."""
        self.add(Grant(day, {q: count - lacking.get(q, 0) for q, count in counts.items()}))

    def add(self, grant: Grant) -> None:
        for quota, count in grant.beside.items():
            granted_on, left = self._left.get(quota, (grant.day, 0))
            self._left[quota] = (grant.day, count + (left if granted_on == grant.day else 0))

    def remember(self, lacking: Mapping[Quota, int], exceeded: Exceeded, at: datetime) -> None:
        """Who asks again too early need not be looked up again."""
        wait = exceeded.wait_s
        until = None if wait is None else at + timedelta(seconds=wait)
        self._full[exceeded.quota] = Full(lacking[exceeded.quota], until)

    def refusal(self, lacking: Mapping[Quota, int], at: datetime) -> Exceeded | None:
        """Why it is known already that what is lacking is not granted."""
        for quota, count in lacking.items():
            full = self._full.get(quota)
            if full is None or count < full.count:
                continue
            if full.until is None:
                return Exceeded(quota, None)
            if at < full.until:
                return Exceeded(quota, (full.until - at).total_seconds())
            del self._full[quota]
        return None
