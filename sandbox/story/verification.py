"""The ledger is exported and verified far from itself; Lina reads who asked about her."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from crossroads.ledger.v1 import ledger_pb2

from mesh import notes
from mesh.notes import VerifierKey
from sandbox import cast
from sandbox.story.stage import Stage
from sandbox.story.telling import Told, expect
from services.ledger import export_file, verifier

AUDITOR = "auditor/privacy"
CARD = "citizen/lina"
ASKED_OR_TOLD = frozenset(
    {
        ledger_pb2.ENTRY_KIND_CONSULTATION,
        ledger_pb2.ENTRY_KIND_DOOR,
        ledger_pb2.ENTRY_KIND_DISTRIBUTION,
    }
)


async def verify(stage: Stage) -> Told:
    """Every step has its leaf, and its audit path leads to the signed root."""
    for what, ticket in stage.memory.tickets.items():
        await stage.until(partial(_of_ticket, stage, ticket), f"{what}: nothing in the ledger")
    file = stage.state / "sandbox" / "ledger.export"
    key = await stage.persist(lambda: _export(stage, file))
    with file.open("rb") as exported:
        report = verifier.verify(
            export_file.read(exported), key, tickets=stage.memory.tickets.values()
        )
    expect(report.holds, f"the export does not hold: {report.findings}")
    expect(all(one.holds for one in report.inclusions), "an inclusion proof does not hold")
    proved = {one.entry.ticket for one in report.inclusions}
    expect(proved == set(stage.memory.tickets.values()), "a step has no leaf")
    assert report.checkpoint is not None
    accesses = await stage.persist(
        lambda: stage.ledger(CARD).ListAccesses(
            ledger_pb2.ListAccessesRequest(ssin=cast.LINA, page_size=1000)
        )
    )
    seen = [access.entry for access in accesses.accesses]
    expect(
        any(entry.outcome == ledger_pb2.OUTCOME_REFUSED for entry in seen),
        "Lina does not see what was refused",
    )
    return Told(
        "verified",
        details=(
            f"{report.checkpoint.size} entries, signed by {key.name}",
            f"{len(report.inclusions)} inclusion proofs of {len(proved)} tickets hold",
            f"Lina reads {len(seen)} lines about herself; who asked or was told in this story:",
            *(_line(entry) for entry in seen if _is_shown(entry, stage)),
        ),
    )


async def _of_ticket(stage: Stage, ticket: str) -> bool:
    answer = await stage.ledger(AUDITOR).ListAccesses(
        ledger_pb2.ListAccessesRequest(ticket=ticket, page_size=1)
    )
    return bool(answer.accesses)


async def _export(stage: Stage, path: Path) -> VerifierKey:
    """Write an export; the key that the ledger says verifies it."""
    key = ""
    with path.open("wb") as file:
        async for message in stage.ledger(AUDITOR).Export(ledger_pb2.ExportRequest()):
            export_file.write(file, message)
            key = message.verifier_key or key
    return notes.parse_key(key)


def _is_shown(entry: ledger_pb2.Entry, stage: Stage) -> bool:
    """Everything asked, and whom it was told; that somebody is not told is shown in its step."""
    told = entry.kind != ledger_pb2.ENTRY_KIND_DISTRIBUTION or (
        entry.outcome == ledger_pb2.OUTCOME_ALLOWED
    )
    ours = entry.ticket in stage.memory.tickets.values()
    return ours and told and entry.kind in ASKED_OR_TOLD


def _line(entry: ledger_pb2.Entry) -> str:
    """As a citizen reads it: when, what, who, about what, why, and with which outcome."""
    kind = ledger_pb2.EntryKind.Name(entry.kind).removeprefix("ENTRY_KIND_").lower()
    who = (
        f"{entry.institution.sector}/{entry.institution.number}"
        if entry.HasField("institution")
        else entry.caller.removeprefix("institution/")
    )
    name = cast.INSTITUTIONS.get(who, entry.caller)
    outcome = ledger_pb2.Outcome.Name(entry.outcome).removeprefix("OUTCOME_").lower()
    words = [
        entry.occurred_at[:19].replace("T", " "),
        kind,
        name,
        ", ".join(entry.data_sorts),
        entry.purpose,
        "" if outcome == "unspecified" else outcome,
        entry.reason,
    ]
    return " · ".join(word for word in words if word)
