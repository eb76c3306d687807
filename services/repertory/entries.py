"""What the repertory writes in the ledger, ready for the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2

from mesh import clock, institutions
from mesh.identity import Caller
from mesh.institutions import Institution

GROUND = "Law of 15 January 1990, article 6"
"""The Crossroads Bank keeps a reference repertory."""


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a request that is about one person, and one institution if any."""

    ssin: str
    institution: Institution | None
    content: bytes


def parts(request: repertory_pb2.RegisterRequest) -> list[Part]:
    """A request to register, by person and institution."""
    by_place: dict[tuple[str, Institution], repertory_pb2.RegisterRequest] = {}
    for line in request.inscriptions:
        place = (line.ssin, institutions.from_wire(line.institution))
        if place not in by_place:
            by_place[place] = repertory_pb2.RegisterRequest(request_id=request.request_id)
        by_place[place].inscriptions.append(line)
    return [
        Part(ssin, institution, content.SerializeToString(deterministic=True))
        for (ssin, institution), content in by_place.items()
    ]


def part_of_line(
    request: repertory_pb2.EndRequest | repertory_pb2.CorrectRequest,
    line: repertory_pb2.Inscription,
) -> Part:
    """A request that is about one line, whole."""
    content = request.SerializeToString(deterministic=True)
    return Part(line.ssin, institutions.from_wire(line.institution), content)


def inscriptions(
    ticket: str, caller: Caller, about: Iterable[Part], at: datetime, reason: str = ""
) -> ledger_pb2.AppendRequest:
    """A line for each part of a change; with a reason it was refused."""
    return ledger_pb2.AppendRequest(
        entries=[
            ledger_pb2.Entry(
                entry_id=f"{ticket}/inscription/{number}",
                ticket=ticket,
                kind=ledger_pb2.ENTRY_KIND_INSCRIPTION,
                occurred_at=clock.rfc3339(at),
                caller=caller.identity.path,
                chain=caller.chain,
                institution=institutions.to_wire(part.institution) if part.institution else None,
                ssin=part.ssin,
                outcome=ledger_pb2.OUTCOME_REFUSED if reason else ledger_pb2.OUTCOME_ALLOWED,
                reason=reason,
                grounds=[] if reason else [GROUND],
                content=part.content,
            )
            for number, part in enumerate(about)
        ]
    )


def door(
    ticket: str, caller: Caller, method: str, ssin: str, reason: str, at: datetime
) -> ledger_pb2.AppendRequest:
    """A line for a caller turned away before anything was looked at."""
    return ledger_pb2.AppendRequest(
        entries=[
            ledger_pb2.Entry(
                entry_id=f"{ticket}/door",
                ticket=ticket,
                kind=ledger_pb2.ENTRY_KIND_DOOR,
                occurred_at=clock.rfc3339(at),
                caller=caller.identity.path,
                chain=caller.chain,
                ssin=ssin,
                outcome=ledger_pb2.OUTCOME_REFUSED,
                reason=reason,
                content=method.encode(),
            )
        ]
    )
