"""The laws that were applied, as they were written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "laws",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("versions", ARRAY(sa.Text), nullable=False),
        sa.Column("files", JSONB, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("laws")
