"""What was asked, numbers replaced, due dates by right, and runs of re-evaluation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "asked",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("data_sort", sa.Text, primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "followed",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "replaced_numbers",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("replaced_by", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("replaced_numbers_in_force", "replaced_numbers", ["replaced_by"])
    op.execute(
        """
        CREATE FUNCTION numbers_of(persons text[]) RETURNS TABLE (ssin text, in_force text)
        LANGUAGE sql STABLE AS $$
            SELECT now, now FROM (
                SELECT DISTINCT coalesce(replaced_by, person) AS now
                FROM unnest(persons) AS given(person)
                LEFT JOIN replaced_numbers ON replaced_numbers.ssin = person
            ) AS asked
            UNION ALL
            SELECT old.ssin, old.replaced_by
            FROM replaced_numbers AS old
            WHERE old.replaced_by IN (
                SELECT coalesce(replaced_by, person) FROM unnest(persons) AS given(person)
                LEFT JOIN replaced_numbers ON replaced_numbers.ssin = person
            )
        $$
        """
    )
    op.execute("ALTER TABLE dues ADD \"right\" text NOT NULL DEFAULT ''")
    op.execute('ALTER TABLE dues DROP CONSTRAINT dues_pkey, ADD PRIMARY KEY (ssin, "right")')
    op.execute("ALTER TABLE mailbox ADD turn bigint NOT NULL DEFAULT 0")
    op.create_table(
        "reevaluations",
        sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("rights", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("reached", sa.Text, nullable=False, server_default=""),
        sa.Column("persons", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("counts", JSONB, nullable=False, server_default="[]"),
    )
    op.execute(
        """
        CREATE TABLE law (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            digest text NOT NULL,
            applied_on date NOT NULL
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION numbers_of")
    op.execute("DROP TABLE asked, followed, replaced_numbers, reevaluations, law")
    op.execute("ALTER TABLE mailbox DROP turn")
    op.execute("DELETE FROM dues WHERE \"right\" <> ''")
    op.execute('ALTER TABLE dues DROP CONSTRAINT dues_pkey, DROP "right", ADD PRIMARY KEY (ssin)')
