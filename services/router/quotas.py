"""Quotas: a token bucket and a count for the day, over plain values; the time is an argument."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from mesh.clock import BRUSSELS
from mesh.institutions import Institution
from services.router.domain import Policy
from services.router.quota import Quota

MOST_IN_A_BLOCK = 100
_HAIR = 1e-9
"""Far less than one consultation: what adding up fractions of seconds loses."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a quota leaves at a moment. Below 0, a batch larger than the burst is paid off."""

    at: datetime
    tokens: float
    day: date
    today: int = 0


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A quota does not leave so much. `wait_s` is None where no waiting helps: ask for fewer."""

    quota: Quota
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class Grant:
    """What was asked for is granted; and `beside` it so many more, to let through on that day."""

    day: date
    beside: Mapping[Quota, int]


Rooms = Mapping[Quota, Room]


def of(policy: Policy, asker: Institution | None, purpose: str) -> tuple[Quota, ...]:
    """The quotas that hold for a question: that of its purpose, and that of any."""
    stated = policy.quotas.get(asker, ()) if asker else ()
    return tuple(quota for quota in stated if quota.purpose in {"", purpose})


def block(quota: Quota) -> int:
    """How many consultations a router may take at once to let through later.

    A tenth of a second's, and a thousandth of a day's: of a small quota none. So many, for each
    router, may pass beside what is stated in any stretch of time; of a day never more.
    """
    parts = [MOST_IN_A_BLOCK]
    if quota.per_second:
        parts.append(math.floor(min(quota.per_second, quota.burst) / 10))
    if quota.per_day:
        parts.append(quota.per_day // 1000)
    return min(parts)


def grant(
    rooms: Rooms, counts: Mapping[Quota, int], extra: Mapping[Quota, int], at: datetime
) -> tuple[Rooms, Grant | Exceeded]:
    """What is left, and what is granted: all that is asked for or nothing.

    `extra` beside it, where there is room for it at once: only what is asked for is owed.
    """
    whole = {quota: count + extra.get(quota, 0) for quota, count in counts.items()}
    if any(_owes(rooms, quota, count, at) for quota, count in whole.items()):
        whole = dict(counts)
    left = draw(rooms, whole, at)
    if isinstance(left, Exceeded):
        return rooms, left
    beside = {quota: count - counts[quota] for quota, count in whole.items()}
    return {**rooms, **left}, Grant(day_of(at), beside)


def draw(rooms: Rooms, counts: Mapping[Quota, int], at: datetime) -> Rooms | Exceeded:
    """What is left after drawing from several quotas, all or none; only those drawn from."""
    left = {quota: _now(quota, rooms.get(quota), at) for quota in counts}
    exceeded = [e for quota, n in counts.items() if (e := _exceeded(quota, left[quota], n, at))]
    if exceeded:
        return _worst(exceeded)
    return {
        quota: replace(
            left[quota], tokens=left[quota].tokens - count, today=left[quota].today + count
        )
        for quota, count in counts.items()
    }


def day_of(at: datetime) -> date:
    """The day for which a consultation at a moment counts."""
    return at.astimezone(BRUSSELS).date()


def stated(quota: Quota) -> Quota:
    """The quota with its burst as it counts: as many as in a second where none is stated."""
    return replace(quota, burst=quota.burst or quota.per_second)


def _owes(rooms: Rooms, quota: Quota, count: int, at: datetime) -> bool:
    """Whether drawing so many would be too much, or leave a debt."""
    room = _now(quota, rooms.get(quota), at)
    if quota.per_second and room.tokens < count - _HAIR:
        return True
    return bool(quota.per_day) and room.today + count > quota.per_day


def _now(quota: Quota, room: Room | None, at: datetime) -> Room:
    """The room at a moment. A clock set back gives nothing and takes nothing."""
    today = day_of(at)
    if room is None:
        return Room(at, quota.burst, today)
    elapsed = max(0.0, (at - room.at).total_seconds())
    tokens = min(quota.burst, room.tokens + elapsed * quota.per_second)
    count = room.today if today <= room.day else 0
    return Room(max(at, room.at), tokens, max(today, room.day), count)


def _exceeded(quota: Quota, room: Room, count: int, at: datetime) -> Exceeded | None:
    waits: list[float | None] = []
    lacking = min(count, quota.burst) - room.tokens
    if quota.per_second and lacking > _HAIR:
        waits.append((room.at - at).total_seconds() + lacking / quota.per_second)
    if quota.per_day and room.today + count > quota.per_day:
        waits.append(_until_tomorrow(room.day, at) if count <= quota.per_day else None)
    if not waits:
        return None
    known = [wait for wait in waits if wait is not None]
    longest = max(known) if len(known) == len(waits) else None
    return Exceeded(quota, longest)


def _until_tomorrow(day: date, at: datetime) -> float:
    midnight = datetime.combine(day + timedelta(days=1), time(), BRUSSELS)
    return midnight.timestamp() - at.timestamp()


def _worst(exceeded: Iterable[Exceeded]) -> Exceeded:
    return max(exceeded, key=lambda one: math.inf if one.wait_s is None else one.wait_s)
