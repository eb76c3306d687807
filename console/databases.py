"""The databases of the services: one each, with a role that can enter no other."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql
from sqlalchemy import URL

SERVICES = ("repertory", "router", "ledger", "declarations", "rights")


def ensure(admin: URL, passwords: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing; gives each service the URL of its own database."""
    with connect(admin) as connection:
        for name, password in passwords.items():
            _role(connection, name, password)
            _database(connection, name)
    return {
        name: admin.set(username=name, password=password, database=name).render_as_string(
            hide_password=False
        )
        for name, password in passwords.items()
    }


def close_to_others(admin: URL) -> None:
    """Keep the services out of the databases that a server of ours begins with."""
    with connect(admin) as connection:
        connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")


def connect(url: URL) -> psycopg.Connection:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def _role(connection: psycopg.Connection, name: str, password: str) -> None:
    """The server is told what proves the password, never the password."""
    proof = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    statement = "ALTER ROLE {} LOGIN PASSWORD {}" if known else "CREATE ROLE {} LOGIN PASSWORD {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(proof.decode())))


def _database(connection: psycopg.Connection, name: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if known is None:
        connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(name)))
    connection.execute(
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
    )
