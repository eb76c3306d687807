"""Quarterly declarations, their parts, and what they say of each person on both time axes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "dmfa_declarations",
        sa.Column("employer", sa.Text, primary_key=True),
        sa.Column("ticket", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("quarter", sa.Text, nullable=False),
        sa.Column("workers", sa.Integer, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form", sa.LargeBinary, nullable=False),
        sa.Column("anomalies", sa.ARRAY(sa.LargeBinary), nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("chain", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("notification", sa.LargeBinary, nullable=False),
        sa.Column("declaration_pid", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "dmfa_declarations_once", "dmfa_declarations", ["employer", "request_id"], unique=True
    )
    op.create_index("dmfa_declarations_of_quarter", "dmfa_declarations", ["employer", "quarter"])
    op.create_index(
        "dmfa_declarations_waiting",
        "dmfa_declarations",
        ["sequence"],
        postgresql_where="state = 'received'",
    )
    op.create_table(
        "dmfa_parts",
        sa.Column("employer", sa.Text, primary_key=True),
        sa.Column("ticket", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )
    op.execute("CREATE SEQUENCE dmfa_identifiers MAXVALUE 99999999999 START 1000001")
    op.create_table(
        "dmfa_persons",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("employer", sa.Text, primary_key=True),
        sa.Column("quarter", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("identifiers", sa.LargeBinary, nullable=False),
        sa.Column("person_pid", sa.BigInteger, nullable=False),
        sa.Column("gross_cents", sa.BigInteger, nullable=False),
        sa.Column("days_hundredths", sa.BigInteger, nullable=False),
        sa.Column("hours_hundredths", sa.BigInteger, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("recorded_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_to", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "dmfa_persons_current",
        "dmfa_persons",
        ["ssin", "employer", "quarter"],
        unique=True,
        postgresql_where="recorded_to IS NULL",
    )
    op.create_index("dmfa_persons_of_quarter", "dmfa_persons", ["employer", "quarter", "ssin"])
