"""Recording a write on persons: the change itself, and what the ledger is told of it."""

from __future__ import annotations

from collections.abc import Sequence

from mesh import call, clock, telemetry, written
from services.repertory import entries, refusals
from services.repertory.entries import Part
from services.repertory.inscriptions import Change
from services.repertory.recording import Recorder, Standing
from services.repertory.write_log import Recorded, Request, Write

NOTHING = Change((), (), ())
"""What a write does to the lines where it does nothing to them."""


async def record(
    recorder: Recorder, standing: Standing, wanted: Request, parts: Sequence[Part], change: Change
) -> Recorded:
    """Record a change, and let the ledger be told of it."""
    telemetry.note(crossroads__ticket=wanted.ticket)
    told = entries.inscriptions(wanted.ticket, call.caller(), parts, clock.now())
    await recorder.tell(standing, told.SerializeToString())
    write = Write(wanted, change, written.of(told.entries))
    (recorded,) = await recorder.record(standing, [write])
    return recorded


def repeated(standing: Standing, wanted: Request) -> Recorded:
    """What came of the request the first time. Raises ALREADY_EXISTS when that was another one."""
    first = standing.first(wanted)
    if first is None or first.digest != wanted.digest:
        raise refusals.request_id_reused()
    return first.recorded
