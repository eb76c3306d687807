"""What stands comes into the mailbox of who came late: decided, written down, and once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2, mailbox_pb2

from mesh import institutions
from mesh.identity import Caller, parse
from mesh.institutions import Institution
from mesh.refusals import Refusal
from services.router import replay
from services.router.mailbox.domain import MailboxSettings, Mode
from tests.services.router.lots.conftest import Death
from tests.services.router.mailbox.conftest import (
    AT,
    CARRIER,
    CENTRE,
    ENERGY,
    FUND,
    LINA,
    PERIOD,
    SORT,
    Outside,
    Process,
    cents,
)


def request(
    request_id: str = "first-request", sorts: tuple[str, ...] = (SORT,)
) -> mailbox_pb2.RequestFirstDeliveryRequest:
    return mailbox_pb2.RequestFirstDeliveryRequest(
        request_id=request_id, ssin=LINA, data_sorts=sorts, period=PERIOD
    )


async def ask(
    process: Process, of: Institution = FUND, request_id: str = "first-request"
) -> mailbox_pb2.RequestFirstDeliveryResponse:
    caller = Caller(parse(f"institution/{of}"))
    return await process.first_deliveries.deliver(request(request_id), caller, of)


async def mailbox(process: Process, of: Institution = FUND) -> list[mailbox_pb2.Delivery]:
    found = await process.mailboxes.deliveries(of, 0, 100)
    return [mailbox_pb2.Delivery.FromString(each) for each in found]


async def test_what_stands_is_delivered_as_created_and_marked(
    process: Process, outside: Outside
) -> None:
    outside.stands = 7
    answer = await ask(process)
    assert (answer.decision.verdict, answer.delivered) == (decision_pb2.VERDICT_PERMITTED, 1)
    assert [each.status for each in answer.answers] == [exchange_pb2.ANSWER_STATUS_OK]
    assert not any(each.attestations for each in answer.answers)
    [only] = await mailbox(process)
    assert (only.position, only.ticket, only.first_delivery) == (1, answer.ticket, True)
    assert only.mutation.kind == exchange_pb2.MUTATION_KIND_CREATED
    assert (only.mutation.ssin, cents(only.mutation.attestation)) == (LINA, 7)
    assert (institutions.from_wire(only.sender), only.authorization) == (CENTRE, f"A/{FUND}")


async def test_a_first_delivery_has_only_the_fields_its_recipient_may_have(
    process: Process, outside: Outside
) -> None:
    outside.stands = 7
    await ask(process, ENERGY)
    [only] = await mailbox(process, ENERGY)
    assert cents(only.mutation.attestation) == 0


async def test_a_mailbox_that_takes_signals_gets_a_signal(
    process: Process, outside: Outside
) -> None:
    outside.stands = 7
    await process.mailboxes.put_settings(FUND, MailboxSettings(Mode.SIGNAL), "x", AT)
    assert (await ask(process)).delivered == 1
    [only] = await mailbox(process)
    assert not only.mutation.HasField("attestation")
    assert only.mutation.data_sort == SORT


@pytest.mark.parametrize("of", [CARRIER, Institution(99, 9)])
async def test_who_may_not_have_it_gets_a_decision_and_nothing_else(
    process: Process, outside: Outside, of: Institution
) -> None:
    outside.stands = 7
    answer = await ask(process, of)
    assert (answer.decision.verdict, answer.delivered) == (decision_pb2.VERDICT_REFUSED, 0)
    assert (list(answer.answers), await mailbox(process, of)) == ([], [])
    [entry] = outside.entries()
    assert (entry.outcome, entry.ticket) == (ledger_pb2.OUTCOME_REFUSED, answer.ticket)


async def test_who_does_not_know_the_person_is_refused(process: Process, outside: Outside) -> None:
    outside.stands, outside.known = 7, {LINA: (CENTRE,)}
    answer = await ask(process)
    [part] = answer.decision.data_sorts
    assert part.reason == decision_pb2.REFUSAL_REASON_SUBJECT_NOT_INTEGRATED
    assert await mailbox(process) == []


async def test_nothing_stands(process: Process) -> None:
    answer = await ask(process)
    assert [each.status for each in answer.answers] == [exchange_pb2.ANSWER_STATUS_NO_DATA]
    assert (answer.delivered, await mailbox(process)) == (0, [])


async def test_the_decision_in_the_ledger_can_be_made_again(
    process: Process, outside: Outside
) -> None:
    outside.stands = 7
    caller = Caller(parse(f"institution/{FUND}"))
    asked = request(sorts=(SORT, "income"))
    answer = await process.first_deliveries.deliver(asked, caller, FUND)
    assert {entry.ticket for entry in outside.entries()} == {answer.ticket}
    assert [len(call) for call in outside.calls] == [2]
    for entry in outside.entries():
        one = replay.past(entry)
        assert one.position
        person = await outside.person(LINA)
        assert replay.differences(one, process.follower.policy, person) == ()


async def test_a_refusal_that_read_no_person_can_be_made_again(
    process: Process, outside: Outside
) -> None:
    await ask(process, CARRIER)
    [one] = map(replay.past, outside.entries())
    assert not one.position
    assert replay.differences(one, process.follower.policy, None) == ()


async def test_a_request_said_twice_is_delivered_once(process: Process, outside: Outside) -> None:
    outside.stands = 7
    first = await ask(process)
    outside.stands = 8
    assert await ask(process) == first
    assert [cents(each.mutation.attestation) for each in await mailbox(process)] == [7]
    other = await ask(process, request_id="other-request")
    assert other.ticket != first.ticket
    assert [cents(each.mutation.attestation) for each in await mailbox(process)] == [7, 8]


async def test_a_request_id_is_not_used_for_another_content(process: Process) -> None:
    await ask(process)
    caller = Caller(parse(f"institution/{FUND}"))
    with pytest.raises(Refusal) as refused:
        await process.first_deliveries.deliver(request(sorts=("income",)), caller, FUND)
    assert refused.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    "point", ["before the ledger", "after the ledger", "before the commit", "after the commit"]
)
async def test_a_process_that_dies_anywhere_delivers_once(
    process: Process, outside: Outside, point: str
) -> None:
    outside.stands, outside.dies_at = 7, point
    with pytest.raises(Death):
        await ask(process)
    reborn = Process(process.engine, outside)
    answer = await ask(reborn)
    [only] = await mailbox(reborn)
    assert (answer.delivered, only.ticket) == (1, answer.ticket)


async def test_without_the_ledger_nothing_is_delivered(process: Process, outside: Outside) -> None:
    outside.stands, outside.ledger_is_away = 7, True
    with pytest.raises(Refusal):
        await ask(process)
    assert await mailbox(process) == []
    outside.ledger_is_away = False
    assert (await ask(process)).delivered == 1


async def test_what_stands_never_comes_after_what_changed_it(
    process: Process, outside: Outside
) -> None:
    """A change is delivered while the holder, which answered with the old, is on the way."""
    outside.stands = 7

    async def change() -> None:
        outside.meanwhile, outside.stands = None, 8
        await process.publish(8)
        await process.distribute()

    outside.meanwhile = change
    assert (await ask(process)).delivered == 1
    found = await mailbox(process)
    assert [cents(each.mutation.attestation) for each in found] == [8, 8]
    assert [each.first_delivery for each in found] == [False, True]


async def test_what_keeps_changing_is_not_delivered(process: Process, outside: Outside) -> None:
    outside.stands = 1

    async def change() -> None:
        outside.stands += 1
        await process.publish(outside.stands)
        await process.distribute()

    outside.meanwhile = change
    with pytest.raises(Refusal) as refused:
        await ask(process)
    assert refused.value.reason == "FIRST_DELIVERY_OVERTAKEN"
    assert not any(each.first_delivery for each in await mailbox(process))
    outside.meanwhile = None
    assert (await ask(process)).delivered == 1


async def test_a_change_about_another_person_overtakes_nothing(
    process: Process, outside: Outside
) -> None:
    outside.stands = 7

    async def change() -> None:
        outside.meanwhile = None
        await process.publish(8, "15092325643")
        await process.distribute()

    outside.meanwhile = change
    await ask(process)
    assert [each.first_delivery for each in await mailbox(process)] == [False, True]


async def test_a_holder_does_not_deliver_to_itself(process: Process, outside: Outside) -> None:
    outside.stands = 7
    held = process.follower.policy
    own = replace(held.authorizations[FUND, SORT][0], id="A/own", recipient=CENTRE)
    process.follower.policy = replace(
        held, authorizations={**held.authorizations, (CENTRE, SORT): (own,)}
    )
    answer = await ask(process, CENTRE)
    assert answer.decision.verdict == decision_pb2.VERDICT_PERMITTED
    assert (answer.delivered, await mailbox(process, CENTRE)) == (0, [])
