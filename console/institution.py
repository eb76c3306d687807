"""`crossroads institution`: an institution joins by its record and a certificate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import yaml
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from rich.console import Console

from console import auditor, endpoints
from console.authority import Authority
from console.state import State
from console.topology import OPERATOR
from services.repertory import catalogue, documents, wire
from services.repertory.domain import InstitutionRecord

SCREEN = Console()
app = typer.Typer(no_args_is_help=True, help="The institutions of the network.")


@app.callback()
def institution() -> None:
    """What an operator does with institutions."""


@app.command()
def add(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="YAML, a list as in the catalogue."),
    ],
) -> None:
    """Put the records of a file into the network and give each a certificate."""
    try:
        records = read(file.read_text())
    except (ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        SCREEN.print(f"{file} is not a list of institutions: {error}", markup=False)
        raise typer.Exit(2) from error
    with auditor.asking():
        revision = asyncio.run(_put(context.obj, records))
        _certify(context.obj, records)
    SCREEN.print(f"{len(records)} joined; the policy is at revision {revision}.")


def read(text: str) -> list[InstitutionRecord]:
    """Raises ValueError, KeyError or TypeError for what is no list of institutions."""
    return [documents.institution(catalogue.placed(one)) for one in yaml.safe_load(text)]


async def _put(place: State, records: Sequence[InstitutionRecord]) -> int:
    async with auditor.channel(place, OPERATOR, "repertory") as channel:
        answer: repertory_pb2.BatchPutInstitutionsResponse = await repertory_pb2_grpc.RepertoryStub(
            channel
        ).BatchPutInstitutions(
            repertory_pb2.BatchPutInstitutionsRequest(
                institutions=map(wire.to_institution, records)
            )
        )
    return answer.revision


def _certify(place: State, records: Sequence[InstitutionRecord]) -> None:
    """Certificates of the mesh's own authority, named where the others are."""
    authority = Authority(place.pki)
    folders = {path: authority.issue(path) for record in records for path in record.identities}
    serving = endpoints.load(place.endpoints)
    known = {**serving.identities, **endpoints.identities(folders)}
    replace(serving, identities=known).save(place.endpoints)
    for path, folder in folders.items():
        SCREEN.print(f"{path}: {folder}", markup=False, highlight=False)
