"""The steps by which the network hears of changes: each person's in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar

from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2
from google.protobuf import any_pb2

from mesh.announcements import Announcement
from mesh.outbox import Item
from mesh.refusals import Refusal

Step: TypeAlias = repertory_pb2.RegisterRequest | Announcement | repertory_pb2.EndRequest
Outcomes: TypeAlias = Sequence[Refusal | None]
"""Of each step in order: why it was refused; None where it was taken, now or before."""
S = TypeVar("S", repertory_pb2.RegisterRequest, Announcement, repertory_pb2.EndRequest)


def read(item: Item) -> Step:
    """What the outbox holds. Raises ValueError where that is no step."""
    packed = any_pb2.Any.FromString(item.payload)
    added, ended = repertory_pb2.RegisterRequest(), repertory_pb2.EndRequest()
    published = exchange_pb2.PublishRequest()
    if packed.Unpack(added):
        return added
    if packed.Unpack(published):
        return Announcement(published, item.traceparent)
    if packed.Unpack(ended):
        return ended
    raise ValueError(f"nothing to tell is a {packed.TypeName()}")


class Steps:
    """Steps still to take. Who was refused one takes no more."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._of: dict[str, deque[Step]] = {}
        self.refused: list[Refusal] = []
        for step in steps:
            self._of.setdefault(_ssin(step), deque()).append(step)

    def __bool__(self) -> bool:
        return bool(self._of)

    def next(self, kind: type[S]) -> list[S]:
        """The next step of everybody for whom it is one of this kind."""
        return [queue[0] for queue in self._of.values() if isinstance(queue[0], kind)]

    def settle(self, tried: Sequence[Step], outcomes: Outcomes) -> None:
        for step, refusal in zip(tried, outcomes, strict=True):
            ssin = _ssin(step)
            self._of[ssin].popleft()
            if refusal is not None:
                self.refused.append(refusal)
            if refusal is not None or not self._of[ssin]:
                del self._of[ssin]


def _ssin(step: Step) -> str:
    if isinstance(step, Announcement):
        return step.request.mutation.ssin
    if isinstance(step, repertory_pb2.EndRequest):
        return step.inscription.ssin
    return step.inscriptions[0].ssin
