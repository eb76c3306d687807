"""Whom the router asks: the repertory, the ledger and the holders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import grpc
import structlog
from crossroads.attestations.v1 import persons_pb2
from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import supplier_pb2, supplier_pb2_grpc

from mesh import clock, institutions
from mesh.channels import Channels
from mesh.coalescing import Coalescer
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.router import holder, packing, policy_wire
from services.router.askable.domain import Asked
from services.router.domain import InstitutionRecord, Person, Policy
from services.router.holder import Holder

LOG = structlog.get_logger()
LOOKUP_TIMEOUT_S = 2.0
APPEND_TIMEOUT_S = 2.0
MOST_ENTRIES = 1000
"""That the ledger takes in one call."""
SUPPLY_TIMEOUT_S = 2.5
MEMBER_TIMEOUT_S = 1.8
"""For a member of a secondary network: less than the primary hub waits for the whole of it."""


class Repertory:
    """Who is known where; always asked, never remembered."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._coalesced: Coalescer[str, Person] = Coalescer(
            self._each, name="repertory", in_flight=2
        )

    async def person(self, ssin: str, freshness: str = "") -> Person:
        """The person, not from before the write that `freshness` stands for.

        Who waits for a write waits alone: its token cannot hold up anyone else.
        """
        if freshness:
            return (await self._lookup([ssin], freshness))[ssin]
        return await self._coalesced(ssin)

    async def persons(self, ssins: list[str]) -> dict[str, Person]:
        """Several persons at once, by the number they were asked for under.

        Those of whom the same is known are one and the same value.
        """
        return await self._lookup(ssins)

    async def numbers(self, ssins: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """All numbers under which each person was ever known, by the number asked for."""
        stub = repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))
        response: repertory_pb2.BatchLookupResponse = await stub.BatchLookup(
            repertory_pb2.BatchLookupRequest(ssins=ssins, with_numbers=True),
            timeout=LOOKUP_TIMEOUT_S,
        )
        return {found.ssin: tuple(found.numbers) for found in response.persons}

    async def replace(self, replaced: persons_pb2.NumberReplaced, request_id: str) -> None:
        """Let one number of a person give way to another; for a secondary hub, in its own."""
        stub = repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))
        await stub.ReplacePerson(
            repertory_pb2.ReplacePersonRequest(
                request_id=request_id, old_ssin=replaced.old_ssin, new_ssin=replaced.new_ssin
            ),
            timeout=LOOKUP_TIMEOUT_S,
        )

    async def _each(self, ssins: list[str]) -> Sequence[Person]:
        found = await self._lookup(list(dict.fromkeys(ssins)))
        return [found[ssin] for ssin in ssins]

    async def _lookup(self, ssins: list[str], freshness: str = "") -> dict[str, Person]:
        stub = repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))
        response: repertory_pb2.BatchLookupResponse = await stub.BatchLookup(
            repertory_pb2.BatchLookupRequest(ssins=ssins, freshness=freshness, together=True),
            timeout=LOOKUP_TIMEOUT_S,
        )
        found: dict[str, Person] = {}
        for group in response.alike:
            person = policy_wire.person(group.known, response.position)
            found.update(dict.fromkeys(group.ssins, person))
        return found

    async def policy(self) -> AsyncIterator[Policy]:
        """The policy now, and again after each change, as long as the stream lasts."""
        stub = repertory_pb2_grpc.RepertoryStub(self._channels.peer("repertory"))
        async for response in stub.WatchPolicy(repertory_pb2.WatchPolicyRequest()):
            yield policy_wire.policy(response)


