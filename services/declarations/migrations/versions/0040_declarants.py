"""Who declared a quarter or a risk, beside whose it is; risks hear of corrected quarters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0030"


def upgrade() -> None:
    _declarant("dmfa_declarations", "employer")
    _declarant("risk_declarations", "declarer")
    # Until now each declared for itself.
    op.execute("UPDATE dmfa_declarations SET declarant = employer")
    op.execute("UPDATE risk_declarations SET declarant = declarer")
    op.alter_column("dmfa_parts", "employer", new_column_name="declarant")
    op.alter_column("risks", "awaited", new_column_name="rests_on")


def _declarant(table: str, whose: str) -> None:
    op.add_column(table, sa.Column("declarant", sa.Text, nullable=False, server_default=""))
    op.drop_index(f"{table}_once", table)
    op.create_index(f"{table}_once", table, [whose, "declarant", "request_id"], unique=True)
    op.create_index(f"{table}_by_declarant", table, ["declarant", "ticket"])
