"""Who the rights engine asks and tells: the router and the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.router.v1 import exchange_pb2, exchange_pb2_grpc
from crossroads.types.v1 import types_pb2

from mesh import announcements, institutions, periods
from mesh.announcements import Announcement
from mesh.channels import Channels
from mesh.outbox import Item
from mesh.periods import Period
from mesh.refusals import Refusal
from services.rights import consulted, rounds
from services.rights.domain import Group, Household, Statement
from services.rights.gaps import Gap
from services.rights.in_force import Follower
from services.rights.reading import GROUPS
from services.rights.rulebook import Rulebook
from services.rights.store import Store
from services.rights.wire import ENGINE

PURPOSE = "derived_rights"
QUALITY = 0
MOST_PERSONS = 250
"""Asked in one call, each a consultation of its own."""
CONSULT_TIMEOUT_S = 4.0
PUBLISH_TIMEOUT_S = 5.0
APPEND_TIMEOUT_S = 2.0


class Register(Follower):
    """Holders, reached through the router like by everybody."""

    def __init__(self, channels: Channels, rulebook: Rulebook) -> None:
        self._channels = channels
        self._rulebook = rulebook

    async def households(
        self, ssins: Collection[str], groups: Collection[Group]
    ) -> dict[str, tuple[Household, ...]]:
        """The groups that each is and was in; none of a sort where nobody knows any.

        Raises Refusal (UNAVAILABLE) when an answer is not sure: nothing is decided on a guess.
        """
        sorts = {data_sort: group for data_sort, group in GROUPS.items() if group in groups}
        if not sorts:
            return dict.fromkeys(ssins, ())
        answers = await self._consult({ssin: sorted(sorts) for ssin in ssins})
        return {ssin: consulted.groups(ssin, answer, sorts) for ssin, answer in answers.items()}

    async def statements(self, asked: Collection[Gap], position: int) -> list[Statement]:
        """What holders say of persons; nothing where nobody says any. Raises as `households`."""
        sorts: dict[str, list[str]] = {}
        for ssin, data_sort in sorted(asked):
            sorts.setdefault(ssin, []).append(data_sort)
        answers = await self._consult(sorts)
        return [
            statement
            for ssin, answer in answers.items()
            for statement in consulted.statements(ssin, answer, position, self._rulebook)
        ]

    async def _consult(
        self, sorts: Mapping[str, Sequence[str]]
    ) -> dict[str, exchange_pb2.ConsultResponse]:
        """Of each person those sorts of data, over all the days that rules look at."""
        about = periods.to_wire(Period(self._rulebook.since, date.max))
        stub = exchange_pb2_grpc.ExchangeStub(self._channels.peer("router"))
        answers, questions = {}, list(sorts.items())
        for start in range(0, len(questions), MOST_PERSONS):
            page = questions[start : start + MOST_PERSONS]
            response = await stub.BatchConsult(
                exchange_pb2.BatchConsultRequest(
                    consultations=[_question(*question, about) for question in page]
                ),
                timeout=CONSULT_TIMEOUT_S,
            )
            for (ssin, _), answer in zip(page, response.consultations, strict=True):
                consulted.check(answer)
                answers[ssin] = answer
        return answers


class Publisher:
    """Tells the network, through the router, what was decided."""

    def __init__(self, channels: Channels, store: Store) -> None:
        self._channels = channels
        self._store = store

    async def publish(self, items: list[Item]) -> None:
        """Serialised PublishRequests, in order; raises the first refusal of a round.

        The request id is the decision's, so that telling it again changes nothing.
        """
        told = [
            Announcement(exchange_pb2.PublishRequest.FromString(item.payload), item.traceparent)
            for item in items
        ]
        receipts: list[tuple[str, str, str]] = []
        for together in rounds.of(told, _about):
            receipts += await self._announce(together)
        await self._store.set_tickets(receipts)

    async def _announce(self, told: Sequence[Announcement]) -> list[tuple[str, str, str]]:
        """Person, decision and ticket of each."""
        stub = exchange_pb2_grpc.ExchangeStub(self._channels.peer("router"))
        outcomes = [
            outcome
            for batch in announcements.batches(told)
            for outcome in announcements.outcomes(
                await stub.BatchPublish(batch, timeout=PUBLISH_TIMEOUT_S)
            )
        ]
        receipts = []
        for one, outcome in zip(told, outcomes, strict=True):
            if isinstance(outcome, Refusal):
                raise outcome
            request = one.request
            receipts.append((request.mutation.ssin, request.request_id, outcome.ticket))
        return receipts


class Ledger:
    """Where every decision has its line."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def append(self, items: list[Item]) -> None:
        """Serialised entries; an entry already written is not written again."""
        stub = ledger_pb2_grpc.LedgerStub(self._channels.peer("ledger"))
        entries = [ledger_pb2.Entry.FromString(item.payload) for item in items]
        await stub.Append(ledger_pb2.AppendRequest(entries=entries), timeout=APPEND_TIMEOUT_S)


def _about(told: Announcement) -> tuple[str, str]:
    mutation = told.request.mutation
    return mutation.ssin, mutation.data_sort


def _question(
    ssin: str, data_sorts: Sequence[str], about: types_pb2.Period
) -> exchange_pb2.ConsultRequest:
    return exchange_pb2.ConsultRequest(
        ssin=ssin,
        data_sorts=data_sorts,
        quality=QUALITY,
        period=about,
        purpose=PURPOSE,
        on_behalf_of=institutions.to_wire(ENGINE),
    )
