"""The archive: every law that was applied, kept as it was written, so that it can still explain."""

from __future__ import annotations

import asyncio
import json
import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.rights import law, rulebook, withdrawal
from services.rights.rulebook import Rulebook
from services.rights.rulefile import RuleFileError


async def keep(connection: AsyncConnection, applied: Rulebook, at: datetime) -> None:
    """Once, however often it is applied."""
    await connection.execute(
        text(
            "INSERT INTO laws (digest, versions, files, recorded_at) "
            "VALUES (:digest, CAST(:versions AS text[]), CAST(:files AS jsonb), :at) "
            "ON CONFLICT DO NOTHING"
        ),
        {
            "digest": law.digest(applied),
            "versions": sorted(_versions(applied)),
            "files": json.dumps(dict(applied.files)),
            "at": at,
        },
    )


class Archive:
    """Finds the law by which something was decided."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._read: dict[str, Rulebook] = {}

    async def law_of(self, right: str, version: str, in_force: Rulebook) -> Rulebook:
        """The law in force where it has that version, else the last one that had it.

        Of a right without law the last one that had any. The law in force where none is found.
        """
        name = right if withdrawal.day(version) else f"{right} {version}"
        if name in _versions(in_force):
            return in_force
        async with self._engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT digest, files FROM laws WHERE :name = ANY(versions) "
                    "ORDER BY recorded_at DESC LIMIT 1"
                ),
                {"name": name},
            )
            row = found.first()
        if row is None:
            return in_force
        if row.digest not in self._read:
            self._read[row.digest] = await asyncio.to_thread(_restored, row.files, in_force)
        return self._read[row.digest]


def _versions(of: Rulebook) -> set[str]:
    """Every right, and every version of each."""
    return set(of.rules) | {f"{r.id} {v.name}" for r in of.rules.values() for v in r.versions}


def _restored(files: dict[str, str], in_force: Rulebook) -> Rulebook:
    """What cannot be read any more explains nothing."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, written in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(written, "utf-8")
        try:
            return rulebook.load(folder)
        except RuleFileError:
            return in_force
