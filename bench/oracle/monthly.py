"""Worlds whose every day is the first of a month: months then say as much as days."""

from __future__ import annotations

import numpy as np

from bench.oracle import components
from services.rights.everybody.population import Memberships, Population
from services.rights.everybody.spans import NEVER, Days, Spans, merged, packed


def rounded(population: Population) -> Population:
    """The same, each day moved to the first of its month; what has no month left is gone."""
    said = {
        status: _amounts(spans) if spans.value is not None else _spans(spans)
        for status, spans in population.said.items()
    }
    groups = {group: _memberships(members) for group, members in population.groups.items()}
    return Population(population.ssins, _firsts(population.births), said, groups)


def apart(population: Population, count: int, most: int) -> tuple[Population, np.ndarray]:
    """The first `count` components of at most `most` persons, and whose each person is."""
    of = components.labels(population)
    sizes = np.bincount(of, minlength=len(of))
    heads = np.flatnonzero((sizes > 0) & (sizes <= most))[:count]
    chosen = np.isin(of, heads)
    few = components.only(population, chosen)
    order = np.argsort(of[chosen], kind="stable")
    return _reordered(few, order), of[chosen][order]


def _firsts(days: Days) -> Days:
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int32)
    return np.where(days == NEVER, NEVER, first).astype(np.int32)


def _spans(spans: Spans) -> Spans:
    moved = Spans(spans.who, _firsts(spans.begin), _firsts(spans.end))
    kept = moved.where(moved.begin < moved.end)
    return merged([kept.at(np.argsort(packed(kept.who, kept.begin, kept.end)))])


def _amounts(spans: Spans) -> Spans:
    """No two of one person touch the same month, or the days of a year stay as they are."""
    moved = Spans(spans.who, _firsts(spans.begin), _firsts(spans.end), spans.value)
    return moved.where(moved.begin < moved.end)


def _memberships(members: Memberships) -> Memberships:
    begin, end = _firsts(members.begin), _firsts(members.end)
    kept = begin < end
    return Memberships(
        members.group[kept], members.who[kept], begin[kept], end[kept], members.role[kept]
    )


def _reordered(population: Population, order: np.ndarray) -> Population:
    place = np.argsort(order)
    said = {}
    for status, spans in population.said.items():
        who = place[spans.who].astype(np.int32)
        by = np.lexsort((spans.begin, who))
        said[status] = Spans(who, spans.begin, spans.end, spans.value).at(by)
    groups = {}
    for group, m in population.groups.items():
        who = place[m.who].astype(np.int32)
        by = np.lexsort((who, m.group))
        groups[group] = Memberships(m.group[by], who[by], m.begin[by], m.end[by], m.role[by])
    return Population(population.ssins[order], population.births[order], said, groups)
