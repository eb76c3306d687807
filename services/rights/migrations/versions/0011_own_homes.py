"""Own homes: of each line of `households` the person's own days in her groups, ready for columns.

Records of 38 bytes, the highest byte first: the person, when it was recorded (microseconds since
2000), a hash of the group, its sort, how many members it lists, first day, day after the last one
(both counted from 1 January 1970), and her role.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION own_homes(ssin text, recorded_at timestamptz, composition jsonb)
        RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT coalesce(string_agg(
                int8send(ssin::bigint) || timestamptz_send(recorded_at)
                || int8send(hashtextextended(home::text, 0))
                || int2send(array_position(
                    ARRAY['domicile', 'fund_household', 'family'], home->>0)::int2)
                || int2send(jsonb_array_length(home->1)::int2)
                || int4send((own->>1)::date - DATE '1970-01-01')
                || int4send((own->>2)::date - DATE '1970-01-01')
                || int2send(array_position(
                    ARRAY['', 'HOLDER', 'PARTNER', 'DEPENDANT', 'PARENT', 'CHILD'],
                    own->>3)::int2),
                ''), '')
            FROM jsonb_array_elements(composition) AS home
            CROSS JOIN jsonb_array_elements(home->1) AS own
            WHERE own->>0 = ssin
        $$
        """
    )
    op.execute(
        """
        ALTER TABLE households ADD own bytea NOT NULL
        GENERATED ALWAYS AS (own_homes(ssin, recorded_at, composition)) STORED
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE households DROP own")
    op.execute("DROP FUNCTION own_homes")
