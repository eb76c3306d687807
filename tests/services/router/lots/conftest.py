"""Lots: a policy by hand, and consultations that can fail or end the process."""

from __future__ import annotations

from dataclasses import dataclass, field

from crossroads.router.v1 import exchange_pb2

from mesh import tickets
from mesh.identity import Caller
from services.router.domain import Policy


class Death(BaseException):
    """The process ends here."""


@dataclass
class Consultations:
    """Answers as Consult does. The next calls can be told to go wrong: number of the call > how."""

    wrong: dict[int, BaseException] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    async def consult(
        self, request: exchange_pb2.ConsultRequest, caller: Caller
    ) -> exchange_pb2.ConsultResponse:
        self.asked.append(request.ssin)
        if error := self.wrong.pop(len(self.asked), None):
            raise error
        return exchange_pb2.ConsultResponse(ticket=tickets.new(), reference=request.reference)

    def next_goes_wrong(self, after: int, error: BaseException) -> None:
        self.wrong = {len(self.asked) + 1 + after: error}


@dataclass
class Follower:
    """The policy in force."""

    policy: Policy = field(default_factory=lambda: Policy.of(1, (), (), ()))
