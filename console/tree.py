"""A ledger as large as a country's, on this machine."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy.engine import make_url

from services.ledger import bulk

SCREEN = Console()


def fill(admin: str, size: int) -> int:
    """Grow the ledger's tree to `size` entries with a progress bar; the first index added."""
    url = make_url(admin).set(drivername="postgresql", database="ledger")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=SCREEN) as progress:
        entries = progress.add_task("entries, with their tree", total=size)
        return bulk.fill(
            url.render_as_string(hide_password=False),
            size,
            lambda reached: progress.update(entries, completed=reached),
        )
