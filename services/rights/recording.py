"""Recording: everything that follows from a micro-batch, in one transaction of few statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mesh import outbox
from mesh.outbox import Parcel
from services.rights import integration, rows
from services.rights.domain import Decision, Household, Statement
from services.rights.store import Turn


@dataclass(frozen=True, slots=True)
class Replaced:
    """A number that gave way to another, and the message that said so."""

    old: str
    new: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Effects:
    """What is to be kept and told."""

    at: datetime
    position: int
    """Of the last delivery among them."""
    statements: Sequence[Statement] = ()
    homes: Mapping[str, Sequence[Household]] = field(default_factory=dict)
    """Of whom the groups were told anew."""
    asked: Collection[tuple[str, str]] = ()
    """Persons and sorts of data that were consulted."""
    decisions: Sequence[Decision] = ()
    dues: Mapping[tuple[str, str], date | None] = field(default_factory=dict)
    """By right and person the day on which to look again."""
    parcels: Sequence[Parcel] = ()
    followed: Collection[str] = ()
    """Of whom every right was decided for the first time."""

    @property
    def persons(self) -> frozenset[str]:
        """Of whom something was said or decided."""
        return frozenset(s.ssin for s in self.statements) | {d.ssin for d in self.decisions}


class Overtaken(Exception):  # noqa: N818 - it states what happened
    """Another decided meanwhile: what was read may no longer hold."""


class Recorder:
    """Writes. Nothing is ever changed but a decision's ticket, dues, numbers and the turn."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def record(self, turn: Turn, effects: Effects) -> None:
        """All of it or nothing. Raises Overtaken where the turn is no longer that one."""
        async with self._engine.begin() as connection:
            locked = await connection.execute(text("SELECT turn, position FROM mailbox FOR UPDATE"))
            if tuple(locked.one()) != (turn.number, turn.position):
                raise Overtaken
            await _add_statements(connection, effects)
            await _add_homes(connection, effects)
            await _add_asked(connection, effects)
            await _add_decisions(connection, effects.decisions)
            await _set_dues(connection, effects.dues)
            await _follow(connection, effects)
            await integration.integrate(connection, effects.persons, effects.at)
            if effects.parcels:
                await outbox.put_all(connection, effects.parcels)
            await connection.execute(
                text(
                    "UPDATE mailbox SET turn = turn + 1, position = greatest(position, :position)"
                ),
                {"position": effects.position},
            )

    async def replace(self, replaced: Sequence[Replaced], at: datetime) -> None:
        """Let numbers stand for others, and for those that the others stood for. Repeatable."""
        async with self._engine.begin() as connection:
            await connection.execute(text("UPDATE mailbox SET turn = turn + 1"))
            for one in replaced:
                await _replace(connection, one, at)


async def _add_statements(connection: AsyncConnection, effects: Effects) -> None:
    """Each once, however often it comes."""
    if effects.statements:
        columns = rows.columns(map(rows.of_statement, effects.statements))
        await connection.execute(
            text(
                """
                INSERT INTO statements (ssin, institution, data_sort, strand, begin, position,
                                        "end", status, cancelled, ticket, amount, recorded_at)
                SELECT given.*, CAST(:recorded_at AS timestamptz)
                FROM unnest(CAST(:ssin AS text[]), CAST(:institution AS text[]),
                            CAST(:data_sort AS text[]), CAST(:strand AS text[]),
                            CAST(:begin AS date[]), CAST(:position AS bigint[]),
                            CAST(:end AS date[]), CAST(:status AS text[]),
                            CAST(:cancelled AS boolean[]), CAST(:ticket AS text[]),
                            CAST(:amount AS bigint[])) AS given
                ON CONFLICT DO NOTHING
                """
            ),
            {**columns, "recorded_at": effects.at},
        )


async def _add_homes(connection: AsyncConnection, effects: Effects) -> None:
    if effects.homes:
        await connection.execute(
            text(
                """
                INSERT INTO households (ssin, recorded_at, composition, ticket)
                SELECT ssin, CAST(:recorded_at AS timestamptz), CAST(composition AS jsonb), ticket
                FROM unnest(CAST(:ssins AS text[]), CAST(:compositions AS text[]),
                            CAST(:tickets AS text[])) AS given(ssin, composition, ticket)
                ON CONFLICT (ssin, recorded_at) DO UPDATE
                SET composition = excluded.composition, ticket = excluded.ticket
                """
            ),
            {
                "recorded_at": effects.at,
                "ssins": list(effects.homes),
                "compositions": [rows.compositions(found) for found in effects.homes.values()],
                "tickets": [
                    next((h.ticket for h in found), "") for found in effects.homes.values()
                ],
            },
        )


