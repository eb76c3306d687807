"""The reference period of a risk: which quarters matter, and what each of them holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.declarations import quarters
from services.declarations.risks.domain import Filled, Quarter, Scenario, Source


def wanted(scenario: Scenario, begin: date) -> tuple[str, ...]:
    """Those that matter, the earliest first: some before that of the risk, and that one."""
    last = quarters.of(begin)
    return tuple(str(last.before(many)) for many in range(scenario.quarters_before, -1, -1))


def fill(
    named: tuple[str, ...],
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
        for q in named
    )
