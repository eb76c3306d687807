"""Social risks on both time axes, and the declarations that made them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "risk_declarations",
        sa.Column("declarer", sa.Text, primary_key=True),
        sa.Column("ticket", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form", sa.LargeBinary, nullable=False),
        sa.Column("anomalies", sa.ARRAY(sa.LargeBinary), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("risk_number", sa.Text, nullable=False),
        sa.Column("image_digest", sa.LargeBinary, nullable=False),
        sa.Column("received_on", sa.Date),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("chain", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("notification", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "risk_declarations_once", "risk_declarations", ["declarer", "request_id"], unique=True
    )
    op.create_index(
        "risk_declarations_waiting",
        "risk_declarations",
        ["sequence"],
        postgresql_where="state = 'received'",
    )
    op.create_table(
        "risks",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("risk_number", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("employer", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("begins", sa.Date, nullable=False),
        sa.Column("ends", sa.Date, nullable=False),
        sa.Column("recipients", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("on_paper", sa.Boolean, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("awaited", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("due", sa.Boolean, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("recorded_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_to", sa.DateTime(timezone=True)),
        sa.CheckConstraint("begins < ends", "risks_order"),
    )
    op.create_index(
        "risks_current",
        "risks",
        ["ssin", "risk_number"],
        unique=True,
        postgresql_where="recorded_to IS NULL",
    )
    op.create_index("risks_by_number", "risks", ["risk_number"])
    op.create_index(
        "risks_of_employer",
        "risks",
        ["employer", "risk_number"],
        postgresql_where="recorded_to IS NULL",
    )
    op.create_index("risks_due", "risks", ["ssin", "risk_number"], postgresql_where="due")
