"""`crossroads rights explain`: why a decision is as it is, in words, as JSON or as a picture."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from crossroads.rights.v1 import rights_pb2, rights_pb2_grpc
from google.protobuf import json_format
from rich.console import Console

from console import auditor, drawing, outline
from console.outline import Line
from console.state import State

SCREEN = Console()
TIMEOUT_S = 10.0


class Language(StrEnum):
    """Of the explanation."""

    NL = "nl"
    FR = "fr"
    DE = "de"
    EN = "en"


def explain(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(help="The decision, by its number.")],
    lang: Annotated[Language, typer.Option("--lang", help="nl, fr, de or en.")] = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, all languages.")] = False,
    picture: Annotated[
        Path | None, typer.Option("--svg", dir_okay=False, help="Draw it into this file.")
    ] = None,
    identity: Annotated[str, typer.Option("--as", help="The auditor to be.")] = auditor.AUDITOR,
) -> None:
    """Explain a decision on a right, worked out again from what was known when it was made."""
    with auditor.asking():
        answer = asyncio.run(_explain(context.obj, identity, decision))
    if as_json:
        SCREEN.print_json(json_format.MessageToJson(answer, preserving_proto_field_name=True))
        return
    lines = outline.lines(answer, lang)
    if picture is None:
        for line in lines:
            SCREEN.print(written(line), highlight=False, markup=False, soft_wrap=True)
    else:
        picture.write_text(drawing.svg(lines, lines[0].text), "utf-8")
        SCREEN.print(f"Drawn into {picture}.", highlight=False, markup=False, soft_wrap=True)


def written(line: Line) -> str:
    """A line and its notes, each step to the right of what rests on it."""
    inward = "  " * line.depth
    first = f"{inward}{line.answer}: {line.text}" if line.answer else inward + line.text
    return "\n".join([first, *(f"{inward}  ({note})" for note in line.notes)])


async def _explain(place: State, identity: str, decision: str) -> rights_pb2.ExplainResponse:
    async with auditor.channel(place, identity, "rights") as channel:
        answer: rights_pb2.ExplainResponse = await rights_pb2_grpc.RightsStub(channel).Explain(
            rights_pb2.ExplainRequest(decision_id=decision), timeout=TIMEOUT_S
        )
    return answer
