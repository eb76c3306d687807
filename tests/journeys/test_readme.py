"""The client in the README does what the README says."""

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.types.v1 import types_pb2

from gateway.lots import signatures
from gateway.lots.names import Lot
from mesh import clock
from mesh.channels import Channels
from mesh.settings import Settings
from sandbox import cast, payroll
from tests.conftest import mesh_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def mesh_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A mesh of its own: in another, somebody may have declared the same work already."""
    with mesh_of(tmp_path_factory.mktemp("readme")) as served:
        yield served


def client(number: int) -> str:
    """A block of Python in the README: an institution's, then an employer's."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 2
    return str(blocks[number])


async def printed(mesh_up: dict[str, Any], number: int, place: Path) -> str:
    """What a client prints where the mesh is up."""
    (place / ".crossroads").mkdir()
    (place / ".crossroads" / "endpoints.json").write_text(json.dumps(mesh_up), "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", client(number), cwd=place, stdout=PIPE, stderr=PIPE
    )
    told, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()
    return told.decode()


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
    told = await printed(mesh_up, 0, tmp_path)
    assert "verdict: VERDICT_PERMITTED" in told
    assert "HouseholdComposition" in told


async def test_the_declaration_of_the_readme_is_accepted(
    mesh_up: dict[str, Any], tmp_path: Path
) -> None:
    told = await printed(mesh_up, 1, tmp_path)
    assert "state: DECLARATION_STATE_ACCEPTED" in told
    assert "dimona_period_id" in told


async def test_a_lot_in_the_folder_of_a_sender_is_answered(mesh_up: dict[str, Any]) -> None:
    number, path = next(iter(cast.SENDERS.items()))
    mine = mesh_up["identities"][path]
    pem = [Path(mine[name]).read_bytes() for name in ("certificate", "key")]
    tray = Path(mesh_up["state"]) / "lots" / number
    lot = Lot("DIMN", number, clock.today().strftime("%Y%m%d"), "00001", "T", 1)
    document = payroll.dimona_out(clock.now(), "123456789012", clock.today())
    (tray / "in" / lot.piece("FI", 1)).write_bytes(document)
    (tray / "in" / lot.piece("FS", 1)).write_bytes(signatures.sign(document, *pem))
    (tray / "in" / lot.go).touch()
    async with asyncio.timeout(30):
        while not list((tray / "out").glob("GO.NOTI.*")):
            await asyncio.sleep(0.1)
    assert len(list((tray / "out").glob("GO.ACRF.*"))) == 1


@pytest.mark.parametrize("line", ["make demo", "make test", "make check", "make bench"])
def test_every_command_of_the_readme_exists(line: str) -> None:
    assert line in (ROOT / "README.md").read_text("utf-8")
    assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
