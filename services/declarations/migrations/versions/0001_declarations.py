"""Declarations, employers, Dimona periods on both time axes, and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mesh import outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "employers",
        sa.Column("nsso_number", sa.Text, primary_key=True),
        sa.Column("enterprise_number", sa.Text, nullable=False),
    )
    op.create_index("employers_by_enterprise", "employers", ["enterprise_number"])
    op.create_table(
        "declarations",
        sa.Column("employer", sa.Text, primary_key=True),
        sa.Column("ticket", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form", sa.LargeBinary, nullable=False),
        sa.Column("anomalies", sa.ARRAY(sa.LargeBinary), nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("chain", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("notification", sa.LargeBinary, nullable=False),
        sa.Column("dimona_period_id", sa.Text, nullable=False),
    )
    op.create_index("declarations_once", "declarations", ["employer", "request_id"], unique=True)
    op.create_index("declarations_newest", "declarations", ["employer", "sequence"])
    op.create_index(
        "declarations_waiting", "declarations", ["sequence"], postgresql_where="state = 'received'"
    )
    op.execute("CREATE SEQUENCE dimona_period_numbers MAXVALUE 9999999999")
    op.create_table(
        "dimona_periods",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("dimona_period_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("employer", sa.Text, nullable=False),
        sa.Column("nsso_number", sa.Text, nullable=False),
        sa.Column("worker_type", sa.Text, nullable=False),
        sa.Column("joint_commission", sa.Text, nullable=False),
        sa.Column("begins", sa.Date, nullable=False),
        sa.Column("ends", sa.Date, nullable=False),
        sa.Column("starting_hour", sa.Text, nullable=False),
        sa.Column("ending_hour", sa.Text, nullable=False),
        sa.Column("planned_hours", sa.Text, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("recorded_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_to", sa.DateTime(timezone=True)),
        sa.CheckConstraint("begins < ends", "dimona_periods_order"),
    )
    op.create_index(
        "dimona_periods_current",
        "dimona_periods",
        ["ssin", "dimona_period_id"],
        unique=True,
        postgresql_where="recorded_to IS NULL",
    )
    op.create_index(
        "dimona_periods_of_employer",
        "dimona_periods",
        ["employer", "dimona_period_id"],
        postgresql_where="recorded_to IS NULL",
    )
    outbox.create(op)
