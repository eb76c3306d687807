"""What the quotas of institutions leave, counted by all routers together."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "quota_rooms",
        sa.Column("institution", sa.Text, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("tokens", sa.Float),
        sa.Column("day", sa.Date),
        sa.Column("today", sa.BigInteger),
    )