class Ledger:
    """Where every decision is written before it has any effect."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self.append: Coalescer[Sequence[ledger_pb2.Entry], None] = Coalescer(
            self._append_groups, name="ledger", most=MOST_ENTRIES, queue=2_000
        )
        """Appends a group of entries with those that others append meanwhile."""

    async def write(self, groups: Sequence[Sequence[ledger_pb2.Entry]]) -> None:
        """Write groups of entries in their order, as many in one call as it takes.

        A group is written whole or not at all, unless it alone is more than one call takes.
        """
        for entries in packing.packed(groups, MOST_ENTRIES):
            await self._append(entries)

    async def _append_groups(
        self, groups: list[Sequence[ledger_pb2.Entry]]
    ) -> list[BaseException | None]:
        """As many groups in one call as it takes; those that went together fail together."""
        answers: list[BaseException | None] = []
        for together in packing.grouped(groups, MOST_ENTRIES):
            failure = None
            try:
                await self.write(together)
            except Refusal as refusal:
                failure = refusal
            answers += [failure] * len(together)
        return answers

    async def _append(self, entries: Sequence[ledger_pb2.Entry]) -> None:
        stub = ledger_pb2_grpc.LedgerStub(self._channels.peer("ledger"))
        try:
            await stub.Append(ledger_pb2.AppendRequest(entries=entries), timeout=APPEND_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            LOG.error("the ledger cannot be written", code=error.code().name)
            raise Refusal(
                grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE", retry_after=1.0
            ) from error

    async def asked(
        self, ssin: str, institution: Institution, begin: datetime, end: datetime
    ) -> list[Asked]:
        """What an institution asked on a person from `begin` until `end`, by the ledger."""
        stub = ledger_pb2_grpc.LedgerStub(self._channels.peer("ledger"))
        request = ledger_pb2.ListAccessesRequest(
            ssin=ssin,
            institution=institutions.to_wire(institution),
            kind=ledger_pb2.ENTRY_KIND_CONSULTATION,
            recorded_from=clock.rfc3339(begin),
            recorded_until=clock.rfc3339(end),
        )
        found: list[Asked] = []
        while True:
            page: ledger_pb2.ListAccessesResponse = await stub.ListAccesses(
                request, timeout=LOOKUP_TIMEOUT_S
            )
            found += [
                Asked(
                    access.entry.purpose,
                    frozenset(access.entry.data_sorts),
                    clock.parse(access.recorded_at),
                )
                for access in page.accesses
            ]
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token


class Suppliers:
    """The holders, each behind a queue and a circuit of its own, so that none holds up another."""

    def __init__(self, channels: Channels, timeout_s: float = SUPPLY_TIMEOUT_S) -> None:
        self._channels = channels
        self._timeout_s = timeout_s
        self._holders: dict[tuple[str, str], Holder] = {}

    def ask(
        self, record: InstitutionRecord, question: supplier_pb2.Question
    ) -> asyncio.Future[supplier_pb2.Answer]:
        """The holder's answer; LATE or UNAVAILABLE where it gives none."""
        if not record.supplier_address:
            return holder.ready(holder.UNAVAILABLE)
        return self._holder(record).ask(question)

    def ask_together(
        self, record: InstitutionRecord, questions: Sequence[supplier_pb2.Question]
    ) -> asyncio.Future[Sequence[supplier_pb2.Answer]]:
        """The same for questions that leave together, in their order."""
        if not record.supplier_address:
            return holder.ready([holder.UNAVAILABLE] * len(questions))
        return self._holder(record).ask_together(questions)

    def _holder(self, record: InstitutionRecord) -> Holder:
        key = (record.supplier_address, record.supplier_name)
        if key not in self._holders:
            self._holders[key] = Holder(
                str(record.institution), lambda questions: self._supply(key, questions)
            )
        return self._holders[key]

    async def _supply(
        self, key: tuple[str, str], questions: Sequence[supplier_pb2.Question]
    ) -> Sequence[supplier_pb2.Answer]:
        stub = supplier_pb2_grpc.SupplierStub(self._channels.open(*key))
        response: supplier_pb2.SupplyResponse = await stub.Supply(
            supplier_pb2.SupplyRequest(questions=questions), timeout=self._timeout_s
        )
        if len(response.answers) != len(questions):
            raise Refusal(grpc.StatusCode.UNAVAILABLE, "UPSTREAM_FAILED")
        return list(response.answers)
