"""A bank that serves in this process, as its callers see it, and the one outside: a holder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from crossroads.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2, repertory_pb2_grpc
from crossroads.router.v1 import (
    exchange_pb2,
    exchange_pb2_grpc,
    mailbox_pb2_grpc,
    supplier_pb2,
    supplier_pb2_grpc,
)
from google.protobuf import any_pb2

from console.authority import Authority
from mesh import institutions
from mesh.channels import Channels
from mesh.settings import Settings
from services.repertory.servicer import RepertoryServicer
from services.router.askable.following import Askables
from services.router.lots.worker import LotWork
from services.router.policy_follower import PolicyFollower
from services.router.worker import Distribution

OPERATOR, AUDITOR = "operator/test", "auditor/test"
HOLDER = "holder.test"


class Lookups(RepertoryServicer):
    """The repertory, with a count of the persons that were looked up."""

    looked_up = 0

    async def BatchLookup(
        self, request: repertory_pb2.BatchLookupRequest, context: Any
    ) -> repertory_pb2.BatchLookupResponse:
        self.looked_up += len(request.ssins)
        return await super().BatchLookup(request, context)


class Holder(supplier_pb2_grpc.SupplierServicer):
    """Has an empty attestation of every sort on everybody. It lies outside."""

    def __init__(self) -> None:
        self.asked: list[supplier_pb2.Question] = []
        self.attestation: dict[str, str] = {}

    async def Supply(
        self, request: supplier_pb2.SupplyRequest, context: Any
    ) -> supplier_pb2.SupplyResponse:
        self.asked += request.questions
        return supplier_pb2.SupplyResponse(answers=map(self._answer, request.questions))

    def _answer(self, question: supplier_pb2.Question) -> supplier_pb2.Answer:
        url = f"type.googleapis.com/{self.attestation[question.data_sort]}"
        packed = any_pb2.Any(type_url=url)
        return supplier_pb2.Answer(status=exchange_pb2.ANSWER_STATUS_OK, attestations=[packed])


@dataclass
class Bank:
    """A bank that serves; `exchange`, `repertory` and `ledger` ask it as somebody."""

    addresses: dict[str, str]
    lookups: Lookups
    holder: Holder
    lots: LotWork
    distribution: Distribution
    askables: Askables
    _follower: PolicyFollower
    _authority: Authority
    _folder: Path
    _opened: dict[str, Channels] = field(default_factory=dict)

    def exchange(self, path: str) -> exchange_pb2_grpc.ExchangeStub:
        return exchange_pb2_grpc.ExchangeStub(self._channels(path).peer("router"))

    def mailbox(self, path: str) -> mailbox_pb2_grpc.MailboxStub:
        return mailbox_pb2_grpc.MailboxStub(self._channels(path).peer("router"))

    def repertory(self, path: str) -> repertory_pb2_grpc.RepertoryStub:
        return repertory_pb2_grpc.RepertoryStub(self._channels(path).peer("repertory"))

    def ledger(self, path: str) -> ledger_pb2_grpc.LedgerStub:
        return ledger_pb2_grpc.LedgerStub(self._channels(path).peer("ledger"))

    async def state(self, quota: repertory_pb2.Quota) -> None:
        """State a quota; the router has heard of it when this returns."""
        put = await self.repertory(OPERATOR).PutQuota(repertory_pb2.PutQuotaRequest(quota=quota))
        await self.heard(put.revision)

    async def heard(self, revision: int) -> None:
        async with asyncio.timeout(10):
            while not await self._follower.is_known() or self._follower.policy.revision < revision:
                await asyncio.sleep(0.01)

    async def answers_for(self, *holders: str) -> None:
        """Let the holder answer in the name of some institutions."""
        operator, revision = self.repertory(OPERATOR), 0
        for name in holders:
            place = institutions.to_wire(institutions.parse(name))
            found = await operator.GetInstitution(
                repertory_pb2.GetInstitutionRequest(institution=place)
            )
            found.institution.supplier_address = self.addresses["holder"]
            found.institution.supplier_name = HOLDER
            put = await operator.PutInstitution(
                repertory_pb2.PutInstitutionRequest(institution=found.institution)
            )
            revision = max(revision, put.revision)
        await self.heard(revision)

    async def close(self) -> None:
        for channels in self._opened.values():
            await channels.close()

    def _channels(self, path: str) -> Channels:
        if path not in self._opened:
            tls = self._authority.issue(path)
            self._opened[path] = Channels(
                Settings(name="test", tls=tls, state=self._folder, peers=self.addresses)
            )
        return self._opened[path]


async def entries(bank: Bank, ticket: str) -> list[ledger_pb2.Entry]:
    """What the ledger holds of an exchange."""
    found = await bank.ledger(AUDITOR).ListAccesses(ledger_pb2.ListAccessesRequest(ticket=ticket))
    return [access.entry for access in found.accesses]


def strangers() -> Iterator[str]:
    """Valid numbers of persons nobody has heard of."""
    for number in count(1):
        nine = f"{700101 + number // 500}{number % 500 * 2 + 1:03}"
        yield f"{nine}{97 - int(nine) % 97:02}"
