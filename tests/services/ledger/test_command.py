"""`crossroads ledger`: export as the auditor, verify from the file alone."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crossroads.ledger.v1 import ledger_pb2
from typer.testing import CliRunner

from console import auditor
from console import ledger as command
from console.authority import Authority
from console.endpoints import Endpoints, identities
from console.state import PROJECT, State
from services.ledger import export_file

Make = Callable[..., ledger_pb2.Entry]


def crossroads(*arguments: str) -> tuple[int, str]:
    """The exit status of `crossroads ledger`, and all it said."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(command.app, arguments)
    return result.exit_code, result.output


@pytest.fixture
async def exported(
    ledger: Any, entry: Make, authority: Authority, tmp_path: Path
) -> tuple[State, Path, str]:
    """A state folder, an export of forty entries in it, and the key that verifies it."""
    place = State(tmp_path / "state")
    folders = {"auditor/privacy": authority.issue("auditor/privacy")}
    Endpoints(
        addresses={"ledger": ledger.address},
        ca=str(authority.ca),
        identities=identities(folders),
        pid=os.getpid(),
        database="",
    ).save(place.endpoints)
    entries = [entry(number) for number in range(40)]
    await ledger.stub("service/router").Append(ledger_pb2.AppendRequest(entries=entries))
    file = place.root / "ledger.export"
    assert await command.write(place, auditor.AUDITOR, file) == (40, str(ledger.key))
    return place, file, str(ledger.key)


async def test_a_person_exports_and_verifies_with_the_command(
    exported: tuple[State, Path, str],
) -> None:
    place, file, key = exported
    file.unlink()
    for words, wanted in (("export",), key), (("verify", "--key", key), "The ledger holds"):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "console", "--state", str(place.root), "ledger", *words, str(file)),
            cwd=PROJECT,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        assert (process.returncode, wanted in said.decode()) == (0, True)


async def test_an_export_holds_and_proves_a_ticket(exported: tuple[State, Path, str]) -> None:
    _, file, key = exported
    code, said = crossroads("verify", str(file), "--key", key, "--ticket", "TICKET000000007")
    assert code == 0, said
    assert "The ledger holds: 40 entries" in said
    assert "holds, 6 hashes" in said
    assert "TICKET000000007/decision" in said
    assert "90010100167" not in said


async def test_a_key_from_the_file_itself_is_pointed_out(
    exported: tuple[State, Path, str],
) -> None:
    _, file, _ = exported
    code, said = crossroads("verify", str(file))
    assert (code, "give --key" in said) == (0, True)


async def test_what_was_altered_is_named(exported: tuple[State, Path, str]) -> None:
    _, file, key = exported
    with file.open("rb") as content:
        messages = list(export_file.read(content))
    messages[0].entries[12].salt = bytes(32)
    del messages[0].entries[30]
    with file.open("wb") as spoilt:
        for message in messages:
            export_file.write(spoilt, message)
    code, said = crossroads("verify", str(file), "--key", key)
    assert code == 1
    assert "altered: entry 12" in said
    assert "missing: entry 30" in said
    assert "The ledger does not hold" in said


async def test_every_expected_entry_is_there_and_no_other(
    exported: tuple[State, Path, str], entry: Make, tmp_path: Path
) -> None:
    _, file, key = exported
    expected = tmp_path / "expected"
    expected.write_text("\n".join(entry(number).entry_id for number in range(40)))
    arguments = ("verify", str(file), "--key", key, "--expect", str(expected))
    assert crossroads(*arguments)[0] == 0
    expected.write_text("\n".join(entry(number).entry_id for number in range(1, 41)))
    code, said = crossroads(*arguments)
    assert code == 1
    assert "missing: no leaf for TICKET000000040/decision" in said
    assert "extra: a leaf for TICKET000000000/decision" in said


async def test_an_export_extends_a_checkpoint_of_before(
    exported: tuple[State, Path, str], tmp_path: Path
) -> None:
    _, file, key = exported
    with file.open("rb") as content:
        note = list(export_file.read(content))[-1].note
    earlier = tmp_path / "checkpoint"
    earlier.write_text(note, "utf-8")
    arguments = ("verify", str(file), "--key", key, "--extends", str(earlier))
    assert crossroads(*arguments)[0] == 0
    earlier.write_text(note.replace("\n40\n", "\n39\n"), "utf-8")
    code, said = crossroads(*arguments)
    assert (code, "forged" in said) == (1, True)


async def test_what_cannot_be_verified_is_told(exported: tuple[State, Path, str]) -> None:
    _, file, key = exported
    assert crossroads("verify", str(file), "--key", "not a key")[0] == 2
    file.write_bytes(file.read_bytes()[:-10])
    code, said = crossroads("verify", str(file), "--key", key)
    assert (code, "breaks off" in said) == (2, True)


def test_an_export_needs_a_mesh(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        command.app, ["export", str(tmp_path / "export")], obj=State(tmp_path)
    )
    assert (result.exit_code, "No mesh serves" in result.output) == (1, True)
    assert not (tmp_path / "export").exists()
