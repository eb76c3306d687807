"""The rpcs of the mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import grpc
from crossroads.router.v1 import mailbox_pb2, mailbox_pb2_grpc
from crossroads.types.v1 import types_pb2

from mesh import call, clock, institutions, telemetry
from mesh.identification import ssin_is_valid
from mesh.identity import Caller
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.router import refusals
from services.router.domain import Policy
from services.router.mailbox.domain import Extent, MailboxSettings, Mode, NoLongerKept
from services.router.mailbox.first_delivery import FirstDeliveries
from services.router.mailbox.reader import Bell, Reader
from services.router.mailbox.store import MailboxStore
from services.router.policy_follower import PolicyFollower

IN_FLIGHT = 100
PAGE = 100


class MailboxServicer(mailbox_pb2_grpc.MailboxServicer):
    """Reading mailboxes, filling one for the first time, and how they are kept."""

    def __init__(
        self,
        store: MailboxStore,
        first_deliveries: FirstDeliveries,
        follower: PolicyFollower,
        bell: Bell,
    ) -> None:
        self._store = store
        self._first_deliveries = first_deliveries
        self._follower = follower
        self._bell = bell

    async def Receive(
        self, request_iterator: AsyncIterator[mailbox_pb2.ReceiveRequest], context: Any
    ) -> AsyncIterator[mailbox_pb2.ReceiveResponse]:
        opening = await anext(request_iterator, None)
        if opening is None:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "MAILBOX_NOT_OPENED")
        mailbox = self._mailbox(opening)
        if opening.acknowledged:
            await self._store.acknowledge(mailbox, opening.acknowledged)
        extent = await self._store.extent(mailbox)
        after = extent.acknowledged
        if opening.HasField("after_position"):
            after = opening.after_position or extent.first - 1
        _check_kept(after, extent)
        reader = Reader(self._store, mailbox, after, opening.most_in_flight or IN_FLIGHT)
        self._bell.hang(reader.wake, mailbox)
        listening = asyncio.create_task(reader.listen(request_iterator))
        try:
            with _kept_only():
                messages = reader.messages() if opening.several else reader.deliveries()
                async for message in messages:
                    self._mailbox(opening)
                    yield message
        finally:
            self._bell.take_down(reader.wake)
            listening.cancel()

    async def ListDeliveries(
        self, request: mailbox_pb2.ListDeliveriesRequest, context: Any
    ) -> mailbox_pb2.ListDeliveriesResponse:
        mailbox = self._mailbox(request)
        extent = await self._store.extent(mailbox)
        after = request.after_position or extent.first - 1
        _check_kept(after, extent)
        with _kept_only():
            found = await self._store.deliveries(mailbox, after, request.page_size or PAGE)
        return mailbox_pb2.ListDeliveriesResponse(
            deliveries=[mailbox_pb2.Delivery.FromString(delivery) for delivery in found],
            acknowledged=extent.acknowledged,
            first_position=extent.first,
        )

    async def Acknowledge(
        self, request: mailbox_pb2.AcknowledgeRequest, context: Any
    ) -> mailbox_pb2.AcknowledgeResponse:
        return mailbox_pb2.AcknowledgeResponse(
            acknowledged=await self._store.acknowledge(self._mailbox(request), request.position)
        )

    async def RequestFirstDelivery(
        self, request: mailbox_pb2.RequestFirstDeliveryRequest, context: Any
    ) -> mailbox_pb2.RequestFirstDeliveryResponse:
        mailbox = self._mailbox(request)
        if not ssin_is_valid(request.ssin):
            raise refusals.wrong_check_digits("ssin")
        answer = await self._first_deliveries.deliver(request, call.caller(), mailbox)
        telemetry.note(
            crossroads__ticket=answer.ticket, crossroads__data_sort=",".join(request.data_sorts)
        )
        return answer

    async def GetSettings(
        self, request: mailbox_pb2.GetSettingsRequest, context: Any
    ) -> mailbox_pb2.GetSettingsResponse:
        mailbox = self._mailbox_or_any(request)
        return mailbox_pb2.GetSettingsResponse(
            settings=_settings_to_wire(await self._store.settings(mailbox))
        )

    async def PutSettings(
        self, request: mailbox_pb2.PutSettingsRequest, context: Any
    ) -> mailbox_pb2.PutSettingsResponse:
        mailbox, by = self._mailbox_or_any(request), call.caller().identity.path
        wanted = MailboxSettings(Mode(request.settings.mode), request.settings.retention_days)
        await self._store.put_settings(mailbox, wanted, by, clock.now())
        return mailbox_pb2.PutSettingsResponse(settings=_settings_to_wire(wanted))

    def _mailbox(self, request: Any) -> Institution:
        caller, policy = call.caller(), self._follower.policy
        named = request.institution if request.HasField("institution") else None
        return mailbox_of(caller, policy, named, clock.today())

    def _mailbox_or_any(self, request: Any) -> Institution:
        """The caller's own; for the operator, that of any institution. Raises NOT_FOUND."""
        if call.caller().principal.kind != "operator":
            return self._mailbox(request)
        named = institutions.from_wire(request.institution)
        if not request.HasField("institution") or named not in self._follower.policy.institutions:
            raise Refusal(grpc.StatusCode.NOT_FOUND, "NO_SUCH_MAILBOX")
        return named


def mailbox_of(
    caller: Caller, policy: Policy, named: types_pb2.Institution | None, on: date
) -> Institution:
    """The mailbox the caller may read on a day. Raises PERMISSION_DENIED."""
    spoken_for = policy.speaking(caller.principal.path, on)
    if named is None and len(spoken_for) == 1:
        return spoken_for[0]
    if named is not None and institutions.from_wire(named) in spoken_for:
        return institutions.from_wire(named)
    raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOUR_MAILBOX")


def _settings_to_wire(settings: MailboxSettings) -> mailbox_pb2.MailboxSettings:
    return mailbox_pb2.MailboxSettings(
        mode=mailbox_pb2.MailboxMode.ValueType(settings.mode.value),
        retention_days=settings.retention_days,
    )


def _check_kept(after: int, extent: Extent) -> None:
    if after < extent.first - 1:
        raise _no_longer_kept(extent.first)


@contextmanager
def _kept_only() -> Iterator[None]:
    try:
        yield
    except NoLongerKept as gap:
        raise _no_longer_kept(gap.first) from gap


def _no_longer_kept(first: int) -> Refusal:
    return Refusal(
        grpc.StatusCode.OUT_OF_RANGE, "NO_LONGER_KEPT", metadata={"first_position": str(first)}
    )
