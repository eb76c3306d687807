"""The receipt of a mutation: what the bank signs for its sender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mesh import clock, notes
from mesh.notes import Untrusted, VerifierKey

ORIGIN = "crossroads.belgium/receipt"
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a mutation was stored: its ticket, the SHA-256 of its content, and when."""

    ticket: str
    digest: bytes
    stored_at: datetime

    def __str__(self) -> str:
        moment = clock.rfc3339(self.stored_at)
        return f"{ORIGIN}\n{self.ticket}\n{notes.text_of(self.digest)}\n{moment}\n"


def open_receipt(note: str, key: VerifierKey) -> Receipt:
    """The receipt in a note signed by the bank's key for receipts. Raises Untrusted."""
    try:
        origin, ticket, encoded, moment, end = notes.open_note(note, key).split("\n")
        found = Receipt(ticket, notes.bytes_of(encoded), clock.parse(moment))
    except Untrusted:
        raise
    except ValueError as error:
        raise Untrusted("this is not a receipt") from error
    if end or not ticket or len(found.digest) != DIGEST_BYTES:
        raise Untrusted("this is not a receipt")
    if not origin == key.name == ORIGIN:
        raise Untrusted("the note is signed, but not as a receipt")
    return found
