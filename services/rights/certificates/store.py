"""The record of certificates that were not handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import institutions
from services.rights.certificates.domain import CertificateRefusal
from services.rights.requests import Sent


class CertificateStore:
    """Nothing is ever changed."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(
        self, connection: AsyncConnection, refusal: CertificateRefusal, sent: Sent
    ) -> bool:
        """Whether it is new: the same request again is not recorded again."""
        added = await connection.execute(
            text(
                """
                INSERT INTO certificate_refusals (ssin, refusal_id, "right", institution,
                                                  refused_on, recorded_by, recorded_at,
                                                  request_id, digest)
                VALUES (:ssin, :id, :right, :institution,
                        :refused_on, :by, :at, :request_id, :digest)
                ON CONFLICT (ssin, recorded_by, request_id) DO NOTHING
                """
            ),
            {
                "ssin": refusal.ssin,
                "id": refusal.id,
                "right": refusal.right,
                "institution": str(refusal.institution),
                "refused_on": refusal.refused_on,
                "by": refusal.recorded_by,
                "at": refusal.recorded_at,
                "request_id": sent.request_id,
                "digest": sent.digest,
            },
        )
        return bool(added.rowcount)

    async def recorded(
        self, connection: AsyncConnection, ssin: str, sent: Sent
    ) -> tuple[CertificateRefusal, bytes] | None:
        """What that request recorded, with the digest of its content."""
        found = await connection.execute(
            text(
                "SELECT certificate_refusals.*, in_force FROM certificate_refusals "
                "JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin) "
                "WHERE recorded_by = :by AND request_id = :request_id"
            ),
            {"ssins": [ssin], "by": sent.by, "request_id": sent.request_id},
        )
        row = found.one_or_none()
        return (_refusal(row), bytes(row.digest)) if row else None

    async def list(
        self,
        ssin: str,
        right: str,
        institution: str,
        known_at: datetime,
        before: int,
        most: int,
    ) -> list[tuple[int, CertificateRefusal]]:
        """Newest first, each with its sequence; any right and any institution where empty."""
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT certificate_refusals.*, in_force FROM certificate_refusals "
                    "JOIN numbers_of(CAST(:ssins AS text[])) USING (ssin) "
                    "WHERE (:right = '' OR \"right\" = :right) "
                    "AND (:institution = '' OR institution = :institution) "
                    "AND recorded_at <= :known_at AND sequence < :before "
                    "ORDER BY sequence DESC LIMIT :most"
                ),
                {
                    "ssins": [ssin],
                    "right": right,
                    "institution": institution,
                    "known_at": known_at,
                    "before": before,
                    "most": most,
                },
            )
            return [(row.sequence, _refusal(row)) for row in found]


def _refusal(row: Any) -> CertificateRefusal:
    return CertificateRefusal(
        row.refusal_id,
        row.in_force,
        row.right,
        institutions.parse(row.institution),
        row.refused_on,
        row.recorded_by,
        row.recorded_at,
    )
