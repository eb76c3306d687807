"""`crossroads rights simulate`: what is read of the words of a command, and what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from crossroads.rights.v1 import simulation_pb2
from crossroads.types.v1 import types_pb2
from typer.testing import CliRunner

from console import rights, rights_simulation

HOUSEHOLD = """
members:
  - born: 1950-01-01
    statuses:
      - {status: GRAPA, period: {begin: 2026-05-05}}
      - {status: TAXABLE_INCOME, period: {begin: 2025-01-01, end: 2026-01-01}, cents: 2000000}
groups:
  - {group: fund_household, members: [{member: 0, role: HOLDER}]}
"""


def test_a_household_is_read_as_the_contract_names_it(tmp_path: Path) -> None:
    file, request = tmp_path / "household.yaml", simulation_pb2.SimulateRequest()
    file.write_text(HOUSEHOLD, "utf-8")
    rights_simulation._read(file, request)
    (member,) = request.members
    assert (member.born, member.statuses[1].cents) == ("1950-01-01", 2_000_000)
    assert request.groups[0].members[0].role == "HOLDER"


@pytest.mark.parametrize("text", ["members: [", "member: 1", "just words", "members: [7]"])
def test_what_is_no_household_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "household.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(typer.BadParameter):
        rights_simulation._read(file, simulation_pb2.SimulateRequest())


def test_a_parameter_is_read_with_its_day() -> None:
    read = rights_simulation.parameter("care.ceiling=2563067@2026-07-01")
    assert (read.right, read.name, read.value) == ("care", "ceiling", 2_563_067)
    assert getattr(read, "from") == "2026-07-01"


@pytest.mark.parametrize("text", ["care.ceiling", "care.ceiling=x@2026-07-01", "a.b=1@2026-02-30"])
def test_what_is_no_parameter_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        rights_simulation.parameter(text)


def test_either_a_household_or_a_sample_is_simulated() -> None:
    answer = CliRunner().invoke(rights.app, ["simulate"])
    assert answer.exit_code == 2


def test_every_right_has_its_line() -> None:
    answer = simulation_pb2.SimulateResponse(
        rights=[
            simulation_pb2.SimulatedRight(right="a"),
            simulation_pb2.SimulatedRight(
                right="b",
                periods=[types_pb2.Period(begin="2026-01-01", end="2027-01-01")],
                amounts=[simulation_pb2.SimulatedAmount(cents=1250)],
            ),
        ]
    )
    columns = [list(column.cells) for column in rights_simulation.rights_table(answer).columns]
    assert columns[:4] == [["a", "b"], ["never", "2026-01-01"], ["", "2027-01-01"], ["", "12.50"]]


def test_differences_are_counted_by_right() -> None:
    answer = simulation_pb2.SimulatePopulationResponse(
        persons=10,
        differences=[simulation_pb2.SimulatedDifference(right="a", granted=1, ended=2, changed=3)],
    )
    table = rights_simulation.differences_table(answer)
    assert table.title == "of 10 persons"
    assert [list(column.cells) for column in table.columns] == [["a"], ["1"], ["2"], ["3"]]
