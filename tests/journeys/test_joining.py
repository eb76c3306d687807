"""An institution joins a mesh that runs, by one command and no line of code."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import decision_pb2, exchange_pb2, exchange_pb2_grpc
from crossroads.types.v1 import types_pb2

from console import auditor
from console.state import PROJECT, State
from mesh import clock
from tests.bank import strangers

NEW = "institution/17/4000"
RECORD = """
- institution: 17/4000
  name: OCMW Lennik
  managing: 17/0
"""


async def test_a_centre_joins_by_its_record_and_a_certificate(
    mesh_up: dict[str, Any], tmp_path: Path
) -> None:
    place, ssin, today = State(Path(mesh_up["state"])), next(strangers()), clock.today()
    done = add(place, tmp_path, RECORD)
    assert done.returncode == 0, done.stderr
    assert NEW in done.stdout
    line = repertory_pb2.Inscription(
        ssin=ssin,
        institution=types_pb2.Institution(sector=17, number=4000),
        quality=1,
        period=types_pb2.Period(begin=str(today)),
    )
    async with auditor.channel(place, NEW, "repertory") as channel:
        registered = await repertory_pb2_grpc.RepertoryStub(channel).Register(
            repertory_pb2.RegisterRequest(request_id="joining-1", inscriptions=[line])
        )
    asked = exchange_pb2.ConsultRequest(
        ssin=ssin,
        data_sorts=["household_composition", "income"],
        quality=1,
        purpose="living_wage_enquiry",
        period=types_pb2.Period(begin=str(today), end=str(today + timedelta(days=1))),
        freshness=registered.freshness,
    )
    async with auditor.channel(place, NEW, "router") as channel:
        answer = await exchange_pb2_grpc.ExchangeStub(channel).Consult(asked)
    assert [part.reason for part in answer.decision.data_sorts] == [
        decision_pb2.REFUSAL_REASON_NO_HOLDER,
        decision_pb2.REFUSAL_REASON_NOT_AUTHORISED,
    ]


def test_what_is_no_record_or_leaves_a_gap_joins_nothing(
    mesh_up: dict[str, Any], tmp_path: Path
) -> None:
    place = State(Path(mesh_up["state"]))
    for text, status in (("a: b", 2), (RECORD.replace("17/0\n", "17/77\n"), 1)):
        assert add(place, tmp_path, text).returncode == status


def add(place: State, folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """The command, run by a person."""
    file = folder / "institutions.yaml"
    file.write_text(text)
    command = [sys.executable, "-m", "console", "--state", str(place.root)]
    return subprocess.run(
        [*command, "institution", "add", str(file)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
