"""One holder as the router asks it: its queue, and the circuit that spares it and its askers."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import grpc
import structlog
from crossroads.router.v1 import exchange_pb2, supplier_pb2
from opentelemetry import metrics

from mesh import telemetry
from mesh.coalescing import Coalescer
from mesh.refusals import Refusal
from services.router import circuit
from services.router.circuit import Circuit

LOG = structlog.get_logger()
OPENINGS = metrics.get_meter("crossroads").create_counter(
    "crossroads.circuit.openings", description="How often a holder was left alone for a while."
)
SLOW_S = 0.25
"""A holder that has owed an answer for so long is slow."""
MOST_OF_SLOW = 32
"""So many questions may wait for a slow holder, a third of the places in this process."""
MOST_WAITING = 2_000
MOST_TOGETHER = 1_000
"""Questions that a holder takes in one call."""
T = TypeVar("T")
Supply = Callable[[Sequence[supplier_pb2.Question]], Awaitable[Sequence[supplier_pb2.Answer]]]
LATE = supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_LATE)
UNAVAILABLE = supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_UNAVAILABLE)


def ready(answer: T) -> asyncio.Future[T]:
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    future.set_result(answer)
    return future


class Holder:
    """A holder's queue and circuit. Whoever asks always gets an answer."""

    def __init__(
        self, name: str, supply: Supply, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._ask = supply
        self._clock = clock
        self._circuit = Circuit()
        self._waiting = 0
        self._owing: dict[object, float] = {}
        self._queue: Coalescer[supplier_pb2.Question, supplier_pb2.Answer] = Coalescer(
            self._supply, name=f"supplier {name}", queue=MOST_WAITING, in_flight=4
        )

    def ask(self, question: supplier_pb2.Question) -> asyncio.Future[supplier_pb2.Answer]:
        """The answer; LATE or UNAVAILABLE where there is none.

        That is told at once where the circuit is open, and where the holder is slow and many
        wait for it already: who asks others too must find a place.
        """
        if self._waiting >= MOST_OF_SLOW and self._is_slow():
            return ready(LATE)
        may_ask, self._circuit = circuit.ask(self._circuit, self._clock())
        if not may_ask:
            return ready(UNAVAILABLE)
        try:
            answer = self._queue.ask(question)
        except Refusal as refusal:
            LOG.warning("a holder is not asked", holder=self._name, reason=refusal.reason)
            return ready(UNAVAILABLE)
        self._waiting += 1
        answer.add_done_callback(lambda _: self._answered(1))
        return answer

    def ask_together(
        self, questions: Sequence[supplier_pb2.Question]
    ) -> asyncio.Future[Sequence[supplier_pb2.Answer]]:
        """The answers to questions that came together and leave as they are; else as `ask`.

        The holder is given no less time because who asks has little: that is not its failure.
        However many they are, they are taken where nobody else waits.
        """
        count = len(questions)
        if self._waiting >= MOST_OF_SLOW and self._is_slow():
            return ready([LATE] * count)
        may_ask, self._circuit = circuit.ask(self._circuit, self._clock())
        if not may_ask:
            return ready([UNAVAILABLE] * count)
        if self._waiting and self._waiting + count > MOST_WAITING:
            LOG.warning("a holder is not asked", holder=self._name, reason="OVERLOADED")
            return ready([UNAVAILABLE] * count)
        self._waiting += count
        answers = asyncio.get_running_loop().create_task(
            self._supply_together(questions, telemetry.traceparent()),
            context=contextvars.Context(),
        )
        answers.add_done_callback(lambda _: self._answered(count))
        return answers

    async def _supply_together(
        self, questions: Sequence[supplier_pb2.Question], parent: str
    ) -> Sequence[supplier_pb2.Answer]:
        answers: list[supplier_pb2.Answer] = []
        with telemetry.span(
            f"batch supplier {self._name}", parent=parent, crossroads__batch=len(questions)
        ):
            for begin in range(0, len(questions), MOST_TOGETHER):
                answers += await self._supply(questions[begin : begin + MOST_TOGETHER])
        return answers

    def _answered(self, count: int) -> None:
        self._waiting -= count

    def _is_slow(self) -> bool:
        return bool(self._owing) and self._clock() - min(self._owing.values()) > SLOW_S

    async def _supply(
        self, questions: Sequence[supplier_pb2.Question]
    ) -> Sequence[supplier_pb2.Answer]:
        if self._circuit.is_shut:
            return [UNAVAILABLE] * len(questions)
        asked_at = self._clock()
        batch = object()
        self._owing[batch] = asked_at
        try:
            answers = await self._ask(questions)
        except grpc.aio.AioRpcError as error:
            return self._failed(asked_at, error.code(), len(questions))
        except Refusal as refusal:
            return self._failed(asked_at, refusal.code, len(questions))
        finally:
            del self._owing[batch]
        self._turn(Circuit())
        return answers

    def _failed(
        self, asked_at: float, code: grpc.StatusCode, count: int
    ) -> Sequence[supplier_pb2.Answer]:
        LOG.warning("a holder does not answer", holder=self._name, code=code.name, asked=count)
        self._turn(circuit.failed(self._circuit, asked_at, self._clock()))
        return [LATE if code is grpc.StatusCode.DEADLINE_EXCEEDED else UNAVAILABLE] * count

    def _turn(self, after: Circuit) -> None:
        """Put the circuit into its next state, and tell where it opened or closed."""
        before, self._circuit = self._circuit, after
        if after.openings > before.openings:
            OPENINGS.add(1, {"crossroads.holder": self._name})
            LOG.warning(
                "a holder is left alone for a while",
                holder=self._name,
                for_s=circuit.shut_for(after.openings),
            )
        elif after.is_closed and not before.is_closed:
            LOG.info("a holder answers again", holder=self._name)
