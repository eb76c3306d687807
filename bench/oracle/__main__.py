"""`make oracle`: the comparison over several seeds, the ratios, and who each branch reaches."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Column, Table

import services.rights
from bench import results
from bench.oracle import comparison, coverage, openfisca, ratios
from bench.oracle.comparison import Compared
from bench.oracle.coverage import Reached
from mesh import clock
from sandbox import citizens
from services.rights.domain import Rule
from services.rights.law import rulebook

SCREEN = Console()
FILE = openfisca.PROJECT / "bench" / "results" / "latest.json"
RULES = Path(services.rights.__file__).parent
app = typer.Typer(help=__doc__)


@app.command()
def main(
    persons: Annotated[
        int, typer.Option(min=100, help="Invented persons for each seed.")
    ] = 200_000,
    seeds: Annotated[int, typer.Option(min=1)] = 3,
    *,
    compare_only: Annotated[bool, typer.Option(help="Without ratios and branches.")] = False,
) -> None:
    """Exit status 1 where a difference is not explained by float32 money."""
    if not openfisca.is_there():
        SCREEN.print("OpenFisca is not installed: `make oracle` does.")
        raise typer.Exit(2)
    rules = rulebook.load(RULES).rules
    sys.exit(asyncio.run(_run(rules, persons, seeds, compare_only=compare_only)))


async def _run(rules: Mapping[str, Rule], persons: int, seeds: int, *, compare_only: bool) -> int:
    compared: list[Compared] = []
    for seed in range(1, seeds + 1):
        with SCREEN.status(f"comparing {persons:,} persons, seed {seed}"):
            found = await comparison.compare(rules, seed, persons)
        SCREEN.print(_comparison_table(seed, found))
        compared += found
    if not compare_only:
        SCREEN.print(_coverage_table(coverage.of(rules, citizens.part(seeds, 0))))
        measures = await ratios.run()
        SCREEN.print(results.table(measures))
        results.save(measures, FILE, clock.now())
    return int(any(each.unexplained for each in compared))


def _comparison_table(seed: int, compared: Sequence[Compared]) -> Table:
    right = Column("right", no_wrap=True)
    counts = [
        Column(name, justify="right", no_wrap=True)
        for name in ("holders", "same", "float32", "other")
    ]
    title = f"seed {seed}: decisions, of one person on one day"
    table = Table(right, *counts, title=title, box=box.SIMPLE_HEAD, pad_edge=False)
    for each in compared:
        numbers = (each.holders, each.same, each.explained, each.unexplained)
        table.add_row(each.right, *(f"{number:,}" for number in numbers))
    return table


def _coverage_table(reached: Iterable[Reached]) -> Table:
    table = Table("right", "since", "branch", "persons", title=f"of {citizens.PERSONS:,} citizens")
    for each in reached:
        style = None if each.persons else "red"
        table.add_row(each.right, each.since, each.branch, f"{each.persons:,}", style=style)
    return table


if __name__ == "__main__":
    app()
