"""What a service keeps of the entries that it writes in the ledger, to reconcile the two later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from crossroads.ledger.v1 import ledger_pb2

Written: TypeAlias = Mapping[str, str]
"""Each entry_id with the SHA-256 of its entry, in hexadecimal."""


def of(entries: Iterable[ledger_pb2.Entry]) -> dict[str, str]:
    """The ledger commits to the same bytes, so the same digest can be taken of what it holds."""
    return {
        entry.entry_id: hashlib.sha256(entry.SerializeToString(deterministic=True)).hexdigest()
        for entry in entries
    }


def to_wire(ticket: str, written: Written | None, *, is_open: bool) -> list[ledger_pb2.Written]:
    """What a record demands: nothing while it is open, or where this was not kept (None)."""
    if written is None or is_open:
        return [ledger_pb2.Written(ticket=ticket, open=True)]
    return [
        ledger_pb2.Written(ticket=ticket, entry_id=entry_id, digest=bytes.fromhex(digest))
        for entry_id, digest in written.items()
    ]
