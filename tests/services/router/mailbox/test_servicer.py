"""Mailboxes on the wire: read from where one wants, kept as one wants, in nobody's way."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TypeAlias

import grpc
import pytest
from crossroads.router.v1 import mailbox_pb2, mailbox_pb2_grpc

from mesh import clock, refusals
from mesh.certificates import RELOAD_AFTER_S
from mesh.institutions import Institution
from mesh.periods import Period
from services.router.mailbox import reader
from services.router.mailbox.domain import MailboxSettings, Mode
from tests.services.router.mailbox.conftest import (
    AT,
    CARRIER,
    ENERGY,
    FUND,
    LINA,
    PERIOD,
    SORT,
    Serving,
    cents,
    policy,
    wire,
)

LONG_AFTER = timedelta(days=91)
Stream: TypeAlias = grpc.aio.StreamStreamCall[
    mailbox_pb2.ReceiveRequest, mailbox_pb2.ReceiveResponse
]


async def published(serving: Serving, *numbers: int) -> None:
    for number in numbers:
        await serving.process.publish(number)
    await serving.process.distribute()
    while not await arrived(serving, max(numbers)):
        await asyncio.sleep(0.01)  # the worker of the process had them


async def arrived(serving: Serving, last: int) -> bool:
    extent = await serving.process.mailboxes.extent(FUND)
    return extent.last >= last


async def swept(serving: Serving, up_to: int) -> None:
    await serving.process.mailboxes.acknowledge(FUND, up_to)
    await serving.process.mailboxes.sweep(clock.now() + LONG_AFTER)


async def receive(
    stub: mailbox_pb2_grpc.MailboxStub, count: int, opening: mailbox_pb2.ReceiveRequest
) -> list[mailbox_pb2.Delivery]:
    """The first deliveries of a stream."""
    call = stub.Receive()
    await call.write(opening)
    found = [await following(call) for _ in range(count)]
    call.cancel()
    return found


async def following(call: Stream) -> mailbox_pb2.Delivery:
    read = await call.read()
    assert isinstance(read, mailbox_pb2.ReceiveResponse)
    return read.delivery


async def several(call: Stream) -> list[int]:
    """The positions in the next message of a stream that carries several."""
    read = await call.read()
    assert isinstance(read, mailbox_pb2.ReceiveResponse)
    assert not read.HasField("delivery")
    return [each.position for each in read.deliveries]


async def refusal_of(
    call: Stream, code: grpc.StatusCode = grpc.StatusCode.OUT_OF_RANGE
) -> refusals.Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await following(call)
    assert refused.value.code() is code
    return refusals.of_error(refused.value)


async def test_a_mailbox_is_read_again_from_wherever_one_wants(serving: Serving) -> None:
    await published(serving, 1, 2, 3)
    stub = serving.stub()
    first = await receive(stub, 3, mailbox_pb2.ReceiveRequest(acknowledged=0))
    assert [cents(each.mutation.attestation) for each in first] == [1, 2, 3]
    await stub.Acknowledge(mailbox_pb2.AcknowledgeRequest(position=3))
    assert await receive(stub, 3, mailbox_pb2.ReceiveRequest(after_position=0)) == first
    assert await receive(stub, 2, mailbox_pb2.ReceiveRequest(after_position=1)) == first[1:]
    listed = await stub.ListDeliveries(mailbox_pb2.ListDeliveriesRequest(after_position=2))
    assert (list(listed.deliveries), listed.acknowledged, listed.first_position) == (
        first[2:],
        3,
        1,
    )


async def test_one_message_carries_several_as_long_as_there_is_room(serving: Serving) -> None:
    await published(serving, 1, 2, 3, 4, 5)
    call = serving.stub().Receive()
    await call.write(mailbox_pb2.ReceiveRequest(most_in_flight=3, several=True))
    assert await several(call) == [1, 2, 3]
    await call.write(mailbox_pb2.ReceiveRequest(acknowledged=3))
    assert await several(call) == [4, 5]
    await published(serving, 6)
    assert await several(call) == [6]
    assert (await serving.process.mailboxes.extent(FUND)).acknowledged == 3
    call.cancel()


async def test_several_are_the_same_as_one_by_one(serving: Serving) -> None:
    await published(serving, *range(1, 8))
    stub = serving.stub()
    one_by_one = await receive(stub, 7, mailbox_pb2.ReceiveRequest())
    call = stub.Receive(iter([mailbox_pb2.ReceiveRequest(several=True)]))
    read = await call.read()
    assert isinstance(read, mailbox_pb2.ReceiveResponse)
    assert list(read.deliveries) == one_by_one


async def test_a_message_of_several_stays_small_enough_for_a_client(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(serving, 1, 2, 3)
    [first, *_] = await receive(serving.stub(), 1, mailbox_pb2.ReceiveRequest())
    monkeypatch.setattr(reader, "MOST_BYTES", 2 * first.ByteSize() + 10)
    call = serving.stub().Receive(iter([mailbox_pb2.ReceiveRequest(several=True)]))
    assert [await several(call), await several(call)] == [[1, 2], [3]]


async def test_what_is_no_longer_kept_is_said_and_never_skipped(serving: Serving) -> None:
    await published(serving, 1, 2, 3)
    await swept(serving, 2)
    stub = serving.stub()
    from_kept = mailbox_pb2.ReceiveRequest(after_position=0)
    assert [each.position for each in await receive(stub, 1, from_kept)] == [3]
    call = stub.Receive(iter([mailbox_pb2.ReceiveRequest(after_position=1)]))
    found = await refusal_of(call)
    assert (found.reason, found.metadata["first_position"]) == ("NO_LONGER_KEPT", "3")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.ListDeliveries(mailbox_pb2.ListDeliveriesRequest(after_position=1))
    assert refused.value.code() is grpc.StatusCode.OUT_OF_RANGE
    assert refusals.of_error(refused.value).metadata["first_position"] == "3"
    listed = await stub.ListDeliveries(mailbox_pb2.ListDeliveriesRequest())
    assert ([each.position for each in listed.deliveries], listed.first_position) == ([3], 3)


async def test_a_reader_that_slept_past_the_hard_limit_is_told(serving: Serving) -> None:
    await published(serving, 1, 2)
    await serving.process.mailboxes.sweep(clock.now() + timedelta(days=401))
    call = serving.stub().Receive(iter([mailbox_pb2.ReceiveRequest()]))
    assert (await refusal_of(call)).metadata["first_position"] == "3"


async def test_signals_say_who_and_what_and_nothing_more(serving: Serving) -> None:
    stub = serving.stub()
    wanted = mailbox_pb2.MailboxSettings(mode=mailbox_pb2.MAILBOX_MODE_SIGNAL, retention_days=30)
    put = await stub.PutSettings(mailbox_pb2.PutSettingsRequest(settings=wanted))
    assert put.settings == wanted
    assert (await stub.GetSettings(mailbox_pb2.GetSettingsRequest())).settings == wanted
    await published(serving, 1)
    [signal] = await receive(stub, 1, mailbox_pb2.ReceiveRequest())
    mutation = signal.mutation
    assert (mutation.ssin, mutation.data_sort, mutation.period) == (LINA, SORT, PERIOD)
    assert not mutation.HasField("attestation")
    other = serving.stub(f"institution/{ENERGY}")
    [content] = await receive(other, 1, mailbox_pb2.ReceiveRequest())
    assert content.mutation.HasField("attestation")


async def test_settings_are_the_institutions_and_the_operators(serving: Serving) -> None:
    operator = serving.stub("operator/sandbox")
    wanted = mailbox_pb2.MailboxSettings(mode=mailbox_pb2.MAILBOX_MODE_CONTENT, retention_days=7)
    put = mailbox_pb2.PutSettingsRequest(institution=wire(FUND), settings=wanted)
    assert (await operator.PutSettings(put)).settings == wanted
    assert await serving.process.mailboxes.settings(FUND) == MailboxSettings(Mode.CONTENT, 7)
    own = await serving.stub().GetSettings(mailbox_pb2.GetSettingsRequest())
    assert own.settings == wanted
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await serving.stub(f"institution/{CARRIER}").PutSettings(put)
    assert refusals.of_error(refused.value).reason == "NOT_YOUR_MAILBOX"
    for named in (None, wire(Institution(40, 99))):
        asked = mailbox_pb2.GetSettingsRequest(institution=named)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await operator.GetSettings(asked)
        assert refusals.of_error(refused.value).reason == "NO_SUCH_MAILBOX"


@pytest.mark.parametrize("days", [0, 401])
async def test_settings_have_bounds(serving: Serving, days: int) -> None:
    settings = mailbox_pb2.MailboxSettings(
        mode=mailbox_pb2.MAILBOX_MODE_CONTENT, retention_days=days
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await serving.stub().PutSettings(mailbox_pb2.PutSettingsRequest(settings=settings))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_first_delivery_is_asked_and_read_on_the_wire(serving: Serving) -> None:
    serving.process.outside.stands = 5
    stub = serving.stub()
    request = mailbox_pb2.RequestFirstDeliveryRequest(
        request_id="first-request", ssin=LINA, data_sorts=[SORT], period=PERIOD
    )
    answer = await stub.RequestFirstDelivery(request)
    assert await stub.RequestFirstDelivery(request) == answer
    [only] = await receive(stub, 1, mailbox_pb2.ReceiveRequest())
    assert (only.ticket, only.first_delivery) == (answer.ticket, True)
    request.institution.CopyFrom(wire(ENERGY))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.RequestFirstDelivery(request)
    assert refusals.of_error(refused.value).reason == "NOT_YOUR_MAILBOX"
    request.ClearField("institution")
    request.ssin = LINA[:-2] + "00"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.RequestFirstDelivery(request)
    assert refusals.of_error(refused.value).reason == "SSIN_CHECK_DIGIT"


async def test_a_dead_reader_costs_nobody_else_anything(serving: Serving) -> None:
    """One opens its mailbox and never reads or acknowledges; another is told of everything."""
    dead = serving.stub().Receive()
    await dead.write(mailbox_pb2.ReceiveRequest(most_in_flight=10_000))
    alive = serving.stub(f"institution/{ENERGY}").Receive()
    await alive.write(mailbox_pb2.ReceiveRequest(most_in_flight=10))
    for number in range(1, 101):
        await serving.process.publish(number)
        got = await following(alive)
        assert got.position == number
        await alive.write(mailbox_pb2.ReceiveRequest(acknowledged=number))
    alive.cancel()
    dead.cancel()
    assert (await serving.process.mailboxes.extent(FUND)).acknowledged == 0
    again = await receive(serving.stub(), 100, mailbox_pb2.ReceiveRequest())
    assert [cents(each.mutation.attestation) for each in again] == list(range(1, 101))


async def test_a_reader_gets_no_more_than_may_be_in_flight(serving: Serving) -> None:
    await published(serving, 1, 2, 3)
    call = serving.stub().Receive()
    await call.write(mailbox_pb2.ReceiveRequest(most_in_flight=2))
    for position in (1, 2):
        assert (await following(call)).position == position
    waiting = asyncio.create_task(following(call))
    for _ in range(3):
        await serving.stub().ListDeliveries(mailbox_pb2.ListDeliveriesRequest())
    assert not waiting.done()
    await call.write(mailbox_pb2.ReceiveRequest(acknowledged=1))
    assert (await waiting).position == 3
    call.cancel()


async def test_settings_put_late_leave_what_was_delivered(serving: Serving) -> None:
    await published(serving, 1)
    await serving.process.mailboxes.put_settings(FUND, MailboxSettings(Mode.SIGNAL), "x", AT)
    await published(serving, 2)
    content, signal = await receive(serving.stub(), 2, mailbox_pb2.ReceiveRequest())
    assert content.mutation.HasField("attestation")
    assert not signal.mutation.HasField("attestation")


async def test_an_open_mailbox_gives_nothing_more_once_its_certificate_is_revoked(
    serving: Serving,
) -> None:
    await published(serving, 1)
    tls = serving.authority.issue(f"institution/{FUND}", folder="soon revoked")
    call = serving.stub(tls=tls).Receive()
    await call.write(mailbox_pb2.ReceiveRequest())
    assert (await following(call)).position == 1
    serving.authority.revoke(tls)
    await asyncio.sleep(RELOAD_AFTER_S + 0.1)
    await published(serving, 2)
    refusal = await refusal_of(call, grpc.StatusCode.UNAUTHENTICATED)
    assert refusal.reason == "CERTIFICATE_REVOKED"


async def test_an_open_mailbox_gives_nothing_more_once_its_institution_has_ended(
    serving: Serving,
) -> None:
    await published(serving, 1, 2)
    call = serving.stub().Receive()
    await call.write(mailbox_pb2.ReceiveRequest(most_in_flight=1))
    assert (await following(call)).position == 1
    serving.process.follower.policy = policy(2, {FUND: Period(date.min, clock.today())})
    await call.write(mailbox_pb2.ReceiveRequest(acknowledged=1))
    refusal = await refusal_of(call, grpc.StatusCode.PERMISSION_DENIED)
    assert refusal.reason == "NOT_YOUR_MAILBOX"
    call = serving.stub().Receive(iter([mailbox_pb2.ReceiveRequest()]))
    refusal = await refusal_of(call, grpc.StatusCode.PERMISSION_DENIED)
    assert refusal.reason == "NOT_YOUR_MAILBOX"
