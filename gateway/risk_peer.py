"""The intake of social risks, asked in the name of the caller whose certificate was seen."""

from __future__ import annotations

from crossroads.declarations.v1 import risks_pb2, risks_pb2_grpc

from mesh.channels import Channels, on_behalf_of
from mesh.identity import Identity

WAIT_MS = 2000
"""How long a question for a notification waits for it."""
_EXCHANGE_S = 4.0


class Risks:
    """The intake of social risks."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def _stub(self) -> risks_pb2_grpc.RisksStub:
        return risks_pb2_grpc.RisksStub(self._channels.peer("declarations"))

    async def submit(
        self, caller: Identity, request: risks_pb2.SubmitRiskRequest
    ) -> risks_pb2.SubmitRiskResponse:
        receipt: risks_pb2.SubmitRiskResponse = await self._stub().SubmitRisk(
            request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
        )
        return receipt

    async def submit_paper(
        self, caller: Identity, request: risks_pb2.SubmitPaperRiskRequest
    ) -> risks_pb2.SubmitPaperRiskResponse:
        receipt: risks_pb2.SubmitPaperRiskResponse = await self._stub().SubmitPaperRisk(
            request, timeout=_EXCHANGE_S, metadata=on_behalf_of(caller)
        )
        return receipt

    async def finalise(self, caller: Identity, number: str, request_id: str) -> str:
        """The ticket of the declaration that closes a risk."""
        receipt = await self._stub().FinaliseRisk(
            risks_pb2.FinaliseRiskRequest(request_id=request_id, number=number),
            timeout=_EXCHANGE_S,
            metadata=on_behalf_of(caller),
        )
        return str(receipt.ticket)

    async def cancel(self, caller: Identity, number: str, request_id: str) -> str:
        """The ticket of the declaration that takes a risk back."""
        receipt = await self._stub().CancelRisk(
            risks_pb2.CancelRiskRequest(request_id=request_id, number=number),
            timeout=_EXCHANGE_S,
            metadata=on_behalf_of(caller),
        )
        return str(receipt.ticket)

    async def risk(self, caller: Identity, ticket: str) -> risks_pb2.GetRiskResponse:
        """A declaration of a risk once handled, or after the longest wait."""
        answer: risks_pb2.GetRiskResponse = await self._stub().GetRisk(
            risks_pb2.GetRiskRequest(ticket=ticket, wait_ms=WAIT_MS),
            timeout=_EXCHANGE_S,
            metadata=on_behalf_of(caller),
        )
        return answer
