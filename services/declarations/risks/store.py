"""Risks in PostgreSQL: every version stays, with the time at which it was recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crossroads.attestations.v1 import risks_pb2
from crossroads.forms.v1 import social_risk_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh import database, institutions
from services.declarations.risks import attestation
from services.declarations.risks.domain import Risk

DUE = "risks_due"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version of a risk with the form it was declared by, and when it was recorded."""

    risk: Risk
    form: social_risk_pb2.SocialRiskForm
    at: datetime
    ticket: str


class Store:
    """Questions to the risks, within one transaction of the caller's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def hold(self, employers: Collection[str]) -> None:
        """Until the transaction ends, no quarter of these employers is declared unseen."""
        await self._connection.execute(
            text(
                "SELECT pg_advisory_xact_lock_shared(hashtext('quarters'), hashtext(employer))"
                " FROM unnest(CAST(:employers AS text[])) AS employer"
            ),
            {"employers": sorted(employers)},
        )

    async def quarter_declared(self, employer: str, quarter: str) -> None:
        """Said last in the transaction that records a quarter or a correction of it.

        Risks that rest on it are due.
        A scatter over the employer's workers; whose quarter it was not is looked at in vain.
        """
        await self._connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext('quarters'), hashtext(:employer))"),
            {"employer": employer},
        )
        await self._connection.execute(
            text(
                "UPDATE risks SET due = true WHERE employer = :employer"
                " AND :quarter = ANY(rests_on) AND recorded_to IS NULL"
            ),
            {"employer": employer, "quarter": quarter},
        )
        await database.notify(self._connection, DUE)

    async def due(self, most: int) -> list[Recorded]:
        """Risks of which a quarter has been declared or corrected. A scatter over all persons."""
        rows = await self._connection.execute(
            text("SELECT * FROM risks WHERE due LIMIT :most FOR UPDATE SKIP LOCKED"),
            {"most": most},
        )
        return [_recorded(row) for row in rows]

    async def looked_at(self, risks: Iterable[Risk]) -> None:
        for risk in risks:
            await self._connection.execute(
                text(
                    "UPDATE risks SET due = false WHERE ssin = :ssin AND risk_number = :number"
                    " AND due"
                ),
                {"ssin": risk.ssin, "number": risk.number},
            )

    async def numbered(
        self, numbers: Collection[str], known_at: datetime | None = None
    ) -> dict[str, Recorded]:
        """Risks by number, now or as known then. A scatter: a declaration names only the number."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM risks WHERE risk_number = ANY(:numbers)"
                " AND (CAST(:at AS timestamptz) IS NULL AND recorded_to IS NULL"
                " OR recorded_from <= :at AND (recorded_to IS NULL OR recorded_to > :at))"
            ),
            {"numbers": sorted(numbers), "at": known_at},
        )
        return {row.risk_number: _recorded(row) for row in rows}

    async def of_persons(
        self, ssins: Collection[str], known_at: datetime | None = None
    ) -> list[Recorded]:
        """Every risk of these persons, cancelled ones too, the earliest first."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM risks WHERE ssin = ANY(:ssins)"
                " AND (CAST(:at AS timestamptz) IS NULL AND recorded_to IS NULL"
                " OR recorded_from <= :at AND (recorded_to IS NULL OR recorded_to > :at))"
                " ORDER BY ssin, begins, risk_number"
            ),
            {"ssins": sorted(ssins), "at": known_at},
        )
        return [_recorded(row) for row in rows]

    async def of_employer(self, employer: str, before: str, most: int) -> list[Recorded]:
        """What the employer itself declared, in falling order of number. A scatter."""
        rows = await self._connection.execute(
            text(
                "SELECT * FROM risks WHERE employer = :employer AND recorded_to IS NULL"
                " AND NOT on_paper AND (:before = '' OR risk_number < :before)"
                " ORDER BY risk_number DESC LIMIT :most"
            ),
            {"employer": employer, "before": before, "most": most},
        )
        return [_recorded(row) for row in rows]

    async def put(
        self, risk: Risk, form: social_risk_pb2.SocialRiskForm, ticket: str, at: datetime
    ) -> None:
        """Record a version of a risk; the one before ends at that moment."""
        await self._connection.execute(
            text(
                "UPDATE risks SET recorded_to = :at, due = false"
                " WHERE ssin = :ssin AND risk_number = :number AND recorded_to IS NULL"
            ),
            {"ssin": risk.ssin, "number": risk.number, "at": at},
        )
        await self._connection.execute(
            text(
                "INSERT INTO risks (ssin, risk_number, version, employer, branch, begins, ends,"
                " recipients, on_paper, content, rests_on, due, ticket, recorded_from)"
                " VALUES (:ssin, :number, :version, :employer, :branch, :begins, :ends,"
                " :recipients, :on_paper, :content, :rests_on, false, :ticket, :at)"
            ),
            {
                "ssin": risk.ssin,
                "number": risk.number,
                "version": risk.version,
                "employer": risk.employer,
                "branch": risk.branch.value,
                "begins": risk.days.begin,
                "ends": risk.days.end,
                "recipients": [str(recipient) for recipient in risk.recipients],
                "on_paper": risk.on_paper,
                "content": attestation.write(risk, form).SerializeToString(deterministic=True),
                "rests_on": list(risk.rests_on()),
                "ticket": ticket,
                "at": at,
            },
        )


def _recorded(row: Any) -> Recorded:
    wire = risks_pb2.SocialRisk.FromString(bytes(row.content))
    recipients = [institutions.parse(name) for name in row.recipients]
    risk = attestation.read(wire, row.ssin, recipients)
    return Recorded(risk, wire.form, row.recorded_from, row.ticket)
