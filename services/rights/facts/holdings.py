"""Holdings: what holds of each person, from all that was ever said of her."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from mesh.periods import Period
from services.rights.domain import Statement
from services.rights.law.statuses import Sort

BORN = "BORN"
"""The status whose first day is the day of birth."""


def facts_of(
    statements: Iterable[Statement], sorts: Mapping[str, Sort]
) -> dict[str, tuple[Statement, ...]]:
    """What holds by person: of each thing said the last word, without what was cancelled.

    Where a sort says one thing at a time and institutions contradict each other, the days go to
    the one of most authority, then to the later begin, then to the later message; what the
    others said keeps the days that are left. Of several births one counts, whole. Neither the
    order of the statements nor repetitions matter.
    """
    by_person: dict[str, list[Statement]] = {}
    for statement in sorted(last_words(statements), key=lambda s: s.position):
        if not statement.cancelled:
            by_person.setdefault(statement.ssin, []).append(statement)
    return {ssin: tuple(settled(found, sorts)) for ssin, found in by_person.items()}


def last_words(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Of each thing said the statement with the highest position."""
    last: dict[tuple[object, ...], Statement] = {}
    for statement in statements:
        before = last.get(statement.key)
        if before is None or before.position < statement.position:
            last[statement.key] = statement
    return tuple(last.values())


def settled(said: Sequence[Statement], sorts: Mapping[str, Sort]) -> list[Statement]:
    """What one person's statements leave of each other, in order of position."""
    alone = [s for s in said if _sort(s, sorts) is None or not sorts[s.data_sort].one_at_a_time]
    contested: dict[str, list[Statement]] = {}
    for statement in said:
        sort = _sort(statement, sorts)
        if sort is not None and sort.one_at_a_time:
            contested.setdefault(statement.data_sort, []).append(statement)
    for name, found in contested.items():
        alone += born(found, sorts[name]) or shared_out(found, sorts[name])
    return sorted(alone, key=lambda s: (s.position, s.period))


def shared_out(said: Sequence[Statement], sort: Sort) -> list[Statement]:
    """Each day to one statement: see `facts_of` for who comes first."""
    kept: list[Statement] = []
    taken: list[Period] = []
    for statement in sorted(said, key=lambda s: precedence(s, sort)):
        left = [statement.period]
        for period in taken:
            left = [piece for whole in left for piece in whole.minus(period)]
        kept += [replace(statement, period=piece) for piece in left]
        taken.append(statement.period)
    return kept


def born(said: Sequence[Statement], sort: Sort) -> list[Statement]:
    """The one birth that counts; none where they are no births."""
    births = [statement for statement in said if statement.status == BORN]
    return [min(births, key=lambda s: precedence(s, sort))] if births else []


def birth(said: Iterable[Statement]) -> date | None:
    """The day of birth by the last word on it, where it is known."""
    births = [s for s in said if s.status == BORN]
    return max(births, key=lambda s: s.position).period.begin if births else None


def _sort(statement: Statement, sorts: Mapping[str, Sort]) -> Sort | None:
    return sorts.get(statement.data_sort)


def precedence(statement: Statement, sort: Sort) -> tuple[int, int, int]:
    sector = statement.institution.sector
    known = sort.authority.index(sector) if sector in sort.authority else len(sort.authority)
    return (known, -statement.period.begin.toordinal(), -statement.position)
