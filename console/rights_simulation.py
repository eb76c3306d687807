"""`crossroads rights simulate`: what would be decided if facts or law were otherwise."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
import yaml
from crossroads.rights.v1 import rights_pb2_grpc, simulation_pb2
from google.protobuf import json_format
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table

from console import auditor
from console.state import State
from console.topology import OPERATOR
from mesh import clock

SCREEN = Console()
TIMEOUT_S = 600.0


def simulate(
    context: typer.Context,
    household: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="YAML: `members` (born, statuses), `groups`; the first member is asked for.",
        ),
    ] = None,
    right: Annotated[str, typer.Option("--right", help="Only this right.")] = "",
    on: Annotated[str, typer.Option("--on", help="The day of deciding; today if not given.")] = "",
    rule: Annotated[
        Path | None,
        typer.Option("--rule", exists=True, dir_okay=False, help="A rule file to try out."),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="A parameter tried out: RIGHT.NAME=VALUE@DAY, amounts in cents."
        ),
    ] = None,
    persons: Annotated[
        int, typer.Option("--persons", help="Instead of a household: so many of the population.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Which of the population.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Work rights out on an invented household, or another law on a sample. Stores nothing."""
    if (household is None) is not bool(persons):
        raise typer.BadParameter("give a household, or a number of --persons")
    day = on or str(clock.today())
    law = _law(rule, parameters or [])
    with auditor.asking():
        if household is not None:
            request = simulation_pb2.SimulateRequest(right=right, on=day, law=law)
            _read(household, request)
            answer = asyncio.run(_household(context.obj, request))
            _show(answer, rights_table(answer), as_json=as_json)
        else:
            asked = simulation_pb2.SimulatePopulationRequest(
                law=law, on=day, persons=persons, seed=seed
            )
            counted = asyncio.run(_population(context.obj, asked))
            _show(counted, differences_table(counted), as_json=as_json)


def rights_table(answer: simulation_pb2.SimulateResponse) -> Table:
    """The days of each right, and what it is worth on them."""
    table = Table("right", "from", "until", "worth", "rule")
    for right in answer.rights:
        worth = ", ".join(dict.fromkeys(f"{a.cents / 100:.2f}" for a in right.amounts))
        for period in right.periods:
            table.add_row(right.right, period.begin, period.end, worth, right.rule_version)
        if not right.periods:
            table.add_row(right.right, "never", "", "", right.rule_version)
    return table


def differences_table(answer: simulation_pb2.SimulatePopulationResponse) -> Table:
    """For how many persons each right would be otherwise."""
    title = f"of {answer.persons} persons"
    table = Table("right", "granted", "ended", "changed", title=title)
    for each in answer.differences:
        table.add_row(each.right, str(each.granted), str(each.ended), str(each.changed))
    return table


def parameter(text: str) -> simulation_pb2.SimulatedParameter:
    """Read `right.name=value@day`. Raises BadParameter."""
    named, _, rest = text.partition("=")
    right, _, name = named.partition(".")
    value, _, day = rest.partition("@")
    try:
        return simulation_pb2.SimulatedParameter(
            right=right, name=name, value=int(value), **{"from": str(date.fromisoformat(day))}
        )
    except ValueError as error:
        raise typer.BadParameter(f"{text}: RIGHT.NAME=VALUE@DAY is expected") from error


def _law(rule: Path | None, parameters: list[str]) -> simulation_pb2.SimulatedLaw:
    return simulation_pb2.SimulatedLaw(
        candidate=rule.read_text("utf-8") if rule else "", parameters=map(parameter, parameters)
    )


def _read(path: Path, request: simulation_pb2.SimulateRequest) -> None:
    """The members and groups of a file, as the contract names them."""
    try:
        found = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - it makes texts only
        json_format.ParseDict(found, request)
    except (yaml.YAMLError, json_format.ParseError, TypeError, AttributeError) as error:
        raise typer.BadParameter(f"{path}: {error}") from error


def _show(answer: Message, table: Table, *, as_json: bool) -> None:
    if as_json:
        SCREEN.print_json(json_format.MessageToJson(answer, preserving_proto_field_name=True))
    else:
        SCREEN.print(table)


async def _household(
    place: State, request: simulation_pb2.SimulateRequest
) -> simulation_pb2.SimulateResponse:
    async with auditor.channel(place, OPERATOR, "rights") as channel:
        answer: simulation_pb2.SimulateResponse = await rights_pb2_grpc.RightsStub(
            channel
        ).Simulate(request, timeout=TIMEOUT_S)
    return answer


async def _population(
    place: State, request: simulation_pb2.SimulatePopulationRequest
) -> simulation_pb2.SimulatePopulationResponse:
    async with auditor.channel(place, OPERATOR, "rights") as channel:
        answer: simulation_pb2.SimulatePopulationResponse = await rights_pb2_grpc.RightsStub(
            channel
        ).SimulatePopulation(request, timeout=TIMEOUT_S)
    return answer
