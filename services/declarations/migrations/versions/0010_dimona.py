"""Mandates, daily registrations, persons by a new number, and declarations that wait for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0001"


def upgrade() -> None:
    _declarations()
    _periods()
    op.create_table(
        "mandates",
        sa.Column("employer", sa.Text, primary_key=True),
        sa.Column("mandatary", sa.Text, primary_key=True),
        sa.Column("recorded_from", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("recorded_to", sa.DateTime(timezone=True)),
        sa.Column("begins", sa.Date, nullable=False),
        sa.Column("ends", sa.Date, nullable=False),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.CheckConstraint("begins < ends", "mandates_order"),
    )
    op.create_index(
        "mandates_current",
        "mandates",
        ["employer", "mandatary"],
        unique=True,
        postgresql_where="recorded_to IS NULL",
    )
    op.create_index("mandates_of_mandatary", "mandates", ["mandatary"])


def _declarations() -> None:
    for column in ("declarant", "place"):
        op.add_column("declarations", sa.Column(column, sa.Text, nullable=False, server_default=""))
    op.add_column("declarations", sa.Column("identified_as", sa.Text))
    op.execute("UPDATE declarations SET declarant = employer")
    op.drop_index("declarations_once", "declarations")
    op.create_index(
        "declarations_once", "declarations", ["employer", "declarant", "request_id"], unique=True
    )
    op.create_index("declarations_by_declarant", "declarations", ["declarant", "ticket"])
    op.create_index(
        "declarations_to_identify",
        "declarations",
        ["sequence"],
        postgresql_where="state = 'waiting'",
    )
    op.add_column(
        "employers",
        sa.Column("registers_days", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def _periods() -> None:
    op.add_column(
        "dimona_periods",
        sa.Column("locked", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("dimona_periods", sa.Column("delay", sa.Text, nullable=False, server_default=""))
    op.create_index("dimona_periods_by_id", "dimona_periods", ["dimona_period_id"])
    op.execute("CREATE SEQUENCE dimona_registration_numbers MAXVALUE 9999999999")
    op.create_table(
        "dimona_registrations",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("registration_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("dimona_period_id", sa.Text, nullable=False),
        sa.Column("begins", sa.Date, nullable=False),
        sa.Column("starting_hour", sa.Text, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("ending_hour", sa.Text, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("recorded_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_to", sa.DateTime(timezone=True)),
    )
    op.create_index("dimona_registrations_by_id", "dimona_registrations", ["registration_id"])
    op.create_table(
        "replaced_persons",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("in_force", sa.Text, nullable=False),
    )
    op.create_index("replaced_persons_in_force", "replaced_persons", ["in_force"])
