"""What institutions were told that they may ask."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "askables",
        sa.Column("ssin", sa.Text, primary_key=True),
        sa.Column("ticket", sa.Text, primary_key=True),
        sa.Column("data_sort", sa.Text, primary_key=True),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("askables_listed", "askables", ["listed_at", "ticket", "data_sort"])
