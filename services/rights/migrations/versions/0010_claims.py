"""Certificates not handed over, waivers, revocations, each apart; and who is integrated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "certificate_refusals",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("refusal_id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("right", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("refused_on", sa.Date, nullable=False),
        *_recorded("recorded"),
    )
    op.create_table(
        "waivers",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("waiver_id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("right", sa.Text, nullable=False),
        sa.Column("begin", sa.Date, nullable=False),
        sa.Column("decision_id", sa.Text, nullable=False),
        *_recorded("recorded"),
    )
    op.create_table(
        "waiver_revocations",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("waiver_id", sa.Text, primary_key=True),
        sa.Column("end", sa.Date, nullable=False),
        *_recorded("revoked"),
    )
    op.create_table(
        "integrated",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )
    for table, by in (
        ("certificate_refusals", "recorded_by"),
        ("waivers", "recorded_by"),
        ("waiver_revocations", "revoked_by"),
    ):
        op.create_index(f"{table}_once", table, ["ssin", by, "request_id"], unique=True)


def _recorded(verb: str) -> tuple[sa.Column[object], ...]:
    """Who did it, when, and by which request."""
    return (
        sa.Column(f"{verb}_by", sa.Text, nullable=False),
        sa.Column(f"{verb}_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    op.execute("DROP TABLE certificate_refusals, waivers, waiver_revocations, integrated")
