"""Tables of the documentation, as data."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Table = list[dict[str, str]]


def tables(page: Path) -> Iterator[Table]:
    """Each table of a page as rows by heading."""
    headings: list[str] = []
    rows: Table = []
    for line in [*page.read_text("utf-8").splitlines(), ""]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            if rows:
                yield rows
            headings, rows = [], []
        elif not headings:
            headings = cells
        elif not re.fullmatch(r"[-|: ]+", line):
            assert len(cells) == len(headings), f"{page.name}: {line}"
            rows.append(dict(zip(headings, cells, strict=True)))


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def table() -> Callable[[str, str], Table]:
    """All rows, over the whole page, of the tables that have a heading."""

    def find(page: str, heading: str) -> Table:
        found = [rows for rows in tables(ROOT / "docs" / page) if heading in rows[0]]
        assert found, f"{page} has no table with the heading {heading}"
        return [row for rows in found for row in rows]

    return find
