"""Inquiries: what institutions ask of the engine, asked of the router in their names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import grpc
from crossroads.rights.v1 import asker_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2, exchange_pb2_grpc

from mesh import call, periods
from mesh.channels import Channels, on_behalf_of
from mesh.periods import Period
from mesh.refusals import Refusal
from services.rights import asked

MOST_PERSONS: Final = 250
"""Asked in one call, each a consultation of its own."""
TIMEOUT_S: Final = 4.0
NOBODY_HOLDS: Final = frozenset(
    {
        decision_pb2.REFUSAL_REASON_NO_HOLDER,
        decision_pb2.REFUSAL_REASON_UNKNOWN_PERSON,
    }
)
"""Authorised all the same: there is nothing on the person to give."""
UNSURE: Final = frozenset({exchange_pb2.ANSWER_STATUS_LATE, exchange_pb2.ANSWER_STATUS_UNAVAILABLE})


class Inquiries:
    """The router decides on each, writes it down and strips the answer, as it does for anyone.

    The institution is whoever called; for whom it speaks is the router's matter as well.
    """

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def consult(
        self, ssins: Sequence[str], data_sort: str, asker: asker_pb2.Asker, period: Period
    ) -> list[exchange_pb2.ConsultResponse]:
        """One sort of data on each person, in the order given."""
        answers: list[exchange_pb2.ConsultResponse] = []
        for start in range(0, len(ssins), MOST_PERSONS):
            page = ssins[start : start + MOST_PERSONS]
            response = await self._stub().BatchConsult(
                exchange_pb2.BatchConsultRequest(
                    consultations=[_question(ssin, data_sort, asker, period) for ssin in page]
                ),
                timeout=TIMEOUT_S,
                metadata=on_behalf_of(call.caller().principal),
            )
            answers += response.consultations
        return answers

    async def right(
        self, ssin: str, right: str, asker: asker_pb2.Asker, period: Period
    ) -> exchange_pb2.ConsultResponse:
        """Whether a person has a right on those days. Raises INVALID_ARGUMENT without an asker."""
        if not right or not asker.HasField("institution"):
            raise Refusal(
                grpc.StatusCode.INVALID_ARGUMENT,
                "NAME_AN_ASKER",
                violations=[("asker", "an institution names itself, its purpose and the right")],
            )
        (answer,) = await self.consult([ssin], right, asker, period)
        return answer

    async def askable(
        self, ssin: str, asker: asker_pb2.Asker, period: Period
    ) -> exchange_pb2.ListAskableResponse:
        """All that may be asked of the network for the purpose; the router keeps what it told."""
        answer: exchange_pb2.ListAskableResponse = await self._stub().ListAskable(
            exchange_pb2.ListAskableRequest(
                ssin=ssin,
                quality=asker.quality,
                period=periods.to_wire(period),
                purpose=asker.purpose,
                on_behalf_of=asker.institution,
            ),
            timeout=TIMEOUT_S,
            metadata=on_behalf_of(call.caller().principal),
        )
        return answer

    def _stub(self) -> exchange_pb2_grpc.ExchangeStub:
        return exchange_pb2_grpc.ExchangeStub(self._channels.peer("router"))


def authorised(answer: exchange_pb2.ConsultResponse) -> bool:
    """Whether the institution may have the one sort of data, be there any or not."""
    return gives(answer.decision, {part.data_sort for part in answer.decision.data_sorts})


def gives(decision: decision_pb2.Decision, data_sorts: Collection[str]) -> bool:
    """Whether any of those sorts of data may be given, be there any or not."""
    return any(
        part.verdict == decision_pb2.VERDICT_PERMITTED or part.reason in NOBODY_HOLDS
        for part in decision.data_sorts
        if part.data_sort in data_sorts
    )


def is_sure(answer: exchange_pb2.ConsultResponse) -> bool:
    """Whether every holder said what it has."""
    return not any(each.status in UNSURE for each in answer.answers)


def subject(ssin: str) -> str:
    """The person asked about; of a citizen she herself. Raises Refusal."""
    principal = call.caller().principal
    if principal.kind != "citizen":
        asked.check_ssin(ssin)
        return ssin
    if ssin not in {"", principal.ssin}:
        raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOUR_RIGHTS")
    return principal.ssin


def is_institution() -> bool:
    """Whether the router has to decide; the access table opened the rpc to others as it is."""
    return call.caller().principal.kind == "institution"


def _question(
    ssin: str, data_sort: str, asker: asker_pb2.Asker, period: Period
) -> exchange_pb2.ConsultRequest:
    return exchange_pb2.ConsultRequest(
        ssin=ssin,
        data_sorts=[data_sort],
        quality=asker.quality,
        period=periods.to_wire(period),
        purpose=asker.purpose,
        on_behalf_of=asker.institution,
    )
