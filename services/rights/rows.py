"""Rows of the database and the nouns they stand for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from mesh import institutions
from mesh.periods import Period
from services.rights.domain import (
    Amounts,
    Decision,
    DecisionKind,
    Group,
    Household,
    Membership,
    Statement,
)


def columns(of: Iterable[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows of the same columns as arrays, one a column."""
    found = list(of)
    return {name: [row[name] for row in found] for name in found[0]} if found else {}


def of_statement(statement: Statement) -> dict[str, Any]:
    return {
        "ssin": statement.ssin,
        "institution": str(statement.institution),
        "data_sort": statement.data_sort,
        "strand": statement.strand,
        "begin": statement.period.begin,
        "position": statement.position,
        "end": statement.period.end,
        "status": statement.status,
        "cancelled": statement.cancelled,
        "ticket": statement.ticket,
        "amount": statement.amount,
    }


def statement(row: Any) -> Statement:
    return Statement(
        ssin=row.in_force,
        institution=institutions.parse(row.institution),
        data_sort=row.data_sort,
        status=row.status,
        strand=row.strand,
        period=Period(row.begin, row.end),
        cancelled=row.cancelled,
        ticket=row.ticket,
        position=row.position,
        amount=row.amount,
    )


def compositions(found: Sequence[Household]) -> str:
    """Groups, members, roles and days only, in one order: the same homes give the same text."""
    homes = [
        [
            h.group,
            [
                [m.ssin, m.period.begin.isoformat(), m.period.end.isoformat(), m.role]
                for m in sorted(h.members)
            ],
        ]
        for h in found
    ]
    return json.dumps(sorted(homes))


def household(
    group: str, members: Sequence[Sequence[str]], ticket: str, replaced: Mapping[str, str]
) -> Household:
    """A group as kept; `replaced` has the numbers in force of those that are not any more."""
    return Household(
        tuple(
            Membership(
                replaced.get(ssin, ssin),
                Period(date.fromisoformat(begin), date.fromisoformat(end)),
                role,
            )
            for ssin, begin, end, role in members
        ),
        ticket,
        Group(group),
    )


def amounts(of: Amounts) -> str:
    return json.dumps([[p.begin.isoformat(), p.end.isoformat(), cents] for p, cents in of])


def of_decision(decision: Decision) -> dict[str, Any]:
    return {
        "ssin": decision.ssin,
        "id": decision.id,
        "entitlement_id": decision.entitlement_id,
        "right": decision.right,
        "kind": decision.kind.value,
        "begin": decision.period.begin,
        "end": decision.period.end,
        "void": decision.void,
        "renewable": decision.renewable,
        "ground_begin": decision.ground.begin,
        "ground_end": decision.ground.end,
        "version": decision.version,
        "decided_at": decision.decided_at,
        "caused_by": decision.caused_by,
        "amounts": amounts(decision.amounts),
    }


def decision(row: Any) -> Decision:
    return Decision(
        id=row.decision_id,
        entitlement_id=row.entitlement_id,
        ssin=row.in_force,
        right=row.right,
        kind=DecisionKind(row.kind),
        period=Period(row.begin, row.end),
        void=row.void,
        renewable=row.renewable,
        ground=Period(row.ground_begin, row.ground_end),
        version=row.version,
        decided_at=row.decided_at,
        caused_by=row.caused_by,
        amounts=tuple(
            (Period(date.fromisoformat(begin), date.fromisoformat(end)), cents)
            for begin, end, cents in row.amounts
        ),
        ticket=row.ticket,
    )
