"""`crossroads receipt verify`, as the sender of a mutation types it, without the bank."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crossroads.router.v1 import exchange_pb2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from console import receipt as command
from mesh.notes import Signer
from services.router.receipt import ORIGIN, Receipt

SIGNER = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
MUTATION = exchange_pb2.Mutation(ssin="85073003328", data_sort="living_wage")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A receipt and the mutation that it is of."""
    content = MUTATION.SerializeToString(deterministic=True)
    digest = hashlib.sha256(content).digest()
    signed = SIGNER.sign(
        str(Receipt("ABCDEFGHIJKLMNO", digest, datetime(2026, 11, 24, tzinfo=UTC)))
    )
    note, mutation = tmp_path / "receipt", tmp_path / "mutation"
    note.write_text(signed, "utf-8")
    mutation.write_bytes(content)
    return note, mutation


def verify(note: Path, *words: str, key: str = str(SIGNER.verifier_key)) -> tuple[int, str]:
    answer = CliRunner().invoke(command.app, ["verify", str(note), "--key", key, *words])
    return answer.exit_code, " ".join(answer.output.split())


def test_a_receipt_holds_and_says_what_it_does_not_prove(files: tuple[Path, Path]) -> None:
    status, said = verify(files[0])
    assert status == 0
    assert "The receipt holds: ABCDEFGHIJKLMNO, stored 2026-11-24" in said
    assert "--mutation" in said


def test_a_receipt_holds_for_its_mutation_and_no_other(files: tuple[Path, Path]) -> None:
    note, mutation = files
    status, said = verify(note, "--mutation", str(mutation))
    assert (status, "--mutation" in said) == (0, False)
    mutation.write_bytes(exchange_pb2.Mutation(ssin="85073003328").SerializeToString())
    status, said = verify(note, "--mutation", str(mutation))
    assert (status, "another mutation" in said) == (1, True)


def test_a_forged_receipt_does_not_hold(files: tuple[Path, Path]) -> None:
    note, _ = files
    note.write_text(note.read_text("utf-8").replace("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNP"), "utf-8")
    assert verify(note)[0] == 1
    note.write_bytes(b"\xff\xfe")
    assert verify(note)[0] == 1


def test_what_is_no_key_or_no_mutation_is_an_error(files: tuple[Path, Path]) -> None:
    note, mutation = files
    assert verify(note, key="nothing")[0] == 2
    mutation.write_bytes(b"\xff")
    assert verify(note, "--mutation", str(mutation))[0] == 2
