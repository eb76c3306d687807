"""Amounts: said of a year, and worth of a right; the sort of group of each household."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE statements ADD amount bigint")
    op.execute("ALTER TABLE decisions ADD amounts jsonb NOT NULL DEFAULT '[]'")
    op.execute(
        """
        UPDATE households SET composition = (
            SELECT coalesce(jsonb_agg(jsonb_build_array('domicile', (
                SELECT jsonb_agg(member || '[""]'::jsonb) FROM jsonb_array_elements(home) AS member
            ))), '[]') FROM jsonb_array_elements(composition) AS home
        )
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE statements DROP amount")
    op.execute("ALTER TABLE decisions DROP amounts")
    op.execute(
        """
        UPDATE households SET composition = (
            SELECT coalesce(jsonb_agg((
                SELECT jsonb_agg(member - 3) FROM jsonb_array_elements(home->1) AS member
            )), '[]') FROM jsonb_array_elements(composition) AS home WHERE home->>0 = 'domicile'
        )
        """
    )
