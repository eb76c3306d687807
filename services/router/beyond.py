"""What is held beyond a secondary network: asked of the primary hub, for the member that asks."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
import structlog
from crossroads.router.v1 import decision_pb2, exchange_pb2, exchange_pb2_grpc

from mesh import institutions
from mesh.channels import Channels
from mesh.institutions import Institution

LOG = structlog.get_logger()
PRIMARY = "primary_router"
"""Name of the primary hub's router among the peers of a secondary hub."""
CONSULT_TIMEOUT_S = 3.5


class Beyond:
    """The primary hub as a secondary one asks it: as itself, for its network, naming the member.

    Each question is a call of its own, so that a holder that is slow for one holds up no other.
    """

    def __init__(self, channels: Channels, home: str, network: Institution) -> None:
        self.home = home
        self._channels = channels
        self._network = network

    async def ask(
        self,
        request: exchange_pb2.ConsultRequest,
        ticket: str,
        data_sorts: Sequence[str],
        chain: Sequence[str],
    ) -> list[exchange_pb2.HolderAnswer]:
        """An answer for each holder, and one for each sort of data that is refused or out of reach.

        The member's own question, for the sorts of data held beyond; `ticket` is this hub's.
        """
        question = exchange_pb2.ConsultRequest(
            ssin=request.ssin,
            data_sorts=data_sorts,
            quality=request.quality,
            period=request.period,
            purpose=request.purpose,
            reference=ticket,
            chain=chain,
        )
        stub = exchange_pb2_grpc.ExchangeStub(self._channels.peer(PRIMARY))
        try:
            return self._answers(await stub.Consult(question, timeout=CONSULT_TIMEOUT_S))
        except grpc.aio.AioRpcError as error:
            LOG.warning("the primary hub does not answer", ticket=ticket, code=error.code().name)
            late = error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            status = (
                exchange_pb2.ANSWER_STATUS_LATE if late else exchange_pb2.ANSWER_STATUS_UNAVAILABLE
            )
            return [
                exchange_pb2.HolderAnswer(
                    data_sort=data_sort,
                    holder=institutions.to_wire(self._network),
                    status=status,
                )
                for data_sort in data_sorts
            ]

    def _answers(self, response: exchange_pb2.ConsultResponse) -> list[exchange_pb2.HolderAnswer]:
        refused = [
            exchange_pb2.HolderAnswer(
                data_sort=part.data_sort,
                holder=institutions.to_wire(self._network),
                status=exchange_pb2.ANSWER_STATUS_REFUSED,
                reason=part.reason,
            )
            for part in response.decision.data_sorts
            if part.verdict != decision_pb2.VERDICT_PERMITTED
        ]
        answers = [*response.answers, *refused]
        for answer in answers:
            answer.primary_ticket = response.ticket
        return answers
