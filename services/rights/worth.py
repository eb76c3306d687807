"""What rights are worth on their days, for many persons at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from services.rights import grid, spans
from services.rights.columns import evaluate
from services.rights.domain import Version
from services.rights.expression import Node
from services.rights.grid import Grid, Held, joined
from services.rights.population import Memberships
from services.rights.spans import NEVER, NONE, Days, Flags, Rows, Spans

Facts = Mapping[int, Mapping[str, Held]]
"""By the identity of the version."""


def schedule(
    rights: Spans, versions: Sequence[Version], members: Memberships, births: Days, facts: Facts
) -> Spans:
    """Days and cents by the place of each right: the most of the groups, by the law of each day."""
    entitled = np.zeros(len(births), np.bool_)
    entitled[rights.who] = True
    groups = np.zeros(int(members.group[-1]) + 1 if len(members) else 0, np.bool_)
    groups[members.group[entitled[members.who]]] = True
    there = _chosen(members, np.flatnonzero(groups[members.group]))
    homes = _with_gaps(there, entitled)
    found = []
    for version in versions:
        if version.amount is not None:
            worth = _of_version(version, version.amount, rights, homes, births, facts[id(version)])
            found.append(worth.where(entitled[worth.who]))
    by_person = Held.of(highest(_together(found)), len(births))
    return _neighbours_joined(_of_rights(rights, by_person))


def _of_version(
    version: Version,
    amount: Node,
    rights: Spans,
    homes: Memberships,
    births: Days,
    facts: Mapping[str, Held],
) -> Spans:
    begin = max(spans.number(version.validity.begin), int(rights.begin.min()))
    end = min(spans.number(version.validity.end), int(rights.end.max()))
    changes = {spans.number(v.begin) for values in version.params.values() for v in values}
    cuts = sorted(day for day in changes if begin < day < end)
    found = []
    for first, last in zip([begin, *cuts], [*cuts, end], strict=True):
        kept = np.flatnonzero((homes.begin < last) & (homes.end > first))
        if first < last and len(kept):
            those = grid.epoch(homes, kept, first, last)
            pieces = {name: joined(held, those) for name, held in facts.items()}
            params = version.params_on(spans.day(first))
            laid = Grid(those, first, last, pieces, births, version.ages, params)
            cents = evaluate(amount, laid).by_cell(laid).astype(np.int64, copy=False)
            who = those.who[laid.row]
            found.append(Spans(who, laid.days[laid.of], laid.ends[laid.of], cents))
    return _together(found)


def highest(found: Spans) -> Spans:
    """On each day of each person the highest value of those that hold; in order, cut apart."""
    found = spans.ordered(found)
    if not ((found.who[1:] == found.who[:-1]) & (found.begin[1:] < found.end[:-1])).any():
        return found
    assert found.value is not None
    cuts = np.unique(
        np.concatenate([spans.packed(found.who, day, day) for day in (found.begin, found.end)])
    )
    first = np.searchsorted(cuts, spans.packed(found.who, found.begin, found.begin))
    counts = np.searchsorted(cuts, spans.packed(found.who, found.end, found.end)) - first
    piece = spans.expanded(counts, first)
    order = np.argsort(piece, kind="stable")
    piece, value = piece[order], np.repeat(found.value, counts)[order]
    heads = np.flatnonzero(np.diff(piece, prepend=-1))
    places = piece[heads]
    begins, ends = spans.unpacked(cuts[places]), spans.unpacked(cuts[places + 1])
    return Spans(begins.who, begins.begin, ends.begin, np.maximum.reduceat(value, heads))


def _of_rights(rights: Spans, by_person: Held) -> Spans:
    """The values on the days of each right, by its place."""
    as_members = Memberships(
        np.arange(len(rights), dtype=np.int32),
        rights.who,
        rights.begin,
        rights.end,
        np.zeros(len(rights), np.int8),
    )
    pieces = joined(by_person, as_members)
    return Spans(pieces.row.astype(np.int32), pieces.begin, pieces.end, pieces.value)


def _neighbours_joined(found: Spans) -> Spans:
    if not len(found) or found.value is None:
        return found
    goes_on = (found.who[1:] == found.who[:-1]) & (found.begin[1:] == found.end[:-1])
    goes_on &= found.value[1:] == found.value[:-1]
    heads = np.flatnonzero(np.concatenate(([True], ~goes_on)))
    lasts = np.append(heads[1:], len(found)) - 1
    return Spans(found.who[heads], found.begin[heads], found.end[lasts], found.value[heads])


def _with_gaps(members: Memberships, entitled: Flags) -> Memberships:
    """With a group of her own for everybody entitled, on the days on which she is in none."""
    who = np.flatnonzero(entitled).astype(np.int32)
    mine = np.flatnonzero(entitled[members.who])
    within = spans.merged(
        [spans.ordered(Spans(members.who[mine], members.begin[mine], members.end[mine]))]
    )
    begin = np.concatenate((np.full(len(who), spans.FIRST, np.int32), within.end))
    end = np.concatenate((within.begin, np.full(len(who), NEVER, np.int32)))
    begins = spans.ordered(Spans(np.concatenate((who, within.who)), begin, begin))
    ends = spans.ordered(Spans(np.concatenate((within.who, who)), end, end))
    gaps = np.flatnonzero(begins.begin < ends.begin)
    group = int(members.group[-1]) + 1 if len(members) else 0
    return Memberships(
        np.concatenate((members.group, group + np.arange(len(gaps), dtype=np.int32))),
        np.concatenate((members.who, begins.who[gaps])),
        np.concatenate((members.begin, begins.begin[gaps])),
        np.concatenate((members.end, ends.begin[gaps])),
        np.concatenate((members.role, np.zeros(len(gaps), np.int8))),
    )


def _chosen(members: Memberships, kept: Rows) -> Memberships:
    return grid.numbered(
        Memberships(
            members.group[kept],
            members.who[kept],
            members.begin[kept],
            members.end[kept],
            members.role[kept],
        )
    )


def _together(found: Sequence[Spans]) -> Spans:
    if not found:
        return Spans(NONE.who, NONE.begin, NONE.end, np.empty(0, np.int64))
    values = [each.value for each in found if each.value is not None]
    return Spans(
        np.concatenate([each.who for each in found]),
        np.concatenate([each.begin for each in found]),
        np.concatenate([each.end for each in found]),
        np.concatenate(values),
    )