async def _add_asked(connection: AsyncConnection, effects: Effects) -> None:
    if effects.asked:
        await connection.execute(
            text(
                """
                INSERT INTO asked (ssin, data_sort, asked_at)
                SELECT given.*, CAST(:at AS timestamptz)
                FROM unnest(CAST(:ssins AS text[]), CAST(:sorts AS text[])) AS given
                ON CONFLICT DO NOTHING
                """
            ),
            {
                "at": effects.at,
                "ssins": [ssin for ssin, _ in effects.asked],
                "sorts": [sort for _, sort in effects.asked],
            },
        )


async def _follow(connection: AsyncConnection, effects: Effects) -> None:
    if effects.followed:
        await connection.execute(
            text(
                "INSERT INTO followed (ssin, since) SELECT given.*, CAST(:at AS timestamptz) "
                "FROM unnest(CAST(:ssins AS text[])) AS given ON CONFLICT DO NOTHING"
            ),
            {"at": effects.at, "ssins": sorted(effects.followed)},
        )


async def _replace(connection: AsyncConnection, one: Replaced, at: datetime) -> None:
    values: dict[str, Any] = {"old": one.old, "new": one.new, "ticket": one.ticket, "at": at}
    for statement in (
        """
        INSERT INTO replaced_numbers (ssin, replaced_by, ticket, recorded_at) VALUES (:old,
            coalesce((SELECT replaced_by FROM replaced_numbers WHERE ssin = :new), :new),
            :ticket, :at) ON CONFLICT (ssin) DO NOTHING
        """,
        """
        UPDATE replaced_numbers AS before SET replaced_by = now.replaced_by
        FROM replaced_numbers AS now WHERE before.replaced_by = :old AND now.ssin = :old
        """,
        """
        INSERT INTO followed (ssin, since)
        SELECT :new, since FROM followed WHERE ssin = :old ON CONFLICT DO NOTHING
        """,
        "DELETE FROM dues WHERE ssin = :old",
    ):
        await connection.execute(text(statement), values)


async def _add_decisions(connection: AsyncConnection, decisions: Sequence[Decision]) -> None:
    if decisions:
        await connection.execute(
            text(
                """
                INSERT INTO decisions (ssin, decision_id, entitlement_id, "right", kind, begin,
                                       "end", void, renewable, ground_begin, ground_end,
                                       version, decided_at, caused_by, amounts)
                SELECT ssin, id, entitlement_id, "right", kind, begin, "end", void, renewable,
                       ground_begin, ground_end, version, decided_at, caused_by,
                       CAST(amounts AS jsonb)
                FROM unnest(CAST(:ssin AS text[]), CAST(:id AS text[]),
                            CAST(:entitlement_id AS text[]), CAST(:right AS text[]),
                            CAST(:kind AS text[]), CAST(:begin AS date[]), CAST(:end AS date[]),
                            CAST(:void AS boolean[]), CAST(:renewable AS boolean[]),
                            CAST(:ground_begin AS date[]), CAST(:ground_end AS date[]),
                            CAST(:version AS text[]), CAST(:decided_at AS timestamptz[]),
                            CAST(:caused_by AS text[]), CAST(:amounts AS text[]))
                WITH ORDINALITY AS given(ssin, id, entitlement_id, "right", kind, begin, "end",
                    void, renewable, ground_begin, ground_end, version, decided_at, caused_by,
                    amounts, place) ORDER BY place
                """
            ),
            rows.columns(map(rows.of_decision, decisions)),
        )


async def _set_dues(
    connection: AsyncConnection, dues: Mapping[tuple[str, str], date | None]
) -> None:
    """Only what differs is written; a due date of no right in particular is over."""
    if dues:
        await connection.execute(
            text(
                """
                WITH given AS (
                    SELECT * FROM unnest(CAST(:rights AS text[]), CAST(:ssins AS text[]),
                                         CAST(:days AS date[])) AS given("right", ssin, due_on)
                ), over AS (
                    DELETE FROM dues USING given
                    WHERE dues.ssin = given.ssin
                      AND (dues."right" = '' OR dues."right" = given."right")
                      AND (given.due_on IS NULL OR dues."right" = '')
                )
                INSERT INTO dues (ssin, "right", due_on)
                SELECT ssin, "right", due_on FROM given WHERE due_on IS NOT NULL
                ON CONFLICT (ssin, "right") DO UPDATE SET due_on = excluded.due_on
                WHERE dues.due_on <> excluded.due_on
                """
            ),
            {
                "rights": [right for right, _ in dues],
                "ssins": [ssin for _, ssin in dues],
                "days": list(dues.values()),
            },
        )
