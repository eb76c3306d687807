"""Who may write for whom; the ledger hears of who tried and may not."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mesh import call, clock, tickets
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.repertory import entries, permission, refusals
from services.repertory.domain import InstitutionRecord
from services.repertory.entries import Part
from services.repertory.policy_store import PolicyStore
from services.repertory.recording import Recorder


class Writers:
    """Answers by the institutions that the caller of an rpc speaks for today."""

    def __init__(self, policies: PolicyStore, recorder: Recorder) -> None:
        self._policies = policies
        self._recorder = recorder

    async def check(self, parts: Sequence[Part]) -> None:
        """Raise unless the caller may write for each."""
        (refusal,) = await self.refusals([parts])
        if refusal:
            raise refusal

    async def refusals(self, writes: Sequence[Sequence[Part]]) -> list[Refusal | None]:
        """Of each write, by its parts: why the caller may not, None where it may."""
        if not writes:
            return []
        speaker = permission.speaker(call.caller())
        wanted = {part.institution for parts in writes for part in parts if part.institution}
        records = await self._policies.concerned(speaker.path, wanted)
        own = permission.spoken_for(speaker, records, clock.today())
        found = [_refusal(parts, own, records) for parts in writes]
        tried = [
            entries.inscriptions(
                refusal.metadata["ticket"], call.caller(), parts, clock.now(), refusal.reason
            ).SerializeToString()
            for parts, refusal in zip(writes, found, strict=True)
            if refusal and "ticket" in refusal.metadata
        ]
        if tried:
            await self._recorder.tell_all_at_once(tried)
        return found


def _refusal(
    parts: Sequence[Part],
    own: Collection[Institution],
    records: Collection[InstitutionRecord],
) -> Refusal | None:
    known = {record.institution for record in records}
    wanted = sorted({part.institution for part in parts if part.institution})
    for institution in wanted:
        if institution not in known:
            return refusals.unknown_institution(institution)
    for institution in wanted:
        if not permission.may_write(own, institution):
            return refusals.not_your_institution(institution, tickets.new())
    return None
