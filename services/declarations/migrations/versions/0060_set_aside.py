"""Declarations that could not be judged: where it failed, and when they were set aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0050"


def upgrade() -> None:
    for table in ("declarations", "dmfa_declarations", "risk_declarations"):
        op.add_column(table, sa.Column("failure", sa.Text, nullable=False, server_default=""))
        op.add_column(table, sa.Column("set_aside_at", sa.DateTime(timezone=True)))
        op.create_index(
            f"{table}_set_aside", table, ["ticket"], postgresql_where="state = 'set_aside'"
        )
