"""Entries by institution, kind, outcome and sort of data; those written before are read again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from crossroads.ledger.v1 import ledger_pb2

revision = "0002"
down_revision = "0001"
MOST = 5000


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE entries
            ADD COLUMN kind smallint NOT NULL DEFAULT 0,
            ADD COLUMN institution text NOT NULL DEFAULT '',
            ADD COLUMN outcome smallint NOT NULL DEFAULT 0,
            ADD COLUMN data_sorts text[] NOT NULL DEFAULT '{}'
        """
    )
    read_again(op.get_bind())
    op.execute(
        "CREATE INDEX entries_of_institution ON entries (institution, position DESC)"
        " WHERE institution <> ''"
    )
    op.execute("CREATE INDEX entries_of_kind ON entries (kind, position DESC)")
    op.execute("CREATE INDEX entries_of_moment ON entries USING brin (recorded_at)")


def downgrade() -> None:
    op.execute("DROP INDEX entries_of_institution, entries_of_kind, entries_of_moment")
    op.execute(
        "ALTER TABLE entries DROP COLUMN kind, DROP COLUMN institution, DROP COLUMN outcome,"
        " DROP COLUMN data_sorts"
    )


def read_again(connection: sa.Connection) -> None:
    """Give the entries written before their new columns."""
    last = -1
    while rows := connection.execute(
        sa.text(
            "SELECT position, recorded_at, content FROM entries "
            "WHERE position > :last ORDER BY position LIMIT :most"
        ),
        {"last": last, "most": MOST},
    ).all():
        connection.execute(
            sa.text(
                "UPDATE entries SET kind = :kind, institution = :institution, outcome = :outcome, "
                "data_sorts = :data_sorts WHERE position = :position AND recorded_at = :recorded_at"
            ),
            [_columns(row) for row in rows],
        )
        last = rows[-1].position


def _columns(row: sa.Row[tuple[object, ...]]) -> dict[str, object]:
    entry = ledger_pb2.Entry.FromString(bytes(row.content))
    place = entry.institution
    return {
        "position": row.position,
        "recorded_at": row.recorded_at,
        "kind": entry.kind,
        "institution": f"{place.sector}/{place.number}" if entry.HasField("institution") else "",
        "outcome": entry.outcome,
        "data_sorts": list(entry.data_sorts),
    }
