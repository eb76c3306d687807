"""How mailboxes are kept: their settings, what was swept, and first deliveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column(
        "deliveries",
        sa.Column("delivered_at", moment, nullable=False, server_default=sa.func.now()),
    )
    op.alter_column("deliveries", "delivered_at", server_default=None)
    op.add_column(
        "mailboxes",
        sa.Column("first_position", sa.BigInteger, nullable=False, server_default="1"),
    )
    op.create_table(
        "mailbox_settings",
        sa.Column("institution", sa.Text, primary_key=True),
        sa.Column("mode", sa.SmallInteger, nullable=False),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("put_by", sa.Text, nullable=False),
        sa.Column("put_at", moment, nullable=False),
    )
    op.create_table(
        "swept_deliveries",
        sa.Column("institution", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("entry_id", sa.Text, nullable=False),
    )
    op.create_table(
        "first_deliveries",
        sa.Column("institution", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("written", JSONB, nullable=False, server_default="{}"),
        sa.Column("permitted", ARRAY(sa.Text), nullable=False, server_default="{}"),
    )
