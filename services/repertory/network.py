"""A secondary network at the primary hub: it knows whom any of its members knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mesh import periods
from mesh.institutions import Institution
from mesh.periods import Period
from services.repertory.domain import Inscription, Key
from services.repertory.inscriptions import Change


@dataclass(frozen=True, slots=True)
class Integration:
    """What changes at the primary hub: the first member came, or the last one went."""

    registered: tuple[Inscription, ...]
    ended: tuple[Inscription, ...]


def integration(
    standing: Iterable[Inscription], change: Change, network: Institution
) -> Integration:
    """What a change in the lines of some persons, of all members, is to the primary hub.

    Seen from there all members are one institution, `network`: of the same person, quality and
    phase it is known on every day on which at least one member knows it.
    """
    lines = set(standing)
    before = _known(lines, network)
    after = _known((lines - set(change.closed)) | set(change.opened), network)
    return Integration(tuple(_without(after, before)), tuple(_without(before, after)))


def _known(lines: Iterable[Inscription], network: Institution) -> dict[Key, tuple[Period, ...]]:
    days: dict[Key, list[Period]] = {}
    for line in lines:
        days.setdefault(replace(line.key, institution=network), []).append(line.period)
    return {key: periods.merge(all_periods) for key, all_periods in days.items()}


def _without(
    these: dict[Key, tuple[Period, ...]], others: dict[Key, tuple[Period, ...]]
) -> Iterator[Inscription]:
    for key in sorted(these):
        left = list(these[key])
        for other in others.get(key, ()):
            left = [piece for period in left for piece in period.minus(other)]
        yield from (Inscription(key, period) for period in left)
