"""How the consultations of a batch ended, as the ledger keeps it: one entry for each manner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2

from services.router import entries
from services.router.asked import Manner
from services.router.deciding import Decided
from services.router.entries import Ended


def of_batch(
    batch: str,
    several: Sequence[Decided],
    answers: Sequence[exchange_pb2.ConsultResponse],
    at: datetime,
) -> list[ledger_pb2.Entry]:
    """Of those that were permitted; who was refused has no ending but the refusal."""
    found: dict[Manner, dict[tuple[Ended, ...], list[str]]] = {}
    alike: dict[Manner, ledger_pb2.Entry] = {}
    for decided, answer in zip(several, answers, strict=True):
        if decided.made.is_permitted:
            manner = decided.asked.manner
            alike.setdefault(manner, decided.entry)
            endings = found.setdefault(manner, {})
            endings.setdefault(entries.ended(answer.answers), []).append(answer.ticket)
    return [
        entries.outcomes(alike[manner], batch, number, endings, at)
        for number, (manner, endings) in enumerate(found.items())
    ]
