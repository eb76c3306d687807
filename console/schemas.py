"""`crossroads schemas`: the schemas of a quarter, what differs between two, and the glossary."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mesh.schemas import publication, quarters
from mesh.schemas.publication import File
from mesh.schemas.quarters import Quarter

SCREEN = Console()
Q = Annotated[
    Quarter, typer.Argument(parser=quarters.parse, metavar="QUARTER", help="Such as 20234.")
]
To = Annotated[Path | None, typer.Option("--to", help="Folder to write to.", file_okay=False)]


class Kind(StrEnum):
    """How differences are told."""

    MARKDOWN = "md"
    XML = "xml"
    JSON = "json"


app = typer.Typer(
    no_args_is_help=True, help="Schemas of the forms, what differs between quarters, the glossary."
)


@app.command()
def build(quarter: Q, to: To = None) -> None:
    """Write the schema of every form of a quarter, by default to `schemas/<quarter>`."""
    _write(publication.schemas(quarter), to or Path("schemas") / str(quarter))


@app.command()
def diff(
    before: Q,
    after: Q,
    to: To = None,
    kind: Annotated[Kind, typer.Option("--as", help="How to print it.")] = Kind.MARKDOWN,
) -> None:
    """Print what is new, changed or ended between two quarters, or write it in all three ways."""
    kinds = list(publication.DIFFERENCES) if to else [kind.value]
    files = [file for one in kinds if (file := publication.difference(before, after, one))]
    if to:
        _write(files, to)
    else:
        typer.echo(files[0].body.decode().rstrip())


@app.command()
def glossary(quarter: Q, to: To = None) -> None:
    """Write the glossary of a quarter as HTML, JSON and XML, by default to `schemas/<quarter>`."""
    found = (publication.glossary_of(quarter, kind) for kind in publication.GLOSSARIES)
    _write((file for file in found if file), to or Path("schemas") / str(quarter))


def _write(files: Iterable[File], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = folder / file.name
        target.write_bytes(file.body)
        SCREEN.print(f"{target} ({len(file.body)} bytes)", highlight=False, soft_wrap=True)
