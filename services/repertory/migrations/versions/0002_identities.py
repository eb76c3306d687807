"""Finding the institutions that a path speaks for, by index: there are thousands."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX policy_identities ON policy_items USING gin ((document->'identities'))"
        " WHERE kind = 'institution' AND until_revision IS NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX policy_identities")
