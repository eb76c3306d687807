"""Left: a run that follows a review goes over those only whom columns do not hold."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute('ALTER TABLE reevaluations ADD "left" text[]')


def downgrade() -> None:
    op.execute('ALTER TABLE reevaluations DROP "left"')
