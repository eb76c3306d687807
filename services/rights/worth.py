"""What rights are worth on their days, for many persons at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.rights import expression, grid, spans, timelines
from services.rights.columns import evaluate
from services.rights.derived import Derived
from services.rights.domain import Version
from services.rights.expression import Amount, Has, Known, Node, Param
from services.rights.population import Memberships
from services.rights.roster import Held, Roster
from services.rights.spans import NONE, Flags, Spans


def schedule(rights: Spans, versions: Sequence[Version], roster: Roster, derived: Derived) -> Spans:
    """Days and cents by the place of each right: the most of the groups, by the law of each day."""
    entitled = np.zeros(len(roster.births), np.bool_)
    entitled[rights.who] = True
    homes = Roster(_homes(roster, entitled), roster.births)
    found = []
    for version in versions:
        if version.amount is not None:
            worth = _of_version(version, version.amount, rights, homes, derived)
            found.append(worth.at(np.flatnonzero(entitled.take(worth.who))))
    by_person = Held.of(highest(_together(found)), len(roster.births))
    return _neighbours_joined(_of_rights(rights, by_person))


def _of_version(
    version: Version, amount: Node, rights: Spans, homes: Roster, derived: Derived
) -> Spans:
    begin = max(spans.number(version.validity.begin), int(rights.begin.min()))
    end = min(spans.number(version.validity.end), int(rights.end.max()))
    read = {n.fact for n in expression.walk(amount) if isinstance(n, Has | Known | Amount)}
    facts = {n: homes.joined(derived.of_persons(version.facts[n])) for n in read}
    cuts = sorted(day for day in changes(version, amount) if begin < day < end)
    found, members = [], homes.members
    for first, last in zip([begin, *cuts], [*cuts, end], strict=True):
        rows = np.flatnonzero((members.begin < last) & (members.end > first))
        if first < last and len(rows):
            values, ages = params(version, first), expression.ages(amount)
            within = {name: held.within(first, last) for name, held in facts.items()}
            laid = grid.laid(homes, rows, first, last, within, ages, values)
            cents = evaluate(amount, laid).by_cell(laid).astype(np.int64, copy=False)
            who = laid.members.who.take(laid.row)
            found.append(Spans(who, laid.days.take(laid.of), laid.ends.take(laid.of), cents))
    return _together(found)


def params(version: Version, day: int) -> dict[str, int]:
    """The value of every parameter on a day."""
    return {name: version.param_on(name, spans.day(day)).value for name in version.params}


def changes(version: Version, formula: Node) -> set[int]:
    """The days on which a parameter of a formula has another value."""
    read = {n.name for n in expression.walk(formula) if isinstance(n, Param)}
    return {spans.number(value.begin) for name in read for value in version.params[name]}


def highest(found: Spans) -> Spans:
    """On each day of each person the highest value of those that hold; in order, cut apart."""
    found = spans.ordered(found)
    if not ((found.who[1:] == found.who[:-1]) & (found.begin[1:] < found.end[:-1])).any():
        return found
    assert found.value is not None
    cuts = spans.distinct(
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
    place, of = by_person.on(rights.who)
    values = by_person.spans
    assert values.value is not None
    begin = np.maximum(values.begin.take(of), rights.begin.take(place))
    end = np.minimum(values.end.take(of), rights.end.take(place))
    kept = np.flatnonzero(begin < end)
    cents = values.value.take(of.take(kept))
    return Spans(place.take(kept).astype(np.int32), begin.take(kept), end.take(kept), cents)


def _neighbours_joined(found: Spans) -> Spans:
    if not len(found) or found.value is None:
        return found
    goes_on = (found.who[1:] == found.who[:-1]) & (found.begin[1:] == found.end[:-1])
    goes_on &= found.value[1:] == found.value[:-1]
    heads = np.flatnonzero(np.concatenate(([True], ~goes_on)))
    lasts = np.append(heads[1:], len(found)) - 1
    return Spans(found.who[heads], found.begin[heads], found.end[lasts], found.value[heads])


def _homes(roster: Roster, entitled: Flags) -> Memberships:
    """Everybody in the groups of those entitled, and each of these alone while in no group."""
    members = roster.members
    if roster.whole:
        rows = np.flatnonzero(entitled)
    else:
        groups = np.zeros(roster.groups, np.bool_)
        groups[members.group.take(np.flatnonzero(entitled.take(members.who)))] = True
        rows = np.flatnonzero(groups.take(members.group))
    there = grid.numbered(
        Memberships(
            members.group.take(rows),
            members.who.take(rows),
            members.begin.take(rows),
            members.end.take(rows),
            members.role.take(rows),
        )
    )
    return there if roster.whole else _with_gaps(there, entitled)


def _with_gaps(members: Memberships, entitled: Flags) -> Memberships:
    """With a group of her own for everybody entitled, on the days on which she is in none."""
    mine = np.flatnonzero(entitled.take(members.who))
    days = Spans(members.who.take(mine), members.begin.take(mine), members.end.take(mine))
    alone = timelines.gaps(spans.merged([spans.ordered(days)]), entitled)
    group = int(members.group[-1]) + 1 if len(members) else 0
    return Memberships(
        np.concatenate((members.group, group + np.arange(len(alone), dtype=np.int32))),
        np.concatenate((members.who, alone.who)),
        np.concatenate((members.begin, alone.begin)),
        np.concatenate((members.end, alone.end)),
        np.concatenate((members.role, np.zeros(len(alone), np.int8))),
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
