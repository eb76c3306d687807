"""Lots: many persons under one question, in chunks, with their replies."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "lots",
        sa.Column("lot", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("question", sa.LargeBinary, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("on_behalf_of", sa.Text, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("persons", sa.Integer, nullable=False),
        sa.Column("answered", sa.Integer, nullable=False, server_default="0"),
        sa.Column("refused", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("waits_for", sa.Text, nullable=False, server_default=""),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("owner", "request_id", name="lots_request"),
    )
    op.create_index("lots_expiring", "lots", ["expires_at"])
    op.create_table(
        "lot_chunks",
        sa.Column("lot", sa.Text, primary_key=True),
        sa.Column("chunk", sa.Integer, primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("lot_chunks_turn", "lot_chunks", ["tries", "chunk", "lot"])
    op.create_table(
        "lot_persons",
        sa.Column("lot", sa.Text, primary_key=True),
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("chunk", sa.Integer, nullable=False),
    )
    op.create_index("lot_persons_chunk", "lot_persons", ["lot", "chunk"])
    op.create_table(
        "lot_replies",
        sa.Column("lot", sa.Text, primary_key=True),
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
    )
    op.create_index("lot_replies_number", "lot_replies", ["lot", "number"])
