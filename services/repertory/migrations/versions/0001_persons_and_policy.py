"""The register of persons on both time axes, the policy by revisions, the outbox."""

from __future__ import annotations

from alembic import op

from mesh import outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE inscriptions (
            ssin text NOT NULL,
            sector smallint NOT NULL,
            number integer NOT NULL,
            quality smallint NOT NULL,
            phase smallint NOT NULL,
            begins date NOT NULL,
            ends date NOT NULL CHECK (begins < ends),
            recorded_from timestamptz NOT NULL,
            recorded_until timestamptz NOT NULL DEFAULT 'infinity'
                CHECK (recorded_from < recorded_until),
            PRIMARY KEY (ssin, sector, number, quality, phase, begins, recorded_from)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE replacements (
            ssin text NOT NULL,
            replaced_by text NOT NULL CHECK (ssin <> replaced_by),
            recorded_from timestamptz NOT NULL,
            recorded_until timestamptz NOT NULL DEFAULT 'infinity'
                CHECK (recorded_from < recorded_until),
            PRIMARY KEY (ssin, recorded_from)
        )
        """
    )
    op.execute("CREATE INDEX replacements_replaced_by ON replacements (replaced_by)")
    # The place in the log of writes. Whoever writes takes the next, in the order of commits.
    op.execute(
        """
        CREATE TABLE positions (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            position bigint NOT NULL,
            moment timestamptz NOT NULL
        )
        """
    )
    op.execute("INSERT INTO positions (position, moment) VALUES (0, '-infinity')")
    # What was asked, without whom it was about.
    op.execute(
        """
        CREATE TABLE requests (
            caller text NOT NULL,
            request_id text NOT NULL,
            digest bytea NOT NULL,
            ticket text NOT NULL,
            position bigint NOT NULL,
            recorded_at timestamptz NOT NULL,
            PRIMARY KEY (caller, request_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE revisions (
            revision bigint PRIMARY KEY,
            caused_by text NOT NULL,
            recorded_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    op.execute(
        """
        CREATE TABLE policy_items (
            kind text NOT NULL,
            key text NOT NULL,
            from_revision bigint NOT NULL REFERENCES revisions,
            until_revision bigint REFERENCES revisions,
            origin text NOT NULL,
            document jsonb NOT NULL,
            PRIMARY KEY (kind, key, from_revision)
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX policy_in_force ON policy_items (kind, key)"
        " WHERE until_revision IS NULL"
    )
    op.execute(
        """
        CREATE TABLE catalogues (
            sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            digest text NOT NULL,
            revision bigint NOT NULL,
            loaded_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    outbox.create(op)


def downgrade() -> None:
    op.execute(
        "DROP TABLE inscriptions, replacements, positions, requests, policy_items, revisions,"
        " catalogues, outbox"
    )
