"""Bring one service's schema up to date and end: `python -m mesh.migration services.router`."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path

from mesh import database
from mesh.settings import Settings


def folder(service: str) -> Path:
    """The migrations of a service named by its package. Raises LookupError where it has none."""
    spec = importlib.util.find_spec(service)
    for place in (spec and spec.submodule_search_locations) or ():
        migrations = Path(place) / "migrations"
        if migrations.is_dir():
            return migrations
    raise LookupError(f"{service} has no migrations")


if __name__ == "__main__":
    settings = Settings()
    asyncio.run(database.migrate(settings.database_url, folder(sys.argv[1])))
