"""The tree: its head, its nodes, its entries by month, and the ids that are taken."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE head (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            size bigint NOT NULL CHECK (size >= 0),
            frontier bytea[] NOT NULL
        )
        """
    )
    op.execute("INSERT INTO head (size, frontier) VALUES (0, '{}')")
    op.execute(
        """
        CREATE TABLE nodes (
            level smallint NOT NULL,
            position bigint NOT NULL,
            hash bytea NOT NULL,
            PRIMARY KEY (level, position)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE entry_ids (
            entry_id text PRIMARY KEY,
            position bigint NOT NULL,
            digest bytea NOT NULL
        )
        """
    )
    op.execute(
        """
        CREATE TABLE entries (
            position bigint NOT NULL,
            recorded_at timestamptz NOT NULL,
            ticket text NOT NULL,
            ssin text NOT NULL,
            salt bytea NOT NULL,
            content bytea NOT NULL,
            PRIMARY KEY (position, recorded_at)
        ) PARTITION BY RANGE (recorded_at)
        """
    )
    op.execute("CREATE INDEX entries_of_person ON entries (ssin, position DESC) WHERE ssin <> ''")
    op.execute(
        "CREATE INDEX entries_of_ticket ON entries (ticket, position DESC) WHERE ticket <> ''"
    )


def downgrade() -> None:
    op.execute("DROP TABLE entries, entry_ids, nodes, head")
