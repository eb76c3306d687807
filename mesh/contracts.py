"""Whether the generated code is that of the contracts in the tree."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path

PROTOS = Path(__file__).resolve().parent.parent / "protos"


class StaleContracts(RuntimeError):  # noqa: N818 - it states what is wrong
    """The generated code is older than a contract."""


def digest(protos: Path = PROTOS) -> str:
    """The SHA-256 of every contract, by path and content, as `protos/generate.py` writes it."""
    total = hashlib.sha256()
    for proto in sorted(protos.rglob("*.proto")):
        total.update(str(proto.relative_to(protos)).encode() + b"\0" + proto.read_bytes())
    return total.hexdigest()


def check(protos: Path = PROTOS) -> None:
    """Raise StaleContracts unless the generated code fits; installed without sources, it does."""
    if not protos.is_dir():
        return
    types = import_module("crossroads.types.v1.types_pb2")
    generated = Path(str(types.__file__)).parents[3]
    if (generated / "contracts.sha256").read_text() != digest(protos):
        raise StaleContracts(
            "the contracts changed; run `python protos/generate.py` (or `make setup`)"
        )
