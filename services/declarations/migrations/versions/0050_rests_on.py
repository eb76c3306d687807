"""Risks that were recorded while only undeclared quarters counted rest on all of theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from crossroads.attestations.v1 import risks_pb2

revision = "0050"
down_revision = "0040"
MOST = 1000


def upgrade() -> None:
    read_again(op.get_bind())


def read_again(connection: sa.Connection) -> None:
    """What a risk rests on stands in what is stored of it; one that was cancelled rests on none."""
    ssin = number = ""
    while rows := connection.execute(
        sa.text(
            "SELECT ssin, risk_number, content FROM risks WHERE recorded_to IS NULL"
            " AND (ssin, risk_number) > (:ssin, :number)"
            " ORDER BY ssin, risk_number LIMIT :most"
        ),
        {"ssin": ssin, "number": number, "most": MOST},
    ).all():
        connection.execute(
            sa.text(
                "UPDATE risks SET rests_on = :rests_on WHERE ssin = :ssin"
                " AND risk_number = :risk_number AND recorded_to IS NULL"
            ),
            [_rests_on(row) for row in rows],
        )
        ssin, number = rows[-1].ssin, rows[-1].risk_number


def _rests_on(row: sa.Row[tuple[object, ...]]) -> dict[str, object]:
    risk = risks_pb2.SocialRisk.FromString(bytes(row.content))
    standing = risk.state != "CANCELLED"
    return {
        "ssin": row.ssin,
        "risk_number": row.risk_number,
        "rests_on": [one.quarter for one in risk.quarters] if standing else [],
    }
