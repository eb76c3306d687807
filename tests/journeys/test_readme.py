"""The client in the README does what the README says."""

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.types.v1 import types_pb2

from mesh import clock
from mesh.channels import Channels
from mesh.settings import Settings
from sandbox import cast

ROOT = Path(__file__).resolve().parents[2]


def client() -> str:
    """The one block of Python in the README."""
    (block,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
    )
    return str(block)


async def register(mesh_up: dict[str, Any]) -> None:
    """As the story does: the welfare centre has a file on Lina under examination."""
    folder = Path(mesh_up["identities"]["institution/17/1"]["certificate"]).parent
    channels = Channels(Settings(name="tests", tls=folder, peers=mesh_up["addresses"]))
    today = clock.today()
    inscription = repertory_pb2.Inscription(
        ssin=cast.LINA,
        institution=types_pb2.Institution(sector=17, number=1),
        quality=1,
        period=types_pb2.Period(begin=str(today), end=str(today + timedelta(days=61))),
    )
    await repertory_pb2_grpc.RepertoryStub(channels.peer("repertory")).Register(
        repertory_pb2.RegisterRequest(request_id=f"readme-{today}", inscriptions=[inscription])
    )
    await channels.close()


async def test_the_client_of_the_readme_is_answered(
    mesh_up: dict[str, Any], tmp_path: Path
) -> None:
    await register(mesh_up)
    (tmp_path / ".crossroads").mkdir()
    (tmp_path / ".crossroads" / "endpoints.json").write_text(json.dumps(mesh_up), "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", client(), cwd=tmp_path, stdout=PIPE, stderr=PIPE
    )
    printed, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()
    assert "verdict: VERDICT_PERMITTED" in printed.decode()
    assert "HouseholdComposition" in printed.decode()


@pytest.mark.parametrize("line", ["make demo", "make test", "make check", "make bench"])
def test_every_command_of_the_readme_exists(line: str) -> None:
    assert line in (ROOT / "README.md").read_text("utf-8")
    assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
