"""An original in a real database: all of it or nothing, told once, each anomaly with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.forms.v1 import dmfa_pb2, dmfa_pid_pb2, notification_pb2
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import exchange_pb2

from sandbox import quarterly
from services.declarations.dmfa.intake import Intake
from services.declarations.dmfa.store import Store
from services.declarations.domain import State

BREWERY, BAKERY = "0400000185", "0400000284"


async def test_an_original_is_recorded_attested_and_in_the_ledger(
    quarters: Any, outside: Any, declare: Callable[..., Any], codes: Callable[..., Any]
) -> None:
    whole = declare(5)
    done = await quarters.send(whole)
    assert done.state is State.ACCEPTED
    assert set(codes(done)) == {("90007-262", "NP")}
    await quarters.tell()
    told = [m for m in outside.heard if isinstance(m, exchange_pb2.PublishRequest)]
    known = [m for m in outside.heard if isinstance(m, repertory_pb2.RegisterRequest)]
    [line] = [m for m in outside.heard if isinstance(m, ledger_pb2.Entry)]
    payees = list(quarterly.workers(5))
    assert [m.mutation.ssin for m in told] == [payee.ssin for payee in payees]
    assert [i.ssin for m in known for i in m.inscriptions] == [p.ssin for p in payees]
    attested = attestations_pb2.WagesAndWorkingTime()
    assert told[0].mutation.attestation.Unpack(attested)
    assert (attested.quarter, attested.employer_enterprise_number) == ("20263", BREWERY)
    assert (attested.gross_wage_cents, attested.days_hundredths) == (payees[0].gross_cents, 6600)
    assert told[0].mutation.period.begin == "2026-07-01"
    assert told[0].mutation.period.end == "2026-10-01"
    assert (line.ticket, line.outcome, line.ssin) == (
        done.ticket,
        ledger_pb2.OUTCOME_ALLOWED,
        "",
    )
    assert len({m.request_id for m in told}) == 5
    assert await quarters.count("outbox") == 0
    assert await quarters.count("dmfa_parts") == 0


async def test_every_person_gets_identifiers_and_is_read_back_as_declared(
    quarters: Any, declare: Callable[..., Any]
) -> None:
    whole = declare(5)
    done = await quarters.send(whole)
    async with quarters.engine.connect() as connection:
        recorded = await Store(connection).of_quarter(BREWERY, "20263", None, "", 100)
    assert [dmfa_pb2.DmfaNaturalPerson.FromString(one.content) for one in recorded] == sorted(
        whole.persons, key=lambda person: str(person.inss)
    )
    given = [dmfa_pid_pb2.DmfaIDNaturalPerson.FromString(one.identifiers) for one in recorded]
    numbers = [
        number
        for one in given
        for number in (
            one.natural_person_pid,
            one.decl_natural_person_pid,
            one.id_worker_records[0].worker_record_version_nbr,
            one.id_worker_records[0].id_occupations[0].occupation_version_nbr,
        )
    ]
    assert len(set(numbers)) == len(numbers)
    assert done.declaration_pid


async def test_one_wrong_person_refuses_the_whole_and_every_anomaly_is_told(
    quarters: Any, outside: Any, declare: Callable[..., Any], codes: Callable[..., Any]
) -> None:
    whole = declare(6)
    whole.persons[5].inss = "60010100101"
    record = whole.persons[3].worker_records[0]
    record.occupations[0].services[0].service_code = "999"
    record.worker_code = "802"
    done = await quarters.send(whole)
    assert done.state is State.REFUSED
    blocking = {code for code, gravity in codes(done) if gravity == "B"}
    assert blocking == {"00024-004", "00062-008", "00037-008"}
    told = notification_pb2.NotificationForm.FromString(done.notification)
    places = {r.error_id: r.anomaly_location.location for r in told.handling_result.anomaly_reports}
    assert places["00062-008"] == "1,1,6,9,3,6,9,2"
    assert places["00024-004"] == "1,1,6,11,2"
    assert await quarters.count("dmfa_persons") == 0
    await quarters.tell()
    [line] = outside.heard
    assert line.outcome == ledger_pb2.OUTCOME_REFUSED
    assert await quarters.count("dmfa_parts") == 3


async def test_the_amount_owed_is_the_sum(
    quarters: Any, declare: Callable[..., Any], codes: Callable[..., Any]
) -> None:
    whole = declare(3)
    whole.owe(int(whole.form.employer_declaration.net_owed_amount) + 1)
    done = await quarters.send(whole)
    assert done.state is State.REFUSED
    assert ("00015-007", "B") in codes(done)


async def test_what_stands_after_the_persons_is_told_at_its_place(
    quarters: Any, declare: Callable[..., Any]
) -> None:
    whole = declare(4)
    whole.form.employer_declaration.contribution_unrelated_to_nps.add(
        unrelated_employer_class="000", unrelated_worker_code="495", unrelated_amount="0"
    )
    done = await quarters.send(whole)
    told = notification_pb2.NotificationForm.FromString(done.notification)
    [report] = [r for r in told.handling_result.anomaly_reports if r.error_id.startswith("00020")]
    assert report.anomaly_location.location == "1,1,6,10,2"


async def test_a_quarter_has_one_original_of_an_employer(
    quarters: Any, declare: Callable[..., Any], codes: Callable[..., Any]
) -> None:
    assert (await quarters.send(declare(2))).state is State.ACCEPTED
    again = await quarters.send(declare(3))
    assert (again.state, ("90007-006", "B") in codes(again)) == (State.REFUSED, True)
    assert (await quarters.send(declare(3, "20262"))).state is State.ACCEPTED
    assert await quarters.count("dmfa_persons") == 5


async def test_numbers_that_two_persons_bear(
    quarters: Any, declare: Callable[..., Any], codes: Callable[..., Any]
) -> None:
    whole = declare(4)
    whole.persons[3].inss = whole.persons[0].inss
    whole.persons[2].natural_person_sequence_nbr = "1"
    done = await quarters.send(whole)
    assert {code for code, gravity in codes(done) if gravity == "B"} == {"90017-006", "00023-006"}


async def test_a_person_unknown_to_the_repertory_cannot_be_identified(
    quarters: Any, outside: Any, declare: Callable[..., Any], codes: Callable[..., Any]
) -> None:
    whole = declare(2)
    outside.known.remove(whole.persons[1].inss)
    done = await quarters.send(whole)
    assert ("90017-151", "B") in codes(done)


async def test_the_same_person_keeps_her_number_over_employers_and_quarters(
    quarters: Any, declare: Callable[..., Any]
) -> None:
    await quarters.send(declare(2))
    await quarters.send(declare(2, "20262"))
    async with quarters.engine.connect() as connection:
        found = await Store(connection).of_persons(set(quarterly.ssins(2)))
    assert len(found) == 4
    assert len({one.person_pid for one in found}) == 2


async def test_a_crash_in_the_middle_leaves_all_to_the_next(
    quarters: Any,
    outside: Any,
    declare: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = await quarters.receive(declare(6))
    put, calls = Store.put, []

    async def dies(store: Store, persons: Any) -> None:
        calls.append(persons)
        if len(calls) == 2:
            raise ConnectionError
        await put(store, persons)

    monkeypatch.setattr(Store, "put", dies)
    with pytest.raises(ConnectionError):
        await quarters.worker.handle()
    assert await quarters.count("dmfa_persons") + await quarters.count("outbox") == 0
    monkeypatch.undo()
    done = await quarters.handled(sent)
    await quarters.tell()
    assert done.state is State.ACCEPTED
    told = [m for m in outside.heard if isinstance(m, exchange_pb2.PublishRequest)]
    assert len(told) == 6


async def test_parts_of_a_stream_that_broke_off_are_swept_in_the_end(quarters: Any) -> None:
    async with quarters.engine.begin() as connection:
        intake = Intake(connection)
        await intake.put_part(BREWERY, "A" * 15, 0, b"")
        assert await intake.sweep() == 0
    async with quarters.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE dmfa_parts SET arrived_at = now() - interval '2 hours'"
        )
        assert await Intake(connection).sweep() == 1
