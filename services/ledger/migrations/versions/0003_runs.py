"""Hashes of the tree that were written together share a row; those written before have each one."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE nodes RENAME COLUMN hash TO hashes")


def downgrade() -> None:
    """Give each hash a row again."""
    op.execute("ALTER TABLE nodes RENAME COLUMN hashes TO hash")
    op.execute(
        """
        WITH run AS (
            DELETE FROM nodes WHERE length(hash) > 32 RETURNING level, position, hash
        )
        INSERT INTO nodes (level, position, hash)
        SELECT level, position + place, substring(hash FROM place * 32 + 1 FOR 32)
        FROM run, generate_series(0, length(hash) / 32 - 1) AS place
        """
    )
