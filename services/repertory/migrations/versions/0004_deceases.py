"""Deceases, on both axes of time."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE deceases (
            ssin text NOT NULL,
            day date NOT NULL,
            recorded_from timestamptz NOT NULL,
            recorded_until timestamptz NOT NULL DEFAULT 'infinity'
                CHECK (recorded_from < recorded_until),
            PRIMARY KEY (ssin, recorded_from)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE deceases")
