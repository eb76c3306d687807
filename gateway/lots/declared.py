"""Which forms may come in files, and what hands each kind in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.lots.dimona_files import DimonaFiles
from gateway.lots.dossier import Receipt
from gateway.lots.quarter_files import CorrectionFiles, QuarterFiles
from gateway.lots.risk_files import RiskFiles
from gateway.peers import Declarations, Quarters
from mesh.identity import Identity

NOTIFICATION = "NOTI"


class Files(Protocol):
    """How files of one kind are judged, tried, handed in and answered."""

    @property
    def most_bytes(self) -> int:
        """Of the parts of one lot together, where that is less than their number allows."""

    def check(self, content: bytes) -> None:
        """Raises a Refusal where a document as a whole cannot be taken in."""

    def tried(self, content: bytes) -> bytes:
        """Notifications of what the forms would meet; nothing is declared."""

    async def submit(self, sender: Identity, content: bytes) -> list[Receipt]:
        """Hand every form in, again safely; the ids are those of the document sent online."""

    async def notified(self, sender: Identity, receipts: Sequence[Receipt]) -> bytes | None:
        """How each form fared; None while one is being handled."""

    async def further(self, sender: Identity, receipts: Sequence[Receipt]) -> Mapping[str, bytes]:
        """What follows the notifications, by form."""


def files(declarations: Declarations, quarters: Quarters) -> dict[str, Files]:
    """By the form in the name of a file."""
    risks = declarations.risks
    return {
        "DIMN": DimonaFiles(declarations),
        "DMFA": QuarterFiles(quarters),
        "DMUP": CorrectionFiles(quarters),
        **{form: RiskFiles(risks, form) for form in ("WECH", "ZIMA", "AOAT")},
    }
