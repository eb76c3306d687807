"""Mutations taken in, mailboxes and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "mutations",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("ticket", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("mutation", sa.LargeBinary, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("distributed_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("ssin", "sender", "request_id", name="mutations_request"),
    )
    op.create_index(
        "mutations_waiting",
        "mutations",
        ["sequence"],
        postgresql_where=sa.text("distributed_at IS NULL"),
    )
    op.create_table(
        "mailboxes",
        sa.Column("institution", sa.Text, primary_key=True),
        sa.Column("last_position", sa.BigInteger, nullable=False),
        sa.Column("acknowledged", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_table(
        "deliveries",
        sa.Column("institution", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("delivery", sa.LargeBinary, nullable=False),
        sa.Column("entry_id", sa.Text, nullable=False),
    )
