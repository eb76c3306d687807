"""The reference period of a risk: which quarters matter, and what each of them holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from mesh.periods import Period
from services.declarations.risks.domain import Filled, Quarter, Scenario, Source


def quarter_of(day: date) -> str:
    """The quarter that a day lies in, such as `20264`."""
    return f"{day.year}{(day.month + 2) // 3}"


def before(quarter: str, many: int) -> str:
    """The quarter so many before."""
    index = int(quarter[:4]) * 4 + int(quarter[4]) - 1 - many
    return f"{index // 4}{index % 4 + 1}"


def days_of(quarter: str) -> Period:
    first, following = (
        date(int(q[:4]), 3 * int(q[4]) - 2, 1) for q in (quarter, before(quarter, -1))
    )
    return Period(first, following)


def quarters(scenario: Scenario, begin: date) -> tuple[str, ...]:
    """Those that matter, the earliest first: some before that of the risk, and that one."""
    last = quarter_of(begin)
    return tuple(before(last, many) for many in range(scenario.quarters_before, -1, -1))


def fill(
    wanted: tuple[str, ...],
    declared: Mapping[str, Quarter],
    anticipated: Mapping[str, Quarter],
) -> tuple[Filled, ...]:
    """Each quarter from what was declared, else from what was anticipated, else missing."""
    return tuple(
        Filled(q, Source.DECLARED, declared[q])
        if q in declared
        else Filled(q, Source.ANTICIPATED, anticipated[q])
        if q in anticipated
        else Filled(q, Source.MISSING)
        for q in wanted
    )
