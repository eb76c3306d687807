"""Statements, households, decisions, due dates, the mailbox position and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mesh import outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "statements",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("institution", sa.Text, primary_key=True),
        sa.Column("data_sort", sa.Text, primary_key=True),
        sa.Column("strand", sa.Text, primary_key=True),
        sa.Column("begin", sa.Date, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("end", sa.Date, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "households",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("composition", JSONB, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("entitlement_id", sa.Text, nullable=False),
        sa.Column("right", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("begin", sa.Date, nullable=False),
        sa.Column("end", sa.Date, nullable=False),
        sa.Column("void", sa.Boolean, nullable=False),
        sa.Column("renewable", sa.Boolean, nullable=False),
        sa.Column("ground_begin", sa.Date, nullable=False),
        sa.Column("ground_end", sa.Date, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caused_by", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("decisions_of_person", "decisions", ["ssin", "sequence"])
    op.create_index("decisions_by_id", "decisions", ["decision_id"])
    op.create_table(
        "dues",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("due_on", sa.Date, nullable=False),
    )
    op.create_index("dues_by_day", "dues", ["due_on"])
    op.execute(
        """
        CREATE TABLE mailbox (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            position bigint NOT NULL
        )
        """
    )
    op.execute("INSERT INTO mailbox (position) VALUES (0)")
    outbox.create(op)


def downgrade() -> None:
    op.execute("DROP TABLE statements, households, decisions, dues, mailbox, outbox")
