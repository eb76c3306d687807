"""What the ledger was told of each change, and changes by their place in the log of writes."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE requests ADD COLUMN written jsonb")
    op.execute("CREATE INDEX requests_position ON requests (position)")
    op.execute("ALTER TABLE revisions ADD COLUMN ticket text, ADD COLUMN written jsonb")


def downgrade() -> None:
    op.execute("ALTER TABLE revisions DROP COLUMN ticket, DROP COLUMN written")
    op.execute("DROP INDEX requests_position")
    op.execute("ALTER TABLE requests DROP COLUMN written")
