"""What the DmfA holds of persons, read by the zones of its elements."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from crossroads.forms.v1 import dmfa_pb2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.declarations.risks import form as forms
from services.declarations.risks.domain import Quarter
from services.declarations.risks.peers import Declared


class DmfaQuarters:
    """The quarters that were declared, whoever the employer, now or as known then."""

    async def of_persons(
        self,
        connection: AsyncConnection,
        ssins: Collection[str],
        known_at: datetime | None = None,
    ) -> Declared:
        rows = await connection.execute(
            text(
                "SELECT ssin, employer, quarter, content FROM dmfa_persons"
                " WHERE ssin = ANY(:ssins) AND NOT cancelled"
                " AND (CAST(:at AS timestamptz) IS NULL AND recorded_to IS NULL"
                " OR recorded_from <= :at AND (recorded_to IS NULL OR recorded_to > :at))"
                " ORDER BY ssin, quarter, employer"
            ),
            {"ssins": sorted(ssins), "at": known_at},
        )
        found: dict[str, tuple[tuple[str, Quarter], ...]] = {}
        for row in rows:
            person = dmfa_pb2.DmfaNaturalPerson.FromString(bytes(row.content))
            declared = (row.employer, forms.quarter(person, row.quarter))
            found[row.ssin] = (*found.get(row.ssin, ()), declared)
        return found
